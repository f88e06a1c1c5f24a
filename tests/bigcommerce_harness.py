"""The BigCommerce sandbox in the platform suite's terms."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

from mirror import Clock, Secrets, runtime
from platform_harnesses import Comparison, PlatformHarness, Row

from connectors.sandbox.bigcommerce import Activity, Item, Shop, StoreSettings, running_bigcommerce
from connectors.sandbox.catalogue import generated_catalogue
from connectors.sandbox.serving import SandboxServer
from connectors.source import Source
from connectors.sources.bigcommerce import BigCommerceSettings, BigCommerceSource


@dataclass
class BigCommerceShop:
    """A BigCommerce store that is open for business."""

    shop: Shop
    server: SandboxServer
    clock: Clock
    zone: str
    activity: Activity
    items: list[Item]
    secrets: Secrets = field(default_factory=Secrets)

    def declaration(self) -> dict[str, Any]:
        return {
            "type": "bigcommerce",
            "store_hash": "sandbox1",
            "url": f"{self.server.url}/stores/sandbox1",
            "access_token": "sandbox-token",
        }

    def source(self, **settings: Any) -> Source:
        return BigCommerceSource(
            BigCommerceSettings.model_validate({**self.declaration(), **settings}),
            runtime=runtime(self.clock, self.secrets),
            time_zone=self.zone,
            key="merchants[0].stores[0].source",
        )

    def step(self) -> str:
        return self.activity.step()

    def place_orders(self, count: int) -> list[int]:
        return [
            self.shop.place_order(self.items[:2], email=f"Tie{number}@example.com", shipping=Decimal("4.90"))
            for number in range(count)
        ]

    def delete_order(self, order_id: int) -> None:
        self.shop.purge_order(order_id)

    def truth(self) -> dict[str, list[Row]]:
        return self.shop.truth()

    def net_revenue(self) -> Decimal:
        return self.shop.net_revenue()


@contextmanager
def opened(clock: Clock, zone: str, random: Random) -> Iterator[BigCommerceShop]:
    shop = Shop(
        clock,
        StoreSettings(
            time_zone=zone,
            tax_rates={"US-New York": Decimal("8.875")},
            exchange_rates={"EUR": Decimal("0.9")},
            # Else nobody who comes later can know of orders that were archived before.
            lists_archived=True,
        ),
        quota=1000,
    )
    items = list(
        shop.load_catalogue(generated_catalogue(products=8), created_at=clock() - timedelta(days=400)).values()
    )
    activity = Activity(shop, random)
    for number in range(12):
        shop.create_customer(f"person{number}@example.com", first_name=f"Person {number}")
    for number in range(40):
        shop.place_order(
            [random.choice(items)],
            email=f"Past.{number % 9}@example.com",
            ordered_at=clock() - timedelta(days=300 - number),
        )
    for _ in range(60):
        activity.step()
        clock.advance(random.choice((0, 0, 1, 40)))
    with running_bigcommerce(shop) as server:
        yield BigCommerceShop(shop, server, clock, zone, activity, items)


def _costs(*names: str) -> dict[str, str]:
    return {f"{name}_{kind}": f"{name}_{kind}" for name in names for kind in ("ex_tax", "inc_tax", "tax")}


BIGCOMMERCE = PlatformHarness(
    name="bigcommerce",
    open=opened,
    key_setting="access_token",
    list_path="/v2/orders",
    comparisons={
        "orders": [
            Comparison(
                "orders",
                {"order_id": "id"},
                {
                    "status_id": "status_id",
                    "customer_id": "customer_id",
                    "billing_email": "email",
                    "is_archived": "is_deleted",
                    "date_created": "date_created",
                    "date_modified": "date_modified",
                    "discount_amount": "discount_amount",
                    "coupon_discount": "coupon_discount",
                    "gift_certificate_amount": "gift_certificate_amount",
                    "store_credit_amount": "store_credit_amount",
                    **_costs("subtotal", "shipping_cost", "handling_cost", "wrapping_cost", "total"),
                },
            )
        ],
        "order_lines": [
            Comparison(
                "order_lines",
                {"order_id": "order_id", "order_product_id": "id"},
                {
                    **{name: name for name in ("name", "type", "quantity", "quantity_refunded")},
                    **_costs("total", "wrapping_cost"),
                },
            )
        ],
        "order_shipping_lines": [
            Comparison(
                "order_shipping_lines",
                {"order_id": "order_id", "order_address_id": "id"},
                {"shipping_method": "shipping_method", **_costs("cost", "handling_cost")},
            )
        ],
        "order_fees": [Comparison("order_fees", {"order_id": "order_id", "fee_id": "id"}, _costs("cost"))],
        "order_discounts": [
            Comparison(
                "order_discounts",
                {"order_id": "order_id", "order_coupon_id": "id"},
                {"code": "code", "discount": "discount"},
                # A coupon that took nothing off is asked for only where an order looks like one: it costs a request.
                where=lambda row: row["discount"] != 0,
                ours=lambda row: row["discount"] != 0,
            )
        ],
        "transactions": [
            Comparison(
                "transactions",
                {"order_id": "order_id", "transaction_id": "id"},
                {name: name for name in ("event", "method", "amount", "currency", "status", "date_created")},
            )
        ],
        "refunds": [
            Comparison(
                "refunds",
                {"order_id": "order_id", "refund_id": "id"},
                {name: name for name in ("total_amount", "total_tax", "reason", "created")},
            )
        ],
        "refund_lines": [
            Comparison(
                "refund_lines",
                {"refund_id": "refund_id", "item_type": "item_type", "item_id": "item_id"},
                {"order_id": "order_id"},
            )
        ],
        "customers": [
            Comparison(
                "customers",
                {"customer_id": "id"},
                {
                    name: name
                    for name in (
                        "email",
                        "first_name",
                        "last_name",
                        "accepts_product_review_abandoned_cart_emails",
                        "date_modified",
                    )
                },
            )
        ],
        "subscribers": [Comparison("subscribers", {"subscriber_id": "id"}, {"email": "email", "source": "source"})],
        "products": [
            Comparison("products", {"product_id": "id"}, {name: name for name in ("name", "type", "sku", "price")})
        ],
        "product_variants": [
            Comparison("product_variants", {"product_id": "product_id", "variant_id": "id"}, {"sku": "sku"})
        ],
        "product_categories": [Comparison("categories", {"category_id": "id"}, {"name": "name"})],
        "discounts": [
            Comparison(
                "coupons",
                {"discount_id": "id"},
                {"code": "code", "amount": "amount", "is_enabled": "enabled"},
                ours=lambda row: row["discount_kind"] == "coupon",
            )
        ],
    },
)
