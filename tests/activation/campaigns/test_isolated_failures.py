"""What breaks one campaign or one sync stops no other of the merchant, and is said aloud when all were tried."""

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from campaign_night import CAMPAIGN, open_night

from activation.campaigns.enrolment import Enrolment, enrol
from models.errors import RetryLaterError, StopError
from orchestration import activation_stage, campaign_stage

FIRST = CAMPAIGN | {"ready_made": "win_back", "name": "first", "destination": "broken"}
SECOND = CAMPAIGN | {"ready_made": "win_back", "name": "second"}
FAILURES = {
    "a defect": (TypeError("of ours"), StopError, "unexpected TypeError: of ours"),
    "a lost connection": (
        sa.exc.OperationalError("select 1", {}, Exception("gone away")),
        RetryLaterError,
        "gone away",
    ),
    "a known failure": (StopError("no access"), StopError, "no access"),
}
ANY_FAILURE = pytest.mark.parametrize(("failure", "raised", "said"), FAILURES.values(), ids=FAILURES)


@ANY_FAILURE
def test_what_breaks_one_campaign_stops_no_other(
    engine: sa.Engine, tmp_path: Path, failure: Exception, raised: type[Exception], said: str
) -> None:
    night = open_night(engine, tmp_path, campaigns=[FIRST, SECOND])
    night.enrol()
    night.unusable["broken"] = failure
    sent = night.send()
    assert {row.campaign for row in night.shop.ledger()} == {"second"}
    assert [delivery.customer_id for delivery in night.mail.sent] == ["a", "b", "c"]
    with pytest.raises(raised, match=f"^first → broken: .*{said}"):
        sent.refuse_failures()


@ANY_FAILURE
def test_what_breaks_one_sync_stops_no_other(
    engine: sa.Engine, tmp_path: Path, failure: Exception, raised: type[Exception], said: str
) -> None:
    audience = {"name": "buyers", "rule": {"column": "order_count", "at_least": 1}}
    syncs = [{"audience": "buyers", "destination": name, "fields": ["rfm_segment"]} for name in ("broken", "mail")]
    night = open_night(engine, tmp_path, audiences=[audience], syncs=syncs)
    night.unusable["broken"] = failure
    sent = night.sync()
    assert {row.destination for row in night.shop.ledger()} == {"mail"}
    assert [delivery.customer_id for delivery in night.mail.sent] == ["a", "b", "bystander", "c"]
    with pytest.raises(raised, match=f"^buyers → broken: .*{said}"):
        sent.refuse_failures()


def test_syncs_whose_changes_cannot_be_found_look_at_everybody(
    engine: sa.Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    audience = {"name": "buyers", "rule": {"column": "order_count", "at_least": 1}}
    sync = {"audience": "buyers", "destination": "mail", "fields": ["rfm_segment"]}
    night = open_night(engine, tmp_path, audiences=[audience], syncs=[sync])
    night.sync().refuse_failures()
    night.shop.gone("d")
    monkeypatch.setattr(activation_stage, "reconcile", lambda *_: 1 / 0)
    sent = night.sync()
    assert [delivery.customer_id for delivery in night.mail.sent[4:]] == ["d"]
    with pytest.raises(StopError, match="changes of customers → all syncs: unexpected ZeroDivisionError"):
        sent.refuse_failures()


@pytest.mark.parametrize("is_a_defect", [True, False])
def test_a_campaign_that_cannot_be_worked_out_keeps_nobody_from_enrolling_or_being_written_to(
    engine: sa.Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_a_defect: bool
) -> None:
    night = open_night(engine, tmp_path, campaigns=[FIRST | {"destination": "mail"}, SECOND])
    assert night.enrol() == {"first": None, "second": None}
    night.shop.gone("d")

    def breaks(connection: sa.Connection, merchant_id: str, campaign: Any, **named: Any) -> Enrolment:
        if campaign.name == "first":
            raise TypeError("of ours") if is_a_defect else StopError("no such segment")
        return enrol(connection, merchant_id, campaign, **named)

    monkeypatch.setattr(campaign_stage, "enrol", breaks)
    why = "unexpected TypeError: of ours" if is_a_defect else "no such segment"
    assert night.enrol() == {"first": why, "second": None}
    night.send().refuse_failures()
    sent = sorted((row.campaign, row.customer_id) for row in night.shop.ledger())
    # Who was enrolled before gets theirs; d is found by the campaign that could be worked out.
    assert sent == [*(("first", name) for name in "abc"), *(("second", name) for name in "abcd")]
    assert {row.outcome for row in night.shop.ledger()} == {"accepted"}
