"""BigCommerce's spellings: times in two formats, amounts as strings and numbers, and what stands for nothing."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from email.utils import format_datetime
from typing import Any

import msgspec
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sources.bigcommerce.client import time_param
from connectors.sources.bigcommerce.intake import Intake, written
from connectors.sources.bigcommerce.order_answers import Order, Transaction
from connectors.sources.bigcommerce.store_answers import Subscriber
from connectors.sources.bigcommerce.values import column, moment, text
from models.errors import RejectedRecordError
from models.records import MONEY, Correction

ORDER = (
    '{"id":100,"date_created":"Wed, 10 Jan 2018 21:05:30 +0000","date_modified":"Wed, 05 Dec 2018 20:16:55 +0000",'
    '"status_id":11,"total_ex_tax":"336.3200","total_inc_tax":"361.9500"%s}'
)


def order(more: str = "") -> Order:
    return Intake().decoded(Order, msgspec.Raw((ORDER % more).encode()), "orders")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Wed, 05 Dec 2018 20:16:55 +0000", datetime(2018, 12, 5, 20, 16, 55, tzinfo=UTC)),
        ("Wed, 05 Dec 2018 20:16:55 -0500", datetime(2018, 12, 6, 1, 16, 55, tzinfo=UTC)),
        ("Wed, 5 Dec 2018 20:16:55 GMT", datetime(2018, 12, 5, 20, 16, 55, tzinfo=UTC)),
        ("Wed, 05 Dec 2018 20:16:55 -0000", datetime(2018, 12, 5, 20, 16, 55, tzinfo=UTC)),
        ("2018-08-15T14:49:05+00:00", datetime(2018, 8, 15, 14, 49, 5, tzinfo=UTC)),
        ("2018-08-15T14:49:05Z", datetime(2018, 8, 15, 14, 49, 5, tzinfo=UTC)),
        ("2018-08-15T20:19:05.123+05:30", datetime(2018, 8, 15, 14, 49, 5, 123000, tzinfo=UTC)),
        ("2018-08-15T14:49:05", datetime(2018, 8, 15, 14, 49, 5, tzinfo=UTC)),
        (1529512970, datetime(2018, 6, 20, 16, 42, 50, tzinfo=UTC)),
        ("1529512970", datetime(2018, 6, 20, 16, 42, 50, tzinfo=UTC)),
        ("", None),
        (None, None),
        ([], None),
    ],
)
def test_times_in_every_format_become_utc(value: Any, expected: datetime | None) -> None:
    assert moment(value) == expected


@pytest.mark.parametrize(
    "value",
    ["0000-00-00", "yesterday", "Wed, 31 Feb 2018 20:16:55 +0000", "Wed, 05 Foo 2018 20:16:55 +0000", 10**30, True],
)
def test_what_is_no_time_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match=r"no time|month"):
        moment(value)


@given(
    st.integers(86_400, 4_000_000_000),
    st.integers(-14 * 60, 14 * 60),
)
def test_an_rfc_2822_time_keeps_its_second(seconds: int, offset_minutes: int) -> None:
    zoned = datetime.fromtimestamp(seconds, timezone(timedelta(minutes=offset_minutes)))
    assert moment(format_datetime(zoned)) == zoned


@given(st.integers(86_400, 4_000_000_000))
def test_a_time_goes_into_a_filter_with_its_offset(seconds: int) -> None:
    zoned = datetime.fromtimestamp(seconds, UTC)
    written_time = time_param(zoned.astimezone(timezone(timedelta(hours=-5))))
    assert written_time.endswith("+00:00")
    assert datetime.fromisoformat(written_time) == zoned


@pytest.mark.parametrize(
    ("value", "expected"), [("x", "x"), ("", None), (7, "7"), ({}, None), ([], None), (None, None), ("a\0b", "ab")]
)
def test_ids_and_texts_are_text(value: Any, expected: str | None) -> None:
    assert text(value) == expected


def test_a_list_where_text_belongs_is_refused_without_saying_what_is_in_it() -> None:
    with pytest.raises(ValueError, match="list or an object") as raised:
        text(["jane@example.com"])
    assert "jane" not in str(raised.value)


def test_amounts_are_exact() -> None:
    read = order(',"coupon_discount":5.1,"discount_amount":"0.3000","subtotal_tax":7')
    assert (read.total_ex_tax, read.coupon_discount, read.discount_amount, read.subtotal_tax) == (
        Decimal("336.3200"),
        Decimal("5.1"),
        Decimal("0.3000"),
        Decimal(7),
    )


def test_a_binary_fraction_is_rounded_to_the_columns_places() -> None:
    assert column(MONEY, [Decimal("17.993333333333332"), None, Decimal("5.1")]).to_pylist() == [
        Decimal("17.9933"),
        None,
        Decimal("5.1000"),
    ]


@pytest.mark.parametrize("amount", ["NaN", "1E+20"])
def test_an_amount_that_fits_no_column_is_refused(amount: str) -> None:
    with pytest.raises((ValueError, pa.ArrowInvalid)):
        column(MONEY, [Decimal(amount)])


def test_empty_strings_lists_and_objects_stand_for_nothing() -> None:
    read = order(',"coupon_discount":"","billing_address":[],"is_email_opt_in":"","items_total":"","fees":[]')
    assert (read.coupon_discount, read.is_email_opt_in, read.items_total) == (None, None, None)
    assert read.billing_address.email is None


def test_v3_writes_null_as_an_empty_object() -> None:
    raw = msgspec.Raw(
        b'{"id":1,"date_created":"2019-01-01T00:00:00+00:00","event":"purchase","amount":1.1,"currency":"USD",'
        b'"reference_transaction_id":{},"gateway_transaction_id":{}}'
    )
    assert text(Intake().decoded(Transaction, raw, "transactions").reference_transaction_id) is None


@pytest.mark.parametrize(
    ("consents", "newsletter"), [("[]", False), ('["abandoned_cart"]', False), ('["marketing_newsletter"]', True)]
)
def test_an_empty_list_of_consents_is_a_withdrawal_and_not_nothing(consents: str, newsletter: bool) -> None:
    raw = msgspec.Raw(f'{{"id":1,"order_id":{{}},"consents":{consents}}}'.encode())
    assert Intake().decoded(Subscriber, raw, "subscribers").has_marketing_newsletter is newsletter


@pytest.mark.parametrize(
    ("more", "field"),
    [
        (',"total_inc_tax":"a lot"', "total_inc_tax"),
        (',"status_id":"open"', "status_id"),
        (',"consignments":{"shipping":[{"id":5,"line_items":[{"id":1}]}]}', "consignments.shipping[0].line_items[0]"),
    ],
)
def test_a_record_of_another_shape_is_refused_by_its_field(more: str, field: str) -> None:
    with pytest.raises(RejectedRecordError) as raised:
        order(more)
    assert raised.value.field == field
    assert "perennial rejects" in raised.value.reason


def test_a_corrected_text_is_read_in_its_place() -> None:
    faulty = msgspec.Raw((ORDER % ',"coupon_discount":"five"').encode())
    corrected = ORDER % ',"coupon_discount":"5.00"'
    at = datetime(2026, 1, 1, tzinfo=UTC)
    intake = Intake([Correction("orders", written(faulty), corrected, at)])
    assert intake.decoded(Order, faulty, "orders").coupon_discount == Decimal("5.00")


def test_what_is_set_aside_names_its_key_and_keeps_its_text() -> None:
    intake = Intake()
    raw = msgspec.Raw(b'{"id":3,"order_id":"120","amount":"x"}')
    intake.reject("refunds", "/v3/orders/payment_actions/refunds", 2, raw, RejectedRecordError("amount", "no"))
    (rejected,) = intake.take_rejected()
    assert (rejected.key, rejected.line, rejected.raw_text) == ("120/3", 2, written(raw))
    assert intake.take_rejected() == []
