"""BigCommerce's JSON of what orders were reduced by, taxed, charged, paid and given back."""

from decimal import Decimal

from connectors.sandbox.bigcommerce.formats import Json, iso_date, money, number
from connectors.sandbox.bigcommerce.records import COUPON_TYPES, Fee, Order, Refund, Transaction


def coupon_json(order: Order) -> list[Json]:
    """The coupons that an order used, with numbers."""
    return [
        {
            "id": coupon.id,
            "coupon_id": coupon.coupon_id,
            "order_id": order.id,
            "code": coupon.code,
            "amount": number(coupon.amount),
            "type": COUPON_TYPES[coupon.kind],
            "discount": number(coupon.discount),
        }
        for coupon in order.coupons
    ]


def tax_json(order: Order) -> list[Json]:
    """The tax of an order, by address; what goes nowhere is with the address 0."""
    amounts = {address.id: address.cost.tax + address.handling.tax for address in order.addresses}
    for line in order.lines:
        amounts[line.address_id] = amounts.get(line.address_id, Decimal(0)) + line.total.tax + line.wrapping.tax
    fees = sum((fee.cost.tax for fee in order.fees), Decimal(0))
    first = next(iter(amounts), 0)
    amounts[first] = amounts.get(first, Decimal(0)) + fees
    return [
        {
            "id": order.id * 10 + place,
            "order_id": order.id,
            "order_address_id": address_id,
            "tax_rate_id": 1,
            "sales_tax_id": "1",
            "tax_class_id": 0,
            "name": "Tax",
            "class": "Default Tax Class",
            "rate": money(order.tax_rate),
            "priority": 0,
            "priority_amount": money(amount),
            "line_amount": money(amount),
            "order_pickup_method_id": 0,
        }
        for place, (address_id, amount) in enumerate(amounts.items())
        if amount
    ]


def fee_json(fee: Fee) -> Json:
    """A custom fee."""
    return {
        "id": fee.id,
        "type": "custom_fee",
        "display_name_customer": fee.name,
        "display_name_merchant": fee.name,
        "source": "v2",
        "base_cost": money(fee.cost.base),
        "cost_ex_tax": money(fee.cost.ex_tax),
        "cost_inc_tax": money(fee.cost.inc_tax),
        "cost_tax": money(fee.cost.tax),
        "tax_class_id": 0 if fee.is_taxable else None,
    }


def refund_json(refund: Refund) -> Json:
    """A refund; a product's item has a quantity and no amount."""
    return {
        "id": refund.id,
        "order_id": refund.order_id,
        "user_id": 0,
        "created": iso_date(refund.created),
        "reason": refund.reason,
        "total_amount": number(refund.total_amount),
        "total_tax": number(refund.total_tax),
        "uses_merchant_override_values": False,
        "payments": [
            {
                "id": refund.payment_id,
                "provider_id": refund.provider_id,
                "amount": number(refund.total_amount),
                "offline": refund.provider_id == "custom",
                "is_declined": False,
                "declined_message": "",
                "transaction_id": str(refund.transaction_id),
            }
        ],
        "items": [
            {
                "item_type": item.item_type,
                "item_id": item.item_id,
                "reason": item.reason,
                "quantity": item.quantity if item.item_type == "PRODUCT" else None,
                "requested_amount": None if item.item_type == "PRODUCT" else number(item.amount),
                "adjustments": [],
            }
            for item in refund.items
        ],
    }


def transaction_json(row: Transaction) -> Json:
    """A movement of money."""
    amount = number(row.amount)
    certificate = {
        "code": row.code,
        "original_balance": amount,
        "starting_balance": amount,
        "remaining_balance": 0,
        "status": "active",
    }
    return {
        "id": row.id,
        "order_id": str(row.order_id),
        "event": row.event,
        "method": row.method,
        "amount": amount,
        "currency": row.currency,
        "gateway": row.gateway,
        "gateway_transaction_id": "" if row.method != "credit_card" else f"txn_{row.id}",
        "payment_method_id": f"{row.gateway}.{row.method}",
        "status": row.status,
        "test": False,
        "fraud_review": False,
        "reference_transaction_id": row.reference_id,
        "date_created": iso_date(row.created),
        "avs_result": {},
        "cvv_result": {},
        "credit_card": {"card_type": "visa", "card_last4": "1111"} if row.method == "credit_card" else None,
        "gift_certificate": certificate if row.method == "gift_certificate" else None,
        "store_credit": {"remaining_balance": 0} if row.method == "store_credit" else None,
        "offline": None,
        "custom": {"payment_method": "Manual"} if row.method == "custom" else None,
    }
