"""What a run makes of segments: queries for its day, and a check that tells what is wrong and stops nobody."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa

from models import ops
from models.segments import found_segments
from models.stage_builds import inputs_digest
from orchestration.configuration import Configuration
from orchestration.defs.ingest.segments import compile_declared_segments
from orchestration.deployment import Deployment
from orchestration.merchant_run import MerchantRun
from orchestration.settings import Settings

COLUMNS = {"customer_id": "a", "ordered_at": "b", "amount": "c", "currency_code": {"constant": "EUR"}}
STORE = {"store_id": "web", "source": {"type": "files", "path": "orders.csv", "columns": COLUMNS}}
MERCHANT = {"merchant_name": "A shop", "time_zone": "UTC", "currency_code": "EUR", "stores": [STORE]}
BIG = {"name": "big", "description": "Two orders.", "criteria": {"orders": {"at_least": 2, "in_last_days": 7}}}
DAY = date(2026, 1, 13)


@pytest.fixture
def run(settings: Settings, database_url: str) -> Iterator[MerchantRun]:
    """A run over a merchant with a segment, and one without any."""
    declared = [{**MERCHANT, "merchant_id": "ink", "segments": [BIG]}, {**MERCHANT, "merchant_id": "new"}]
    configuration = Configuration.model_validate({"merchants": declared})
    with Deployment(settings, database_url) as deployment:
        days = dict.fromkeys(("ink", "new"), DAY)
        yield MerchantRun(deployment, "run-1", configuration.merchants, days, datetime(2026, 1, 14, 1, tzinfo=UTC))


def compiled(run: MerchantRun) -> tuple[dg.AssetCheckResult, dict[str, Any]]:
    """The check, and the rows by asset, of the step that compiles."""
    step: Any = compile_declared_segments.op.compute_fn
    results = list(step.decorated_fn(SimpleNamespace(run=run)))
    [check] = [check for result in results for check in result.check_results or []]
    return check, {result.asset_key.path[-1]: result.metadata["dagster/row_count"] for result in results}


def define(run: MerchantRun, **criteria: Any) -> None:
    rows = [{"merchant_id": "ink", "segment_name": name, "criteria": found} for name, found in criteria.items()]
    with run.deployment.loader.begin() as connection:
        connection.execute(ops.segment_definitions.insert(), rows)


def queries(run: MerchantRun) -> list[sa.Row[Any]]:
    table = ops.segment_queries
    with run.deployment.transformer.connect() as connection:
        return list(connection.execute(sa.select(table).order_by(table.c.merchant_id)).all())


def test_declared_and_defined_segments_are_compiled_for_the_day(run: MerchantRun) -> None:
    define(run, few={"trait": "order_count", "at_most": 1})
    check, rows = compiled(run)
    assert (check.passed, rows) == (True, {"segments": 2, "segment_queries": 2})
    ink, new = queries(run)
    assert (ink.merchant_id, ink.segment_names, ink.as_of_date) == ("ink", ["big", "few"], DAY)
    assert "'2026-01-07'" in ink.query
    # Who has no segments has a row, for the members of the last one to leave.
    assert (new.merchant_id, new.segment_names, new.query) == ("new", [], None)
    assert compiled(run)[1] == rows


def test_what_is_wrong_is_told_and_stops_nobody(run: MerchantRun) -> None:
    define(run, big={"trait": "order_count", "at_most": 1}, odd={"all": [{"orders": {"at_least": "2"}}]})
    check, rows = compiled(run)
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert "ink: odd: all[0].orders.at_least: 'count' holds whole numbers" in str(check.description)
    assert "ink: big: stands in ops.segment_definitions and in perennial.yml, which counts" in str(check.description)
    assert rows["segments"] == 2
    assert queries(run)[0].segment_names == ["big"]
    with run.deployment.transformer.connect() as connection:
        big, odd = found_segments(connection, "ink")
    assert (big.error, big.declared_in, odd.criteria_hash) == (None, "perennial.yml", None)
    assert str(odd.error).startswith("all[0].orders.at_least: ")


def test_other_segments_are_another_reason_to_build(run: MerchantRun) -> None:
    def digests() -> list[str | None]:
        compiled(run)
        with run.deployment.transformer.connect() as connection:
            return [
                inputs_digest(connection, code_digest="c", tables=[], reads_predictions=is_after)
                for is_after in (False, True)
            ]

    before = digests()
    assert digests() == before
    define(run, few={"trait": "order_count", "at_most": 1})
    after = digests()
    assert (after[0] == before[0], after[1] == before[1]) == (True, False)
