"""What the ingest assets show: counts per stream and merchant, and the checks that guard landing."""

from collections.abc import Iterator

import dagster as dg

from models.landing import Landing
from models.records import Stream
from orchestration.ingestion import StoreReading
from orchestration.merchant_run import Outcomes

Results = Iterator[dg.MaterializeResult[None]]


def archive_results(system: str, streams: tuple[Stream, ...], outcomes: Outcomes[list[StoreReading]]) -> Results:
    """One materialisation per stream of the archive, with its checks.

    Args:
        system: The source's system name.
        streams: Its streams.
        outcomes: Per merchant, what was read of each store.
    """
    readings = [reading for stores in outcomes.results.values() for reading in stores]
    for stream in streams:
        key = dg.AssetKey(["archive", system, stream.name])
        reports = [report for reading in readings for report in reading.reports if report.stream == stream.name]
        broken = "; ".join(outcomes.failures.values())
        yield dg.MaterializeResult(
            asset_key=key,
            metadata={
                **outcomes.metadata(),
                "dagster/row_count": sum(reading.row_counts.get(stream.name, 0) for reading in readings),
                "rejected_records": sum(reading.rejected_count for reading in readings),
                "stores_read": sum(reading.batch is not None for reading in readings),
                "stores_unchanged": sum(reading.batch is None for reading in readings),
            },
            check_results=[
                dg.AssetCheckResult(
                    asset_key=key,
                    check_name="data_contract",
                    passed=not outcomes.failures,
                    metadata={
                        "expectations": sum(report.expectation_count for report in reports),
                        "rows": sum(report.row_count for report in reports),
                        "failed_merchants": dg.MetadataValue.json(outcomes.failures),
                    },
                    description=broken or "every batch keeps its contract",
                ),
                dg.AssetCheckResult(
                    asset_key=key,
                    check_name="rejected_share",
                    passed=not any("max_rejected_rate" in failure for failure in outcomes.failures.values()),
                    metadata={"rejected_records": sum(reading.rejected_count for reading in readings)},
                ),
            ],
        )


def landing_results(system: str, streams: tuple[Stream, ...], outcomes: Outcomes[list[Landing]]) -> Results:
    """One materialisation per raw table, with what was inserted, updated, left alone and marked deleted.

    Args:
        system: The source's system name.
        streams: Its streams.
        outcomes: Per merchant, its landings.
    """
    for stream in streams:
        key = dg.AssetKey([f"raw_{system}", stream.name])
        results = [
            result
            for landings in outcomes.results.values()
            for landing in landings
            for result in landing.results
            if result.stream == stream.name
        ]
        yield dg.MaterializeResult(
            asset_key=key,
            metadata={
                **outcomes.metadata(),
                "rows_read": sum(result.rows_read for result in results),
                "rows_inserted": sum(result.rows_inserted for result in results),
                "rows_updated": sum(result.rows_updated for result in results),
                "rows_unchanged": sum(result.rows_unchanged for result in results),
                "rows_deleted": sum(result.rows_deleted for result in results),
            },
            check_results=[
                dg.AssetCheckResult(
                    asset_key=key,
                    check_name="landed_whole",
                    passed=outcomes.is_complete,
                    metadata={"failed_merchants": dg.MetadataValue.json(outcomes.failures)},
                    description=outcomes.in_words("every batch landed whole"),
                )
            ],
        )
