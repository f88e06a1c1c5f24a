"""Sandbox shops that charge in every way that their platform knows, with tax in their prices or on top of them.

What the shops of the platform suite leave out: currencies without cents, prices with tax, tips, duties, fees, gift
cards sold and spent, gift wrapping, and refunds of a part of each.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from bigcommerce_harness import BigCommerceShop
from mirror import Clock
from platform_harnesses import RunningShop
from shopify_harness import ShopifyShop
from woocommerce_harness import WooCommerceShop

from connectors.currencies import MINOR_DIGITS
from connectors.sandbox import bigcommerce, shopify, woocommerce

ORDERS = 40
NOTHING = Decimal(0)


@dataclass(frozen=True)
class Trade:
    """How a shop trades.

    Attributes:
        time_zone: Of the shop.
        currency: Of its prices.
        includes_tax: Whether its prices hold the tax.
        random: Decides on everything else.
    """

    time_zone: str
    currency: str
    includes_tax: bool
    random: Random

    def money(self, least: int, most: int) -> Decimal:
        """An amount in whole minor units."""
        digits = MINOR_DIGITS[self.currency]
        return Decimal(self.random.randint(least * 10**digits, most * 10**digits)).scaleb(-digits)

    def maybe(self, amount: Decimal, chance: float = 0.4) -> Decimal:
        """The amount, or more often than not nothing."""
        return amount if self.random.random() < chance else NOTHING

    def moment(self, clock: Clock) -> datetime:
        """A time in the last weeks, so that days begin and end among them."""
        return clock() - timedelta(minutes=self.random.randint(5_000, 60_000))


@contextmanager
def shopify_shop(clock: Clock, trade: Trade) -> Iterator[RunningShop]:
    shop = shopify.Shop(
        clock=clock, time_zone=trade.time_zone, currency=trade.currency, taxes_included=trade.includes_tax
    )
    random = trade.random
    for number in range(ORDERS):
        lines = [
            shopify.Item(
                quantity=random.randint(1, 4),
                price=trade.money(5, 90),
                title="Thing",
                duty=trade.maybe(trade.money(1, 9)) or None,
                is_gift_card=random.random() < 0.15,
                taxable=random.random() < 0.8,
            )
            for _ in range(random.randint(1, 3))
        ]
        reductions = (
            shopify.Reduction("TEN", percentage=Decimal(10)),
            shopify.Reduction("Three off", amount=trade.money(3, 3), kind="automatic"),
            shopify.Reduction("POST", percentage=Decimal(50), is_for_shipping=True),
        )
        order = shop.place_order(
            lines=lines,
            email=f"buyer{number % 11}@example.com" if number % 7 else None,
            ordered_at=trade.moment(clock),
            discounts=random.sample(reductions, random.randint(0, 3)),
            delivery=shopify.Delivery(trade.money(3, 12)) if random.random() < 0.6 else None,
            taxes=(("State", Decimal("0.0725")), ("City", Decimal("0.01"))) if random.random() < 0.7 else (),
            tip=trade.maybe(trade.money(1, 9)),
            fees=(("Packing", trade.money(1, 3)),) if random.random() < 0.3 else (),
            payment=shopify.Payment(
                state=random.choice(("paid", "paid", "paid", "authorized", "pending")),
                gift_card=trade.maybe(trade.money(1, 4), 0.3),
            ),
            presentment=random.choice((None, None, "EUR")),
            rate=Decimal("0.8931"),
            test=number % 20 == 0,
        )
        with suppress(ValueError):
            match random.randint(0, 5):
                case 0:
                    shop.refund_order(order.id, lines={order.lines[0].id: 1}, shipping=trade.money(1, 2))
                case 1:
                    shop.refund_order(order.id)
                case 2:
                    shop.refund_order(order.id, lines={}, shipping=False, amount=trade.money(1, 4))
                case 3:
                    shop.edit_order(
                        order.id,
                        remove={order.lines[0].id: 1},
                        add=[shopify.Item(price=trade.money(2, 9))] if number % 2 else (),
                    )
                    if number % 3:
                        shop.pay_back(order.id)
    access = shopify.Access(clock)
    token = access.issue_static_token()
    activity = shopify.Activity(shop, random)
    with shopify.running_shopify(shop, access=access) as running:
        yield ShopifyShop(shop, running.server, token, clock, trade.time_zone, activity, [])


@contextmanager
def bigcommerce_shop(clock: Clock, trade: Trade) -> Iterator[RunningShop]:
    settings = bigcommerce.StoreSettings(
        currency=trade.currency,
        time_zone=trade.time_zone,
        prices_include_tax=trade.includes_tax,
        tax_rates={"US": Decimal("8.875")},
        decimals=MINOR_DIGITS[trade.currency],
        lists_archived=True,
    )
    shop, random = bigcommerce.Shop(clock, settings), trade.random
    product = shop.create_product("Thing", trade.money(5, 90))
    shop.create_coupon("TEN", Decimal(10), "percentage_discount")
    for number in range(ORDERS):
        items = [
            bigcommerce.Item(
                0 if random.random() < 0.15 else product,
                quantity=random.randint(1, 4),
                price=trade.money(5, 90),
                wrapping=trade.maybe(trade.money(1, 5)),
            )
            for _ in range(random.randint(1, 3))
        ]
        order_id = shop.place_order(
            [item if item.product_id else bigcommerce.Item(0, price=item.price) for item in items],
            email=f"buyer{number % 11}@example.com",
            status_id=random.choice((0, 2, 7, 10, 10, 10, 11, 11)),
            shipping=trade.maybe(trade.money(3, 12), 0.7),
            handling=trade.maybe(trade.money(1, 4)),
            fees=(("Packing", trade.money(1, 3)),) if random.random() < 0.3 else (),
            discount=trade.maybe(trade.money(1, 4)),
            coupons=("TEN",) if random.random() < 0.4 else (),
            gift_certificate=trade.maybe(trade.money(1, 2), 0.2),
            store_credit=trade.maybe(trade.money(1, 2), 0.2),
            ordered_at=trade.moment(clock),
        )
        with suppress(ValueError):
            match random.randint(0, 3):
                case 0:
                    shop.refund(order_id, lines={shop.orders[order_id].lines[0].id: 1}, amount=trade.money(1, 2))
                case 1:
                    shop.refund_rest(order_id)
    activity = bigcommerce.Activity(shop, random)
    with bigcommerce.running_bigcommerce(shop) as server:
        yield BigCommerceShop(shop, server, clock, trade.time_zone, activity, [])


@contextmanager
def woocommerce_shop(clock: Clock, trade: Trade) -> Iterator[RunningShop]:
    settings = woocommerce.ShopSettings(
        currency=trade.currency,
        time_zone=trade.time_zone,
        price_decimals=MINOR_DIGITS[trade.currency],
        prices_include_tax=trade.includes_tax,
        rounds_tax_at_subtotal=trade.random.random() < 0.5,
    )
    settings.statuses.append("on-its-way")
    shop, random = woocommerce.Shop(clock, settings), trade.random
    product = shop.create_product("Thing", trade.money(5, 90))
    shop.add_tax_rate(Decimal("7.25"), country="US")
    shop.add_tax_rate(Decimal("1.625"), country="US", priority=2, is_compound=True)
    shop.create_coupon("TEN", Decimal(10), "percent")
    shop.create_coupon("THREE", trade.money(3, 3))
    for number in range(ORDERS):
        order_id = shop.place_order(
            [
                woocommerce.Item(product, quantity=random.randint(1, 7), price=trade.money(5, 90))
                for _ in range(random.randint(1, 5))
            ],
            email=f"buyer{number % 11}@example.com",
            billing={"country": random.choice(("US", "US", "CA"))},
            status=random.choice(("processing", "completed", "completed", "on-hold", "pending", "on-its-way")),
            shipping=trade.maybe(trade.money(3, 12), 0.7),
            fees=(("Packing", trade.money(1, 3)), ("Loyalty", -trade.money(1, 3))) if random.random() < 0.4 else (),
            coupons=random.sample(("TEN", "THREE"), random.randint(0, 2)),
            ordered_at=trade.moment(clock),
        )
        with suppress(ValueError):
            match random.randint(0, 4):
                case 0:
                    shop.refund(order_id, lines={shop.orders[order_id].lines[0].id: 1}, shipping=trade.money(1, 2))
                case 1:
                    shop.refund_rest(order_id)
                case 2:
                    shop.refund(order_id, amount=trade.money(1, 4))
    activity = woocommerce.Activity(shop, random)
    with woocommerce.running_woocommerce(shop, is_tls=False) as server:
        yield WooCommerceShop(shop, server, clock, trade.time_zone, activity, [])


SHOPS: dict[str, Callable[[Clock, Trade], AbstractContextManager[RunningShop]]] = {
    "shopify": shopify_shop,
    "bigcommerce": bigcommerce_shop,
    "woocommerce": woocommerce_shop,
}
