import json
import math
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from activation.payloads import SENDABLE_FIELDS, Sync, digest, payload_of, require_consent, rounded
from models.errors import MisconfiguredError, RejectedRecordError


def errors_of(**values: Any) -> list[tuple[tuple[Any, ...], str]]:
    with pytest.raises(ValidationError) as caught:
        Sync.model_validate({"audience": "a", "destination": "crm", **values})
    return [(error["loc"], error["msg"]) for error in caught.value.errors()]


def test_personal_fields_need_declared_consent() -> None:
    [(path, message)] = errors_of(fields=["rfm_segment", "email", "first_name"])
    assert path == ("consent",)
    assert "email, first_name" in message
    assert "declare consent: email" in message
    assert Sync(audience="a", destination="crm", fields=("rfm_segment",)).consent is None


def test_a_sync_made_without_validation_is_refused_all_the_same() -> None:
    sly = Sync.model_construct(audience="a", destination="crm", fields=("email",), consent=None)
    with pytest.raises(MisconfiguredError) as caught:
        require_consent(sly, "merchants[0].syncs[1]")
    assert caught.value.key == "merchants[0].syncs[1].consent"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (["emial"], ["'emial' cannot be sent", "did you mean 'email'", "rfm_segment"]),
        (["merchant_id"], ["cannot be sent"]),
        (["rfm_segment", "rfm_segment"], ["more than once"]),
        (["clv_amount"], ["clv_amount", "add currency_code"]),
        ([], ["at least 1"]),
    ],
)
def test_fields_that_cannot_be_sent_are_named(fields: list[str], words: list[str]) -> None:
    [(path, message)] = errors_of(fields=fields)
    assert path == ("fields",)
    for word in words:
        assert word in message


@pytest.mark.parametrize(
    ("currency", "written"), [("USD", "1234.57"), ("JPY", "1235"), ("KWD", "1234.568"), (None, "1234.57")]
)
def test_money_is_text_with_its_currencys_digits(currency: str | None, written: str) -> None:
    values = {"clv_amount": Decimal("1234.5678"), "currency_code": currency}
    assert payload_of(("clv_amount",), values) == {"clv_amount": written}


def test_values_are_json_and_absent_ones_are_null() -> None:
    values = {
        "last_order_date": date(1998, 6, 30),
        "order_count": 3,
        "has_email": True,
        "churn_probability": 0.123456,
        "rfm_segment": None,
    }
    payload = payload_of((*values, "clv_percent_rank"), values)
    assert json.loads(json.dumps(payload)) == {
        "last_order_date": "1998-06-30",
        "order_count": 3,
        "has_email": True,
        "churn_probability": 0.1235,
        "rfm_segment": None,
        "clv_percent_rank": None,
    }


@given(st.floats(min_value=-1e6, max_value=1e6), st.integers(min_value=-8, max_value=8))
def test_jitter_in_the_fifteenth_digit_changes_nothing(value: float, steps: int) -> None:
    written = round(value, 6)  # a value that a person could write, ties between two fourth places among them
    jittered = written
    for _ in range(abs(steps)):
        jittered = math.nextafter(jittered, math.copysign(math.inf, steps))
    assert rounded("x", jittered) == rounded("x", written)


def test_a_visible_difference_is_one() -> None:
    assert rounded("x", 0.12344) != rounded("x", 0.12356)
    assert str(rounded("x", -0.00001)) == "0.0"


@pytest.mark.parametrize("value", [math.nan, math.inf, Decimal("NaN"), object()])
def test_what_has_no_json_form_is_rejected_by_its_field(value: Any) -> None:
    with pytest.raises(RejectedRecordError, match="churn_probability"):
        payload_of(("churn_probability",), {"churn_probability": value})


def test_digests_know_content_and_not_order() -> None:
    assert digest({"a": 1, "b": "é"}) == digest({"b": "é", "a": 1})
    assert digest({"a": 1}) != digest({"a": "1"})
    assert len(digest({})) == 64


def test_identifiers_are_no_fields() -> None:
    assert {"merchant_id", "customer_id"}.isdisjoint(SENDABLE_FIELDS)
