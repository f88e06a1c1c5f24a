"""A shop whose customers, contacts and audience a test can change, and a destination that does as it is told."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from activation.actions import LedgerOutcome
from activation.audiences import Audience, refresh_audience
from activation.changes import changed_customers, reconcile
from activation.customers import customer_360, customer_contacts, segment_memberships
from activation.delivery import DeliveryReport, Pace
from activation.members import Members, rule_hash
from activation.syncs import PlannedSync, Sync, plan_sync, sync_audience, sync_target
from connectors.destination import Delivery, DeliveryResult, Destination, Operation, Outcome
from models.activation import deliveries
from models.identity import dim_customer_identities

AS_OF = datetime(1998, 6, 30, tzinfo=UTC)
AUDIENCE = Audience.model_validate(
    {"name": "at_risk", "rule": {"all": [{"column": "clv_percent_rank", "at_least": 0.8}]}}
)
FIELDS = ("email", "first_name", "rfm_segment", "clv_amount", "currency_code", "churn_probability")


@dataclass
class Time:
    """A clock that only moves when something sleeps, and remembers how long."""

    now: datetime = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
    naps: list[float] = field(default_factory=list)

    def clock(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.now += timedelta(seconds=seconds)

    @property
    def pace(self) -> Pace:
        return Pace(clock=self.clock, sleep=self.sleep)


@dataclass
class ScriptedDestination:
    """A destination in memory: takes what it is sent, or does what a test says."""

    kind: ClassVar[str] = "scripted"
    name: str = "crm"
    batch_size: int = 100
    operations: frozenset[Operation] = frozenset(Operation)
    is_idempotent: bool = True
    answer: Callable[[Delivery], Outcome] = lambda _delivery: Outcome.ACCEPTED
    before: Callable[[Sequence[Delivery]], None] = lambda _deliveries: None
    batches: list[list[Delivery]] = field(default_factory=list)

    def send(self, deliveries: Sequence[Delivery], *, sent_at: datetime) -> list[DeliveryResult]:
        assert sent_at.tzinfo is not None
        self.before(deliveries)
        self.batches.append(list(deliveries))
        return [DeliveryResult(delivery.action_key, self.answer(delivery)) for delivery in deliveries]

    @property
    def sent(self) -> list[Delivery]:
        return [delivery for batch in self.batches for delivery in batch]


@dataclass
class Shop:
    """One merchant's rows in the tables that activation reads."""

    engine: sa.Engine
    merchant_id: str = "cdnow"
    as_of: datetime = AS_OF
    time: Time = field(default_factory=Time)
    run_count: int = 0

    def next_run(self) -> str:
        """An id that no other run has."""
        self.run_count += 1
        return f"run {self.run_count}"

    def customer(self, customer_id: str, **values: Any) -> None:
        """Add or change a customer, in the audience unless `clv_percent_rank` says otherwise, with consent."""
        contact = {
            "email": f"{customer_id}@shop.example",
            "first_name": f"First{customer_id}",
            "last_name": "Last",
            "has_email_consent": True,
            "email_consent_at": datetime(2025, 12, 1, tzinfo=UTC),
            "email_consent_evidence": "web: subscribed by confirmed_opt_in",
            "is_generated": True,
        }
        row = {
            "as_of_date": self.as_of.date(),
            "last_order_date": date(1998, 1, 2),
            "order_count": 3,
            "clv_amount": Decimal("100.0000"),
            "currency_code": "USD",
            "rfm_segment": "champions",
            "clv_percent_rank": 0.9,
            "churn_probability": 0.5,
            "model_run_id": "run-1",
        }
        contact |= {name: values.pop(name) for name in list(values) if name in contact}
        key = {"merchant_id": self.merchant_id, "customer_id": customer_id}
        row |= key | values
        with self.engine.begin() as connection:
            connection.execute(
                insert(customer_360).values(row).on_conflict_do_update(constraint="customer_360_pkey", set_=row)
            )
            connection.execute(
                sa.delete(customer_contacts).where(*(customer_contacts.c[name] == value for name, value in key.items()))
            )
            connection.execute(sa.insert(customer_contacts).values(key | contact))

    def is_now(self, before: str, now: str) -> None:
        """Say which customer a record belongs to; one that was a customer of its own is described no more."""
        key = {"merchant_id": self.merchant_id, "record_id": before}
        with self.engine.begin() as connection:
            connection.execute(
                insert(dim_customer_identities)
                .values(key | {"customer_id": now})
                .on_conflict_do_update(index_elements=list(key), set_={"customer_id": now})
            )
            if before != now:
                for table in (customer_360, customer_contacts):
                    connection.execute(sa.delete(table).where(table.c.customer_id == before))

    def forget_contact(self, customer_id: str) -> None:
        with self.engine.begin() as connection:
            connection.execute(sa.delete(customer_contacts).where(customer_contacts.c.customer_id == customer_id))

    def consent(self, customer_id: str, value: bool | None) -> None:
        with self.engine.begin() as connection:
            connection.execute(
                sa.update(customer_contacts)
                .where(
                    customer_contacts.c.merchant_id == self.merchant_id, customer_contacts.c.customer_id == customer_id
                )
                .values(has_email_consent=value)
            )

    def sync(
        self,
        destination: Destination,
        *,
        fields: tuple[str, ...] | dict[str, str] = FIELDS,
        consent: Any = "email",
        audience: Members = AUDIENCE,
        run_id: str | None = None,
        refresh: bool = True,
        pace: Pace | None = None,
        approved_digest: str | None = None,
        knows_changes: bool = False,
        **settings: Any,
    ) -> DeliveryReport:
        if refresh and isinstance(audience, Audience):
            with self.engine.begin() as connection:
                refresh_audience(connection, audience, merchant_id=self.merchant_id, as_of=self.as_of)
        if knows_changes:
            with self.engine.begin() as connection:
                reconcile(connection, self.merchant_id)
        return sync_audience(
            self.engine,
            merchant_id=self.merchant_id,
            sync=sync_of(audience, destination, fields=fields, consent=consent, **settings),
            audience=audience,
            destination=destination,
            run_id=run_id or self.next_run(),
            pace=pace or self.time.pace,
            approved_digest=approved_digest,
            knows_changes=knows_changes,
        )

    def planned(self, destination: Destination, audience: Members = AUDIENCE, **settings: Any) -> PlannedSync:
        """What a sync would do now, with its previews."""
        sync = sync_of(audience, destination, **{"fields": FIELDS, "consent": "email", **settings})
        target = sync_target(self.merchant_id, sync, audience, destination, "syncs")
        return plan_sync(self.engine, target=target, sync=sync, audience=audience, with_previews=True)

    def ledger(self) -> list[Any]:
        with self.engine.connect() as connection:
            return list(
                connection.execute(
                    sa.select(deliveries)
                    .where(deliveries.c.merchant_id == self.merchant_id)
                    .order_by(deliveries.c.delivery_id)
                )
            )

    def outcomes(self) -> dict[str, list[LedgerOutcome]]:
        """Per customer the outcomes of their rows, oldest first."""
        found: dict[str, list[LedgerOutcome]] = {}
        for row in self.ledger():
            found.setdefault(row.customer_id, []).append(LedgerOutcome(row.outcome))
        return found


