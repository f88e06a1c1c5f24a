"""What goes back of a synthetic merchant's orders, whole or in parts, never more than was paid."""

from typing import Final

import numpy as np
import polars as pl

from connectors.sandbox.draws import uniforms
from connectors.sandbox.purchase_process import REFUND, REFUND_PART, SECOND_REFUND, Integers, Purchases
from connectors.sandbox.shop import Shop
from connectors.sandbox.tables import MONEY, SCHEMAS

_SECOND_PART_RATE: Final = 0.3


def with_refunds(
    shop: Shop, orders: pl.DataFrame, customers: Integers, purchases: Purchases, *, stores: Integers, units: Integers
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The orders with what of them was refunded, and the refunds.

    Args:
        shop: Theirs.
        orders: Orders, in the order of `purchases`.
        customers: The numbers of the customers that `purchases` points to.
        purchases: The purchases that the orders are.
        stores: Each order's store, as an index.
        units: Each order's amount in the smallest units of its currency.
    """
    rule, seed = shop.merchant.refunds, shop.merchant.seed
    if rule.rate == 0:
        return orders, SCHEMAS["refunds"].to_frame()
    happens, partly = uniforms(seed, customers[purchases.position], stream=REFUND, index=purchases.number)
    row = np.flatnonzero(happens < rule.rate)
    whose, number, paid = customers[purchases.position[row]], purchases.number[row], units[row]
    delay, fraction = uniforms(seed, whose, stream=REFUND_PART, index=number)
    second, second_delay = uniforms(seed, whose, stream=SECOND_REFUND, index=number)
    is_partial = (partly[row] < rule.partial_rate) & (paid >= 2)
    part = np.clip(np.floor(paid * (0.1 + 0.8 * fraction)).astype(np.int64), 1, np.maximum(paid - 1, 1))
    first_units = np.where(is_partial, part, paid)
    first_at = purchases.at_days[row] - rule.mean_delay_days * np.log(delay)
    has_second = is_partial & (second < _SECOND_PART_RATE)
    second_units = np.maximum((paid - first_units) // 2, 1)
    second_at = first_at - rule.mean_delay_days * np.log(second_delay)

    part_row = np.concatenate((row, row[has_second]))
    part_units = np.concatenate((first_units, second_units[has_second]))
    at = np.concatenate((first_at, second_at[has_second]))
    part_number = np.concatenate((np.ones(len(row), np.int64), np.full(int(has_second.sum()), 2, np.int64)))
    by_order = np.lexsort((part_number, part_row))
    by_order = by_order[at[by_order] < shop.window_days]
    part_row, part_units, part_number = part_row[by_order], part_units[by_order], part_number[by_order]
    refunds = (
        orders.select("order_id", "customer_id", "currency_code", "store_id", "email")[part_row]
        .with_columns(
            pl.concat_str("order_id", pl.lit("-r"), pl.Series(part_number)).alias("refund_id"),
            shop.timestamps(at[by_order]).alias("refunded_at"),
            shop.money(part_units, stores[part_row]).alias("amount"),
        )
        .select(SCHEMAS["refunds"].names())
    )
    sums = refunds.group_by("order_id").agg(
        pl.col("amount").sum().cast(MONEY).alias("refunded_amount"), pl.col("refunded_at").max()
    )
    orders = orders.drop("refunded_amount", "refunded_at").join(sums, on="order_id", how="left", maintain_order="left")
    return orders, refunds
