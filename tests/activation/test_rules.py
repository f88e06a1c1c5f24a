import math
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from activation.audiences import Audience, audience_select
from activation.customers import CUSTOMER_COLUMNS, customer_360
from activation.rules import Rule, compiled


def errors_of(rule: Any) -> list[tuple[str, str]]:
    with pytest.raises(ValidationError) as caught:
        Audience.model_validate({"name": "someone", "rule": rule})
    return [(".".join(str(part) for part in error["loc"]), error["msg"]) for error in caught.value.errors()]


@pytest.mark.parametrize(
    ("rule", "path", "words"),
    [
        (
            {"column": "clv_amont", "at_least": 3},
            "rule.column",
            ["clv_amont", "did you mean 'clv_amount'", "rfm_segment"],
        ),
        ({"all": [{"column": "order_count", "atleast": 3}]}, "rule.all.0", ["'atleast'", "did you mean 'at_least'"]),
        ({"any": [{"column": "order_count", "at_least": "3"}]}, "rule.any.0.at_least", ["whole numbers", "'3'", "str"]),
        ({"not": {"column": "clv_amount", "less_than": "12.50"}}, "rule.not.less_than", ["amounts of money", "str"]),
        ({"column": "order_count", "equals": 2.5}, "rule.equals", ["whole numbers", "2.5"]),
        ({"column": "order_count", "at_least": True}, "rule.at_least", ["whole numbers", "True"]),
        ({"column": "rfm_segment", "at_least": 3}, "rule.at_least", ["does not apply", "holds text", "one_of"]),
        ({"column": "rfm_segment", "equals": 3}, "rule.equals", ["text", "3 (int)"]),
        ({"column": "has_email", "equals": "yes"}, "rule.equals", ["true or false", "'yes'"]),
        ({"column": "has_email", "one_of": [True]}, "rule.one_of", ["does not apply"]),
        ({"column": "last_order_date", "before": "30/06/1998"}, "rule.before", ["not a date", "1998-06-30"]),
        ({"column": "last_order_date", "at_least": "1998-01-01"}, "rule.at_least", ["does not apply", "before, after"]),
        ({"column": "churn_probability", "at_least": float("nan")}, "rule.at_least", ["finite"]),
        ({"column": "churn_probability", "equals": None}, "rule.equals", ["None"]),
        ({"column": "order_count", "between": [5, 1]}, "rule.between", ["lower value first"]),
        ({"column": "order_count", "between": [1, 2, 3]}, "rule.between", ["two values"]),
        ({"column": "rfm_segment", "one_of": "champions"}, "rule.one_of", ["list"]),
        ({"column": "rfm_segment", "one_of": []}, "rule.one_of", ["at least one"]),
        ({"column": "rfm_segment", "is_null": 1}, "rule.is_null", ["true or false"]),
        ({"column": "order_count"}, "rule", ["exactly one operator", "found none"]),
        ({"column": "order_count", "at_least": 1, "at_most": 3}, "rule", ["at_least, at_most"]),
        ({"at_least": 1}, "rule", ["needs a column"]),
        ({"all": []}, "rule.all", ["at least one"]),
        ({"all": [{"column": "order_count", "at_least": 1}], "column": "order_count"}, "rule", ["stands alone"]),
        ([], "rule", ["needs a condition"]),
        ({"column": "merchant_id", "equals": "other"}, "rule.column", ["no column 'merchant_id'"]),
    ],
)
def test_a_wrong_rule_names_the_place_and_the_way_out(rule: Any, path: str, words: list[str]) -> None:
    [(found_path, message)] = errors_of(rule)
    assert found_path == path
    for word in words:
        assert word in message


def test_every_wrong_condition_is_reported_at_once() -> None:
    rule = {"all": [{"column": "nothing", "equals": 1}, {"any": [{"column": "order_count", "equals": "x"}]}]}
    assert [path for path, _ in errors_of(rule)] == ["rule.all.0.column", "rule.all.1.any.0.equals"]


def test_a_rule_that_nests_too_deeply_is_refused() -> None:
    rule: dict[str, Any] = {"column": "order_count", "at_least": 1}
    for _ in range(25):
        rule = {"not": rule}
    [(_, message)] = errors_of(rule)
    assert "nests 26 groups" in message


def test_the_hash_knows_meaning_and_not_spelling() -> None:
    def hash_of(rule: Any) -> str:
        return Audience.model_validate({"name": "someone", "rule": rule}).rule_hash

    written = hash_of({"column": "clv_amount", "at_least": 100})
    assert written == hash_of({"at_least": 100.0, "column": "clv_amount"})
    assert written != hash_of({"column": "clv_amount", "at_least": 100.01})
    assert written != hash_of({"column": "clv_amount", "greater_than": 100})
    assert written != hash_of({"not": {"column": "clv_amount", "at_least": 100}})
    as_date = hash_of({"column": "last_order_date", "before": date(1998, 6, 1)})
    assert as_date == hash_of({"column": "last_order_date", "before": "1998-06-01"})


