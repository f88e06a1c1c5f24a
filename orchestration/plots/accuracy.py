"""Plots of how far a forecast can be trusted: calibration by tenth of the customers, and what intervals enclosed.

Must not measure; `ml.calibration_deciles` and `ml.backtests` hold the figures.
"""

import re

import numpy as np
import polars as pl

from orchestration.plots import drawing as draw

_DECILES_TITLE = "Calibration by tenth of the customers, from the lowest forecasts to the highest"
_COVERAGE_TITLE = "How many outcomes the intervals enclosed, against how many they should"
_QUANTITIES = {
    "purchase_count": "Purchase days per customer",
    "spend": "Spend per customer",
    "order_probability": "Share who order again",
}
_MEASURES = {"purchase_count": "Purchase days", "spend": "Spend", "clv": "CLV"}
_COVERAGE = re.compile(r"(recalibrated_)?coverage_(purchase_count|spend|clv)_(\d+)")

COVERAGE_SCHEMA = pl.Schema(
    {
        "measure": pl.String(),
        "is_recalibrated": pl.Boolean(),
        "level": pl.Float64(),
        "coverage": pl.Float64(),
        "coverage_low": pl.Float64(),
        "coverage_high": pl.Float64(),
    }
)


def coverage_rows(backtest: pl.DataFrame) -> pl.DataFrame:
    """The rows of `ml.backtests` that tell what intervals enclosed: `COVERAGE_SCHEMA`, sorted.

    Args:
        backtest: `metric`, `value`, `value_low`, `value_high` of one model run.
    """
    rows = [
        (found[2], found[1] is not None, int(found[3]) / 100, value, low, high)
        for metric, value, low, high in backtest.select("metric", "value", "value_low", "value_high").iter_rows()
        if value is not None and (found := _COVERAGE.fullmatch(metric))
    ]
    return pl.DataFrame(rows, schema=COVERAGE_SCHEMA, orient="row").sort("measure", "is_recalibrated", "level")


def calibration_by_decile(deciles: pl.DataFrame, *, caption: str = "") -> bytes:
    """Mean forecast and mean outcome per tenth of the customers, at the latest origin.

    Args:
        deciles: Rows of `ml.calibration_deciles` of one model run and contender: `quantity`, `calibration_end_date`,
            `holdout_days`, `decile`, `expected_value`, `actual_value`.
        caption: Whose numbers these are, and as of when.

    Returns:
        A PNG with a panel per quantity; "No data yet" when there is no origin.
    """
    rows = deciles.filter(
        pl.col("quantity").is_in(list(_QUANTITIES)),
        pl.col("calibration_end_date") == pl.col("calibration_end_date").max(),
    ).sort("decile")
    if rows.is_empty():
        return draw.no_data(_DECILES_TITLE, caption, "The history is too short to hold a part of it back.")
    first = rows.row(0, named=True)
    figure = draw.new_figure(
        _DECILES_TITLE,
        f"Forecast on {draw.day_text(first['calibration_end_date'])}, held against the {first['holdout_days']:,} days "
        "after it. A forecast means what it says where the two lines lie on each other.",
        caption,
        height=4.4,
    )
    quantities = [name for name in _QUANTITIES if name in rows["quantity"]]
    for axes, quantity in zip(np.atleast_1d(figure.subplots(1, len(quantities))), quantities, strict=True):
        shown = rows.filter(pl.col("quantity") == quantity)
        places = shown["decile"].to_numpy()
        for column, colour, style, name in (
            ("actual_value", draw.INK, "-", "Actual"),
            ("expected_value", draw.VERMILION, (0, (4, 2)), "Expected"),
        ):
            values = shown[column].to_numpy()
            axes.plot(
                places, values, color=colour, linewidth=1.6, linestyle=style, marker="o", markersize=4, label=name
            )
        axes.set_xlim(0.5, 10.5)
        axes.set_ylim(bottom=0)
        axes.set_xticks(range(1, 11))
        axes.yaxis.set_major_formatter(
            draw.share_formatter() if quantity == "order_probability" else draw.count_formatter()
        )
        draw.plain_axes(axes, x_label="Tenth of the customers", y_label=_QUANTITIES[quantity])
        axes.legend(loc="upper left", frameon=False, fontsize=9, labelcolor="linecolor")
    return draw.png_bytes(figure)


def interval_coverage(backtest: pl.DataFrame, *, caption: str = "") -> bytes:
    """Measured less nominal coverage of intervals, as predicted and after recalibration, in percentage points.

    Args:
        backtest: Rows of `ml.backtests` of one model run; those of coverage are picked out (`coverage_rows`).
        caption: Whose numbers these are, and as of when.

    Returns:
        A PNG with a panel per measure; "No data yet" when no coverage was measured.
    """
    rows = coverage_rows(backtest)
    if rows.is_empty():
        return draw.no_data(_COVERAGE_TITLE, caption, "The history is too short to hold a part of it back.")
    measures = [name for name in _MEASURES if name in rows["measure"]]
    worst = float((rows["coverage"] - rows["level"]).abs().max())  # type: ignore[arg-type]  # of floats, and not empty
    figure = draw.new_figure(
        _COVERAGE_TITLE,
        f"At zero as many outcomes lay inside as promised; below, the intervals were too narrow. The furthest is off "
        f"by {worst * 100:.1f} points. Bars: 95% interval, had other customers been drawn.",
        caption,
        height=4.2,
    )
    all_axes = np.atleast_1d(figure.subplots(1, len(measures), sharey=True))
    for place, (axes, measure) in enumerate(zip(all_axes, measures, strict=True)):
        axes.axhline(0.0, color=draw.MUTED, linewidth=1)
        for is_recalibrated, colour, shift, name in (
            (False, draw.ORANGE, -0.1, "As predicted"),
            (True, draw.BLUE, 0.1, "Recalibrated"),
        ):
            shown = rows.filter(pl.col("measure") == measure, pl.col("is_recalibrated") == is_recalibrated)
            if shown.is_empty():
                continue
            off, low, high = (
                100 * (shown[column].fill_null(shown["coverage"]) - shown["level"]).to_numpy()
                for column in ("coverage", "coverage_low", "coverage_high")
            )
            x = np.arange(shown.height) + shift
            reach = np.maximum(np.stack([off - low, high - off]), 0.0)
            axes.errorbar(x, off, yerr=reach, fmt="o", markersize=5, color=colour, linewidth=1.4, label=name)
        levels = rows.filter(pl.col("measure") == measure)["level"].unique().sort()
        axes.set_xticks(range(len(levels)), [draw.share_text(level) for level in levels])
        axes.set_xlim(-0.5, len(levels) - 0.5)
        draw.plain_axes(
            axes, x_label=f"{_MEASURES[measure]}: nominal level", y_label="Points off" if place == 0 else ""
        )
        if place == 0:
            axes.legend(loc="best", frameon=False, fontsize=9, labelcolor="linecolor")
    return draw.png_bytes(figure)
