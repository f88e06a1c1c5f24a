"""A mail provider's list that cannot be read keeps its merchant's messages waiting, and lets them go when it can."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from campaign_night import CAMPAIGN, Listing, Night, open_night

from activation.gates.list_readings import note_reading, unread
from models.errors import MisconfiguredError, PerennialError, RetryLaterError, StopError


@pytest.fixture
def night(engine: sa.Engine, tmp_path: Path) -> Night:
    return open_night(engine, tmp_path)


@pytest.mark.parametrize(
    ("failure", "raised"),
    [
        (RetryLaterError("HTTP 500"), RetryLaterError),
        (MisconfiguredError("destinations.mail.api_key", "may not read it"), StopError),
        (KeyError("created"), StopError),
    ],
    ids=["down", "no access", "not understood"],
)
def test_messages_wait_while_a_list_cannot_be_read(
    night: Night, failure: Exception, raised: type[PerennialError]
) -> None:
    night.mail.failure, night.mail.told = failure, ["a@shop.example"]
    night.enrol()
    sent = night.send()
    assert night.mail.sent == []
    # What the list told before it failed is known.
    assert night.waiting() == {("retry", "the suppression list of mail could not be read")}
    with pytest.raises(raised, match="2 messages wait: the suppression list of mail could not be read"):
        sent.refuse_failures()
    night.mail.failure, night.mail.told = None, ["b@shop.example"]
    night.send().refuse_failures()
    assert [delivery.customer_id for delivery in night.mail.sent] == ["c"]
    assert night.waiting() == {("withheld", "they are on the suppression list: complaint")}


def test_a_list_that_was_read_tonight_is_not_read_again_and_one_of_yesterday_is(night: Night) -> None:
    night.enrol()
    night.send().refuse_failures()
    assert (len(night.mail.asked_since), len(night.mail.sent)) == (1, 3)
    night.shop.shop.time.now += timedelta(days=40)
    night.send().refuse_failures()
    # As far back as from before it was read last, however long ago that is.
    assert night.mail.asked_since[1] == night.mail.asked_since[0] + timedelta(days=29)


@pytest.mark.parametrize("days", [1, 40])
def test_a_provider_that_nothing_is_sent_through_any_more_keeps_nobody_waiting(
    engine: sa.Engine, tmp_path: Path, days: int
) -> None:
    over = CAMPAIGN | {"name": "former", "ready_made": "win_back", "destination": "broken"}
    campaigns = [over, CAMPAIGN | {"ready_made": "win_back"}]
    night = open_night(engine, tmp_path, campaigns=campaigns)
    night.former = Listing(name="broken")
    night.enrol()
    night.send().refuse_failures()
    assert (len(night.former.sent), len(night.mail.sent)) == (3, 3)
    night.run.merchants[0].campaigns[0].__dict__["is_paused"] = True
    night.former.failure = MisconfiguredError("destinations.broken.api_key", "the account is closed")
    night.shop.night(days=days)
    night.run.as_of_dates["cdnow"] = night.shop.day
    for customer_id in ("d", "e"):
        night.shop.gone(customer_id)
    night.enrol()
    night.send()
    # Who complained about what was sent there lately is known there alone.
    assert len(night.mail.sent) == (3 if days == 1 else 5)


@pytest.mark.parametrize("was_read", [True, False])
def test_a_provider_that_cannot_be_used_any_more_is_in_the_way_if_it_keeps_a_list(night: Night, was_read: bool) -> None:
    if was_read:
        night.enrol()
    night.unusable["mail"] = MisconfiguredError("destinations[0].api_key", "refers to ${NOWHERE_SET}")
    night.enrol()
    with night.shop.engine.connect() as connection:
        assert unread(connection, "cdnow", ["mail"]) == ["mail"]
        known: Any = connection.execute(sa.text("select count(*) from activation.list_readings")).scalar_one()
    assert known == was_read


def test_a_list_that_nobody_asked_for_is_not_read(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        now = datetime.fromisoformat("2026-01-05T01:00:00+00:00")
        assert unread(connection, "cdnow", ["mail", "other"]) == ["mail", "other"]
        note_reading(connection, "cdnow", "mail", asked_at=now, was_read=True)
        note_reading(connection, "other", "other", asked_at=now, was_read=True)
        assert unread(connection, "cdnow", ["mail", "other"]) == ["other"]
        note_reading(connection, "cdnow", "mail", asked_at=now, was_read=False)
        assert unread(connection, "cdnow", ["mail"]) == ["mail"]