def test_values_never_stand_in_the_statement_and_the_merchant_always_does() -> None:
    sly = "x'; drop table marts.customer_360; --"
    audience = Audience.model_validate({"name": "a", "rule": {"any": [{"column": "rfm_segment", "one_of": [sly]}]}})
    statement = audience_select(audience, "cdnow").compile()
    assert sly not in str(statement)
    assert "merchant_id = " in str(statement)


# The same rules, evaluated by hand over rows in memory: what the compiled SQL is held against.

ROW_VALUES: dict[str, list[Any]] = {
    "order_count": [None, 0, 1, 7],
    "clv_amount": [None, Decimal("-1.5000"), Decimal("0.1000"), Decimal("100.0000")],
    "churn_probability": [None, 0.0, 0.1, 0.5, float("nan")],
    "rfm_segment": [None, "", "champions", "at risk"],
    "last_order_date": [None, date(1998, 1, 1), date(1998, 6, 30)],
    "has_email_consent": [None, True, False],
}


def holds(rule: dict[str, Any], row: dict[str, Any]) -> bool:
    if "all" in rule:
        return all(holds(inner, row) for inner in rule["all"])
    if "any" in rule:
        return any(holds(inner, row) for inner in rule["any"])
    if "not" in rule:
        return not holds(rule["not"], row)
    [(operator, wanted)] = [(key, value) for key, value in rule.items() if key != "column"]
    value = row[rule["column"]]
    is_missing = value is None or (isinstance(value, float) and math.isnan(value))
    if operator == "is_null":
        return is_missing is wanted
    if operator in {"not_equals", "none_of"}:
        return is_missing or value not in (wanted if operator == "none_of" else [wanted])
    if is_missing:
        return False
    return {
        "equals": lambda: value == wanted,
        "one_of": lambda: value in wanted,
        "at_least": lambda: value >= wanted,
        "at_most": lambda: value <= wanted,
        "greater_than": lambda: value > wanted,
        "less_than": lambda: value < wanted,
        "between": lambda: wanted[0] <= value <= wanted[1],
        "before": lambda: value < wanted,
        "after": lambda: value > wanted,
    }[operator]()


def conditions() -> st.SearchStrategy[dict[str, Any]]:
    def of(column: str) -> st.SearchStrategy[dict[str, Any]]:
        known = [value for value in ROW_VALUES[column] if value is not None and str(value) != "nan"]
        values = st.sampled_from(known)
        pairs = st.tuples(values, values).map(sorted)
        comparisons = {
            "equals": values,
            "not_equals": values,
            "is_null": st.booleans(),
        }
        if column != "has_email_consent":
            comparisons |= {
                "one_of": st.lists(values, min_size=1, max_size=2),
                "none_of": st.lists(values, min_size=1, max_size=2),
            }
        if column in {"order_count", "clv_amount", "churn_probability"}:
            comparisons |= {"at_least": values, "at_most": values, "greater_than": values, "less_than": values}
        if column not in {"has_email_consent", "rfm_segment"}:
            comparisons |= {"between": pairs}
        if column == "last_order_date":
            comparisons |= {"before": values, "after": values}
        return st.one_of(
            *(value.map(lambda v, o=operator: {"column": column, o: v}) for operator, value in comparisons.items())
        )

    return st.sampled_from(sorted(ROW_VALUES)).flatmap(of)


RULES = st.recursive(
    conditions(),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda rules: {"all": rules}),
        st.lists(inner, min_size=1, max_size=3).map(lambda rules: {"any": rules}),
        inner.map(lambda rule: {"not": rule}),
    ),
    max_leaves=6,
)


def test_compiled_rules_mean_what_they_say(engine: sa.Engine) -> None:
    longest = max(len(values) for values in ROW_VALUES.values())
    rows = [
        {
            "merchant_id": "m",
            "customer_id": str(number),
            **{
                name: values[(number * (position + 1) + number // longest) % len(values)]
                for position, (name, values) in enumerate(ROW_VALUES.items())
            },
        }
        for number in range(60)
    ]
    with engine.begin() as connection:
        connection.execute(sa.schema.CreateSchema("marts", if_not_exists=True))
        customer_360.create(connection, checkfirst=True)
        connection.execute(sa.insert(customer_360), rows)

    with engine.connect() as connection:

        @settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
        @given(RULES)
        def check(rule: dict[str, Any]) -> None:
            audience = Audience.model_validate({"name": "a", "rule": rule})
            found = set(connection.execute(audience_select(audience, "m")).scalars())
            assert found == {row["customer_id"] for row in rows if holds(rule, row)}

        check()


def test_every_column_of_the_mart_can_be_tested() -> None:
    examples = {"text": "x", "whole numbers": 1, "amounts of money": 1, "numbers": 1, "dates": "1998-01-01"}
    for column, kind in CUSTOMER_COLUMNS.items():
        rule = Rule.model_validate({"column": column, "equals": examples.get(kind, True)})
        assert column in str(compiled(rule))


def test_a_date_may_be_given_as_yaml_reads_it() -> None:
    day = date(1998, 6, 30)
    rule = Rule.model_validate({"column": "last_order_date", "between": [day - timedelta(days=1), "1998-06-30"]})
    assert rule.between == (day - timedelta(days=1), day)
