"""A shop with a campaign, night by night: a test says who is likely gone, and looks at what was sent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from activated_shop import ScriptedDestination, Shop, make_shop

from activation.campaigns.declarations import Campaign, Mail
from activation.campaigns.enrolment import Enrolment, enrol
from activation.campaigns.messages import Messages, Sender
from activation.campaigns.sending import send_campaign
from activation.customers import segment_memberships
from activation.delivery import DeliveryReport
from activation.experiments.assignment import Split
from activation.mail.templates import MailTemplate, template_source
from activation.segments.traits import dim_customers
from models.activation import deliveries
from models.campaigns import campaign_enrolments

KEY = b"k" * 32
MAIL: dict[str, Any] = {
    "from_address": "hello@shop.example",
    "shop_url": "https://shop.example",
    "unsubscribe_url": "https://mail.shop.example/unsubscribe",
    "quiet_hours": None,
    "frequency_cap": None,
}


def declared(**values: Any) -> Campaign:
    return Campaign.model_validate(
        {"ready_made": "win_back", "destination": "mail", "active_from": "1998-01-01", "holdout_share": 0.5} | values
    )


@dataclass
class CampaignShop:
    """One merchant, its campaign, and the mail provider that takes what is sent."""

    shop: Shop
    campaign: Campaign = field(default_factory=declared)
    mail: Mapping[str, Any] = field(default_factory=dict)
    destination: ScriptedDestination = field(
        default_factory=lambda: ScriptedDestination(name="mail", is_idempotent=False)
    )
    day: date = date(1998, 6, 30)

    @property
    def engine(self) -> sa.Engine:
        return self.shop.engine

    def ids(self, arm: str, count: int = 1) -> list[str]:
        """Ids of customers who are dealt into an arm."""
        split = Split.holding_out(self.campaign.holdout_share, salt=self.campaign.salt)
        wanted = (f"c{number}" for number in range(10_000))
        found = [one for one in wanted if split.arm_of(self.shop.merchant_id, self.campaign.name, one) == arm]
        return found[:count]

    def gone(self, *customer_ids: str, probability: float = 0.9, **values: Any) -> None:
        """Customers whose churn probability is such."""
        for customer_id in customer_ids:
            self.shop.customer(customer_id, churn_probability=probability, as_of_date=self.day, **values)

    def night(self, *, days: int = 1) -> None:
        """A day later."""
        self.day += timedelta(days=days)
        self.shop.time.now += timedelta(days=days)

    def enrol(self, campaign: Campaign | None = None) -> Enrolment:
        with self.engine.begin() as connection:
            return enrol(
                connection,
                self.shop.merchant_id,
                campaign or self.campaign,
                as_of_date=self.day,
                triggered_at=datetime.combine(self.day + timedelta(days=1), datetime.min.time(), UTC),
                enrolled_at=self.shop.time.now,
                run_id="run",
            )

    def messages(self, campaign: Campaign) -> Messages:
        mail = Mail.model_validate(MAIL | dict(self.mail))
        message = campaign.message
        template = message and MailTemplate(
            message.template,
            template_source(message.template, None),
            message.subject,
            message.variables,  # type: ignore[arg-type]
        )
        return Messages(Sender(self.shop.merchant_id, "The Shop", mail, KEY), campaign, template)

    def send(self, campaign: Campaign | None = None) -> DeliveryReport:
        campaign = campaign or self.campaign
        return send_campaign(
            self.engine,
            self.messages(campaign),
            self.destination,
            active_since=datetime.combine(campaign.active_from, datetime.min.time(), UTC),
            shop_zone="Europe/Berlin",
            run_id=self.shop.next_run(),
            pace=self.shop.time.pace,
        )

    def run(self, campaign: Campaign | None = None) -> DeliveryReport:
        self.enrol(campaign)
        return self.send(campaign)

    @property
    def sent_to(self) -> list[str]:
        return [delivery.customer_id for delivery in self.destination.sent]

    def enrolled(self) -> dict[str, tuple[str, str | None]]:
        """Arm and refusal by customer."""
        with self.engine.begin() as connection:
            rows = connection.execute(sa.select(campaign_enrolments).order_by(campaign_enrolments.c.enrolled_at))
            return {row.customer_id: (row.arm, row.refusal) for row in rows}

    def ledger(self) -> list[sa.Row[Any]]:
        with self.engine.begin() as connection:
            return list(connection.execute(sa.select(deliveries).order_by(deliveries.c.delivery_id)))

    def stay(self, segment: str, customer_id: str, entered: date, left: date | None = None) -> None:
        def end(day: date | None) -> datetime | None:
            return None if day is None else datetime.combine(day + timedelta(days=1), datetime.min.time(), UTC)

        with self.engine.begin() as connection:
            connection.execute(
                sa.insert(segment_memberships).values(
                    merchant_id=self.shop.merchant_id,
                    segment_name=segment,
                    customer_id=customer_id,
                    entered_date=entered,
                    entered_at=end(entered),
                    left_date=left,
                    left_at=end(left),
                    is_current=left is None,
                )
            )

    def lives_in(self, customer_id: str, country: str) -> None:
        with self.engine.begin() as connection:
            connection.execute(
                sa.insert(dim_customers).values(
                    merchant_id=self.shop.merchant_id, customer_id=customer_id, country_code=country
                )
            )


def make_campaign_shop(engine: sa.Engine, **values: Any) -> CampaignShop:
    shop = make_shop(engine)
    with engine.begin() as connection:
        segment_memberships.create(connection, checkfirst=True)
        dim_customers.create(connection, checkfirst=True)
    made = CampaignShop(shop, **values)
    made.gone("bystander", probability=0.1)
    made.enrol()  # the first night, with nobody in it: whoever comes later has come since
    return made
