from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from loyalty_shop import START, LoyalShop, programme

from activation.customers import customer_360
from activation.loyalty.programme import Tiers
from activation.loyalty.tiers import Stay, fct_customer_days, refresh_tiers, tier_changes
from models.errors import StopError
from models.loyalty import tier_memberships

LEVELS = [{"name": "silver", "at_least": 100}, {"name": "gold", "at_least": 500}]
TIERS = Tiers.model_validate({"levels": LEVELS, "grace_days": 10})


def on(number: int) -> date:
    return START + timedelta(days=number - 1)


def changes(stays: list[Stay], measures: dict[str, int], number: int, **ids: str) -> tuple[Any, ...]:
    numbers = {customer: Decimal(measure) for customer, measure in measures.items()}
    found = tier_changes(TIERS, stays, numbers, as_of_date=on(number), ids=ids)
    return dict(found.entered), [stay.tier for stay in found.left], [since for _, since in found.below]


def test_the_highest_tier_that_is_deserved_is_entered() -> None:
    assert changes([], {"a": 99, "b": 100, "c": 700}, 1) == ({"b": "silver", "c": "gold"}, [], [])


def test_a_better_tier_comes_at_once_and_a_worse_one_after_the_grace() -> None:
    silver, gold = Stay("a", "silver", on(1)), Stay("a", "gold", on(1))
    assert changes([silver], {"a": 500}, 5) == ({"a": "gold"}, ["silver"], [])
    assert changes([gold], {"a": 499}, 5) == ({}, [], [on(5)])
    below = Stay("a", "gold", on(1), on(5))
    assert changes([below], {"a": 499}, 14) == ({}, [], [])
    assert changes([below], {"a": 500}, 14) == ({}, [], [None]), "deserved again, the grace begins anew"
    assert changes([below], {"a": 499}, 15) == ({"a": "silver"}, ["gold"], [])
    assert changes([below], {}, 15) == ({}, ["gold"], [])


def test_of_customers_who_are_one_the_best_tier_stays() -> None:
    stays = [Stay("a", "silver", on(1)), Stay("b", "gold", on(2))]
    assert changes(stays, {"a": 600}, 5, b="a") == ({"a": "gold"}, ["silver", "gold"], [])


def test_a_tier_that_is_no_longer_declared_ends() -> None:
    assert changes([Stay("a", "bronze", on(1))], {"a": 5}, 5) == ({}, ["bronze"], [])


@pytest.fixture
def shop(engine: sa.Engine) -> LoyalShop:
    with engine.begin() as connection:
        connection.execute(sa.schema.CreateSchema("marts", if_not_exists=True))
        fct_customer_days.create(connection)
    return LoyalShop(engine, programme(tiers={"levels": LEVELS, "grace_days": 2, "window_days": 10}))


def spend(shop: LoyalShop, customer_id: str, amount: int, day: date) -> None:
    with shop.engine.begin() as connection:
        row = {"merchant_id": shop.merchant_id, "customer_id": customer_id, "activity_date": day, "net_amount": amount}
        connection.execute(sa.insert(fct_customer_days).values(row))


def refresh(shop: LoyalShop, day: date) -> list[tuple[Any, ...]]:
    table = tier_memberships.c
    with shop.engine.begin() as connection:
        refresh_tiers(connection, shop.ledger, as_of_date=day)
        rows = connection.execute(
            sa.select(
                table.customer_id, table.tier, table.entered_date, table.left_date, table.below_since_date
            ).order_by(table.customer_id, table.entered_date)
        )
        return [tuple(row) for row in rows]


def test_tiers_are_a_history_and_a_repeated_night_is_one(shop: LoyalShop) -> None:
    spend(shop, "a", 600, on(1))
    assert refresh(shop, on(1)) == refresh(shop, on(1)) == [("a", "gold", on(1), None, None)]
    assert refresh(shop, on(11)) == [("a", "gold", on(1), None, on(11))]
    spend(shop, "a", 150, on(12))
    expected = [("a", "gold", on(1), on(13), on(11)), ("a", "silver", on(13), None, None)]
    assert refresh(shop, on(13)) == expected
    assert refresh(shop, on(13)) == expected
    spend(shop, "a", 400, on(13))  # known late, before the night is worked on again
    assert refresh(shop, on(13)) == [("a", "gold", on(1), None, None)]
    spend(shop, "b", 600, on(13))
    refresh(shop, on(13))
    with pytest.raises(StopError, match="and not of 2026-01-12"):
        refresh(shop, on(12))


@pytest.mark.parametrize(("basis", "tier"), [("points", "silver"), ("clv", "gold")])
def test_points_and_predicted_value_count_as_well(engine: sa.Engine, basis: str, tier: str) -> None:
    shop = LoyalShop(engine, programme(tiers={"levels": LEVELS, "basis": basis, "window_days": 30}))
    with engine.begin() as connection:
        row = {"merchant_id": "shop", "customer_id": "a", "clv_amount": 501}
        connection.execute(sa.insert(customer_360).values(row))
    shop.order("1", "a", on(1), {"x": 130})
    shop.refund("r", "1", on(2), {"x": 30})
    shop.post(on(3))
    assert refresh(shop, on(3)) == [("a", tier, on(3), None, None)]
    if basis == "points":
        shop.order("old", "a", on(1), {"x": 5000})
        shop.post(on(35))
        shop.order("2", "a", on(34), {"x": 150})
        shop.forget("old")
        shop.post(on(36))
        assert refresh(shop, on(36))[-1][4] is None, "what is taken back of an order of before the window"
        shop.forget("2")
        shop.post(on(37))
        assert refresh(shop, on(40))[0][4] == on(40), "what was earned longer ago counts no more"
