"""What the people among a synthetic merchant's customers did, and the truth about each.

Must not know bots and resellers, nor files.
"""

from typing import Final

import numpy as np
import polars as pl

from connectors.sandbox.draws import Floats, uniforms
from connectors.sandbox.personas import generated_people
from connectors.sandbox.purchase_process import (
    PERSON,
    PLACE,
    Integers,
    Purchases,
    Traits,
    simulate_purchases,
    spend_amounts,
    traits_of,
)
from connectors.sandbox.refunding import with_refunds
from connectors.sandbox.shop import Shop, padded
from connectors.sandbox.tables import SCHEMAS, Tables

_CHANNELS: Final = (("web", 0.6), ("app", 0.3), ("phone", 0.1))


def consumers(shop: Shop, customers: Integers) -> Tables:
    """The four tables of the customers with these numbers."""
    merchant = shop.merchant
    traits = traits_of(merchant.seed, customers, merchant.purchases, merchant.spend)
    acquired_at = shop.acquired_at_days(traits.acquisition)
    purchases = simulate_purchases(merchant.seed, customers, traits, acquired_at, shop.clock)
    truth = _truth(shop, customers, traits, acquired_at, purchases)
    people = _people(shop, truth)
    orders, stores, units = _orders(shop, customers, traits, purchases, truth.hstack([people["email"]]))
    orders, refunds = with_refunds(shop, orders, customers, purchases, stores=stores, units=units)
    return {
        "orders": orders.select(SCHEMAS["orders"].names()),
        "refunds": refunds,
        "customers": _accounts(truth, people),
        "truth": truth.select(SCHEMAS["truth"].names()),
    }


def _truth(shop: Shop, customers: Integers, traits: Traits, acquired_at: Floats, purchases: Purchases) -> pl.DataFrame:
    """The truth about these customers, with `guest_order_count` and `store` (an index) on top."""
    merchant = shop.merchant
    order_count = np.bincount(purchases.position, minlength=len(customers))
    starts_as_guest, registration = uniforms(merchant.seed, customers, stream=PERSON, index=0)
    home, _ = uniforms(merchant.seed, customers, stream=PERSON, index=2)
    store = np.searchsorted(np.cumsum(shop.shares)[:-1], home, side="right")
    is_guest = starts_as_guest < merchant.guests.rate
    with np.errstate(divide="ignore"):
        orders_to_register = np.maximum(
            np.ceil(np.log(registration) / np.log1p(-merchant.guests.registration_rate)), 1.0
        )
    is_registered = ~is_guest | (order_count >= orders_to_register)
    # The order at which a guest registers still carries the guest's id.
    guest_orders = np.where(is_guest, np.minimum(orders_to_register, order_count), 0).astype(np.int64)
    first_order = np.concatenate(([0], np.cumsum(order_count)[:-1]))
    registered_at = purchases.at_days[first_order + np.maximum(guest_orders - 1, 0)]
    number = padded(pl.col("customer"), 8)
    return pl.DataFrame(
        {
            "customer": customers,
            "store": store,
            "guest_order_count": guest_orders,
            "is_guest": is_guest,
            "is_registered": is_registered,
            "acquired_at": shop.timestamps(acquired_at),
            "registered_at": shop.timestamps(np.where(is_registered, registered_at, np.inf)),
            "purchase_rate": traits.purchase_rate,
            "dropout_probability": traits.dropout_probability,
            "mean_spend_amount": traits.mean_spend,
            "died_at": shop.timestamps(purchases.died_at_days),
            "order_count": order_count,
        }
    ).with_columns(
        pl.concat_str(pl.lit("p"), number).alias("person_id"),
        pl.when("is_guest").then(pl.concat_str(pl.lit("guest-"), number)).alias("guest_customer_id"),
        pl.when("is_registered").then(pl.concat_str(pl.lit("c"), number)).alias("account_customer_id"),
        pl.when(~pl.col("is_guest"))
        .then(pl.lit("regular"))
        .when("is_registered")
        .then(pl.lit("guest_then_account"))
        .otherwise(pl.lit("guest"))
        .alias("kind"),
        shop.store_ids.gather(pl.Series(store)).alias("store_id"),
    )


