"""A stage over several merchants: what one merchant's failure does to it, and to nobody else."""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import psycopg
import pytest
import sqlalchemy as sa

from models import bookkeeping, ops
from models.errors import MisconfiguredError, RejectedRecordError, RetryLaterError, StopError
from orchestration.configuration import Configuration, Merchant
from orchestration.declaring import declare_merchants
from orchestration.deployment import Deployment
from orchestration.merchant_run import MerchantRun
from orchestration.resources import DeploymentResource
from orchestration.settings import Settings
from orchestration.verdicts import record_verdicts, refuse_withheld

STARTED = datetime(2026, 1, 14, 1, tzinfo=UTC)
LAST_ATTEMPT = 2


def merchant(name: str) -> dict[str, Any]:
    columns = {"customer_id": "a", "ordered_at": "b", "amount": "c", "currency_code": {"constant": "EUR"}}
    return {
        "merchant_id": name,
        "merchant_name": name,
        "time_zone": "UTC",
        "currency_code": "EUR",
        "stores": [{"store_id": "web", "source": {"type": "files", "path": "orders.csv", "columns": columns}}],
    }


@pytest.fixture
def run(settings: Settings, module_database_url: str, request: pytest.FixtureRequest) -> Iterator[MerchantRun]:
    """A run over three merchants, which are declared in the warehouse; each test has a run of its own."""
    configuration = Configuration.model_validate({"merchants": [merchant(name) for name in ("ink", "paper", "pens")]})
    deployment = Deployment(settings, module_database_url, clock=lambda: STARTED)
    deployment.__dict__["configuration"] = configuration  # as if perennial.yml said so
    opened = MerchantRun(
        deployment=deployment,
        run_id=request.node.name,
        merchants=configuration.merchants,
        as_of_dates=dict.fromkeys(("ink", "paper", "pens"), date(2026, 1, 13)),
        started_at=STARTED,
    )
    declare_merchants(opened)
    yield opened
    deployment.loader.dispose()
    deployment.transformer.dispose()


def checks(run: MerchantRun) -> dict[tuple[str, str], tuple[bool, str]]:
    table = ops.merchant_checks
    with run.deployment.loader.connect() as connection:
        rows = connection.execute(
            sa.select(table.c.merchant_id, table.c.check_name, table.c.has_passed, table.c.message).where(
                table.c.run_id == run.run_id
            )
        )
        return {(row.merchant_id, row.check_name): (row.has_passed, row.message) for row in rows}


def failing(name: str, error: Exception) -> Callable[[Merchant], str]:
    """Work that succeeds for everybody but one merchant."""

    def work(merchant: Merchant) -> str:
        if merchant.merchant_id == name:
            raise error
        return merchant.merchant_id.upper()

    return work


def test_what_succeeds_is_returned_and_recorded(run: MerchantRun) -> None:
    outcomes = run.each("reading", failing("nobody", StopError("")))
    assert outcomes.results == {"ink": "INK", "paper": "PAPER", "pens": "PENS"}
    assert outcomes.failures == {}
    assert checks(run) == {(name, "reading"): (True, "done") for name in ("ink", "paper", "pens")}
    assert run.withheld() == {}


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (StopError("the file is truncated"), "the file is truncated"),
        (MisconfiguredError("merchants[1].x", "is wrong"), "merchants[1].x: is wrong"),
        (RejectedRecordError("amount", "is no number"), "amount: is no number"),
        (ZeroDivisionError("division by zero"), "unexpected ZeroDivisionError: division by zero"),
        (KeyError("amount"), "unexpected KeyError: 'amount'"),
    ],
)
@pytest.mark.parametrize("attempt", [0, LAST_ATTEMPT])
def test_a_lasting_failure_withholds_its_merchant_and_nobody_else(
    run: MerchantRun, error: Exception, message: str, attempt: int
) -> None:
    outcomes = run.each("reading", failing("paper", error), retry_number=attempt)
    assert outcomes.results == {"ink": "INK", "pens": "PENS"}
    assert outcomes.failures == {"paper": message}
    assert checks(run)["paper", "reading"] == (False, message)
    assert checks(run)["pens", "reading"] == (True, "done")
    assert run.withheld() == {"paper": (f"reading: {message}",)}


PASSING = [
    RetryLaterError("the shop is busy"),
    sa.exc.OperationalError("select", {}, Exception("connection lost")),
    psycopg.OperationalError("connection lost"),
]


@pytest.mark.parametrize("error", PASSING)
@pytest.mark.parametrize("attempt", [0, 1])
def test_a_passing_failure_asks_for_another_attempt_and_withholds_nobody(
    run: MerchantRun, error: Exception, attempt: int
) -> None:
    worked_on = []

    def work(merchant: Merchant) -> None:
        worked_on.append(merchant.merchant_id)
        failing("ink", error)(merchant)

    with pytest.raises(dg.RetryRequested) as retry:
        run.each("reading", work, retry_number=attempt)
    assert retry.value.max_retries == LAST_ATTEMPT
    assert worked_on == ["ink", "paper", "pens"], "the others did their work before the step was given up"
    assert run.withheld() == {}
    assert checks(run) == {}


@pytest.mark.parametrize("error", PASSING)
def test_a_passing_failure_on_the_last_attempt_withholds(run: MerchantRun, error: Exception) -> None:
    outcomes = run.each("reading", failing("ink", error), retry_number=LAST_ATTEMPT)
    assert set(outcomes.results) == {"paper", "pens"}
    assert set(run.withheld()) == {"ink"}


