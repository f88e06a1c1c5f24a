"""What the shop's own books say, as plain rows, for tests to hold a warehouse against.

It is read from the records, not from anything that the API renders. Amounts are decimals in the shop's currency.
"""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import Any, TypeAlias

from connectors.sandbox.shopify.books import Books
from connectors.sandbox.shopify.money import decimal_amount
from connectors.sandbox.shopify.records import Customer, LineItem, Order, Refund
from connectors.sandbox.shopify.totals import discrepancy, refund_value

Row: TypeAlias = dict[str, Any]

_ENTITIES = (
    "shop",
    "customers",
    "customer_aliases",
    "orders",
    "order_lines",
    "order_shipping_lines",
    "order_discounts",
    "order_fees",
    "order_taxes",
    "transactions",
    "refunds",
    "refund_lines",
    "refund_shipping_lines",
    "refund_adjustments",
    "products",
    "product_variants",
    "product_categories",
    "product_category_links",
    "discounts",
    "discount_codes",
    "checkouts",
    "checkout_lines",
)
# Orders in these states are no revenue.
_UNPAID = frozenset({"PENDING", "VOIDED", "EXPIRED"})


def truth(books: Books) -> dict[str, list[Row]]:
    """All rows by entity. Ids are the numbers in global ids, as text; a parent's id stands beside its parts."""
    rows: dict[str, list[Row]] = defaultdict(list)
    rows["shop"] = [
        {
            "id": str(books.id),
            "name": books.name,
            "domain": books.domain,
            "currency_code": books.currency,
            "time_zone": books.zone.key,
        }
    ]
    rows["customers"] = [_customer(customer) for customer in books.customers]
    rows["customer_aliases"] = [{"id": str(former), "customer_id": str(kept)} for former, kept in books.merged.items()]
    for order in books.orders:
        rows["orders"].append(_order(books, order))
        _add_parts(books, order, rows)
    _add_merchandise(books, rows)
    return {name: rows[name] for name in _ENTITIES}


def net_revenue_by_day(books: Books) -> dict[date, Decimal]:
    """What was earned on each day of the shop's time zone.

    An order counts on the day it was processed, with its total before refunds, less gift cards that it sells, tips and
    duties; a refund counts on its own day, with what it took off the order, less the same. Tests, cancelled orders and
    those that were never paid don't count, nor do their refunds.
    """
    days: dict[date, int] = defaultdict(int)
    for order in books.orders:
        if order.test or order.cancelled_at is not None or order.financial_status in _UNPAID:
            continue
        cards = sum(line.price - line.discount for line in order.lines if line.is_gift_card)
        days[order.processed_at.astimezone(books.zone).date()] += order.total - cards - order.tips - order.duties
        for refund in order.refunds:
            kept = discrepancy(refund, pending=True) + discrepancy(refund, pending=False)
            left_out = sum(line.subtotal for line in refund.lines if line.line.is_gift_card or line.line.is_tip)
            left_out += sum(duty.amount for duty in refund.duties)
            days[refund.processed_at.astimezone(books.zone).date()] -= refund_value(refund) - kept - left_out
    return {day: decimal_amount(minor, books.currency) for day, minor in sorted(days.items())}


def _customer(customer: Customer) -> Row:
    return {
        "id": str(customer.id),
        "email": customer.email,
        "first_name": customer.first_name,
        "last_name": customer.last_name,
        "phone": customer.phone,
        "note": customer.note,
        "tags": list(customer.tags),
        "state": customer.state,
        "email_marketing_state": customer.email_consent.state,
        "email_marketing_updated_at": customer.email_consent.updated_at,
        "sms_marketing_state": _sms_state(customer),
        "sms_marketing_updated_at": customer.sms_consent.updated_at
        if customer.phone and customer.sms_consent
        else None,
        "country_code": customer.address.country_code if customer.address else None,
        "order_count": len(customer.order_ids),
        "created_at": customer.created_at,
        "updated_at": customer.updated_at,
    }


def _sms_state(customer: Customer) -> str | None:
    if customer.phone is None:
        return None
    return customer.sms_consent.state if customer.sms_consent else "NOT_SUBSCRIBED"


