"""Which run is meant, what it was asked for, with how many threads it is made again, and what is said of the end."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest
from tiny_merchants import AS_OF, assert_same_bits, task

from models.built_merchants import StorePosition
from models.errors import MisconfiguredError, StopError
from models.ml import model_runs
from orchestration.configuration import Configuration
from orchestration.defs.predict.forecasts import HISTORY
from orchestration.deployment import Deployment
from orchestration.forecast_process import compute_with_threads
from orchestration.forecast_tasks import ComputedForecast, compute
from orchestration.prediction import stored_frames
from orchestration.purchase_history import HISTORY_TABLES
from orchestration.replay import Replay, _short, named_run, report_lines
from orchestration.replay_comparison import card_differences, compare_rows
from orchestration.replayed_forecast import PastStore, ReplayedForecast, inputs_of_run, recorded_settings
from orchestration.settings import Settings
from orchestration.transformation import sources_of

NOW = datetime(2026, 1, 14, 1, tzinfo=UTC)
COMPUTED = compute(task())
FILES = {"type": "files", "path": "x.csv", "columns": {"customer_id": "a", "ordered_at": "b", "amount": "c"}}


def merchant(merchant_id: str) -> dict[str, Any]:
    source = {**FILES, "columns": {**FILES["columns"], "currency_code": {"constant": "EUR"}}}  # type: ignore[dict-item] # JSON
    return {
        "merchant_id": merchant_id,
        "merchant_name": merchant_id,
        "time_zone": "UTC",
        "currency_code": "EUR",
        "stores": [{"store_id": "web", "source": source}],
    }


@pytest.fixture
def deployment(settings: Settings, database_url: str) -> Iterator[Deployment]:
    configuration = Configuration.model_validate({"merchants": [merchant("m"), merchant("n")]})
    with Deployment(settings, database_url, clock=lambda: NOW) as opened:
        opened.__dict__["configuration"] = configuration  # as if perennial.yml said so
        yield opened


def keep(deployment: Deployment, merchant_id: str, model_run_id: str, **values: Any) -> None:
    row = {
        "merchant_id": merchant_id,
        "model_run_id": model_run_id,
        "model_name": "bg_nbd",
        "as_of_date": date(2026, 1, 13),
        "parameters": {},
        "model_card": {},
        "data_hash": "d",
        "code_hash": "c",
        "customer_count": 1,
        "run_id": "r",
        "fitted_at": NOW,
    }
    with deployment.transformer.begin() as connection:
        connection.execute(model_runs.insert(), {**row, **values})


def test_a_run_is_named_by_how_its_id_begins_or_is_the_one_in_force(deployment: Deployment) -> None:
    keep(deployment, "m", "abc", published_at=NOW)
    keep(deployment, "m", "abd")
    keep(deployment, "n", "xyz")
    assert named_run(deployment, "abd", None).model_run_id == "abd"
    assert named_run(deployment, "x", None).merchant_id == "n"
    assert named_run(deployment, None, "m").model_run_id == "abc"
    with pytest.raises(StopError, match="several model runs begin with 'ab'"):
        named_run(deployment, "ab", None)
    with pytest.raises(StopError, match="there is no model run 'xyz' of merchant m"):
        named_run(deployment, "xyz", "m")
    with pytest.raises(StopError, match="no model run of merchant n is published"):
        named_run(deployment, None, "n")
    with pytest.raises(MisconfiguredError, match="several merchants"):
        named_run(deployment, None, None)


def test_a_run_from_before_its_inputs_were_kept_says_so(deployment: Deployment) -> None:
    keep(deployment, "m", "abc")
    with pytest.raises(StopError, match="model run abc of merchant m is from before"):
        inputs_of_run(named_run(deployment, "abc", None))


@pytest.mark.parametrize("holdout_days", [None, 30])
def test_what_was_asked_for_is_read_from_the_card(deployment: Deployment, holdout_days: int | None) -> None:
    asked = replace(task().settings, holdout_days=holdout_days, annual_discount_rate=0.125)
    card = compute(replace(task(), settings=asked)).forecast.model_card
    keep(deployment, "m", "abc", model_card=card)
    assert recorded_settings(named_run(deployment, "abc", None)) == asked


def test_another_number_of_threads_is_taken_on_by_a_process_of_its_own() -> None:
    other = pl.thread_pool_size() + 1
    found = compute_with_threads(task(), other)
    assert found.thread_count == other
    assert_same_bits(found.forecast, COMPUTED.forecast)
    assert compute_with_threads(task(), None).thread_count == pl.thread_pool_size()


def test_a_refusal_comes_back_from_the_other_process() -> None:
    nobody = replace(task(), purchase_days=task().purchase_days.clear())
    with pytest.raises(StopError, match="nobody bought anything"):
        compute_with_threads(nobody, pl.thread_pool_size() + 1)


def test_all_that_a_forecast_reads_is_built_again(manifest: dict[str, Any]) -> None:
    assert {key.path[-1] for key in HISTORY} == set(HISTORY_TABLES)
    found = sources_of(manifest, HISTORY_TABLES)
    assert {
        ("raw_shopify", "refunds"),
        ("raw_files", "orders"),
        ("ops", "merchants"),
        ("ops", "exchange_rates"),
    } <= found
    assert {schema for schema, _ in found} == {"ops", "raw_files", "raw_shopify", "raw_bigcommerce", "raw_woocommerce"}
    assert ("raw_shopify", "checkouts") not in found


def replay(*, other_seed: int | None = None, circumstances: tuple[str, ...] = ()) -> Replay:
    """A replay of a tiny merchant's run, which gave the same or, with another seed, something else."""
    ours = COMPUTED.forecast
    made = ComputedForecast(compute(task(other_seed)).forecast if other_seed else ours, 2)
    row: Any = SimpleNamespace(
        merchant_id="m1",
        model_run_id=ours.model_run_id,
        as_of_date=AS_OF,
        fitted_at=NOW,
        data_hash=ours.data_hash,
        model_name=ours.model_name,
        base_model_name=ours.base_model_name,
        prediction_basis=ours.prediction_basis,
    )
    pairs = zip(stored_frames(ours, "EUR"), stored_frames(made.forecast, "EUR"), strict=True)
    key = {"predictions": ["customer_id"], "cohort_forecasts": ["quantity", "cohort"]}
    return Replay(
        stored=row,
        replayed=ReplayedForecast(
            made, task().settings, (PastStore(StorePosition("web", "files", 7, 3), (), 2),), 1234, ()
        ),
        tables=tuple(
            compare_rows(table.fullname, key.get(table.name, frame.columns), frame, again)
            for (table, frame), (_, again) in pairs
        ),
        decisions=tuple(card_differences(ours.model_card, made.forecast.model_card)),
        circumstances=circumstances,
        since=("prediction: horizon_days was 365 and is 180",),
    )


