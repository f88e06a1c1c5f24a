"""A stored forecast held against itself made again: the same bits, or where they differ."""

import math
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl
import pytest
from tiny_merchants import task

from orchestration.forecast_tasks import compute
from orchestration.replay_comparison import TableComparison, card_differences, compare_rows

KEY = ("customer_id",)
STORED = pl.DataFrame(
    {
        "customer_id": ["a", "b", "c"],
        "count": [0.1, 2.0, None],
        "amount": [Decimal("1.0000"), Decimal("2.0000"), None],
        "until": [date(2026, 1, 1), None, date(2026, 2, 1)],
    },
    schema={"customer_id": pl.String, "count": pl.Float64, "amount": pl.Decimal(18, 4), "until": pl.Date},
)


def compared(replayed: pl.DataFrame) -> TableComparison:
    return compare_rows("predictions", KEY, STORED, replayed)


def test_the_same_rows_in_another_order_are_identical() -> None:
    found = compared(STORED.reverse())
    assert found.is_identical
    assert found.stored_digest == found.replayed_digest
    assert found.in_words == "3 rows, identical"


def test_the_last_bit_counts() -> None:
    moved = STORED.with_columns(
        pl.when(customer_id="a").then(math.nextafter(0.1, 1)).otherwise(pl.col("count")).alias("count")
    )
    found = compared(moved)
    assert not found.is_identical
    assert found.stored_digest != found.replayed_digest
    assert found.in_words == (
        "3 rows stored, 3 replayed; 1 differ in count, such as count of a: 0.1 stored, 0.10000000000000002 replayed"
    )


@pytest.mark.parametrize(("column", "value"), [("count", 0.0), ("amount", Decimal(0)), ("until", None)])
def test_a_value_and_none_differ(column: str, value: Any) -> None:
    other = STORED.with_columns(
        pl.when(customer_id="c").then(pl.lit(value, STORED.schema[column])).otherwise(pl.col(column)).alias(column)
    )
    found = compared(other)
    assert found.differing_columns == (column,)
    assert found.differing_count == 1


def test_rows_of_one_side_only_are_counted() -> None:
    other = STORED.filter(pl.col("customer_id") != "a").vstack(
        STORED.filter(customer_id="b").with_columns(customer_id=pl.lit("z"))
    )
    found = compared(other)
    assert (found.only_stored, found.only_replayed, found.differing_count) == (1, 1, 0)
    assert not found.is_identical
    assert found.in_words == "3 rows stored, 3 replayed; 1 only stored; 1 only replayed"


def test_an_empty_table_equals_an_empty_one_only() -> None:
    nothing = STORED.clear()
    assert compare_rows("backtests", KEY, nothing, nothing).is_identical
    assert not compare_rows("backtests", KEY, STORED, nothing).is_identical


def test_integers_as_the_warehouse_gives_them_are_the_same_numbers() -> None:
    narrow = pl.DataFrame({"decile": pl.Series([1, 2], dtype=pl.Int32)})
    assert compare_rows("deciles", ("decile",), narrow, narrow.cast(pl.Int64)).is_identical


def test_a_card_is_compared_by_what_it_found_and_not_by_what_made_it() -> None:
    card = compute(task()).forecast.model_card
    kept = {**card, "code_hash": "x", "versions": {"numpy": "1"}, "model_run_id": "y"}
    assert card_differences(kept, card) == []
    facts = {**card["facts"], "prior_share": 0.5, "checks": card["facts"]["checks"][:-1]}
    found = card_differences({**card, "facts": facts}, card)
    assert [text.partition(":")[0] for text in found] == ["facts.checks", "facts.prior_share"]


def test_whole_numbers_of_jsonb_are_the_same_and_others_are_told_by_their_path() -> None:
    assert card_differences({"a": [1, {"b": 2}]}, {"a": [1.0, {"b": 2.0}]}) == []
    assert card_differences({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}]}) == ["a[1].b: 2 stored, 3 replayed"]
    assert card_differences({"a": 1}, {"b": 1}) == ["a: only stored", "b: only replayed"]
    assert card_differences({"a": True}, {"a": 1}) == ["a: true stored, 1 replayed"]


def test_a_forecast_of_other_data_differs_in_predictions_and_card() -> None:
    ours, theirs = compute(task()).forecast, compute(replace(task(), purchase_days=task(seed=2).purchase_days)).forecast
    assert not np.isnan(ours.predictions["expected_purchases"].to_numpy()).any()
    assert not compare_rows("predictions", KEY, ours.predictions, theirs.predictions).is_identical
    assert any(text.startswith("data.data_hash") for text in card_differences(ours.model_card, theirs.model_card))