def sync_of(audience: Members, destination: Destination, **settings: Any) -> Sync:
    kind = "audience" if isinstance(audience, Audience) else "segment"
    return Sync.model_validate({kind: audience.name, "destination": destination.name, **settings})


def a_night_later(shop: Shop, days: int = 1) -> None:
    """Everybody is described as of another day, and nothing else is said of them."""
    shop.as_of += timedelta(days=days)
    shop.time.now += timedelta(days=days)
    new = {"as_of_date": shop.as_of.date(), "model_run_id": f"run-{days}", "days_since_last_order": days}
    with shop.engine.begin() as connection:
        connection.execute(sa.update(customer_360).values(new))


def looked_at(shop: Shop, crm: ScriptedDestination, audience: Members = AUDIENCE, **settings: Any) -> set[str] | None:
    """Whom the next sync would read; None for all."""
    sync = sync_of(audience, crm, **{"fields": FIELDS, "consent": "email", **settings})
    target = sync_target(shop.merchant_id, sync, audience, crm, "syncs")
    with shop.engine.begin() as connection:
        reconcile(connection, shop.merchant_id)
        hashed, day = rule_hash(connection, shop.merchant_id, audience), shop.as_of.date()
        return changed_customers(connection, target, sync, hashed, as_of_date=day, now=shop.time.now)


def make_shop(engine: sa.Engine, merchant_id: str = "cdnow") -> Shop:
    with engine.begin() as connection:
        for schema in ("marts", "vault"):
            connection.execute(sa.schema.CreateSchema(schema, if_not_exists=True))
        for table in (customer_360, customer_contacts, dim_customer_identities, segment_memberships):
            table.create(connection, checkfirst=True)
    return Shop(engine, merchant_id)
