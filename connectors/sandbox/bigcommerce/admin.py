"""What happens to orders in a BigCommerce store: shoppers place them, the merchant edits and archives them."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from connectors.sandbox.bigcommerce.catalogue_admin import Item
from connectors.sandbox.bigcommerce.customer_admin import CustomerAdmin
from connectors.sandbox.bigcommerce.records import (
    ZERO,
    Address,
    Cost,
    Discount,
    Fee,
    Order,
    OrderCoupon,
    OrderProduct,
    ShippingAddress,
    Transaction,
)
from connectors.sandbox.bigcommerce.totals import add_up, rounded, shares

_WITHOUT_PAYMENT = frozenset({0, 1, 7})
_DECLINED = 6
_CARTS = uuid.UUID("6d0f4a4e-8f6c-5a0e-9b3b-2f5b8f1d7a10")


class OrderAdmin(CustomerAdmin):
    """The orders' side of the store."""

    def place_order(
        self,
        lines: Sequence[Item],
        *,
        customer: int = 0,
        email: str = "",
        billing: Address | None = None,
        status_id: int = 11,
        shipping: Decimal | Sequence[Decimal] = ZERO,
        handling: Decimal = ZERO,
        fees: Sequence[tuple[str, Decimal]] = (),
        discount: Decimal = ZERO,
        coupons: Sequence[str] = (),
        gift_certificate: Decimal = ZERO,
        store_credit: Decimal = ZERO,
        currency: str = "",
        display: tuple[str, Decimal] | None = None,
        ordered_at: datetime | None = None,
        source: str = "www",
    ) -> int:
        """Place an order.

        Args:
            lines: What is bought.
            customer: Whose account; 0 for a guest.
            email: As typed at the checkout; the account's where none is given.
            billing: The rest of the billing address; its country and state decide the tax.
            status_id: 0 for a checkout that stopped at the payment.
            shipping: What shipping costs, for each address that there is.
            handling: What handling costs.
            fees: Names with amounts.
            discount: What a promotion or the merchant took off the whole.
            coupons: Codes.
            gift_certificate: How much of the total a gift certificate paid.
            store_credit: How much of it store credit paid.
            currency: What the shopper pays in, where it is not the store's own.
            display: Another currency that prices were shown in, with its rate.
            ordered_at: In the past for history; now if not given.
            source: Where the order came from.

        Returns:
            Its id.
        """
        with self.lock:
            created = self.seconds(ordered_at)
            account = self.customers.get(customer)
            address = dict(billing or {"country": "United States", "country_iso2": "US"})
            address["email"] = email or (account.email if account else "")
            paid_in = currency or self.settings.currency
            order = Order(
                id=next(self._order_ids),
                status_id=status_id,
                customer_id=customer,
                billing=address,
                created=created,
                modified=created,
                currency=paid_in,
                is_tax_inclusive=self.settings.prices_include_tax,
                tax_rate=self._tax_rate(address),
                exchange_rate=self.settings.exchange_rates.get(paid_in, Decimal(1)),
                display_currency=display[0] if display else paid_in,
                display_rate=display[1] if display else Decimal(1),
                source=source,
                gift_certificate_amount=gift_certificate,
                store_credit_amount=store_credit,
            )
            order.cart_id = str(uuid.uuid5(_CARTS, f"{self.settings.store_hash} {order.id}"))
            order.lines = [self._line(item) for item in lines]
            self._address(order, [shipping] if isinstance(shipping, Decimal) else shipping, handling)
            order.fees = [Fee(next(self._fee_ids), name, Cost(base=amount)) for name, amount in fees]
            if discount:
                order.discount_amount = self._spread(order, discount, "manual-discount", "Manual Discount", None)
            for code in coupons:
                self._apply_coupon(order, code)
            add_up(order, self.unit)
            self._pay(order)
            self.orders.put(order.id, order)
            return order.id

    def edit_order(
        self,
        order_id: int,
        *,
        quantities: Mapping[int, int] | None = None,
        add: Sequence[Item] = (),
        fees: Sequence[tuple[str, Decimal]] | None = None,
    ) -> None:
        """Change an order's lines and add it up again; a changed line loses its discounts, as BigCommerce has it.

        Args:
            order_id: The order.
            quantities: New quantities by line id; 0 takes the line out.
            add: Further lines.
            fees: All the fees that there are from now on.
        """
        with self.lock:
            order, asked = self.orders[order_id], quantities or {}
            for line in order.lines:
                if asked.get(line.id, line.quantity) != line.quantity:
                    self._forget_discounts(order, line)
                    line.quantity = asked[line.id]
            order.lines = [line for line in order.lines if line.quantity]
            added = [self._line(item) for item in add]
            for line in added:
                line.address_id = order.addresses[0].id if order.addresses and line.kind == "physical" else 0
            order.lines += added
            if fees is not None:
                order.fees = [Fee(next(self._fee_ids), name, Cost(base=amount)) for name, amount in fees]
            add_up(order, self.unit)
            self.touch(order)

    def set_status(self, order_id: int, status_id: int) -> None:
        """Move an order to another status."""
        with self.lock:
            order = self.orders[order_id]
            order.status_id = status_id
            if status_id in (2, 10) and order.shipped is None:
                order.shipped = self.now()
            if not order.transactions:
                self._pay(order)
            self.touch(order)

    def write_note(self, order_id: int, note: str) -> None:
        """Change the staff's notes, which counts as a modification."""
        with self.lock:
            order = self.orders[order_id]
            order.staff_notes = note
            self.touch(order)

    def archive_order(self, order_id: int) -> None:
        """Delete an order, which only archives it: it can still be had by its id."""
        with self.lock:
            order = self.orders[order_id]
            order.is_deleted = True
            self.touch(order)

    def restore_order(self, order_id: int) -> None:
        """Bring an order back from the archive."""
        with self.lock:
            order = self.orders[order_id]
            order.is_deleted = False
            self.touch(order)

    def purge_order(self, order_id: int) -> None:
        """Delete an order for good, as the store's support does, with its refunds."""
        with self.lock:
            for refund_id in self.orders.remove(order_id).refund_ids:
                self.refunds.remove(refund_id)

    def _tax_rate(self, address: Address) -> Decimal:
        country, state = address.get("country_iso2", ""), address.get("state", "")
        rates = self.settings.tax_rates
        return rates.get(f"{country}-{state}", rates.get(country, ZERO))

    def _line(self, item: Item) -> OrderProduct:
        if item.product_id == 0:
            value = item.price or ZERO
            return OrderProduct(
                id=next(self._line_ids),
                product_id=0,
                variant_id=0,
                name=f"{value:.2f} Gift Certificate",
                sku="",
                kind="giftcertificate",
                quantity=item.quantity,
                price=Cost(base=value),
                total=Cost(),
                is_taxable=False,
                gift_certificate_id=next(self._certificate_ids),
            )
        product = self.products[item.product_id]
        variant = self.variants[item.variant_id] if item.variant_id else product.variants[0]
        listed = product.price if variant.price is None else variant.price
        brand = self.brands.get(product.brand_id)
        product.total_sold += item.quantity
        return OrderProduct(
            id=next(self._line_ids),
            product_id=product.id,
            variant_id=variant.id,
            name=product.name,
            sku=variant.sku,
            kind=product.kind,
            quantity=item.quantity,
            price=Cost(base=listed if item.price is None else item.price),
            total=Cost(),
            is_taxable=product.is_taxable,
            options=variant.options,
            wrapping=Cost(base=item.wrapping),
            wrapping_name="Gift wrap" if item.wrapping else "",
            brand=brand.name if brand else "",
        )

    def _address(self, order: Order, costs: Sequence[Decimal], handling: Decimal) -> None:
        """Spread physical lines over the addresses; what needs no shipping has none."""
        physical = [line for line in order.lines if line.kind == "physical"]
        if not physical:
            return
        order.addresses = [
            ShippingAddress(
                id=next(self._address_ids),
                address=order.billing,
                method="Flat Rate" if cost else "Free Shipping",
                cost=Cost(base=cost),
                handling=Cost(base=handling if place == 0 else ZERO),
            )
            for place, cost in enumerate(costs or (ZERO,))
        ]
        for place, line in enumerate(physical):
            address = order.addresses[place % len(order.addresses)]
            line.address_id = address.id
            address.items_total += line.quantity

    def _spread(self, order: Order, amount: Decimal, name_id: str, name: str, code: str | None) -> Decimal:
        """Take an amount off the lines in proportion; gift certificates keep their value.

        Returns:
            What was taken.
        """
        lines = [line for line in order.lines if line.kind != "giftcertificate"]
        left = [line.price.base * line.quantity - line.discount for line in lines]
        taken = min(amount, sum(left, ZERO))
        for line, share in zip(lines, shares(taken, left, self.unit), strict=True):
            if share:
                line.discounts.append(Discount(name_id, name, code, "order", share))
        return taken

    def _apply_coupon(self, order: Order, code: str) -> None:
        coupon = next(coupon for coupon in self.coupons if coupon.code == code)
        lines = [line for line in order.lines if line.kind != "giftcertificate"]
        base = sum((line.price.base * line.quantity for line in lines), ZERO)
        if coupon.kind == "percentage_discount":
            wanted = rounded(base * coupon.amount / 100, self.unit)
        elif coupon.kind == "per_item_discount":
            wanted = coupon.amount * sum(line.quantity for line in lines)
        else:
            wanted = coupon.amount
        taken = self._spread(order, wanted, "total-coupon", coupon.name, coupon.code)
        order.coupon_discount += taken
        coupon.uses += 1
        order.coupons.append(
            OrderCoupon(next(self._order_coupon_ids), coupon.id, coupon.code, coupon.amount, coupon.kind, taken)
        )

    def _forget_discounts(self, order: Order, line: OrderProduct) -> None:
        for discount in line.discounts:
            if discount.code is None:
                order.discount_amount -= discount.amount
                continue
            order.coupon_discount -= discount.amount
            for coupon in order.coupons:
                if coupon.code == discount.code:
                    coupon.discount -= discount.amount
        line.discounts = []

    def _pay(self, order: Order) -> None:
        """Book what was paid: by gift certificate, by store credit, and the rest through the gateway."""
        if order.status_id in _WITHOUT_PAYMENT:
            return
        is_declined = order.status_id == _DECLINED
        order.payment_status = "declined" if is_declined else "captured"
        rest = order.total.inc_tax - order.gift_certificate_amount - order.store_credit_amount
        parts = [
            ("gift_certificate", "giftcertificate", order.gift_certificate_amount),
            ("store_credit", "storecredit", order.store_credit_amount),
            ("credit_card", "testgateway", rest),
        ]
        for method, gateway, amount in parts:
            if amount > 0:
                self._book(order, "purchase", method, gateway, amount, status="error" if is_declined else "ok")

    def _book(
        self,
        order: Order,
        event: str,
        method: str,
        gateway: str,
        amount: Decimal,
        *,
        status: str = "ok",
        at: int | None = None,
        reference_id: int | None = None,
    ) -> Transaction:
        transaction = Transaction(
            id=next(self._transaction_ids),
            order_id=order.id,
            event=event,
            method=method,
            amount=amount,
            currency=order.currency,
            gateway=gateway,
            status=status,
            created=order.modified if at is None else at,
            reference_id=reference_id,
            code=f"GC{order.id}" if method == "gift_certificate" else "",
        )
        order.transactions.append(transaction)
        return transaction