def test_a_lasting_failure_is_not_recorded_before_the_step_is_done(run: MerchantRun) -> None:
    def work(merchant: Merchant) -> None:
        failing("ink", StopError("truncated"))(merchant)
        failing("pens", RetryLaterError("busy"))(merchant)

    with pytest.raises(dg.RetryRequested):
        run.each("reading", work, retry_number=0)
    assert run.withheld() == {}
    outcomes = run.each("reading", failing("ink", StopError("truncated")), retry_number=1)
    assert set(outcomes.failures) == set(run.withheld()) == {"ink"}


def test_later_stages_pass_a_withheld_merchant_over(run: MerchantRun) -> None:
    run.each("reading", failing("paper", StopError("truncated")))
    worked_on: list[str] = []
    outcomes = run.each("landing", lambda merchant: worked_on.append(merchant.merchant_id))
    assert worked_on == ["ink", "pens"]
    assert outcomes.skipped == ["paper"]
    assert ("paper", "landing") not in checks(run)
    everybody = run.each("verdict", lambda merchant: merchant.merchant_id, includes_withheld=True)
    assert set(everybody.results) == {"ink", "paper", "pens"}
    assert set(run.withheld()) == {"paper"}, "passing a later stage gives nobody back what an earlier one withheld"


def test_reasons_add_up_and_the_next_run_begins_without_them(run: MerchantRun) -> None:
    run.check("paper", "reading", has_passed=False, message="truncated")
    run.check("paper", "tests", has_passed=False, message="3 rows")
    run.check("paper", "tests", has_passed=False, message="3 rows")
    assert run.withheld() == {"paper": ("reading: truncated", "tests: 3 rows")}
    again = replace(run, run_id="run-2")
    declare_merchants(again)
    assert again.withheld() == {}


def test_a_merchant_outside_the_run_is_not_its_concern(run: MerchantRun) -> None:
    run.check("paper", "reading", has_passed=False, message="truncated")
    others = replace(run, merchants=[m for m in run.merchants if m.merchant_id != "paper"])
    assert others.withheld() == {}
    assert set(others.each("landing", lambda merchant: merchant.merchant_id).results) == {"ink", "pens"}


def test_an_asset_shows_who_failed_and_who_was_passed_over(run: MerchantRun) -> None:
    run.check("pens", "reading", has_passed=False, message="truncated")
    shown = run.each("landing", failing("paper", StopError("twice"))).metadata()
    assert shown["merchants"].value == 1
    assert shown["failed"].value == {"paper": "twice"}
    assert shown["withheld_before"].value == "pens"


def test_the_verdict_names_everybody_and_fails_the_run_for_the_withheld(run: MerchantRun) -> None:
    refuse_withheld(record_verdicts(run))
    run.check("paper", "reading", has_passed=False, message="truncated")
    verdicts = record_verdicts(run)
    assert verdicts == {"ink": (), "paper": ("reading: truncated",), "pens": ()}
    with pytest.raises(StopError, match=r"1 of 3 merchants withheld.*paper: reading: truncated"):
        refuse_withheld(verdicts)
    with run.deployment.loader.connect() as connection:
        table = ops.merchant_runs
        rows = connection.execute(sa.select(table.c.merchant_id, table.c.status).where(table.c.run_id == run.run_id))
        assert dict(rows.tuples().all()) == {"ink": "published", "paper": "withheld", "pens": "published"}


def test_declaring_writes_each_merchant_with_its_day(run: MerchantRun) -> None:
    with run.deployment.loader.connect() as connection:
        rows = connection.execute(sa.select(ops.merchants.c.merchant_id, ops.merchants.c.as_of_date)).tuples().all()
        assert dict(rows) == dict.fromkeys(("ink", "paper", "pens"), date(2026, 1, 13))
        assert bookkeeping.withheld_reasons(connection) in ({}, dict.fromkeys(("ink", "paper", "pens"), ()))


# The resource that opens a run.


@pytest.fixture
def declared(tmp_path: Path, module_database_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """An environment with two merchants and this test's warehouse."""
    names = ("ink", "paper")
    written = {"merchants": [{**merchant(name), "as_of_date": "2026-01-13"} for name in names]}
    path = tmp_path / "perennial.yml"
    path.write_text(json.dumps(written))
    environment = {
        "PERENNIAL_CONFIG": str(path),
        "PERENNIAL_HOME": str(tmp_path / "home"),
        "PERENNIAL_WAREHOUSE_URL": module_database_url,
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("os.environ", os.environ.copy())  # what the run tells its children stays here
    return module_database_url


def is_locked(url: str) -> bool:
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "select count(*) from pg_locks where locktype = 'advisory' and database = "
            "(select oid from pg_database where datname = current_database())"
        ).fetchone()
        return row is not None and row[0] > 0


def test_the_resource_opens_the_run_that_its_configuration_names(declared: str) -> None:
    resource = DeploymentResource(merchant_ids=["paper"], as_of_date="2026-01-10")
    with resource.yield_for_execution(dg.build_init_resource_context()) as opened:
        assert [m.merchant_id for m in opened.run.merchants] == ["paper"]
        assert opened.run.as_of_dates == {"paper": date(2026, 1, 10)}
        assert is_locked(declared), "other runs wait until this one is done"
    assert not is_locked(declared)


def test_the_resource_opens_everybody_with_their_declared_days(declared: str) -> None:
    with DeploymentResource().yield_for_execution(dg.build_init_resource_context()) as opened:
        assert opened.run.as_of_dates == dict.fromkeys(("ink", "paper"), date(2026, 1, 13))


def test_outside_a_run_there_is_no_deployment() -> None:
    with pytest.raises(StopError, match="opened by a run"):
        _ = DeploymentResource().run
