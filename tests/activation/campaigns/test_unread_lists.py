"""A mail provider's list that cannot be read keeps its merchant's messages waiting, and lets them go when it can."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from activated_shop import ScriptedDestination
from campaign_shop import MAIL, CampaignShop, make_campaign_shop

from activation.gates.list_readings import note_reading, unread
from connectors.suppressing import Suppression, SuppressionKind
from models.errors import MisconfiguredError, PerennialError, RetryLaterError, StopError
from orchestration.activation_stage import MerchantDeliveries
from orchestration.campaign_stage import deliver_campaigns, enrol_merchant
from orchestration.configuration import Configuration
from orchestration.deployment import Deployment
from orchestration.merchant_run import MerchantRun
from orchestration.settings import PROJECT_FOLDER, Settings

CAMPAIGN = {"destination": "mail", "active_from": "1998-01-01", "includes_present": True, "holdout_share": 0.0001}
SOURCE = {
    "type": "files",
    "path": "orders.csv",
    "columns": {"customer_id": "a", "ordered_at": "b", "amount": "c", "currency_code": {"constant": "EUR"}},
}


@dataclass
class Listing(ScriptedDestination):
    """A mail provider that keeps a list, if it lets it be read."""

    name: str = "mail"
    is_idempotent: bool = False
    failure: Exception | None = None
    told: list[str] = field(default_factory=list)
    asked_since: list[datetime] = field(default_factory=list)

    def suppressions(self, since: datetime, *, asked_at: datetime) -> Iterator[Suppression]:
        self.asked_since.append(since)
        yield from (Suppression(address, SuppressionKind.COMPLAINT, asked_at) for address in self.told)
        if self.failure is not None:
            raise self.failure


@dataclass
class Night:
    """A merchant whose campaigns are declared, and the provider that they send through."""

    shop: CampaignShop
    run: MerchantRun
    mail: Listing = field(default_factory=Listing)
    unusable: PerennialError | None = None

    def destination(self, _name: str) -> Listing:
        if self.unusable is not None:
            raise self.unusable
        return self.mail

    def enrol(self) -> None:
        assert all(one.failure is None for one in enrol_merchant(self.run, self.run.merchants[0]))

    def send(self) -> MerchantDeliveries:
        sent = MerchantDeliveries()
        deliver_campaigns(self.run, self.run.merchants[0], sent)
        return sent

    def waiting(self) -> set[tuple[str, str | None]]:
        return {(row.outcome, row.reason) for row in self.shop.ledger() if row.outcome != "accepted"}


@pytest.fixture
def night(engine: sa.Engine, tmp_path: Path) -> Night:
    """Three customers are likely gone, and nobody was told yet."""
    shop = make_campaign_shop(engine)
    shop.gone("a", "b", "c")
    merchant = {
        "merchant_id": "cdnow",
        "merchant_name": "Shop",
        "time_zone": "UTC",
        "currency_code": "USD",
        "stores": [{"store_id": "web", "source": SOURCE}],
        "campaigns": [CAMPAIGN | {"ready_made": "win_back"}],
        "mail": MAIL,
    }
    destination = {"name": "mail", "type": "file", "folder": "out"}
    configuration = Configuration.model_validate({"merchants": [merchant], "destinations": [destination]})
    settings = Settings(project_folder=PROJECT_FOLDER, home=tmp_path, config_path=tmp_path / "perennial.yml")
    deployment = Deployment(settings, "unused", clock=shop.shop.time.clock)
    run = MerchantRun(deployment, "night", configuration.merchants, {"cdnow": shop.day}, shop.shop.time.now)
    made = Night(shop, run)
    deployment.__dict__.update(configuration=configuration, transformer=engine, destination=made.destination)
    return made


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


@pytest.mark.parametrize("was_read", [True, False])
def test_a_provider_that_cannot_be_used_any_more_is_in_the_way_if_it_keeps_a_list(night: Night, was_read: bool) -> None:
    if was_read:
        night.enrol()
    night.unusable = MisconfiguredError("destinations[0].api_key", "refers to ${NOWHERE_SET}")
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
