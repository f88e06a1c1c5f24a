"""Points on real marts: posted from them, proven, and shown in the marts of loyalty as soon as they stand."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
import sqlalchemy as sa
from dbt_histories import MERCHANTS

from activation.loyalty.adjusting import adjust
from activation.loyalty.endings import Shop, reconcile
from activation.loyalty.ledger import Ledger, post_programme, prove
from activation.loyalty.programme import Programme
from activation.loyalty.redemptions import request
from activation.loyalty.tiers import refresh_tiers
from models.engine import create_engine
from models.roles import READER

pytestmark = pytest.mark.slow

BOOKS = MERCHANTS[0]
PROGRAMME = Programme.model_validate(
    {
        "name": "points",
        "point_value_amount": "0.02",
        "rules": [
            {
                "valid_from_date": BOOKS.as_of_date - timedelta(days=300),
                "category_multipliers": {"things": 2},
                "sign_up_points": 5,
                "expiry_months": 3,
            }
        ],
        "tiers": {"levels": [{"name": "silver", "at_least": 50}, {"name": "gold", "at_least": 200}]},
        "rewards": [{"name": "five", "title": "5 off", "amount": 5, "points": 10}],
        "destination": "shop",
    }
)


@pytest.fixture(scope="module")
def engine(marts_url: str) -> Iterator[sa.Engine]:
    found = create_engine(marts_url, application_name="perennial tests")
    yield found
    found.dispose()


@pytest.fixture(scope="module")
def ledger(engine: sa.Engine) -> Ledger:
    zone = ZoneInfo("UTC")
    with engine.connect() as connection:
        now = connection.execute(sa.select(sa.func.now())).scalar_one()
    posted = Ledger(BOOKS.merchant_id, PROGRAMME, zone, "EUR", "run", now)
    with engine.begin() as connection:
        report = post_programme(connection, posted, as_of_date=BOOKS.as_of_date)
        change = refresh_tiers(connection, posted, as_of_date=BOOKS.as_of_date)
        richest = connection.execute(
            sa.text("select customer_id from loyalty.balances order by available_points desc, customer_id limit 1")
        ).scalar_one()
        adjust(connection, posted, customer_id=richest, points=20, reason="test", actor="me", reference="a")
        request(connection, posted, PROGRAMME.rewards[0], customer_id=richest, redemption_id="r", code="CODE")
        reconcile(connection, posted, as_of_date=BOOKS.as_of_date, shop=Shop(is_idempotent=True, takes_back=True))
    assert {"order", "refund", "maturity", "expiry"} <= report.points.keys()
    assert change is not None
    assert change.entered
    return posted


def test_points_of_real_marts_are_proven(engine: sa.Engine, ledger: Ledger) -> None:
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        proof = prove(connection, ledger)
    assert proof.holds
    assert proof.customer_count > 20


def test_the_marts_say_what_is_owed_and_who_is_where(engine: sa.Engine, ledger: Ledger, marts_url: str) -> None:
    def one(query: str) -> tuple[Any, ...]:
        with psycopg.connect(marts_url) as connection:
            connection.execute(f"set role {READER}".encode())
            row = connection.execute(query.encode()).fetchone()
            assert row is not None
            return row

    with engine.connect() as connection:
        stored = connection.execute(
            sa.text(
                "select sum(pending_points + held_points + greatest(available_points, 0)), sum(expired_points), "
                "sum(held_points) from loyalty.balances"
            )
        ).one()
        members = connection.execute(sa.text("select count(*) from loyalty.tier_memberships")).scalar_one()
    liability = "select outstanding_points, expired_points, open_redemption_count, breakage_rate from marts."
    assert one(f"{liability}merchant_loyalty") == (stored[0], stored[1], 1, 1.0)
    assert stored[2] == 10
    assert one("select liability_amount / outstanding_points, as_of_date from marts.merchant_loyalty") == (
        PROGRAMME.point_value_amount,
        BOOKS.as_of_date,
    )
    assert one("select sum(member_count) from marts.merchant_loyalty_tiers")[0] == members > 0
    assert one("select count(*) filter (where tier_name is not null) from marts.customer_loyalty")[0] == members
    assert ledger.programme is PROGRAMME
