"""Customers that are no consumers: bots with tiny orders all day, and resellers who stock up.

They follow no purchase process, and no model of consumers should be fitted to them.
"""

from collections.abc import Iterator

import numpy as np
import polars as pl

from connectors.sandbox.draws import Floats, uniforms
from connectors.sandbox.purchase_process import ROBOT, Integers
from connectors.sandbox.shop import Shop, padded
from connectors.sandbox.tables import SCHEMAS, Tables

# Numbers that no consumer has, so that a merchant's people stay the same when traders join.
_FIRST_BOT = 2**40
_FIRST_RESELLER = 2**41
_LARGEST_BOT_ORDER = 1.0


def traders(shop: Shop) -> Iterator[Tables]:
    """The four tables of each bot and each reseller, one at a time."""
    for number in range(shop.merchant.bots.count):
        yield _bot(shop, number)
    for number in range(shop.merchant.resellers.count):
        yield _reseller(shop, number)


def _bot(shop: Shop, number: int) -> Tables:
    rule = shop.merchant.bots
    expected = rule.orders_per_day * rule.days
    # Ten standard deviations more than a Poisson process needs.
    draws = np.arange(int(expected + 10 * expected**0.5 + 20), dtype=np.int64)
    subject = np.full(len(draws), _FIRST_BOT + number, dtype=np.int64)
    waiting, price = uniforms(shop.merchant.seed, subject, stream=ROBOT, index=draws)
    at_days = rule.first_day + np.cumsum(-np.log(waiting)) / rule.orders_per_day
    ends = min(float(rule.first_day + rule.days), shop.window_days)
    at_days = at_days[at_days < ends]
    amounts = price[: len(at_days)] * _LARGEST_BOT_ORDER
    return _tables(
        shop,
        f"bot-{number:03d}",
        "bot",
        at_days,
        amounts,
        rate=rule.orders_per_day,
        mean_spend=_LARGEST_BOT_ORDER / 2,
        ended_at=ends if ends < shop.window_days else np.inf,
    )


def _reseller(shop: Shop, number: int) -> Tables:
    rule = shop.merchant.resellers
    turns = np.arange(int(shop.window_days / rule.interval_days) + 2, dtype=np.int64)
    subject = np.full(len(turns), _FIRST_RESELLER + number, dtype=np.int64)
    delay, price = uniforms(shop.merchant.seed, subject, stream=ROBOT, index=turns)
    at_days = (turns + 0.1 + 0.2 * (delay - 0.5)) * rule.interval_days
    mean_spend = shop.merchant.spend.mean_amount * rule.amount_factor
    is_within = at_days < shop.window_days
    return _tables(
        shop,
        f"reseller-{number:03d}",
        "reseller",
        at_days[is_within],
        (mean_spend * (0.8 + 0.4 * price))[is_within],
        rate=1.0 / rule.interval_days,
        mean_spend=mean_spend,
        ended_at=np.inf,
    )


def _tables(
    shop: Shop,
    customer_id: str,
    kind: str,
    at_days: Floats,
    amounts: Floats,
    *,
    rate: float,
    mean_spend: float,
    ended_at: float,
) -> Tables:
    """The tables of one trader, at the first store; none of them when the window ends before the first order."""
    count = len(at_days)
    if count == 0:
        return {}
    stores: Integers = np.zeros(count, dtype=np.int64)
    email = f"{customer_id}@example.org"
    orders = shop.order_rows(
        order_ids=pl.select(
            pl.concat_str(pl.lit(f"{customer_id}-"), padded(pl.Series(np.arange(1, count + 1)), 6))
        ).to_series(),
        customer_ids=pl.Series([customer_id]).new_from_index(0, count),
        emails=pl.Series([email]).new_from_index(0, count),
        at_days=at_days,
        units=shop.minor_units(amounts, stores),
        stores=stores,
        quantities=np.ones(count, dtype=np.int64),
        channels=pl.Series(["web"]).new_from_index(0, count),
    )
    first_at, store_id = orders["ordered_at"][0], shop.store_ids[0]
    ended = shop.timestamps(np.array([ended_at]))[0]
    account = {"customer_id": customer_id, "email": email, "has_email_consent": False, "store_id": store_id}
    truth = {
        "person_id": customer_id,
        "kind": kind,
        "account_customer_id": customer_id,
        "store_id": store_id,
        "acquired_at": first_at,
        "registered_at": first_at,
        "purchase_rate": rate,
        "mean_spend_amount": mean_spend,
        "died_at": ended,
        "order_count": count,
    }
    return {
        "orders": orders,
        "customers": pl.DataFrame([account], schema=SCHEMAS["customers"]),
        "truth": pl.DataFrame([truth], schema=SCHEMAS["truth"]),
    }
