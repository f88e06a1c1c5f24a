"""When a stage's tables may stay as they are: only while nothing that they are made from has changed."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import sqlalchemy as sa

from models import bookkeeping
from models.ops import archive_batches, stores
from models.registry import publish_model_run, register_model_run
from models.stage_builds import built_by, forget_build, forget_builds, inputs_digest, record_build

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TABLES = [("ops", "merchants")]


def declare(engine: sa.Engine, *, as_of_date: date = date(2026, 1, 1), rate: str = "1.1", run_id: str = "a") -> None:
    merchant = bookkeeping.Merchant("shop", "Shop", "Europe/Berlin", "EUR", as_of_date, True)
    rates = [bookkeeping.ExchangeRate("shop", "USD", date(2020, 1, 1), Decimal(rate))]
    with engine.begin() as connection:
        bookkeeping.set_merchants(connection, [merchant], rates, run_id=run_id, updated_at=NOW)


def land(
    engine: sa.Engine, batch_id: str, *, landed_at: datetime | None = NOW, rows_changed: int | None = None
) -> None:
    values = {"merchant_id": "shop", "store_id": "web", "source": "files", "mode": "snapshot", "fingerprint": batch_id}
    books = {"cursor": {}, "row_counts": {}, "rejected_count": 0, "archived_at": NOW, "landed_at": landed_at}
    books["rows_changed"] = rows_changed
    with engine.begin() as connection:
        connection.execute(archive_batches.insert().values(batch_id=batch_id, **values, **books))


def publish(engine: sa.Engine, model_run_id: str) -> None:
    with engine.begin() as connection:
        register_model_run(
            connection,
            merchant_id="shop",
            model_run_id=model_run_id,
            model_name="bg_nbd",
            as_of_date=date(2026, 1, 1),
            parameters={},
            model_card={},
            data_hash="",
            code_hash="",
            customer_count=1,
            run_id="a",
            fitted_at=NOW,
            base_model_name="bg_nbd",
            prediction_basis="model",
            incumbent_run_id=None,
            thread_count=1,
        )
        publish_model_run(connection, merchant_id="shop", model_run_id=model_run_id, published_at=NOW)


def digest(engine: sa.Engine, *, code: str = "1", reads_predictions: bool = True) -> str | None:
    with engine.connect() as connection:
        return inputs_digest(connection, code_digest=code, tables=TABLES, reads_predictions=reads_predictions)


@pytest.fixture
def shop(engine: sa.Engine) -> sa.Engine:
    declare(engine)
    land(engine, "first")
    return engine


def test_the_same_inputs_give_the_same_digest_whichever_run_declared_them(shop: sa.Engine) -> None:
    before = digest(shop)
    declare(shop, run_id="b")
    assert before is not None
    assert digest(shop) == before


def test_a_batch_counts_once_it_has_landed(shop: sa.Engine) -> None:
    before = digest(shop)
    land(shop, "waiting", landed_at=None)
    assert digest(shop) == before
    land(shop, "second")
    assert digest(shop) != before


def test_a_batch_that_changed_nothing_does_not_count(shop: sa.Engine) -> None:
    before = digest(shop)
    land(shop, "asked again", rows_changed=0)
    assert digest(shop) == before
    land(shop, "an order", rows_changed=1)
    assert digest(shop) != before


def test_a_declaration_a_rate_and_the_code_each_change_it(shop: sa.Engine) -> None:
    before = digest(shop)
    assert digest(shop, code="2") != before
    declare(shop, as_of_date=date(2026, 1, 2))
    after_day = digest(shop)
    declare(shop, as_of_date=date(2026, 1, 2), rate="1.2")
    assert len({before, after_day, digest(shop)}) == 3


def test_an_accepted_mismatch_changes_it(shop: sa.Engine) -> None:
    """Else the tests that it is to let pass would not run again."""
    before = digest(shop)
    with shop.begin() as connection:
        connection.execute(stores.insert().values(["shop", "web", Decimal("0.01"), []]))
    some = digest(shop)
    with shop.begin() as connection:
        connection.execute(stores.update().values(accepted_order_ids=["1042"]))
    assert len({before, some, digest(shop)}) == 3


def test_predictions_and_withheld_merchants_change_what_is_published_and_nothing_before_it(shop: sa.Engine) -> None:
    published, transformed = digest(shop), digest(shop, reads_predictions=False)
    publish(shop, "m1")
    with_model = digest(shop)
    with shop.begin() as connection:
        bookkeeping.withhold(connection, "shop", "a reason", run_id="a", updated_at=NOW)
    assert len({published, with_model, digest(shop)}) == 3
    assert digest(shop, reads_predictions=False) == transformed


def test_a_table_that_is_gone_leaves_nothing_to_keep(shop: sa.Engine) -> None:
    with shop.connect() as connection:
        asked = [("ops", "merchants"), ("marts", "no_such_table")]
        assert inputs_digest(connection, code_digest="1", tables=asked, reads_predictions=False) is None


def test_a_build_is_known_by_its_inputs_until_it_is_forgotten(shop: sa.Engine) -> None:
    with shop.begin() as connection:
        record_build(connection, "marts", "d1", run_id="a", built_at=NOW)
        record_build(connection, "marts", "d2", run_id="b", built_at=NOW)
        assert built_by(connection, "marts", "d1") is None
        assert built_by(connection, "marts", "d2") == "b"
        assert built_by(connection, "staging", "d2") is None
        record_build(connection, "staging", "d2", run_id="b", built_at=NOW)
        forget_build(connection, "marts")
        assert built_by(connection, "marts", "d2") is None
        assert built_by(connection, "staging", "d2") == "b"
        forget_builds(connection)
        assert built_by(connection, "staging", "d2") is None
