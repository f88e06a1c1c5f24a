"""The Shopify sandbox in the platform suite's terms."""

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
from connectors.sandbox.shopify import Access, Activity, Delivery, Item, Shop, running_shopify
from connectors.source import Source
from connectors.sources.shopify import ShopifySettings, ShopifySource


@dataclass
class ShopifyShop:
    """A Shopify shop that is open for business."""

    shop: Shop
    server: SandboxServer
    token: str
    clock: Clock
    zone: str
    activity: Activity
    variants: list[int]
    secrets: Secrets = field(default_factory=Secrets)

    def declaration(self) -> dict[str, Any]:
        return {"type": "shopify", "url": self.server.url, "access_token": self.token}

    def source(self, **settings: Any) -> Source:
        return ShopifySource(
            ShopifySettings.model_validate({**self.declaration(), **settings}),
            runtime=runtime(self.clock, self.secrets),
            time_zone=self.zone,
            key="merchants[0].stores[0].source",
        )

    def step(self) -> str:
        return self.activity.step()

    def place_orders(self, count: int) -> list[int]:
        return [
            self.shop.place_order(
                lines=[Item(variant) for variant in self.variants[:2]],
                email=f"tie{number}@example.com",
                delivery=Delivery(Decimal("4.90")),
            ).id
            for number in range(count)
        ]

    def delete_order(self, order_id: int) -> None:
        self.shop.delete_order(order_id)

    def truth(self) -> dict[str, list[Row]]:
        return self.shop.truth()

    def net_revenue(self) -> Decimal:
        return self.shop.net_revenue()


@contextmanager
def opened(clock: Clock, zone: str, random: Random) -> Iterator[ShopifyShop]:
    shop = Shop(clock=clock, time_zone=zone)
    stock = shop.stock(generated_catalogue(products=8), at=clock() - timedelta(days=400))
    variants = list(stock.variants.values())
    activity = Activity(shop, random)
    for number in range(12):
        phone = f"+1917555{number:04}" if number % 2 else None
        shop.add_customer(email=f"person{number}@example.com", first_name=f"Person {number}", phone=phone)
    for number in range(40):
        shop.place_order(
            lines=[Item(random.choice(variants))],
            email=f"past.{number % 9}@example.com",
            ordered_at=clock() - timedelta(days=300 - number),
        )
    for _ in range(60):
        activity.step()
        clock.advance(random.choice((0, 0, 1, 40)))
    access = Access(clock)
    token = access.issue_static_token()
    with running_shopify(shop, access=access) as running:
        yield ShopifyShop(shop, running.server, token, clock, zone, activity, variants)


SHOPIFY = PlatformHarness(
    name="shopify",
    open=opened,
    key_setting="access_token",
    list_path="/graphql.json",
    comparisons={
        "orders": [
            Comparison(
                "orders",
                {"order_id": "id"},
                {
                    "name": "name",
                    "customer_id": "customer_id",
                    "email": "email",
                    "currency_code": "currency_code",
                    "presentment_currency_code": "presentment_currency_code",
                    "taxes_included": "taxes_included",
                    "test": "test",
                    "edited": "edited",
                    "cancelled_at": "cancelled_at",
                    "display_financial_status": "financial_status",
                    "created_at": "created_at",
                    "processed_at": "processed_at",
                    "updated_at": "updated_at",
                    "total_price_shop_amount": "total_amount",
                    "original_total_price_shop_amount": "original_total_amount",
                    "current_total_price_shop_amount": "current_total_amount",
                    "total_tax_shop_amount": "tax_amount",
                    "total_shipping_price_shop_amount": "shipping_amount",
                    "total_tip_received_shop_amount": "tips_amount",
                    "total_refunded_shop_amount": "refunded_amount",
                },
            )
        ],
        "order_lines": [
            Comparison(
                "order_lines",
                {"order_id": "order_id", "line_id": "id"},
                {
                    "title": "title",
                    "sku": "sku",
                    "quantity": "quantity",
                    "current_quantity": "current_quantity",
                    "original_unit_price_shop_amount": "unit_price_amount",
                    "is_gift_card": "is_gift_card",
                },
            )
        ],
        "order_shipping_lines": [
            Comparison(
                "order_shipping_lines",
                {"order_id": "order_id", "shipping_line_id": "id"},
                {"title": "title", "original_price_shop_amount": "price_amount"},
            )
        ],
        "refunds": [
            Comparison(
                "refunds",
                {"order_id": "order_id", "refund_id": "id"},
                {
                    "created_at": "created_at",
                    "processed_at": "processed_at",
                    "updated_at": "updated_at",
                    "note": "note",
                    "total_refunded_shop_amount": "total_amount",
                },
            )
        ],
        "refund_lines": [
            Comparison(
                "refund_lines",
                {"order_id": "order_id", "refund_id": "refund_id", "refund_line_id": "id"},
                {
                    "line_id": "line_id",
                    "quantity": "quantity",
                    "subtotal_shop_amount": "subtotal_amount",
                    "total_tax_shop_amount": "tax_amount",
                },
            )
        ],
        "transactions": [
            Comparison(
                "transactions",
                {"order_id": "order_id", "transaction_id": "id"},
                {name: name for name in ("kind", "status", "gateway", "created_at")} | {"amount_shop_amount": "amount"},
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
                        "state",
                        "email_marketing_state",
                        "email_marketing_updated_at",
                        "phone",
                        "sms_marketing_state",
                        "sms_marketing_updated_at",
                        "created_at",
                        "updated_at",
                    )
                },
            )
        ],
        "products": [
            Comparison(
                "products",
                {"product_id": "id"},
                {name: name for name in ("title", "vendor", "product_type", "status", "updated_at")},
            )
        ],
        "product_variants": [
            Comparison(
                "product_variants",
                {"product_id": "product_id", "variant_id": "id"},
                {"title": "title", "sku": "sku", "price": "price_amount"},
            )
        ],
        "product_categories": [Comparison("product_categories", {"category_id": "id"}, {"title": "title"})],
        "product_category_links": [
            Comparison("product_category_links", {"category_id": "category_id", "product_id": "product_id"}, {})
        ],
        "discounts": [Comparison("discounts", {"discount_id": "id"}, {"title": "title", "updated_at": "updated_at"})],
    },
)
