import polars as pl
import pytest

from ml.histories.opportunity_summary import OPPORTUNITY_SCHEMA, summarise_opportunities
from models.errors import StopError

PURCHASES = pl.DataFrame(
    {"customer_id": ["b", "a", "a", "a", "a", "c", "d"], "opportunity": [3, 2, 4, 4, 9, 7, 6]},
)


def test_counts_opportunities_from_the_first_purchase_on() -> None:
    summary = summarise_opportunities(PURCHASES, last_opportunity=6)
    assert summary.schema == OPPORTUNITY_SCHEMA
    assert summary.rows() == [("a", 1, 2, 4), ("b", 0, 0, 3), ("d", 0, 0, 0)]
    assert summarise_opportunities(PURCHASES.reverse(), last_opportunity=6).equals(summary)


def test_later_purchases_are_known_later() -> None:
    assert summarise_opportunities(PURCHASES, last_opportunity=9).row(0) == ("a", 2, 7, 7)


def test_nobody_bought_yet() -> None:
    assert summarise_opportunities(PURCHASES, last_opportunity=1).schema == OPPORTUNITY_SCHEMA
    assert summarise_opportunities(PURCHASES, last_opportunity=1).height == 0


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (PURCHASES.drop("opportunity"), "lack the column opportunity"),
        (PURCHASES.cast({"opportunity": pl.Float64}), "whole number, not Float64"),
        (PURCHASES.with_columns(opportunity=pl.lit(None, pl.Int64)), "null in 7 of 7 rows"),
    ],
)
def test_refuses_what_breaks_the_contract(frame: pl.DataFrame, message: str) -> None:
    with pytest.raises(StopError, match=message):
        summarise_opportunities(frame, last_opportunity=6)
