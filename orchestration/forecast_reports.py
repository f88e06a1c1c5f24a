"""What the predict assets show: rows, parameters, the backtest as a table, plots, and the model's own checks."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Self

import dagster as dg
import polars as pl

from ml.forecasts.forecast_checks import ForecastCheck
from ml.forecasts.forecasting import MerchantForecast
from orchestration.outcomes import Outcomes

_FRAMES = {
    "purchase_summaries": "summary",
    "backtests": "backtest",
    "calibration_deciles": "deciles",
    "cohort_forecasts": "cohort_forecasts",
    "holdout_weeks": "holdout_weeks",
    "predictions": "predictions",
}
# Further merchants' cards and metrics stand in `ml` but not in the asset's metadata, and none of their rows stays in
# memory until the last merchant is done.
MOST_SHOWN = 10


@dataclass(frozen=True)
class ReportedForecast:
    """What the assets report of a merchant's forecast once that is stored.

    Attributes:
        checks: What was checked and found.
        row_counts: Rows per table of `ml`.
        shown: All of it, of a merchant whose card, metrics and plots are shown.
    """

    checks: list[ForecastCheck]
    row_counts: Mapping[str, int]
    shown: MerchantForecast | None

    @classmethod
    def of(cls, forecast: MerchantForecast, *, is_shown: bool) -> Self:
        """What is to be reported of a forecast."""
        counts = {table: getattr(forecast, frame).height for table, frame in _FRAMES.items()}
        return cls(forecast.checks, {**counts, "model_runs": 1}, forecast if is_shown else None)


def forecast_results(
    table_names: list[str], outcomes: Outcomes[ReportedForecast], plots: dict[str, dict[str, dg.MetadataValue]]
) -> Iterator[dg.MaterializeResult[None]]:
    """One materialisation per table of `ml`.

    Args:
        table_names: The tables.
        outcomes: Per merchant, its forecast.
        plots: Per table, its pictures.
    """
    shown = {merchant_id: one.shown for merchant_id, one in outcomes.results.items() if one.shown is not None}
    for name in table_names:
        metadata: dict[str, dg.MetadataValue | int] = {**outcomes.metadata(), **plots.get(name, {})}
        metadata["dagster/row_count"] = sum(one.row_counts[name] for one in outcomes.results.values())
        if name == "model_runs":
            for merchant_id, forecast in shown.items():
                metadata[f"model card ({merchant_id})"] = dg.MetadataValue.json(forecast.model_card)
        if name == "backtests":
            for merchant_id, forecast in shown.items():
                metadata[f"metrics ({merchant_id})"] = dg.MetadataValue.md(metrics_table(forecast.backtest))
        yield dg.MaterializeResult(asset_key=["ml", name], metadata=metadata)


def metrics_table(backtest: pl.DataFrame) -> str:
    """The latest origin's backtest as a Markdown table: one row per metric, one column per model."""
    if backtest.is_empty():
        return "The history is too short for a holdout."
    latest = backtest.filter(pl.col("calibration_end_date") == pl.col("calibration_end_date").max())
    wide = latest.pivot(on="model_name", index="metric", values="value")
    models = [column for column in wide.columns if column != "metric"]
    lines = [f"| metric | {' | '.join(models)} |", f"|---|{'---|' * len(models)}"]
    for row in wide.iter_rows(named=True):
        cells = [("" if row[model] is None else f"{row[model]:,.4f}") for model in models]
        lines.append(f"| {row['metric']} | {' | '.join(cells)} |")
    return "\n".join(lines)


def check_results(
    asset_key: dg.AssetKey, names: list[str], outcomes: Outcomes[ReportedForecast]
) -> Iterator[dg.AssetCheckResult]:
    """The models' checks over all merchants; one that does not withhold shows as a warning.

    Args:
        asset_key: The asset that the checks belong to.
        names: The checks' names.
        outcomes: Per merchant, its forecast; failures of the fit fail every blocking check.

    Yields:
        A result per name. What was held against nobody, because an earlier stage withheld everybody, has not passed.
    """
    for name in names:
        checks = [
            (merchant_id, check)
            for merchant_id, forecast in outcomes.results.items()
            for check in forecast.checks
            if check.name == name
        ]
        failed = {merchant_id: check.message for merchant_id, check in checks if not check.has_passed}
        is_blocking = any(check.is_blocking for _, check in checks) or not checks
        if is_blocking:
            failed |= outcomes.failures
        yield dg.AssetCheckResult(
            asset_key=asset_key,
            check_name=name,
            passed=bool(checks) and not failed,
            severity=dg.AssetCheckSeverity.ERROR if is_blocking and failed else dg.AssetCheckSeverity.WARN,
            description="; ".join(f"{m}: {text}" for m, text in failed.items())
            or (f"{len(checks)} merchants pass" if checks else "nobody was checked"),
            metadata={"merchants": len(checks)},
        )
