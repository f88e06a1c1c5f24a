"""What criteria may say, and that a wrong one names the place and the way out."""

import json
from typing import Any

import pytest

from activation.segments.criteria import read_segment
from activation.segments.traits import TRAITS
from models.errors import MisconfiguredError

COUNT = {"orders": {"at_least": 1}}


@pytest.mark.parametrize(
    ("criteria", "path", "words"),
    [
        ({"trait": "clv_amont", "at_least": 3}, "trait", ["'clv_amont'", "did you mean 'clv_amount'", "rfm_segment"]),
        ({"trait": "country", "equals": "DE"}, "trait", ["did you mean 'country_code'"]),
        ({"all": [COUNT, {"orders": {"at_least": "2"}}]}, "all[1].orders.at_least", ["whole numbers", "'2' (str)"]),
        ({"all": [{"not": {"any": [{"refunds": {"at_least": 0.5}}]}}]}, "all[0].not.any[0].refunds.at_least", ["0.5"]),
        ({"orders": {"atleast": 2}}, "orders", ["unknown key 'atleast'", "did you mean 'at_least'"]),
        ({"orders": {"at_least": 2, "category": "X"}}, "orders", ["'category'", "inside `where`"]),
        ({"orders": {"in_last_days": 90}}, "orders", ["exactly one operator", "found none"]),
        ({"orders": {"at_least": 1, "at_most": 2}}, "orders", ["found at_least, at_most"]),
        ({"orders": 2}, "orders", ["needs a condition such as", "got 2"]),
        ({"orders": None}, "orders", ["needs something inside"]),
        ({"orders": {"at_least": 1, "measure": "revenue"}}, "orders.measure", ["no measure 'revenue'", "amount"]),
        ({"orders": {"at_least": 1, "in_last_days": 0}}, "orders.in_last_days", ["from 1 to 36,500", "0"]),
        ({"orders": {"at_least": 1, "in_last_days": True}}, "orders.in_last_days", ["whole number of days"]),
        ({"orders": {"at_least": 1, "in_last_days": "90"}}, "orders.in_last_days", ["'90'"]),
        (
            {"orders": {"at_least": 1, "in_last_days": 30, "not_in_last_days": 30}},
            "orders.not_in_last_days",
            ["leaves no day of the last 30"],
        ),
        ({"orders": {"at_least": 1, "since": 20240101}}, "orders.since", ["dates", "20240101"]),
        ({"orders": {"at_least": 1, "since": "1.1.2024"}}, "orders.since", ["not a date", "1998-06-30"]),
        ({"orders": {"at_least": 1, "since": "2024-02-01", "until": "2024-01-01"}}, "orders.until", ["2024-02-01"]),
        ({"lines": {"at_least": 1, "where": {"categry": "X"}}}, "lines.where", ["'categry'", "mean 'category'"]),
        ({"lines": {"at_least": 1, "where": {"category": 3}}}, "lines.where.category", ["holds text", "3 (int)"]),
        ({"lines": {"at_least": 1, "where": {"category": []}}}, "lines.where.category", ["at least one value"]),
        (
            {"orders": {"at_least": 1, "where": {"amount": {"at_leas": 3}}}},
            "orders.where.amount",
            ["'at_leas' does not apply", "did you mean 'at_least'"],
        ),
        (
            {"orders": {"at_least": 1, "where": {"amount": {"at_least": "3"}}}},
            "orders.where.amount.at_least",
            ["amounts of money", "'3' (str)"],
        ),
        ({"orders": {"at_least": 1, "where": {"amount": {}}}}, "orders.where.amount", ["exactly one operator"]),
        (
            {"orders": {"measure": "amount", "at_least": 1, "where": {"category": "X"}}},
            "orders.measure",
            ["of whole orders", "category", "`lines`"],
        ),
        ({"trait": "rfm_segment", "at_least": 3}, "at_least", ["does not apply", "holds text", "one_of"]),
        ({"trait": "order_count", "in_last_days": 3}, "in_last_days", ["does not apply", "whole numbers"]),
        ({"trait": "last_order_date", "in_last_days": -3}, "in_last_days", ["-3"]),
        ({"trait": "last_order_date", "before": "soon"}, "before", ["not a date"]),
        ({"trait": "churn_probability", "at_least": float("inf")}, "at_least", ["finite"]),
        ({"trait": "order_count", "at_least": 10**40}, "at_least", ["at most 2147483647"]),
        ({"trait": "clv_amount", "at_least": 10**14}, "at_least", ["smaller"]),
        ({"trait": "rfm_segment", "equals": "a\0b"}, "equals", ["can be stored"]),
        ({"trait": "rfm_segment", "equals": "\ud800"}, "equals", ["can be stored"]),
        ({"trait": "rfm_segment", "equals": "x" * 1001}, "equals", ["1,000 characters"]),
        ({"trait": "rfm_segment", "one_of": ["x"] * 1001}, "one_of", ["1,001 values"]),
        ({"trait": "order_count"}, "criteria", ["exactly one operator", "found none"]),
        ({"order_count": 3}, "criteria", ["write {trait: order_count, ...}"]),
        ({"column": "order_count", "at_least": 3}, "criteria", ["unknown key 'column'", "trait"]),
        ({"at_least": 3}, "criteria", ["needs a trait", "orders, lines, refunds"]),
        ({**COUNT, "trait": "order_count"}, "criteria", ["'orders' stands alone"]),
        ({"all": []}, "all", ["at least one condition"]),
        ({"all": COUNT}, "all", ["tuple"]),
        ({"not": None}, "not", ["needs something inside"]),
        ({"not": []}, "not", ["needs a condition such as"]),
        ("everybody", "criteria", ["needs a condition such as", "'everybody'"]),
        (None, "criteria", ["needs a condition such as"]),
        ({"trait": "merchant_id", "equals": "other"}, "trait", ["no trait 'merchant_id'"]),
    ],
)
def test_wrong_criteria_name_the_place_and_the_way_out(criteria: Any, path: str, words: list[str]) -> None:
    with pytest.raises(MisconfiguredError) as caught:
        read_segment("someone", "", criteria)
    assert caught.value.key == path
    for word in words:
        assert word in str(caught.value)


