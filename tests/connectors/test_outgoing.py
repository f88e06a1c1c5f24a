"""What shall happen once, as it stands in a delivery's payload and comes out of it again."""

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from connectors.outgoing import DiscountCode, Email, Event

OUTGOING = [
    Email("a@example.com", "shop@example.com", "Hello", "<p>Hello</p>", "Hello", headers={"X-One": "1"}),
    Event("Perennial win-back", "a@example.com", "2026-01-05T01:00:00+00:00", {"stage": "at risk"}, "12.50", "EUR"),
    DiscountCode("WELCOME-7", "Win-back", "percentage", Decimal("0.10"), datetime(2026, 1, 5, tzinfo=UTC)),
    DiscountCode(
        "TEN-OFF",
        "Points",
        "fixed",
        Decimal("10.00"),
        datetime(2026, 1, 5, tzinfo=UTC),
        ends_at=datetime(2026, 2, 5, tzinfo=UTC),
        currency_code="EUR",
        minimum_amount=Decimal("25.00"),
        customer_reference="gid://shopify/Customer/7",
    ),
]


@pytest.mark.parametrize("outgoing", OUTGOING, ids=lambda outgoing: type(outgoing).__name__)
def test_comes_out_of_its_payload_as_it_went_in(outgoing: Email | Event | DiscountCode) -> None:
    written = json.dumps(outgoing.payload())
    assert type(outgoing).of(json.loads(written)) == outgoing


@pytest.mark.parametrize("outgoing", OUTGOING, ids=lambda outgoing: type(outgoing).__name__)
def test_a_missing_part_is_named(outgoing: Email | Event | DiscountCode) -> None:
    payload = outgoing.payload()
    name = next(iter(payload))
    del payload[name]
    with pytest.raises(KeyError, match=name):
        type(outgoing).of(payload)


def test_no_address_stands_in_what_is_shown_of_them() -> None:
    assert "a@example.com" not in repr(OUTGOING)
