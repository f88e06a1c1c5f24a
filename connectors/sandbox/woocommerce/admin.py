"""What happens to orders in a WooCommerce shop: buyers place them, and the merchant edits, refunds and deletes them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from connectors.sandbox.woocommerce.catalogue_admin import Item
from connectors.sandbox.woocommerce.customer_admin import CustomerAdmin
from connectors.sandbox.woocommerce.records import (
    ZERO,
    Address,
    CouponLine,
    FeeLine,
    LineItem,
    Meta,
    Order,
    ShippingLine,
    Taxes,
    TaxLine,
    TaxRate,
)
from connectors.sandbox.woocommerce.totals import (
    add_up,
    contained_tax,
    coupon_discounts,
    exclusive_taxes,
    stored,
)

_PAID_STATUSES = ("processing", "completed", "refunded")


class OrderAdmin(CustomerAdmin):
    """The orders' side of the shop."""

    def place_order(
        self,
        lines: Sequence[Item],
        *,
        customer: int = 0,
        email: str = "",
        billing: Address | None = None,
        status: str = "processing",
        shipping: Decimal | Sequence[tuple[str, Decimal]] = (),
        fees: Sequence[tuple[str, Decimal]] = (),
        coupons: Sequence[str] = (),
        currency: str = "",
        ordered_at: datetime | None = None,
        payment_method: str = "bacs",
        created_via: str = "checkout",
        meta: Mapping[str, object] | None = None,
    ) -> int:
        """Place an order.

        Args:
            lines: What is bought.
            customer: Whose account; 0 for a guest.
            email: As typed at the checkout; the account's where none is given.
            billing: The rest of the billing address; its country and state decide the tax.
            status: A status, registered or not.
            shipping: One flat rate, or methods with their amounts, without tax.
            fees: Names with amounts without tax.
            coupons: Codes.
            currency: Where it is not the shop's own.
            ordered_at: In the past for history; now if not given.
            payment_method: The gateway.
            created_via: `checkout`, `admin` or `rest-api`.
            meta: Custom fields.

        Returns:
            Its id.
        """
        with self.lock:
            created = self.seconds(ordered_at)
            account = self.customers.get(customer)
            address = dict(billing if billing is not None else account.billing if account else {})
            address["email"] = email or (account.email if account else "")
            order = Order(
                id=next(self._posts),
                status=status,
                currency=currency or self.settings.currency,
                customer_id=customer,
                billing=address,
                shipping={},
                created=created,
                modified=created,
                prices_include_tax=self.settings.prices_include_tax,
                payment_method=payment_method,
                created_via=created_via,
            )
            order.number = str(order.id)
            rates = self._rates(order)
            order.lines = [self._line(item, rates) for item in lines]
            methods = (("Flat rate", shipping),) if isinstance(shipping, Decimal) else shipping
            order.shipping_lines = [
                ShippingLine(next(self._items), title, "flat_rate", stored(total)) for title, total in methods
            ]
            order.fee_lines = [FeeLine(next(self._items), name, stored(total)) for name, total in fees]
            self._recalculate(order)
            if coupons:
                for code in coupons:
                    self._apply_coupon(order, code, rates)
                self._recalculate(order)
            order.meta = [Meta(next(self._metas), key, value) for key, value in (meta or {}).items()]
            self._note_payment(order, created)
            self.orders.put(order.id, order)
            return order.id

    def edit_order(
        self,
        order_id: int,
        *,
        quantities: Mapping[int, int] | None = None,
        add: Sequence[Item] = (),
        shipping: Decimal | None = None,
        fees: Sequence[tuple[str, Decimal]] = (),
        bumps: bool = True,
    ) -> None:
        """Change an order's lines and add it up again.

        Args:
            order_id: The order.
            quantities: New quantities by line id; 0 takes the line out.
            add: Further lines.
            shipping: What the first shipping line costs from now on.
            fees: Further fees.
            bumps: Whether that counts as a modification; where orders are posts, a plugin's edits through PHP do not.
        """
        with self.lock:
            order = self.orders[order_id]
            rates = self._rates(order)
            for line in order.lines:
                quantity = (quantities or {}).get(line.id, line.quantity)
                if quantity and quantity != line.quantity:
                    line.subtotal = stored(line.subtotal / line.quantity * quantity)
                    line.total = stored(line.total / line.quantity * quantity)
                    line.quantity = quantity
            order.lines = [line for line in order.lines if (quantities or {}).get(line.id, line.quantity)]
            order.lines += [self._line(item, rates) for item in add]
            if shipping is not None and order.shipping_lines:
                order.shipping_lines[0].total = stored(shipping)
            order.fee_lines += [FeeLine(next(self._items), name, stored(total)) for name, total in fees]
            self._recalculate(order)
            self._touch(order, bumps=bumps)

    def set_status(self, order_id: int, status: str) -> None:
        """Move an order to another status."""
        with self.lock:
            order = self.orders[order_id]
            order.status = status
            self._touch(order)
            self._note_payment(order, order.modified)

    def edit_meta(self, order_id: int, key: str, value: object) -> None:
        """Set a custom field, which counts as a modification."""
        with self.lock:
            order = self.orders[order_id]
            known = next((meta for meta in order.meta if meta.key == key), None)
            if known is None:
                order.meta.append(Meta(next(self._metas), key, value))
            else:
                known.value = value
            self._touch(order)

    def add_note(self, order_id: int) -> None:
        """Add a note, which counts as nothing."""
        with self.lock:
            if order_id not in self.orders:
                raise KeyError(order_id)

    def trash_order(self, order_id: int) -> None:
        """Move an order to the trash: lists leave it out unless they ask for the trash."""
        with self.lock:
            order = self.orders[order_id]
            order.trashed_status, order.status = order.status, "trash"
            self._touch(order)

    def untrash_order(self, order_id: int) -> None:
        """Bring an order back from the trash."""
        with self.lock:
            order = self.orders[order_id]
            order.status, order.trashed_status = order.trashed_status, ""
            self._touch(order)

    def delete_order(self, order_id: int) -> None:
        """Delete an order for good, and its refunds with it."""
        with self.lock:
            for refund_id in self.orders.remove(order_id).refund_ids:
                self.refunds.remove(refund_id)

    def _touch(self, order: Order, *, bumps: bool = True) -> None:
        if bumps:
            order.modified = self.now()
        self.orders.put(order.id, order)

    def _note_payment(self, order: Order, moment: int) -> None:
        if order.status in _PAID_STATUSES and order.paid is None:
            order.paid = moment
            customer = self.customers.get(order.customer_id)
            if customer is not None and not customer.is_paying:
                customer.is_paying = True
                customer.modified = max(moment, customer.modified or 0)
                self.customers.put(customer.id, customer)
        if order.status == "completed" and order.completed is None:
            order.completed = moment

    def _rates(self, order: Order) -> list[TaxRate]:
        """The rates for an order's address: the first of each priority."""
        country, state = order.billing.get("country", ""), order.billing.get("state", "")
        found: dict[int, TaxRate] = {}
        for rate in self.rates:
            if rate.country in ("", country) and rate.state in ("", state):
                found.setdefault(rate.priority, rate)
        return [found[priority] for priority in sorted(found)]

    def _line(self, item: Item, rates: Sequence[TaxRate]) -> LineItem:
        product = self.products[item.product_id]
        variation = self.products[item.variation_id] if item.variation_id else None
        listed = (variation or product).price
        price = (ZERO if listed is None else listed) if item.price is None else item.price
        amount = price * item.quantity
        if self.settings.prices_include_tax and product.is_taxable:
            amount -= contained_tax(amount, rates)
        options = variation.options if variation else ()
        product.total_sales += item.quantity
        return LineItem(
            id=next(self._items),
            name=" - ".join((product.name, ", ".join(option for _, option in options))) if options else product.name,
            product_id=item.product_id,
            variation_id=item.variation_id,
            quantity=item.quantity,
            subtotal=stored(amount),
            total=stored(amount),
            parent_name=product.name if variation else None,
            meta=[Meta(next(self._metas), name.lower(), option) for name, option in options],
        )

    def _apply_coupon(self, order: Order, code: str, rates: Sequence[TaxRate]) -> None:
        coupon, rounding = self.coupon_by_code(code), self.rounding
        prices = [
            line.total + (sum(line.total_taxes.values(), ZERO) if order.prices_include_tax else ZERO)
            for line in order.lines
        ]
        taken = coupon_discounts(coupon, order.lines, prices, rounding.unit)
        discount = discount_tax = ZERO
        for line, units in zip(order.lines, taken, strict=True):
            gross, line_rates = units * rounding.unit, self._line_rates(line, rates)
            if order.prices_include_tax:
                tax = contained_tax(gross, line_rates)
                net = gross - tax
            else:
                net, tax = gross, sum(exclusive_taxes(gross, line_rates).values(), ZERO)
            line.total = stored(max(ZERO, line.total - net))
            discount += net
            discount_tax += tax if rounding.rounds_tax_at_subtotal else rounding.tax(tax)
        coupon.usage_count += 1
        coupon.used_by.append(str(order.customer_id) if order.customer_id else order.billing["email"])
        order.coupon_lines.append(
            CouponLine(
                id=next(self._items),
                coupon_id=coupon.id,
                code=coupon.code,
                discount=rounding.money(discount),
                discount_tax=rounding.tax(discount_tax),
                discount_type=coupon.discount_type,
                nominal_amount=coupon.amount,
                meta_id=next(self._metas),
            )
        )

    def _line_rates(self, line: LineItem, rates: Sequence[TaxRate]) -> Sequence[TaxRate]:
        product = self.products.get(line.product_id)
        return rates if product is None or product.is_taxable else ()

    def _recalculate(self, order: Order) -> None:
        """Tax every line anew and add the order up."""
        rounding, rates = self.rounding, self._rates(order)
        for line in order.lines:
            line_rates = self._line_rates(line, rates)
            line.subtotal_taxes = rounding.line_taxes(line.subtotal, line_rates)
            line.total_taxes = rounding.line_taxes(line.total, line_rates)
        shipping_rates = [rate for rate in rates if rate.is_for_shipping]
        for shipping in order.shipping_lines:
            shipping.taxes = rounding.line_taxes(shipping.total, shipping_rates)
        for fee in order.fee_lines:
            fee.taxes = rounding.line_taxes(fee.total, rates if fee.is_taxable else ())
        cart_taxes, shipping_taxes = add_up(order, rounding)
        order.tax_lines = self._tax_lines(order, rates, cart_taxes, shipping_taxes)

    def _tax_lines(
        self, order: Order, rates: Sequence[TaxRate], cart_taxes: Taxes, shipping_taxes: Taxes
    ) -> list[TaxLine]:
        known = {line.rate_id: line.id for line in order.tax_lines}
        return [
            TaxLine(
                id=known.get(rate.id) or next(self._items),
                rate_id=rate.id,
                rate_code=rate.code,
                label=rate.name,
                is_compound=rate.is_compound,
                rate_percent=rate.rate,
                tax_total=self.rounding.tax(cart_taxes.get(rate.id, ZERO)),
                shipping_tax_total=self.rounding.tax(shipping_taxes.get(rate.id, ZERO)),
            )
            for rate in rates
        ]
