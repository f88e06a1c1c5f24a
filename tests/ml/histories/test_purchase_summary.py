from datetime import date, timedelta
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.histories.purchase_summary import SUMMARY_SCHEMA, summarise_purchases
from models.errors import StopError

AS_OF = date(2026, 1, 31)


def days(*rows: tuple[str, date, float]) -> pl.DataFrame:
    return pl.DataFrame(
        rows, schema={"customer_id": pl.String, "purchase_date": pl.Date, "amount": pl.Float64}, orient="row"
    )


def refunds(*rows: tuple[str, date | None, date, float]) -> pl.DataFrame:
    schema = {"customer_id": pl.String, "purchase_date": pl.Date, "refund_date": pl.Date, "amount": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


THREE_DAYS = days(("c", date(2026, 1, 1), 10.0), ("c", date(2026, 1, 11), 20.0), ("c", date(2026, 1, 21), 40.0))


def test_counts_repeat_days_and_leaves_the_first_out_of_spend() -> None:
    row = summarise_purchases(THREE_DAYS, None, as_of_date=AS_OF).row(0, named=True)
    assert row == {
        "customer_id": "c",
        "frequency": 2,
        "recency_days": 20.0,
        "age_days": 30.0,
        "spend_day_count": 2,
        "monetary_value": 30.0,
    }


def test_a_one_time_buyer_has_no_monetary_value() -> None:
    row = summarise_purchases(days(("c", AS_OF, 5.0)), None, as_of_date=AS_OF).row(0, named=True)
    assert (row["frequency"], row["recency_days"], row["age_days"], row["monetary_value"]) == (0, 0.0, 0.0, None)


def test_a_free_day_counts_for_frequency_and_not_for_spend() -> None:
    frame = days(("c", date(2026, 1, 1), 10.0), ("c", date(2026, 1, 11), 0.0), ("c", date(2026, 1, 21), 40.0))
    row = summarise_purchases(frame, None, as_of_date=AS_OF).row(0, named=True)
    assert (row["frequency"], row["spend_day_count"], row["monetary_value"]) == (2, 1, 40.0)


def test_what_comes_after_the_as_of_date_does_not_exist() -> None:
    row = summarise_purchases(THREE_DAYS, None, as_of_date=date(2026, 1, 20)).row(0, named=True)
    assert (row["frequency"], row["recency_days"], row["age_days"]) == (1, 10.0, 19.0)
    assert summarise_purchases(THREE_DAYS, None, as_of_date=date(2025, 12, 31)).height == 0


@pytest.mark.parametrize(
    ("refund_date", "amount", "spend_days", "mean"),
    [
        (date(2026, 1, 31), 5.0, 2, 27.5),
        (date(2026, 2, 1), 5.0, 2, 30.0),  # Not known yet.
        (date(2026, 1, 25), 20.0, 1, 40.0),  # All of the day's money went back: the day stays a purchase.
        (date(2026, 1, 25), 99.0, 1, 40.0),  # More than was paid does not make the other day cheaper.
    ],
)
def test_a_refund_lowers_its_day_from_its_own_date_on(
    refund_date: date, amount: float, spend_days: int, mean: float
) -> None:
    back = refunds(("c", date(2026, 1, 11), refund_date, amount))
    row = summarise_purchases(THREE_DAYS, back, as_of_date=AS_OF).row(0, named=True)
    assert (row["frequency"], row["spend_day_count"], row["monetary_value"]) == (2, spend_days, mean)


def test_refunds_of_one_day_add_up_and_those_of_no_day_lower_nothing() -> None:
    back = refunds(
        ("c", date(2026, 1, 11), date(2026, 1, 12), 3.0),
        ("c", date(2026, 1, 11), date(2026, 1, 13), 4.0),
        ("c", None, date(2026, 1, 13), 4.0),
        ("c", date(2026, 1, 12), date(2026, 1, 13), 4.0),
        ("somebody", date(2026, 1, 11), date(2026, 1, 13), 4.0),
    )
    assert summarise_purchases(THREE_DAYS, back, as_of_date=AS_OF)["monetary_value"].to_list() == [26.5]


def test_reads_decimals_as_the_warehouse_gives_them() -> None:
    frame = THREE_DAYS.with_columns(pl.col("amount").cast(pl.Decimal(18, 4)))
    assert summarise_purchases(frame, None, as_of_date=AS_OF)["monetary_value"].to_list() == [30.0]


def test_an_empty_history_gives_an_empty_summary() -> None:
    summary = summarise_purchases(days(), refunds(), as_of_date=AS_OF)
    assert summary.height == 0
    assert summary.schema == SUMMARY_SCHEMA


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (THREE_DAYS.drop("amount"), "column amount is missing"),
        (THREE_DAYS.with_columns(pl.lit(7).alias("customer_id")), "customer_id must be a string"),
        (THREE_DAYS.with_columns(pl.col("purchase_date").cast(pl.Datetime)), "purchase_date must be a date"),
        (THREE_DAYS.with_columns(pl.lit("9").alias("amount")), "amount must be a decimal"),
        (THREE_DAYS.with_columns(pl.lit(None, dtype=pl.Float64).alias("amount")), "amount is null in 3 of 3 rows"),
        (days(("c", date(2026, 1, 1), -1.0)), "customer c on 2026-01-01"),
        (days(("c", date(2026, 1, 1), float("nan"))), "amount is nan"),
        (pl.concat([THREE_DAYS, THREE_DAYS[:1]]), "more than one row on 2026-01-01"),
    ],
)
def test_refuses_what_breaks_the_contract(frame: pl.DataFrame, message: str) -> None:
    with pytest.raises(StopError, match=message):
        summarise_purchases(frame, None, as_of_date=AS_OF)


