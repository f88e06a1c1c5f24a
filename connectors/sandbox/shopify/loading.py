"""Filling a shop with a past, quickly: tens of thousands of customers and orders in a few seconds."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from connectors.sandbox.catalogue import generated_catalogue
from connectors.sandbox.shopify.ordering import PAID, Delivery, Item, Payment, Reduction
from connectors.sandbox.shopify.shop import Shop

_TAXES = (("State tax", Decimal("0.0625")), ("City tax", Decimal("0.02")))
_CODE = Reduction("WELCOME10", percentage=Decimal(10))


def load(
    shop: Shop,
    *,
    orders: int,
    customers: int,
    starts_at: datetime,
    ends_at: datetime,
    seed: int = 1,
    refund_rate: float = 0.05,
) -> None:
    """Fill a shop: a catalogue, customers, and orders spread evenly over a time, some of them refunded.

    Args:
        shop: The shop; an empty one gets a catalogue.
        orders: How many orders.
        customers: How many customers; one in twenty orders is a guest's.
        starts_at: When the first order is placed.
        ends_at: When the last one is.
        seed: Another seed gives another past.
        refund_rate: The share of orders of which something is refunded, within a month and before the end.
    """
    random = Random(f"load {seed}")  # noqa: S311 - orders, not secrets
    automatic = Reduction("Five off", amount=shop.amount(500), kind="automatic", items=(0,))
    delivery, tip = Delivery(shop.amount(490)), shop.amount(200)
    payments = (PAID,) * 18 + (Payment("pending", "manual"), Payment(gift_card=shop.amount(2000)))
    with shop.lock, _without_collection():
        if not shop.variants:
            shop.stock(generated_catalogue(currency_code=shop.currency, seed=seed), at=starts_at)
        known = [_add_customer(shop, random, number, seed, starts_at) for number in range(customers)]
        variants = list(shop.variants)
        step = (ends_at - starts_at) / max(orders, 1)
        for number in range(orders):
            at = starts_at + step * number
            is_guest = not known or random.random() < 0.05
            order = shop.place_order(
                customer=None if is_guest else random.choice(known),
                email=f"guest{random.randint(1, 9999)}@example.com" if is_guest else None,
                lines=[
                    Item(random.choice(variants), random.choice((1, 1, 2))) for _ in range(random.choice((1, 2, 3)))
                ],
                ordered_at=at,
                discounts=_discounts(random, automatic),
                delivery=delivery if random.random() < 0.7 else None,
                taxes=_TAXES if random.random() < 0.5 else (),
                tip=tip if random.random() < 0.02 else Decimal(0),
                payment=random.choice(payments),
                fulfilled=True,
            )
            if order.received and random.random() < refund_rate:
                _refund(shop, random, order.id, at, ends_at)


@contextmanager
def _without_collection() -> Iterator[None]:
    """Nothing that is made becomes garbage, and looking for it would take a third of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _add_customer(shop: Shop, random: Random, number: int, seed: int, at: datetime) -> int:
    customer = shop.add_customer(
        email=f"generated.{seed}.{number}@example.com",
        first_name="Generated",
        last_name=f"Person {number}",
        created_at=at,
        has_email_consent=random.choice((True, True, False, None)),
    )
    return customer.id


def _discounts(random: Random, automatic: Reduction) -> tuple[Reduction, ...]:
    draw = random.random()
    if draw < 0.15:
        return (_CODE,)
    return (automatic, _CODE) if draw < 0.2 else ()


def _refund(shop: Shop, random: Random, order_id: int, ordered_at: datetime, ends_at: datetime) -> None:
    at = min(ordered_at + timedelta(days=random.uniform(0.1, 30)), ends_at)
    if random.random() < 0.4:
        shop.refund_order(order_id, at=at)
    else:
        line = shop.orders.records[order_id].lines[0]
        shop.refund_order(order_id, lines={line.id: 1}, shipping=False, at=at)
