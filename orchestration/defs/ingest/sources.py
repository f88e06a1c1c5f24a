"""The archive and the raw tables of every source.

They are made from the sources' own declarations, so a new source adds no asset code here.
"""

import dagster as dg

from models.raw import SOURCE_STREAMS
from models.records import Stream
from orchestration.defs.ingest.merchants import KEY as MERCHANTS
from orchestration.failures import RETRY_POLICY, typed_failures
from orchestration.ingestion import archive_merchant, land_merchant
from orchestration.ingestion_reports import archive_results, landing_results
from orchestration.merchant_run import DeploymentResource

CONTRACT_CHECK = "data_contract"
REJECTED_CHECK = "rejected_share"
LANDED_CHECK = "landed_whole"


def archive_key(system: str, stream: Stream) -> dg.AssetKey:
    """The asset of a stream's Parquet files."""
    return dg.AssetKey(["archive", system, stream.name])


def raw_key(system: str, stream: Stream) -> dg.AssetKey:
    """The asset of a stream's raw table: the table's own name."""
    return dg.AssetKey([f"raw_{system}", stream.name])


def archive_asset(system: str, streams: tuple[Stream, ...]) -> dg.AssetsDefinition:
    """The asset that reads every store of a source into the archive."""

    @dg.multi_asset(
        name=f"archive_{system}",
        specs=[
            dg.AssetSpec(
                archive_key(system, stream),
                deps=[MERCHANTS],
                description=f"{stream.description} Append-only Parquet, as it was read.",
                group_name="ingest",
                owners=["team:data"],
                kinds={system, "parquet"},
            )
            for stream in streams
        ],
        check_specs=[
            dg.AssetCheckSpec(name, asset=archive_key(system, stream), description=description)
            for stream in streams
            for name, description in (
                (
                    CONTRACT_CHECK,
                    "Great Expectations: types, keys, required fields, currencies and signs of the batch.",
                ),
                (REJECTED_CHECK, "The share of rejected records is within max_rejected_rate."),
            )
        ],
        retry_policy=RETRY_POLICY,
    )
    def archive(context: dg.AssetExecutionContext, deployment: DeploymentResource):  # type: ignore[no-untyped-def] # noqa: ANN202 - a generator of Dagster's own results
        """Read what is new in each merchant's stores; one merchant's bad file is not another's concern."""
        with typed_failures():
            outcomes = deployment.run.each(
                f"archive_{system}",
                lambda merchant: archive_merchant(deployment.run, merchant, system),
                retry_number=context.retry_number,
            )
        yield from archive_results(system, streams, outcomes)

    return archive


def raw_asset(system: str, streams: tuple[Stream, ...]) -> dg.AssetsDefinition:
    """The asset that lands a source's archived batches, all streams of a batch in one transaction."""

    @dg.multi_asset(
        name=f"land_{system}",
        specs=[
            dg.AssetSpec(
                raw_key(system, stream),
                deps=[archive_key(system, stream)],
                description=stream.description,
                group_name="ingest",
                owners=["team:data"],
                kinds={"postgres", "table"},
                metadata={
                    "dagster/column_schema": dg.TableSchema(
                        columns=[
                            dg.TableColumn(column.name, str(column.type), description=column.description)
                            for column in stream.columns
                        ]
                    )
                },
            )
            for stream in streams
        ],
        check_specs=[
            dg.AssetCheckSpec(
                LANDED_CHECK,
                asset=raw_key(system, stream),
                description="No batch was held back: none looked truncated, none named a record twice.",
            )
            for stream in streams
        ],
        retry_policy=RETRY_POLICY,
    )
    def land(context: dg.AssetExecutionContext, deployment: DeploymentResource):  # type: ignore[no-untyped-def] # noqa: ANN202 - a generator of Dagster's own results
        """Land each merchant's archived batches, with the cursor in the same transaction."""
        with typed_failures():
            outcomes = deployment.run.each(
                f"land_{system}",
                lambda merchant: land_merchant(deployment.run, merchant, system),
                retry_number=context.retry_number,
            )
        yield from landing_results(system, streams, outcomes)

    return land


source_assets = [
    build(system, streams) for system, streams in SOURCE_STREAMS.items() for build in (archive_asset, raw_asset)
]
