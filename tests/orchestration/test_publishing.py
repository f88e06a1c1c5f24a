"""What a run puts in force, and what keeps half-made numbers from being published by a run for somebody else."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from models import bookkeeping, ops
from models.errors import StopError
from models.registry import current_model_run, register_model_run
from orchestration.configuration import Configuration, Merchant
from orchestration.declaring import declare_merchants
from orchestration.deployment import Deployment
from orchestration.merchant_run import MerchantRun
from orchestration.prediction import publish_merchant
from orchestration.settings import Settings

STARTED = datetime(2026, 1, 14, 1, tzinfo=UTC)
DAY = date(2026, 1, 13)
DECLARED = {
    "merchant_id": "ink",
    "merchant_name": "Ink",
    "time_zone": "UTC",
    "currency_code": "EUR",
    "stores": [
        {
            "store_id": "web",
            "source": {
                "type": "files",
                "path": "orders.csv",
                "columns": {
                    "customer_id": "a",
                    "ordered_at": "b",
                    "amount": "c",
                    "currency_code": {"constant": "EUR"},
                },
            },
        }
    ],
}


@pytest.fixture
def run(settings: Settings, database_url: str) -> Iterator[MerchantRun]:
    """The first run of a merchant, at its beginning."""
    configuration = Configuration.model_validate({"merchants": [DECLARED]})
    with Deployment(settings, database_url, clock=lambda: STARTED) as deployment:
        deployment.__dict__["configuration"] = configuration  # as if perennial.yml said so
        opened = MerchantRun(deployment, "run-1", configuration.merchants, {"ink": DAY}, STARTED)
        declare_merchants(opened)
        yield opened


def ink(run: MerchantRun) -> Merchant:
    return run.merchants[0]


def fit(run: MerchantRun, model_run_id: str) -> None:
    with run.deployment.transformer.begin() as connection:
        register_model_run(
            connection,
            merchant_id="ink",
            model_run_id=model_run_id,
            model_name="bg_nbd",
            as_of_date=run.as_of_dates["ink"],
            parameters={},
            model_card={},
            data_hash="d",
            code_hash="c",
            customer_count=1,
            run_id=run.run_id,
            fitted_at=run.started_at,
            base_model_name="bg_nbd",
            prediction_basis="model",
            incumbent_run_id=None,
            thread_count=1,
        )


def in_force(run: MerchantRun) -> str | None:
    with run.deployment.transformer.connect() as connection:
        row = current_model_run(connection, "ink")
    return None if row is None else str(row.model_run_id)


def is_withheld(run: MerchantRun) -> bool:
    """As SQL and activation see it."""
    with run.deployment.loader.connect() as connection:
        return bool(connection.scalar(sa.select(ops.merchants.c.withheld_reasons)))


def next_night(run: MerchantRun, run_id: str) -> MerchantRun:
    later = timedelta(days=1)
    return replace(run, run_id=run_id, as_of_dates={"ink": DAY + later}, started_at=STARTED + later)


def test_a_run_that_dies_before_its_model_is_in_force_leaves_its_merchant_withheld(run: MerchantRun) -> None:
    fit(run, "m-1")
    assert is_withheld(run)
    assert run.withheld() == {}, "the run's own stages go on"
    assert publish_merchant(run, ink(run)) == "m-1"
    assert not is_withheld(run)
    declare_merchants(next_night(run, "run-2"))
    assert is_withheld(run)
    assert in_force(run) == "m-1"


def test_a_reason_found_by_a_killed_run_is_not_lost_on_the_next(run: MerchantRun) -> None:
    run.check("ink", "tests", has_passed=False, message="3 rows")
    with run.deployment.loader.connect() as connection:
        assert connection.scalar(sa.select(ops.merchants.c.withheld_reasons)) == ["tests: 3 rows"]
    declare_merchants(next_night(run, "run-2"))  # and here it is killed
    assert is_withheld(run)


def test_a_run_puts_its_own_model_in_force(run: MerchantRun) -> None:
    fit(run, "m-1")
    publish_merchant(run, ink(run))
    second = next_night(run, "run-2")
    fit(second, "m-2")
    assert publish_merchant(second, ink(run)) == "m-2"
    assert in_force(run) == "m-2"


def test_a_run_that_takes_up_a_failed_one_publishes_what_that_one_fitted(run: MerchantRun) -> None:
    fit(run, "m-1")
    again = replace(run, run_id="run-3", continues=("run-2", "run-1"))
    assert publish_merchant(again, ink(run)) == "m-1"


def test_the_nearest_fit_wins(run: MerchantRun) -> None:
    fit(run, "m-1")
    fit(replace(run, run_id="run-2"), "m-2")
    assert publish_merchant(replace(run, run_id="run-3", continues=("run-2", "run-1")), ink(run)) == "m-2"


def test_publishing_alone_leaves_what_is_in_force_for_the_day(run: MerchantRun) -> None:
    fit(run, "m-1")
    publish_merchant(run, ink(run))
    fit(replace(run, run_id="unrelated"), "m-2")
    assert publish_merchant(replace(run, run_id="alone"), ink(run)) == "m-1"


def test_publishing_alone_does_not_release_what_a_killed_run_left(run: MerchantRun) -> None:
    fit(run, "m-1")
    publish_merchant(run, ink(run))
    declare_merchants(replace(run, run_id="killed"))
    assert publish_merchant(replace(run, run_id="alone"), ink(run)) == "m-1"
    assert is_withheld(run)


def test_a_model_of_another_day_is_not_published(run: MerchantRun) -> None:
    fit(run, "m-1")
    publish_merchant(run, ink(run))
    alone = next_night(run, "alone")
    declare_merchants(alone)
    with pytest.raises(StopError, match=r"no model was fitted as of 2026-01-14; materialise ml/model_runs"):
        publish_merchant(alone, ink(run))
    assert is_withheld(run)
    assert in_force(run) == "m-1"


def test_what_is_held_against_a_merchant_takes_the_place_of_being_unfinished(run: MerchantRun) -> None:
    with run.deployment.loader.begin() as connection:
        assert bookkeeping.withheld_reasons(connection) == {"ink": ()}
        for reason in ("a", "b", "a"):
            bookkeeping.withhold(connection, "ink", reason, run_id="run-1", updated_at=STARTED)
        assert connection.scalar(sa.select(ops.merchants.c.withheld_reasons)) == ["a", "b"]
