"""Customers who turn out to be one person between enrolment and message: written to once, as that person."""

from datetime import date

import pytest
import sqlalchemy as sa
from campaign_shop import CampaignShop, declared, make_campaign_shop

from activation.experiments.assignment import HOLDOUT, MESSAGE
from activation.gates.enrolment import HELD_OUT
from activation.gates.one_person import HAD_IT
from connectors.destination import Outcome


@pytest.fixture
def shop(engine: sa.Engine) -> CampaignShop:
    return make_campaign_shop(engine)


def merge(shop: CampaignShop, before: str, now: str) -> None:
    for record in (before, now):
        shop.shop.is_now(record, now)


def reasons(shop: CampaignShop) -> dict[str, str | None]:
    return {row.customer_id: row.reason for row in shop.ledger()}


def test_who_was_enrolled_under_an_id_of_then_is_written_to_as_who_they_are_now(shop: CampaignShop) -> None:
    (then,) = shop.ids(MESSAGE)
    shop.gone(then)
    shop.enrol()
    shop.gone("now", first_name="Nora")
    merge(shop, then, "now")
    shop.send()
    assert [(row.customer_id, row.outcome, row.reason) for row in shop.ledger()] == [(then, "accepted", None)]
    (sent,) = shop.destination.sent
    assert sent.payload["to_address"] == "now@shop.example"
    assert "Nora" in sent.payload["text"]


def test_it_is_night_for_them_where_the_person_lives(shop: CampaignShop) -> None:
    (then,) = shop.ids(MESSAGE)
    shop.gone(then)
    shop.enrol()
    shop.gone("now")
    shop.lives_in("now", "US")
    merge(shop, then, "now")
    shop.mail = {"quiet_hours": {"from": "21:00", "until": "08:00"}}
    shop.shop.time.now = shop.shop.time.now.replace(hour=11)  # noon in Berlin, six in the morning in New York
    shop.send()
    assert (shop.sent_to, reasons(shop)) == ([], {then: "it is night where they live"})


@pytest.mark.parametrize("batch_size", [1, 100])
def test_two_who_became_one_are_written_to_once(shop: CampaignShop, batch_size: int) -> None:
    first, second = sorted(shop.ids(MESSAGE, 2))
    shop.gone(first, second)
    shop.enrol()
    merge(shop, first, second)
    shop.destination.batch_size = batch_size
    shop.send()
    assert (shop.sent_to, reasons(shop)) == ([first], {first: None, second: HAD_IT})


def test_who_had_it_lately_under_another_id_does_not_get_it_on_another_day_of_the_campaign(shop: CampaignShop) -> None:
    first, second = shop.ids(MESSAGE, 2)
    shop.gone(first)
    shop.run()
    shop.night()
    shop.gone(second, last_order_date=date(1998, 6, 1))
    shop.enrol()
    merge(shop, first, second)
    shop.send()
    assert (shop.sent_to, reasons(shop)[second]) == ([first], HAD_IT)


def test_of_two_that_both_wait_for_their_next_attempt_one_is_sent(shop: CampaignShop) -> None:
    first, second = sorted(shop.ids(MESSAGE, 2))
    shop.gone(first, second)
    shop.destination.answer = lambda _delivery: Outcome.RETRY
    shop.run()
    merge(shop, first, second)
    shop.destination.answer = lambda _delivery: Outcome.ACCEPTED
    shop.send()
    assert sorted(row.outcome for row in shop.ledger()) == ["accepted", "withheld"]


@pytest.mark.parametrize("days", [1, 100])
def test_one_who_was_held_out_under_another_id_stays_held_out_as_long_as_it_is_measured(
    shop: CampaignShop, days: int
) -> None:
    (held,), (written,) = shop.ids(HOLDOUT), shop.ids(MESSAGE)
    shop.gone(held)
    shop.run()
    shop.night(days=days)
    shop.gone(written)
    shop.enrol(declared(includes_present=True))
    merge(shop, held, written)
    shop.send()
    assert (shop.sent_to, reasons(shop)) == (([], {written: HELD_OUT}) if days == 1 else ([written], {written: None}))
