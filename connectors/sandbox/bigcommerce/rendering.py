"""BigCommerce's JSON of orders with their lines, addresses and consignments.

What isn't there is an empty string in some places and null in others.
"""

from decimal import Decimal

from connectors.sandbox.bigcommerce.formats import Json, money, number, rfc_date
from connectors.sandbox.bigcommerce.records import (
    STATUSES,
    Address,
    Cost,
    Order,
    OrderProduct,
    ShippingAddress,
)
from connectors.sandbox.bigcommerce.rendering_payments import fee_json
from connectors.sandbox.bigcommerce.state import StoreState
from connectors.sandbox.bigcommerce.totals import paid_for

_HOST = "https://api.bigcommerce.com"
_PERSON = ("first_name", "last_name", "company", "street_1", "street_2", "city")


def order_json(store: StoreState, order: Order, includes: frozenset[str], *, as_object: bool) -> Json:
    """An order; its parts are references unless they are included."""
    settings = store.settings
    body: Json = {
        "id": order.id,
        "customer_id": order.customer_id,
        "date_created": rfc_date(order.created),
        "date_modified": rfc_date(order.modified),
        "date_shipped": rfc_date(order.shipped),
        "status_id": order.status_id,
        "status": STATUSES[order.status_id],
        "subtotal_ex_tax": money(order.subtotal.ex_tax),
        "subtotal_inc_tax": money(order.subtotal.inc_tax),
        "subtotal_tax": money(order.subtotal.tax),
        **_cost_json("shipping", order.shipping, 2),
        **_cost_json("handling", order.handling, 2),
        **_cost_json("wrapping", order.wrapping, 3),
        "total_ex_tax": money(order.total.ex_tax),
        "total_inc_tax": money(order.total.inc_tax),
        "total_tax": money(order.total.tax),
        "is_tax_inclusive_pricing": order.is_tax_inclusive,
        "items_total": sum(line.quantity for line in order.lines),
        "items_shipped": 0 if order.shipped is None else sum(line.quantity for line in order.lines),
        "payment_method": order.payment_method,
        "payment_provider_id": "",
        "payment_status": order.payment_status,
        "refunded_amount": money(Decimal(0)),
        "order_is_digital": bool(order.lines) and all(line.kind != "physical" for line in order.lines),
        "store_credit_amount": money(order.store_credit_amount),
        "gift_certificate_amount": money(order.gift_certificate_amount),
        "ip_address": "",
        "ip_address_v6": "",
        "geoip_country": order.billing.get("country", ""),
        "geoip_country_iso2": order.billing.get("country_iso2", ""),
        "currency_id": _currency_id(store, order.display_currency),
        "currency_code": order.display_currency,
        "currency_exchange_rate": f"{order.display_rate:.10f}",
        "default_currency_id": _currency_id(store, order.currency),
        "default_currency_code": order.currency,
        "staff_notes": order.staff_notes,
        "customer_message": order.customer_message,
        "discount_amount": money(order.discount_amount),
        "coupon_discount": money(order.coupon_discount),
        "shipping_address_count": len(order.addresses),
        "is_deleted": order.is_deleted,
        "ebay_order_id": "0",
        "cart_id": order.cart_id,
        "billing_address": _billing(order.billing),
        "is_email_opt_in": order.is_email_opt_in,
        "credit_card_type": None,
        "order_source": order.source,
        "channel_id": 1,
        "external_source": "",
        "products": reference(store, order, "products"),
        "shipping_addresses": reference(store, order, "shippingaddresses"),
        "coupons": reference(store, order, "coupons"),
        "external_id": None,
        "external_merchant_id": None,
        "tax_provider_id": "BasicTaxProvider",
        "store_default_currency_code": settings.currency if settings.is_multi_currency else "",
        "store_default_to_transactional_exchange_rate": f"{order.exchange_rate:.10f}",
        "custom_status": STATUSES[order.status_id],
        "customer_locale": "en",
        "external_order_id": "",
        "consignments": reference(store, order, "consignments"),
        "fees": reference(store, order, "fees"),
    }
    if "fees" in includes:
        body["fees"] = [fee_json(fee) for fee in order.fees]
    if "consignments" in includes or "consignments.line_items" in includes:
        consignments = consignments_json(store, order, with_lines="consignments.line_items" in includes)
        body["consignments"] = consignments if as_object else [consignments]
    return body