def _order(books: Books, order: Order) -> Row:
    amounts = {
        "subtotal": order.subtotal,
        "discounts": order.discounts,
        "shipping": order.shipping,
        "tax": order.tax,
        "tips": order.tips,
        "duties": order.duties,
        "fees": order.fee_total,
        "total": order.total,
        "original_total": order.original_total or 0,
        "current_subtotal": order.current_subtotal,
        "current_discounts": order.current_discounts,
        "current_shipping": order.current_shipping,
        "current_tax": order.current_tax,
        "current_total": order.current_total,
        "received": order.received,
        "refunded": order.refunded,
        "rounding": order.rounding,
    }
    return {
        "id": str(order.id),
        "name": order.name,
        "customer_id": None if order.customer_id is None else str(order.customer_id),
        "email": order.email,
        "currency_code": order.money.currency,
        "presentment_currency_code": order.money.presentment,
        "taxes_included": order.taxes_included,
        "test": order.test,
        "edited": order.edited,
        "cancelled_at": order.cancelled_at,
        "cancel_reason": order.cancel_reason,
        "closed_at": order.closed_at,
        "financial_status": order.financial_status,
        "fulfillment_status": order.fulfillment_status,
        "source_name": order.source_name,
        "note": order.note,
        "tags": list(order.tags),
        "created_at": order.created_at,
        "processed_at": order.processed_at,
        "updated_at": order.updated_at,
        **{f"{name}_amount": decimal_amount(minor, books.currency) for name, minor in amounts.items()},
    }


def _add_parts(books: Books, order: Order, rows: dict[str, list[Row]]) -> None:
    def money(minor: int) -> Decimal:
        return decimal_amount(minor, books.currency)

    own = {"order_id": str(order.id)}
    for line in order.lines:
        rows["order_lines"].append(own | _line(books, line))
    for shipping in order.shipping_lines:
        rows["order_shipping_lines"].append(
            own
            | {
                "id": str(shipping.id),
                "title": shipping.title,
                "price_amount": money(shipping.price),
                "discounted_amount": money(shipping.discounted),
                "tax_amount": money(shipping.tax),
            }
        )
    for applied in order.applications:
        rows["order_discounts"].append(
            own
            | {
                "place": applied.place,
                "kind": applied.kind,
                "title": applied.title,
                "target": applied.target,
                "amount": money(_discounted(order, applied.place)),
            }
        )
    for (title, rate), amount in _taxes(order).items():
        rows["order_taxes"].append(own | {"title": title, "rate": rate, "amount": money(amount)})
    for fee in order.fees:
        rows["order_fees"].append(own | {"id": str(fee.id), "name": fee.name, "amount": money(fee.amount)})
    for transaction in order.transactions:
        rows["transactions"].append(
            own
            | {
                "id": str(transaction.id),
                "kind": transaction.kind,
                "status": transaction.status,
                "gateway": transaction.gateway,
                "amount": money(transaction.amount),
                "rounding_amount": money(transaction.rounding),
                "parent_id": None if transaction.parent_id is None else str(transaction.parent_id),
                "created_at": transaction.created_at,
                "processed_at": transaction.processed_at,
            }
        )
    for refund in order.refunds:
        _add_refund(books, refund, own, rows)


def _taxes(order: Order) -> dict[tuple[str, Decimal], int]:
    """What each tax comes to on an order."""
    sums: dict[tuple[str, Decimal], int] = defaultdict(int)
    for lines in (*(x.tax_lines for x in order.lines), *(x.tax_lines for x in order.shipping_lines)):
        for tax in lines:
            sums[tax.title, tax.rate] += tax.amount
    return sums


def _discounted(order: Order, place: int) -> int:
    """What one discount took off an order."""
    parts = [part for line in order.lines for part in line.allocations]
    parts += [part for line in order.shipping_lines for part in line.allocations]
    return sum(part.amount for part in parts if part.place == place)