def test_every_wrong_part_is_told_at_once() -> None:
    wrong = {"all": [{"trait": "nothing", "equals": 1}, {"lines": {"at_least": "x"}}, {"not": {"refunds": {}}}]}
    with pytest.raises(MisconfiguredError) as caught:
        read_segment("someone", "", wrong)
    assert "all[0].trait: " in str(caught.value)
    assert "\nalso: all[1].lines.at_least: " in str(caught.value)
    assert "\nalso: all[2].not.refunds: " in str(caught.value)


def test_what_nests_without_end_or_is_endless_is_refused_before_it_is_read() -> None:
    nested: Any = COUNT
    for _ in range(5_000):
        nested = {"not": nested}
    with pytest.raises(MisconfiguredError, match="criteria: nests more than 20"):
        read_segment("someone", "", nested)
    with pytest.raises(MisconfiguredError, match="criteria: holds more than 200"):
        read_segment("someone", "", {"any": [COUNT] * 200})


@pytest.mark.parametrize("name", ["", "Big Spenders", "a-b", "1st", "x" * 64, "a;b"])
def test_a_name_is_one_that_tables_can_hold(name: str) -> None:
    with pytest.raises(MisconfiguredError, match=r"^name: "):
        read_segment(name, "", COUNT)


def test_the_hash_knows_meaning_and_not_spelling() -> None:
    def hash_of(criteria: Any) -> str:
        return read_segment("someone", "", criteria).criteria_hash

    asked = {"orders": {"at_least": 2, "in_last_days": 90, "where": {"category": "Coffee", "amount": {"at_least": 5}}}}
    spelled = {
        "orders": {
            "where": {"amount": {"at_least": 5.0}, "category": {"equals": "Coffee"}},
            "measure": "count", "in_last_days": 90, "at_least": 2.0,
        }
    }  # fmt: skip
    assert hash_of(asked) == hash_of(spelled)
    for other in (
        {"orders": {**asked["orders"], "in_last_days": 91}},
        {"orders": {**asked["orders"], "where": {"category": "Coffee"}}},
        {"lines": {"at_least": 2, "in_last_days": 90}},
        {"not": asked},
        {"all": [asked]},
    ):
        assert hash_of(asked) != hash_of(other)


def test_canonical_criteria_are_json_and_mean_the_same() -> None:
    criteria = {
        "any": [
            {"orders": {"between": [1, 3], "since": "2024-01-01", "where": {"category": ["A", "B"]}}},
            {"not": {"trait": "last_order_date", "between": ["2024-01-01", "2024-02-01"]}},
            {"trait": "clv_amount", "one_of": [1.5, 2]},
            {"trait": "has_email", "equals": True},
        ]
    }
    segment = read_segment("someone", "", criteria)
    again = json.loads(json.dumps(segment.criteria.canonical()))
    assert again["any"][1]["not"] == {"trait": "last_order_date", "between": ["2024-01-01", "2024-02-01"]}
    assert len(TRAITS) > 40
