"""The archive and the raw tables of every source.

They are made from the sources' own declarations, so a new source adds no asset code here. All stores are read in one
step, whatever their platforms, so that they are read at the same time.
"""

from collections.abc import Iterator

import dagster as dg

from models.raw import SOURCE_STREAMS
from models.records import Stream
from orchestration.batch_archiving import StoreReading
from orchestration.declared_stores import DeclaredStore, declared_stores
from orchestration.defs.ingest.merchants import KEY as MERCHANTS
from orchestration.failures import RETRY_POLICY, typed_failures
from orchestration.ingestion_reports import (
    ACCESS_CHECK,
    BUDGET_CHECK,
    CONTRACT_CHECK,
    LANDED_CHECK,
    REJECTED_CHECK,
    archive_key,
    archive_results,
    landing_results,
    raw_key,
    speaks_for,
)
from orchestration.resources import DeploymentResource
from orchestration.store_landing import StoreLanding, land_store
from orchestration.store_reading import archive_store

_STREAMS = [(system, stream) for system, streams in SOURCE_STREAMS.items() for stream in streams]
_CHECKS = {
    CONTRACT_CHECK: "Great Expectations: types, keys, required fields, currencies and signs of the batch.",
    REJECTED_CHECK: "The share of rejected records is within max_rejected_rate.",
}
_PLATFORM_CHECKS = {
    BUDGET_CHECK: "No store has used 80% of a rate allowance of its platform at one time.",
    ACCESS_CHECK: "Every store can be read in full: no permission is missing, no version has ended.",
}


def _archive_spec(system: str, stream: Stream) -> dg.AssetSpec:
    return dg.AssetSpec(
        archive_key(system, stream),
        deps=[MERCHANTS],
        description=f"{stream.description} Append-only Parquet, as it was read.",
        group_name="ingest",
        owners=["team:data"],
        kinds={system, "parquet"},
    )


def _raw_spec(system: str, stream: Stream) -> dg.AssetSpec:
    columns = [dg.TableColumn(c.name, str(c.type), description=c.description) for c in stream.columns]
    return dg.AssetSpec(
        raw_key(system, stream),
        deps=[archive_key(system, stream)],
        description=stream.description,
        group_name="ingest",
        owners=["team:data"],
        kinds={"postgres", "table"},
        metadata={"dagster/column_schema": dg.TableSchema(columns=columns)},
    )


def _archive_checks(system: str, stream: Stream) -> Iterator[dg.AssetCheckSpec]:
    for name, description in ({**_CHECKS, **_PLATFORM_CHECKS} if speaks_for(system, stream) else _CHECKS).items():
        yield dg.AssetCheckSpec(name, asset=archive_key(system, stream), description=description)


def _stores(context: dg.AssetExecutionContext, deployment: DeploymentResource) -> list[DeclaredStore]:
    """The stores of the run's merchants whose assets the run selects."""
    selected = context.selected_asset_keys
    systems = [s for s, stream in _STREAMS if {archive_key(s, stream), raw_key(s, stream)} & selected]
    run = deployment.run
    return list(declared_stores(run.deployment.configuration, run.merchants, systems))


@dg.multi_asset(
    name="archive_stores",
    specs=[_archive_spec(system, stream) for system, stream in _STREAMS],
    check_specs=[check for system, stream in _STREAMS for check in _archive_checks(system, stream)],
    can_subset=True,
    retry_policy=RETRY_POLICY,
)
def archive(context: dg.AssetExecutionContext, deployment: DeploymentResource):  # type: ignore[no-untyped-def] # noqa: ANN201 - a generator of Dagster's own results
    """Read what is new in every store into the archive; one store's trouble is not another's concern."""
    run = deployment.run
    readings = [StoreReading(declared) for declared in _stores(context, deployment)]
    with typed_failures():
        outcomes = run.each_store(
            "archive",
            readings,
            lambda reading: archive_store(run, reading),
            at_once=run.deployment.settings.concurrent_stores,
            retry_number=context.retry_number,
        )
    yield from archive_results(context.selected_asset_keys, readings, outcomes)


@dg.multi_asset(
    name="land_stores",
    specs=[_raw_spec(system, stream) for system, stream in _STREAMS],
    check_specs=[
        dg.AssetCheckSpec(
            LANDED_CHECK,
            asset=raw_key(system, stream),
            description="No batch was held back: none looked truncated, none named a record twice.",
        )
        for system, stream in _STREAMS
    ],
    can_subset=True,
    retry_policy=RETRY_POLICY,
)
def land(context: dg.AssetExecutionContext, deployment: DeploymentResource):  # type: ignore[no-untyped-def] # noqa: ANN201 - a generator of Dagster's own results
    """Land every store's archived batches, each with all its streams and its cursor in one transaction."""
    run = deployment.run
    landings = [StoreLanding(declared) for declared in _stores(context, deployment)]
    with typed_failures():
        outcomes = run.each_store(
            "land", landings, lambda landing: land_store(run, landing), at_once=1, retry_number=context.retry_number
        )
    yield from landing_results(context.selected_asset_keys, landings, outcomes)