def reference(store: StoreState, order: Order, name: str) -> Json:
    """Where a part of an order is to be had."""
    resource = f"/orders/{order.id}/{name}"
    return {"url": f"{_HOST}/stores/{store.settings.store_hash}/v2{resource}", "resource": resource}


def line_json(order: Order, line: OrderProduct) -> Json:
    """A line of an order."""
    return {
        "id": line.id,
        "order_id": order.id,
        "product_id": line.product_id,
        "variant_id": line.variant_id,
        "order_pickup_method_id": 0,
        "order_address_id": line.address_id,
        "name": line.name,
        "name_customer": line.name,
        "name_merchant": line.name,
        "sku": line.sku,
        "upc": "",
        "type": line.kind,
        "base_price": money(line.price.base),
        "price_ex_tax": money(line.price.ex_tax),
        "price_inc_tax": money(line.price.inc_tax),
        "price_tax": money(line.price.tax),
        "base_total": money(line.total.base),
        "total_ex_tax": money(line.total.ex_tax),
        "total_inc_tax": money(line.total.inc_tax),
        "total_tax": money(line.total.tax),
        "weight": "0.0000",
        "width": "0.0000",
        "height": "0.0000",
        "depth": "0.0000",
        "quantity": line.quantity,
        "base_cost_price": "0.0000",
        "cost_price_inc_tax": "0.0000",
        "cost_price_ex_tax": "0.0000",
        "cost_price_tax": "0.0000",
        "is_refunded": line.quantity_refunded == line.quantity,
        "quantity_refunded": line.quantity_refunded,
        "refund_amount": "0.0000",
        "return_id": 0,
        "wrapping_id": 1 if line.wrapping_name else 0,
        "wrapping_name": line.wrapping_name,
        "base_wrapping_cost": money(line.wrapping.base),
        "wrapping_cost_ex_tax": money(line.wrapping.ex_tax),
        "wrapping_cost_inc_tax": money(line.wrapping.inc_tax),
        "wrapping_cost_tax": money(line.wrapping.tax),
        "wrapping_message": "",
        "quantity_shipped": 0 if order.shipped is None else line.quantity,
        "event_name": None,
        "event_date": "",
        "fixed_shipping_cost": "0.0000",
        "ebay_item_id": "",
        "ebay_transaction_id": "",
        "option_set_id": None,
        "parent_order_product_id": None,
        "is_bundled_product": False,
        "bin_picking_number": "",
        "external_id": None,
        "fulfillment_source": "",
        "brand": line.brand,
        "gift_certificate_id": line.gift_certificate_id,
        "applied_discounts": [
            {
                "id": discount.id,
                "amount": money(discount.amount),
                "name": discount.name,
                "code": discount.code,
                "target": discount.target,
            }
            for discount in line.discounts
        ],
        "product_options": [
            {
                "id": line.id * 10 + place,
                "option_id": place + 1,
                "order_product_id": line.id,
                "product_option_id": place + 100,
                "display_name": name,
                "display_name_customer": name,
                "display_name_merchant": name,
                "display_value": value,
                "display_value_customer": value,
                "display_value_merchant": value,
                "value": value,
                "type": "Multiple choice",
                "name": name,
                "display_style": "Rectangle",
            }
            for place, (name, value) in enumerate(line.options)
        ],
        "configurable_fields": [],
        "discounted_total_inc_tax": money(paid_for(line)),
    }