def _line(books: Books, line: LineItem) -> Row:
    def money(minor: int) -> Decimal:
        return decimal_amount(minor, books.currency)

    return {
        "id": str(line.id),
        "product_id": None if line.product_id is None else str(line.product_id),
        "variant_id": None if line.variant_id is None else str(line.variant_id),
        "title": line.title,
        "sku": line.sku,
        "quantity": line.quantity,
        "current_quantity": line.current_quantity,
        "unit_price_amount": money(line.unit_price),
        "price_amount": money(line.price),
        "discount_amount": money(line.discount),
        "tax_amount": money(line.tax),
        "duty_amount": money(sum(duty.amount for duty in line.duties)),
        "is_gift_card": line.is_gift_card,
        "is_tip": line.is_tip,
    }


def _add_refund(books: Books, refund: Refund, own: Row, rows: dict[str, list[Row]]) -> None:
    def money(minor: int) -> Decimal:
        return decimal_amount(minor, books.currency)

    rows["refunds"].append(
        own
        | {
            "id": str(refund.id),
            "created_at": refund.created_at,
            "processed_at": refund.processed_at,
            "updated_at": refund.updated_at,
            "note": refund.note,
            "total_amount": money(refund.total),
            "value_amount": money(refund_value(refund)),
            "adjustment_amount": money(discrepancy(refund, pending=True) + discrepancy(refund, pending=False)),
        }
    )
    within = own | {"refund_id": str(refund.id)}
    for line in refund.lines:
        rows["refund_lines"].append(
            within
            | {
                "id": str(line.id),
                "line_id": str(line.line.id),
                "quantity": line.quantity,
                "restock_type": line.restock_type,
                "subtotal_amount": money(line.subtotal),
                "tax_amount": money(line.tax),
            }
        )
    for back in refund.shipping:
        rows["refund_shipping_lines"].append(
            within
            | {
                "id": str(back.id),
                "shipping_line_id": str(back.shipping_line.id),
                "subtotal_amount": money(back.subtotal),
                "tax_amount": money(back.tax),
            }
        )
    for adjustment in refund.adjustments:
        rows["refund_adjustments"].append(
            within | {"id": str(adjustment.id), "amount": money(adjustment.amount), "reason": adjustment.reason}
        )


def _add_merchandise(books: Books, rows: dict[str, list[Row]]) -> None:
    def money(minor: int) -> Decimal:
        return decimal_amount(minor, books.currency)

    for product in books.products:
        rows["products"].append(
            {
                "id": str(product.id),
                "title": product.title,
                "vendor": product.vendor,
                "product_type": product.product_type,
                "status": product.status,
                "is_gift_card": product.is_gift_card,
                "created_at": product.created_at,
                "updated_at": product.updated_at,
            }
        )
        for variant in product.variants:
            rows["product_variants"].append(
                {
                    "id": str(variant.id),
                    "product_id": str(product.id),
                    "title": variant.title,
                    "sku": variant.sku,
                    "price_amount": money(variant.price),
                }
            )
        for collection_id in product.collection_ids:
            rows["product_category_links"].append({"product_id": str(product.id), "category_id": str(collection_id)})
    for collection in books.collections:
        rows["product_categories"].append(
            {"id": str(collection.id), "title": collection.title, "updated_at": collection.updated_at}
        )
    for discount in books.discounts:
        rows["discounts"].append(
            {
                "id": str(discount.id),
                "kind": discount.kind,
                "title": discount.title,
                "codes": [code.code for code in discount.codes],
                "starts_at": discount.starts_at,
                "ends_at": discount.ends_at,
                "updated_at": discount.updated_at,
            }
        )
        for code in discount.codes:
            rows["discount_codes"].append({"id": str(code.id), "discount_id": str(discount.id), "code": code.code})
    for checkout in books.checkouts:
        for line in checkout.lines:
            rows["checkout_lines"].append(
                {
                    "id": str(line.id),
                    "checkout_id": str(checkout.id),
                    "variant_id": None if line.variant_id is None else str(line.variant_id),
                    "quantity": line.quantity,
                    "price_amount": money(line.unit_price * line.quantity),
                }
            )
        rows["checkouts"].append(
            {
                "id": str(checkout.id),
                "customer_id": None if checkout.customer_id is None else str(checkout.customer_id),
                "created_at": checkout.created_at,
                "updated_at": checkout.updated_at,
                "completed_at": checkout.completed_at,
                "total_amount": money(checkout.total),
            }
        )
