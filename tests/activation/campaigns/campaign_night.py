"""A merchant's night as a run makes it: campaigns and syncs as declared, and a provider that a test can break."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from activated_shop import ScriptedDestination
from campaign_shop import MAIL, CampaignShop, make_campaign_shop

from connectors.suppressing import Suppression, SuppressionKind
from orchestration.activation_stage import MerchantDeliveries, deliver_merchant, refresh_merchant
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
    unusable: dict[str, Exception] = field(default_factory=dict)
    former: Listing | None = None

    def destination(self, name: str) -> Listing:
        if name in self.unusable:
            raise self.unusable[name]
        return self.former if self.former is not None and name == "broken" else self.mail

    def enrol(self) -> dict[str, str | None]:
        """Why campaigns could not be worked out, by campaign."""
        return {one.campaign: one.failure for one in enrol_merchant(self.run, self.run.merchants[0])}

    def sync(self) -> MerchantDeliveries:
        refresh_merchant(self.run, self.run.merchants[0])
        return deliver_merchant(self.run, self.run.merchants[0])

    def send(self) -> MerchantDeliveries:
        sent = MerchantDeliveries()
        deliver_campaigns(self.run, self.run.merchants[0], sent)
        return sent

    def waiting(self) -> set[tuple[str, str | None]]:
        return {(row.outcome, row.reason) for row in self.shop.ledger() if row.outcome != "accepted"}


def open_night(engine: sa.Engine, home: Path, **declared: Any) -> Night:
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
    written = [{"name": name, "type": "file", "folder": "out"} for name in ("mail", "broken")]
    configuration = Configuration.model_validate({"merchants": [merchant | declared], "destinations": written})
    settings = Settings(project_folder=PROJECT_FOLDER, home=home, config_path=home / "perennial.yml")
    deployment = Deployment(settings, "unused", clock=shop.shop.time.clock)
    run = MerchantRun(deployment, "night", configuration.merchants, {"cdnow": shop.day}, shop.shop.time.now)
    made = Night(shop, run)
    deployment.__dict__.update(configuration=configuration, transformer=engine, destination=made.destination)
    return made
