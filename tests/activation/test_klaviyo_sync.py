"""An audience and a Klaviyo list by the ledger: the list holds whom it shall, and a second run asks Klaviyo nothing."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from activated_shop import AS_OF, Shop
from klaviyo_harness import LIST_ID, Time, klaviyo_settings, running_account

from activation.actions import LedgerOutcome
from activation.delivery import DeliveryReport, Pace
from connectors.destinations.klaviyo import KlaviyoDestination
from connectors.sandbox.faults import Fault
from connectors.sandbox.klaviyo import RunningKlaviyo


@pytest.fixture
def time() -> Time:
    return Time(AS_OF)


@pytest.fixture
def klaviyo(tmp_path: Path, time: Time) -> Iterator[RunningKlaviyo]:
    with running_account(tmp_path / "klaviyo.jsonl", time) as running:
        yield running


def in_list(klaviyo: RunningKlaviyo) -> dict[str, Decimal]:
    profiles = klaviyo.account.profiles()
    members = [profiles[one] for one in klaviyo.account.lists[LIST_ID]]
    return {one["external_id"]: one["properties"]["clv_amount"] for one in members}


def test_a_list_follows_its_audience_through_failures_and_forgets_nobody(
    shop: Shop, klaviyo: RunningKlaviyo, time: Time
) -> None:
    def run() -> DeliveryReport:
        # A new process each time: it remembers nothing but the ledger.
        settings = klaviyo_settings(klaviyo.url, list_id=LIST_ID, patience_seconds=30)
        return shop.sync(KlaviyoDestination(settings, time.pacing), pace=Pace(clock=time, sleep=time.pass_))

    for customer_id in ("c1", "c2", "c3"):
        shop.customer(customer_id)
    shop.customer("c4", has_email_consent=False)
    shop.customer("c5")
    klaviyo.jobs.refused.add("c5@shop.example")
    first = run()
    assert first.outcomes == {"accepted": 3, "rejected": 1}
    assert first.reasons == {"Klaviyo refused the email (invalid)": 1}
    assert not first.is_successful
    assert in_list(klaviyo) == dict.fromkeys(("cdnow:c1", "cdnow:c2", "cdnow:c3"), Decimal("100.00"))
    assert {row.provider_reference for row in shop.ledger() if row.outcome == "accepted"} == {"01J000000001"}
    asked = len(klaviyo.server.requests())
    assert run().outcomes == {}
    assert len(klaviyo.server.requests()) == asked

    # An import hangs with what is then old: the newer value waits for its end, and stays.
    klaviyo.faults.add(Fault(name="job_stuck"), when=lambda request: request.method == "POST")
    shop.customer("c1", clv_amount=Decimal(200))
    assert run().outcomes == {"retry": 1}
    shop.customer("c1", clv_amount=Decimal(300))
    assert run().outcomes == {"retry": 1}
    klaviyo.jobs.release()
    shop.consent("c2", value=False)
    shop.customer("c3", clv_percent_rank=0.1)
    time.pass_(60)
    assert run().outcomes == {"accepted": 3}
    time.pass_(100_000)
    klaviyo.jobs.settle()
    assert in_list(klaviyo) == {"cdnow:c1": Decimal("300.00")}
    assert klaviyo.account.profile_count == 3
    assert shop.outcomes()["c1"][-1] is LedgerOutcome.ACCEPTED
    assert "shop.example" not in str([row._asdict() for row in shop.ledger()])
