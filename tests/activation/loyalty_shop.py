"""A shop with a loyalty programme, whose orders and refunds a test can change like a platform's late news."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from activation.customers import customer_360
from activation.loyalty import endings, facts
from activation.loyalty.ledger import Ledger, PostingReport, Proof, balance_of, post_programme, prove
from activation.loyalty.programme import Programme
from models.identity import dim_customer_identities
from models.loyalty import postings

START = date(2026, 1, 1)
MARTS = (
    facts.fct_orders,
    facts.fct_order_lines,
    facts.fct_refunds,
    facts.fct_refund_lines,
    facts.dim_products,
    facts.dim_customers,
    dim_customer_identities,
    customer_360,
    endings.fct_discounts,
)


def programme(**values: Any) -> Programme:
    rules = {"valid_from_date": START, **values.pop("rules", {})}
    return Programme.model_validate({"name": "points", "point_value_amount": "0.01", "rules": [rules], **values})


def noon(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)


@dataclass
class LoyalShop:
    """One merchant's marts, and their ledger."""

    engine: sa.Engine
    programme: Programme = field(default_factory=programme)
    merchant_id: str = "shop"
    now: datetime = datetime(2026, 6, 1, 3, tzinfo=UTC)

    def __post_init__(self) -> None:
        with self.engine.begin() as connection:
            for schema in ("marts", "vault"):
                connection.execute(sa.schema.CreateSchema(schema, if_not_exists=True))
            for table in MARTS:
                table.create(connection, checkfirst=True)

    @property
    def ledger(self) -> Ledger:
        return Ledger(self.merchant_id, self.programme, ZoneInfo("UTC"), "EUR", "run", self.now)

    def put(self, table: sa.Table, **values: Any) -> None:
        with self.engine.begin() as connection:
            connection.execute(sa.insert(table).values({"merchant_id": self.merchant_id, "store_id": "s"} | values))

    def customer(self, customer_id: str, record_id: str | None = None, **known: Any) -> None:
        """A customer with a record; `since_date` and `first_seen_at` say when it was first read and first ordered."""
        with self.engine.begin() as connection:
            values = {"merchant_id": self.merchant_id, "customer_id": customer_id}
            connection.execute(sa.insert(facts.dim_customers).values(values))
            connection.execute(
                sa.insert(dim_customer_identities).values(values | {"record_id": record_id or customer_id} | known)
            )

    def order(self, order_id: str, customer_id: str, day: date, lines: Mapping[str, Any], **products: str) -> None:
        """An order as it is now; one that was there before is another now."""
        self.forget(order_id)
        amounts = {line: Decimal(str(amount)) for line, amount in lines.items()}
        about = {"order_id": order_id, "customer_id": customer_id, "order_date": day}
        self.put(facts.fct_orders, **about, ordered_at=noon(day), amount=sum(amounts.values(), Decimal(0)))
        for line_id, amount in amounts.items():
            self.put(
                facts.fct_order_lines, **about, line_id=line_id, product_id=products.get(line_id), net_amount=amount
            )

    def refund(self, refund_id: str, order_id: str, day: date, parts: Mapping[str, Any]) -> None:
        """A refund of lines, by line; `rest` is of the order as a whole, `shipping` of what earned nothing."""
        about = {"refund_id": refund_id}
        self.put(facts.fct_refunds, **about, order_id=order_id, refunded_at=noon(day), refund_date=day)
        for name, amount in parts.items():
            is_line = name not in ("rest", "shipping")
            kind = {"line_id": name if is_line else None, "line_kind": "product" if is_line else name}
            self.put(facts.fct_refund_lines, **about, **kind, net_amount=Decimal(str(amount)))

    def forget(self, order_id: str) -> None:
        """Cancel an order: the marts no longer count it."""
        with self.engine.begin() as connection:
            for table in (facts.fct_orders, facts.fct_order_lines):
                is_its = sa.and_(table.c.merchant_id == self.merchant_id, table.c.order_id == order_id)
                connection.execute(sa.delete(table).where(is_its))

    def is_now(self, before: str, now: str) -> None:
        """Say that two customers are one."""
        with self.engine.begin() as connection:
            for table in (facts.fct_orders, facts.fct_order_lines, dim_customer_identities):
                is_its = sa.and_(table.c.merchant_id == self.merchant_id, table.c.customer_id == before)
                connection.execute(sa.update(table).where(is_its).values(customer_id=now))
            gone = facts.dim_customers.c.customer_id == before
            connection.execute(
                sa.delete(facts.dim_customers).where(gone, facts.dim_customers.c.merchant_id == self.merchant_id)
            )

    def spend(self, code: str, order_id: str, customer_id: str, day: date) -> None:
        """An order on which a code was used."""
        self.order(order_id, customer_id, day, {"x": 10})
        self.put(endings.fct_discounts, order_id=order_id, code=code)

    def post(self, day: date) -> PostingReport:
        with self.engine.begin() as connection:
            return post_programme(connection, self.ledger, as_of_date=day)

    def prove(self) -> Proof:
        with self.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
            return prove(connection, self.ledger)

    def balance(self, customer_id: str) -> dict[str, int]:
        """The accounts that hold anything."""
        with self.engine.connect() as connection:
            return {name: points for name, points in balance_of(connection, self.ledger, customer_id).items() if points}

    def postings(self) -> list[Any]:
        with self.engine.connect() as connection:
            mine = sa.select(postings).where(postings.c.merchant_id == self.merchant_id)
            return list(connection.execute(mine.order_by(postings.c.posting_id)))
