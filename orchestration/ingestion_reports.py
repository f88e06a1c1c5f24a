"""What the ingest assets show: counts per stream, the checks that guard landing, and what stores' owners must know."""

from collections.abc import Container, Iterator, Sequence

import dagster as dg

from models.raw import SOURCE_STREAMS
from models.records import Stream
from orchestration.batch_archiving import StoreReading, TooManyRejectsError
from orchestration.outcomes import Outcomes, in_one_line
from orchestration.store_landing import StoreLanding

CONTRACT_CHECK = "data_contract"
REJECTED_CHECK = "rejected_share"
BUDGET_CHECK = "api_budget"
ACCESS_CHECK = "store_access"
LANDED_CHECK = "landed_whole"
# The share of a platform's allowance from which its other users, such as the shop's other apps, may be slowed down.
BUDGET_WARNING_RATE = 0.8

Results = Iterator[dg.MaterializeResult[None]]


def archive_key(system: str, stream: Stream) -> dg.AssetKey:
    """The asset of a stream's Parquet files."""
    return dg.AssetKey(["archive", system, stream.name])


def raw_key(system: str, stream: Stream) -> dg.AssetKey:
    """The asset of a stream's raw table: the table's own name."""
    return dg.AssetKey([f"raw_{system}", stream.name])


def speaks_for(system: str, stream: Stream) -> bool:
    """Whether a stream's asset carries the checks that are about a platform's stores, and about no stream of theirs."""
    return system != "files" and stream.name == "orders"


def archive_results(
    selected: Container[dg.AssetKey], readings: Sequence[StoreReading], outcomes: Outcomes[list[StoreReading]]
) -> Results:
    """One materialisation per stream of the archive, with its checks.

    Args:
        selected: The assets that the run is to report.
        readings: The stores, failed ones included.
        outcomes: What became of the merchants.
    """
    for system, streams in SOURCE_STREAMS.items():
        own = [reading for reading in readings if reading.declared.system == system]
        shown = {
            **_shown(outcomes, own),
            "rejected_records": sum(reading.rejected_count for reading in own),
            "stores_read": sum(bool(reading.batches) for reading in own),
            "stores_unchanged": sum(not reading.batches and reading.error is None for reading in own),
        }
        notices = _notices(own)
        if notices:
            shown["notices"] = dg.MetadataValue.json(notices)
        for stream in streams:
            key = archive_key(system, stream)
            if key in selected:
                yield dg.MaterializeResult(
                    asset_key=key,
                    metadata={"dagster/row_count": sum(r.row_counts[stream.name] for r in own), **shown},
                    check_results=[
                        _contract_check(key, stream, own),
                        _rejected_check(key, own),
                        *([_budget_check(key, own), _access_check(key, notices)] if speaks_for(system, stream) else []),
                    ],
                )


def _shown(
    outcomes: Outcomes[list[StoreReading]] | Outcomes[list[StoreLanding]],
    own: Sequence[StoreReading] | Sequence[StoreLanding],
) -> dict[str, dg.MetadataValue | int]:
    """What every asset of a source shows about the run and the source's stores."""
    shown = {"stores": dg.MetadataValue.int(len(own)), **outcomes.metadata()}
    failed = _failures(own)
    shown.pop("failed", None)
    return {**shown, "failed": dg.MetadataValue.json(failed)} if failed else {**shown}


def _failures(own: Sequence[StoreReading] | Sequence[StoreLanding]) -> dict[str, str]:
    """Per store that failed, why."""
    return {part.declared.label: in_one_line(part.error) for part in own if part.error is not None}


def _notices(own: Sequence[StoreReading]) -> dict[str, list[str]]:
    """Per store whose owner has to know something, what."""
    return {
        reading.declared.label: [notice.message for notice in reading.asked.notices.values()]
        for reading in own
        if reading.asked.notices
    }


def _contract_check(key: dg.AssetKey, stream: Stream, own: Sequence[StoreReading]) -> dg.AssetCheckResult:
    reports = [report for reading in own for report in reading.reports if report.stream == stream.name]
    failed = _failures(own)
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=CONTRACT_CHECK,
        passed=not failed,
        metadata={
            "expectations": sum(report.expectation_count for report in reports),
            "rows": sum(report.row_count for report in reports),
            "failed_stores": dg.MetadataValue.json(failed),
        },
        description="; ".join(f"{label}: {why}" for label, why in failed.items()) or "every batch keeps its contract",
    )


def _rejected_check(key: dg.AssetKey, own: Sequence[StoreReading]) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=REJECTED_CHECK,
        passed=not any(isinstance(reading.error, TooManyRejectsError) for reading in own),
        metadata={"rejected_records": sum(reading.rejected_count for reading in own)},
    )


def _budget_check(key: dg.AssetKey, own: Sequence[StoreReading]) -> dg.AssetCheckResult:
    """Warn where a store used most of what its platform allows."""
    peaks = {
        f"{reading.declared.label}: {use.name}": use.peak_rate
        for reading in own
        for use in reading.asked.budgets.values()
    }
    high = {name: rate for name, rate in peaks.items() if rate >= BUDGET_WARNING_RATE}
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=BUDGET_CHECK,
        passed=not high,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"peak_rates": dg.MetadataValue.json(peaks), "waits": sum(r.asked.wait_count for r in own)},
        description="; ".join(f"{name} at {rate:.0%} of its limit" for name, rate in high.items())
        or f"no allowance was used to {BUDGET_WARNING_RATE:.0%}",
    )


def _access_check(key: dg.AssetKey, notices: dict[str, list[str]]) -> dg.AssetCheckResult:
    """Warn about what a store's owner has to know, such as a missing permission that would leave history out."""
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=ACCESS_CHECK,
        passed=not notices,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"notices": dg.MetadataValue.json(notices)},
        description="; ".join(f"{label}: {' '.join(messages)}" for label, messages in notices.items())
        or "every store can be read in full",
    )


def landing_results(
    selected: Container[dg.AssetKey], landings: Sequence[StoreLanding], outcomes: Outcomes[list[StoreLanding]]
) -> Results:
    """One materialisation per raw table, with what was inserted, updated, left alone and marked deleted.

    Args:
        selected: The assets that the run is to report.
        landings: The stores, failed ones included.
        outcomes: What became of the merchants.
    """
    for system, streams in SOURCE_STREAMS.items():
        own = [landing for landing in landings if landing.declared.system == system]
        failed, shown = _failures(own), _shown(outcomes, own)
        for stream in streams:
            key = raw_key(system, stream)
            if key not in selected:
                continue
            results = [result for landing in own for result in landing.results if result.stream == stream.name]
            yield dg.MaterializeResult(
                asset_key=key,
                metadata={
                    **shown,
                    "rows_read": sum(result.rows_read for result in results),
                    "rows_inserted": sum(result.rows_inserted for result in results),
                    "rows_updated": sum(result.rows_updated for result in results),
                    "rows_unchanged": sum(result.rows_unchanged for result in results),
                    "rows_deleted": sum(result.rows_deleted for result in results),
                },
                check_results=[
                    dg.AssetCheckResult(
                        asset_key=key,
                        check_name=LANDED_CHECK,
                        passed=not failed,
                        metadata={"failed_stores": dg.MetadataValue.json(failed)},
                        description="; ".join(f"{label}: {why}" for label, why in failed.items())
                        or "every batch landed whole",
                    )
                ],
            )
