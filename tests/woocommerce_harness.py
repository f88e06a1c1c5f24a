"""The WooCommerce sandbox in the platform suite's terms."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

from mirror import Clock, Secrets, runtime
from platform_harnesses import Comparison, PlatformHarness, Row

from connectors.sandbox.catalogue import generated_catalogue
from connectors.sandbox.serving import SandboxServer
from connectors.sandbox.woocommerce import Activity, Item, Shop, ShopSettings, running_woocommerce
from connectors.source import Source
from connectors.sources.woocommerce import WooCommerceSettings, WooCommerceSource


@dataclass
class WooCommerceShop:
    """A WooCommerce shop that is open for business."""

    shop: Shop
    server: SandboxServer
    clock: Clock
    zone: str
    activity: Activity
    items: list[Item]
    secrets: Secrets = field(default_factory=Secrets)

    def declaration(self) -> dict[str, Any]:
        return {
            "type": "woocommerce",
            "url": self.server.url,
            "consumer_key": "ck_sandbox",
            "consumer_secret": "cs_sandbox",
        }

    def source(self, **settings: Any) -> Source:
        return WooCommerceSource(
            WooCommerceSettings.model_validate({**self.declaration(), **settings}),
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
        self.shop.delete_order(order_id)

    def truth(self) -> dict[str, list[Row]]:
        return self.shop.truth()

    def net_revenue(self) -> Decimal:
        return self.shop.net_revenue()


@contextmanager
def opened(clock: Clock, zone: str, random: Random) -> Iterator[WooCommerceShop]:
    shop = Shop(clock, ShopSettings(time_zone=zone))
    shop.add_tax_rate(Decimal("8.875"), country="US", state="NY")
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
    with running_woocommerce(shop, is_tls=False) as server:
        yield WooCommerceShop(shop, server, clock, zone, activity, items)


_MONEY_OF_A_LINE = {name: name for name in ("total", "total_tax")}
_LINE = {
    **_MONEY_OF_A_LINE,
    **{name: name for name in ("name", "quantity", "subtotal", "subtotal_tax")},
}

WOOCOMMERCE = PlatformHarness(
    name="woocommerce",
    open=opened,
    key_setting="consumer_secret",
    list_path="/wc/v3/orders",
    comparisons={
        "orders": [
            Comparison(
                "orders",
                {"order_id": "id"},
                {
                    "status": "status",
                    "currency": "currency",
                    "customer_id": "customer_id",
                    "billing_email": "email",
                    "prices_include_tax": "prices_include_tax",
                    "date_created_gmt": "date_created",
                    "date_modified_gmt": "date_modified",
                    "date_paid_gmt": "date_paid",
                    "total": "total",
                    "total_tax": "total_tax",
                    "shipping_total": "shipping_total",
                    "discount_total": "discount_total",
                },
            )
        ],
        "order_lines": [Comparison("order_lines", {"order_id": "order_id", "line_id": "id"}, _LINE)],
        "order_shipping_lines": [
            Comparison("order_shipping_lines", {"order_id": "order_id", "shipping_line_id": "id"}, {**_MONEY_OF_A_LINE})
        ],
        "order_fees": [Comparison("order_fees", {"order_id": "order_id", "fee_line_id": "id"}, {**_MONEY_OF_A_LINE})],
        "order_discounts": [
            Comparison("order_discounts", {"order_id": "order_id", "coupon_line_id": "id"}, {"code": "code"})
        ],
        "order_taxes": [
            Comparison(
                "order_taxes",
                {"order_id": "order_id", "tax_line_id": "id"},
                {"tax_total": "tax_total", "shipping_tax_total": "shipping_tax_total"},
            )
        ],
        "refunds": [
            Comparison(
                "refunds",
                {"order_id": "order_id", "refund_id": "id"},
                {"amount": "amount", "reason": "reason", "date_created_gmt": "date_created"},
            )
        ],
        "refund_lines": [
            Comparison(
                table,
                {"refund_id": "refund_id", "line_id": "id"},
                {"total": "total"},
                ours=lambda row, t=kind: row["line_type"] == t,
            )
            for table, kind in (
                ("refund_lines", "line_item"),
                ("refund_shipping_lines", "shipping"),
                ("refund_fees", "fee"),
            )
        ],
        "customers": [
            Comparison(
                "customers",
                {"customer_id": "id"},
                {"email": "email", "first_name": "first_name", "last_name": "last_name", "role": "role"},
            )
        ],
        "products": [
            Comparison(
                "products",
                {"product_id": "id"},
                {"name": "name", "sku": "sku", "status": "status"},
                where=lambda row: not row["parent_id"],
            )
        ],
        "product_variants": [
            Comparison(
                "products",
                {"product_id": "parent_id", "variation_id": "id"},
                {"sku": "sku", "price": "price"},
                where=lambda row: bool(row["parent_id"]),
            )
        ],
        "product_categories": [Comparison("categories", {"category_id": "id"}, {"name": "name"})],
        "discounts": [Comparison("coupons", {"coupon_id": "id"}, {"code": "code", "amount": "amount"})],
    },
)