def test_an_identical_replay_says_so_with_counts_and_digests() -> None:
    found = replay(circumstances=("the code of ml hash was abc and is def",))
    assert found.is_identical
    lines = report_lines(found)
    digest = found.tables[-1].stored_digest[:12]
    assert f"  predictions         12 rows, identical ({digest})" in lines
    assert "  web (files)         3 batches, up to number 7; 2 landed since" in lines
    assert "  raw tables          1,234 rows from the archive" in lines
    count = sum(table.stored_count for table in found.tables)
    end = lines[lines.index("") + 1 :]
    assert end == [
        f"identical: {count:,} rows and every decision, to the last bit",
        "  although the code of ml hash was abc and is def",
        "  Since then: prediction: horizon_days was 365 and is 180; the replay kept to what was declared then",
    ]


def test_a_different_replay_lists_what_differs_and_what_may_be_the_cause() -> None:
    found = replay(other_seed=2, circumstances=("the number of threads was 2 and is 1",))
    assert not found.is_identical
    text = "\n".join(report_lines(found))
    assert "purchase history    another one" in text
    assert "data.data_hash: " in text
    assert "differ in " in text
    assert "different. What may be the cause:\n  - the number of threads was 2 and is 1" in text
    assert "may round otherwise" in "\n".join(report_lines(replay(other_seed=2)))


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "absent"),
        (365, "365"),
        ("America/New_York", "America/New_York"),
        ("0123456789abcdef" * 4, "0123456789ab"),
    ],
)
def test_digests_are_cut_short_and_nothing_else(value: Any, shown: str) -> None:
    assert _short(value) == shown