def test_refuses_refunds_that_break_the_contract() -> None:
    back = refunds(("c", None, AS_OF, 1.0)).drop("refund_date")
    with pytest.raises(StopError, match="refunds: column refund_date is missing"):
        summarise_purchases(THREE_DAYS, back, as_of_date=AS_OF)


HISTORIES = st.dictionaries(
    st.tuples(st.sampled_from("abcd"), st.integers(0, 200)),
    st.decimals(0, 10_000, places=2),
    max_size=40,
)


@given(HISTORIES, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(history: dict[tuple[str, int], Decimal], random: object) -> None:
    rows = [(name, date(2025, 6, 1) + timedelta(days=day), float(amount)) for (name, day), amount in history.items()]
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis' random
    one = summarise_purchases(days(*rows), None, as_of_date=AS_OF)
    assert one.equals(summarise_purchases(days(*shuffled), None, as_of_date=AS_OF))


@given(HISTORIES)
def test_agrees_with_counting_by_hand(history: dict[tuple[str, int], Decimal]) -> None:
    start = date(2025, 6, 1)
    rows = [(name, start + timedelta(days=day), float(amount)) for (name, day), amount in history.items()]
    summary = summarise_purchases(days(*rows), None, as_of_date=start + timedelta(days=150))
    seen: dict[str, dict[int, Decimal]] = {}
    for (name, day), amount in history.items():
        if day <= 150:
            seen.setdefault(name, {})[day] = amount
    assert summary["customer_id"].to_list() == sorted(seen)
    for row in summary.iter_rows(named=True):
        bought = seen[row["customer_id"]]
        first = min(bought)
        repeat_spend = [amount for day, amount in bought.items() if day > first and amount > 0]
        assert row["frequency"] == len(bought) - 1
        assert row["recency_days"] == max(bought) - first
        assert row["age_days"] == 150 - first
        assert row["spend_day_count"] == len(repeat_spend)
        if repeat_spend:
            assert row["monetary_value"] == pytest.approx(float(sum(repeat_spend) / len(repeat_spend)), rel=1e-12)
        else:
            assert row["monetary_value"] is None