def _orders(
    shop: Shop, customers: Integers, traits: Traits, purchases: Purchases, truth: pl.DataFrame
) -> tuple[pl.DataFrame, Integers, Integers]:
    """Orders without their refunds, each one's store as an index, and its amount in the smallest units.

    `truth` comes with an address for everybody.
    """
    merchant, position, number = shop.merchant, purchases.position, purchases.number
    whose = customers[position]
    amounts, spare = spend_amounts(merchant.seed, whose, number, traits.mean_spend[position], merchant.spend.p)
    place, channel = uniforms(merchant.seed, whose, stream=PLACE, index=number)
    stores = truth["store"].to_numpy().astype(np.int64)[position]
    if merchant.elsewhere_rate > 0 and len(merchant.stores) > 1:
        stores = np.where(place < merchant.elsewhere_rate, _other_stores(shop, stores, place), stores)
    units = shop.minor_units(amounts, stores)
    is_guest_order = number < truth["guest_order_count"].to_numpy()[position]
    person = truth.select("customer", "email", "guest_customer_id", "account_customer_id")[position]
    orders = shop.order_rows(
        order_ids=person.select(
            pl.concat_str(padded(pl.col("customer"), 8), pl.lit("-"), padded(pl.Series(number) + 1, 4))
        ).to_series(),
        customer_ids=person.select(
            pl.when(pl.Series(is_guest_order)).then("guest_customer_id").otherwise("account_customer_id")
        ).to_series(),
        emails=person["email"],
        at_days=purchases.at_days,
        units=units,
        stores=stores,
        # One item more for each halving of the odds.
        quantities=1 + np.minimum(np.floor(-np.log2(spare)), 20).astype(np.int64),
        channels=_channels(channel),
    )
    return orders, stores, units


def _other_stores(shop: Shop, home: Integers, place: Floats) -> Integers:
    """Another store than each one's own, by the stores' shares."""
    weights = np.tile(shop.shares, (len(shop.shares), 1))
    np.fill_diagonal(weights, 0.0)
    bounds = np.cumsum(weights / weights.sum(axis=1, keepdims=True), axis=1)
    draw = np.clip(place / shop.merchant.elsewhere_rate, 0.0, np.nextafter(1.0, 0.0))
    chosen = (draw[:, None] >= bounds[home]).sum(axis=1)
    # The bounds end at 1 but for rounding.
    last = np.where(home == len(shop.shares) - 1, len(shop.shares) - 2, len(shop.shares) - 1)
    stores: Integers = np.minimum(chosen, last).astype(np.int64)
    return stores


def _people(shop: Shop, truth: pl.DataFrame) -> pl.DataFrame:
    """Names, addresses and consent of everybody in the truth: one address per person, whatever ids they order under."""
    merchant = shop.merchant
    # Who never registered has no consent of a date to state; their row serves for the address alone.
    decided_before = truth["registered_at"].fill_null(shop.start)
    people = generated_people(merchant.merchant_id, truth["person_id"], decided_before, seed=merchant.seed)
    return pl.DataFrame(people).select("email", "first_name", "last_name", "has_email_consent", "email_consent_at")


def _accounts(truth: pl.DataFrame, people: pl.DataFrame) -> pl.DataFrame:
    """The customers that have an account, as the shop's own export lists them."""
    return (
        truth.hstack(people)
        .filter("is_registered")
        .with_columns(pl.col("account_customer_id").alias("customer_id"))
        .select(SCHEMAS["customers"].names())
    )


def _channels(draw: Floats) -> pl.Series:
    bounds = np.cumsum([share for _, share in _CHANNELS[:-1]])
    return pl.Series([name for name, _ in _CHANNELS], dtype=pl.String).gather(
        pl.Series(np.searchsorted(bounds, draw, side="right"))
    )
