from datetime import datetime, timedelta
from threading import Thread
from typing import Any

import pytest
import sqlalchemy as sa
from activated_shop import AS_OF, AUDIENCE, Shop, make_shop
from pydantic import ValidationError

from activation.audiences import Audience, AudienceChange, refresh_audience
from activation.customers import customer_360
from models.activation import audience_members
from models.errors import StopError

NEXT_DAY = AS_OF + timedelta(days=1)


def refresh(shop: Shop, as_of: datetime = AS_OF, audience: Audience = AUDIENCE) -> AudienceChange:
    with shop.engine.begin() as connection:
        return refresh_audience(connection, audience, merchant_id=shop.merchant_id, as_of=as_of)


def stays(shop: Shop) -> list[tuple[Any, ...]]:
    columns = audience_members.c
    with shop.engine.connect() as connection:
        rows = connection.execute(
            sa.select(columns.customer_id, columns.entered_at, columns.left_at)
            .where(columns.merchant_id == shop.merchant_id)
            .order_by(columns.customer_id, columns.entered_at)
        )
        return [tuple(row) for row in rows]


def counts(change: AudienceChange) -> tuple[int, int, int]:
    return change.entered_count, change.left_count, change.stayed_count


def test_customers_enter_stay_leave_and_come_back(shop: Shop) -> None:
    shop.customer("a")
    shop.customer("b")
    shop.customer("c", clv_percent_rank=0.1)
    assert counts(refresh(shop)) == (2, 0, 0)
    shop.customer("b", clv_percent_rank=0.1)
    shop.customer("c")
    change = refresh(shop, NEXT_DAY)
    assert counts(change) == (1, 1, 1)
    assert change.member_count == 2
    later = NEXT_DAY + timedelta(days=1)
    shop.customer("b")
    assert counts(refresh(shop, later)) == (1, 0, 2)
    assert stays(shop) == [
        ("a", AS_OF, None),
        ("b", AS_OF, NEXT_DAY),
        ("b", later, None),
        ("c", NEXT_DAY, None),
    ]


def test_a_repeat_changes_nothing(shop: Shop) -> None:
    shop.customer("a")
    refresh(shop)
    before = stays(shop)
    assert counts(refresh(shop)) == (0, 0, 1)
    assert counts(refresh(shop, NEXT_DAY)) == (0, 0, 1)
    assert stays(shop) == before


def test_a_run_repeated_over_corrected_rows_takes_its_own_result_back(shop: Shop) -> None:
    shop.customer("a")
    shop.customer("b")
    refresh(shop)
    shop.customer("a", clv_percent_rank=0.0)  # a wrong number, corrected before the run is repeated
    assert counts(refresh(shop, NEXT_DAY)) == (0, 1, 1)
    shop.customer("a")
    assert counts(refresh(shop, NEXT_DAY)) == (1, 0, 1)
    assert stays(shop) == [("a", AS_OF, None), ("b", AS_OF, None)]


def test_the_rule_and_the_model_run_at_entry_are_kept(shop: Shop) -> None:
    shop.customer("a", model_run_id="run-1")
    refresh(shop)
    changed = Audience.model_validate({"name": AUDIENCE.name, "rule": {"column": "order_count", "at_least": 1}})
    shop.customer("a", model_run_id="run-2")
    shop.customer("b", model_run_id="run-2")
    refresh(shop, NEXT_DAY, changed)
    with shop.engine.connect() as connection:
        rows = connection.execute(
            sa.select(audience_members.c.customer_id, audience_members.c.rule_hash, audience_members.c.model_run_id)
        )
        found = {row.customer_id: (row.rule_hash, row.model_run_id) for row in rows}
    assert found == {"a": (AUDIENCE.rule_hash, "run-1"), "b": (changed.rule_hash, "run-2")}


def test_merchants_do_not_touch_each_other(engine: sa.Engine) -> None:
    one, other = make_shop(engine, "one"), make_shop(engine, "other")
    one.customer("a")
    other.customer("a")
    other.customer("b")
    assert counts(refresh(one)) == (1, 0, 0)
    assert counts(refresh(other)) == (2, 0, 0)
    other.customer("a", clv_percent_rank=0.0)
    refresh(other, NEXT_DAY)
    assert stays(one) == [("a", AS_OF, None)]


def test_an_empty_mart_throws_no_one_out(shop: Shop) -> None:
    shop.customer("a")
    refresh(shop)
    with shop.engine.begin() as connection:
        connection.execute(sa.delete(customer_360))
    with pytest.raises(StopError, match="holds no row of merchant 'cdnow'"):
        refresh(shop, NEXT_DAY)
    assert stays(shop) == [("a", AS_OF, None)]


def test_an_earlier_day_does_not_rewrite_history(shop: Shop) -> None:
    shop.customer("a")
    refresh(shop, NEXT_DAY)
    with pytest.raises(StopError, match="later as-of date"):
        refresh(shop, AS_OF)


def test_an_as_of_time_without_a_zone_is_refused(shop: Shop) -> None:
    with pytest.raises(ValueError, match="time zone"):
        refresh(shop, AS_OF.replace(tzinfo=None))


def test_two_refreshes_at_once_make_one_stay_each(shop: Shop) -> None:
    for number in range(50):
        shop.customer(str(number))
    failures: list[BaseException] = []

    def run() -> None:
        try:
            refresh(shop)
        except BaseException as error:  # noqa: BLE001 - handed to the test
            failures.append(error)

    threads = [Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(stays(shop)) == 50


def test_an_audience_is_named_like_a_column() -> None:
    with pytest.raises(ValidationError, match="name"):
        Audience.model_validate({"name": "High Value", "rule": {"column": "order_count", "at_least": 1}})