def address_json(store: StoreState, order: Order, address: ShippingAddress) -> Json:
    """A shipping address of an order, with money as strings."""
    return {
        "id": address.id,
        "order_id": order.id,
        **_where(address.address),
        "items_total": address.items_total,
        "items_shipped": 0 if order.shipped is None else address.items_total,
        "shipping_method": address.method,
        "base_cost": money(address.cost.base),
        "cost_ex_tax": money(address.cost.ex_tax),
        "cost_inc_tax": money(address.cost.inc_tax),
        "cost_tax": money(address.cost.tax),
        "cost_tax_class_id": 2,
        "base_handling_cost": money(address.handling.base),
        "handling_cost_ex_tax": money(address.handling.ex_tax),
        "handling_cost_inc_tax": money(address.handling.inc_tax),
        "handling_cost_tax": money(address.handling.tax),
        "handling_cost_tax_class_id": 2,
        "shipping_zone_id": 1,
        "shipping_zone_name": address.address.get("country", ""),
        "shipping_quotes": reference(store, order, f"shippingaddresses/{address.id}/shippingquotes"),
        "form_fields": [],
    }


def consignments_json(store: StoreState, order: Order, *, with_lines: bool) -> Json:
    """An order's parts by the way they go to the shopper; their money is numbers."""

    def lines(kinds: tuple[str, ...], address_id: int | None = None) -> list[Json]:
        return [
            line_json(order, line) if with_lines else reference(store, order, f"products/{line.id}")
            for line in order.lines
            if line.kind in kinds and address_id in (None, line.address_id)
        ]

    email = order.billing.get("email", "")
    downloads, certificates = lines(("digital",)), lines(("giftcertificate",))
    return {
        "pickups": [],
        "shipping": [
            {
                "id": address.id,
                **_where(address.address),
                "form_fields": [],
                "shipping_method": address.method,
                "line_items": lines(("physical",), address.id),
                "items_total": address.items_total,
                "items_shipped": 0 if order.shipped is None else address.items_total,
                "base_cost": number(address.cost.base),
                "cost_ex_tax": number(address.cost.ex_tax),
                "cost_inc_tax": number(address.cost.inc_tax),
                "cost_tax": number(address.cost.tax),
                "cost_tax_class_id": 2,
                "base_handling_cost": number(address.handling.base),
                "handling_cost_ex_tax": number(address.handling.ex_tax),
                "handling_cost_inc_tax": number(address.handling.inc_tax),
                "handling_cost_tax": number(address.handling.tax),
                "handling_cost_tax_class_id": 2,
                "shipping_zone_id": 1,
                "shipping_zone_name": address.address.get("country", ""),
                "shipping_quotes": reference(store, order, f"consignments/shipping/{address.id}/shipping_quotes"),
            }
            for address in order.addresses
        ],
        "downloads": [{"recipient_email": email, "line_items": downloads}] if downloads else [],
        "email": {
            "gift_certificates": [{"recipient_email": email, "line_items": certificates}] if certificates else []
        },
    }


def _cost_json(name: str, cost: Cost, tax_class_id: int) -> Json:
    return {
        f"base_{name}_cost": money(cost.base),
        f"{name}_cost_ex_tax": money(cost.ex_tax),
        f"{name}_cost_inc_tax": money(cost.inc_tax),
        f"{name}_cost_tax": money(cost.tax),
        f"{name}_cost_tax_class_id": tax_class_id,
    }


def _billing(address: Address) -> Json:
    fields = (*_PERSON, "state", "zip", "country", "country_iso2", "phone", "email")
    return {**{name: address.get(name, "") for name in fields}, "form_fields": []}


def _where(address: Address) -> Address:
    fields = (*_PERSON, "zip", "country", "country_iso2", "state", "email", "phone")
    return {name: address.get(name, "") for name in fields}


def _currency_id(store: StoreState, code: str) -> int:
    known = [store.settings.currency, *store.settings.exchange_rates]
    return known.index(code) + 1 if code in known else len(known) + 1
