"""Plots that hold a forecast against what happened afterwards.

Must not fit or forecast; `ml.holdout_weeks` and the backtest's calibration table hold both sides.
"""

import numpy as np
import polars as pl

from orchestration.plots import drawing as draw

_HOLDOUT_TITLE = "Repeat purchases after calibration: expected against actual"
_CALIBRATION_TITLE = "Holdout purchases by calibration frequency: expected against actual"


def holdout_forecast(weeks: pl.DataFrame, *, caption: str = "") -> bytes:
    """Repeat purchases of each holdout week, and added up: what the model expected, and what came.

    Args:
        weeks: Rows of `ml.holdout_weeks` of one model run: `week_number` (1, 2, …), `week_end_date`,
            `actual_purchases`, `expected_purchases`.
        caption: Whose numbers these are, and as of when.

    Returns:
        A PNG of two panels; "No data yet" when there is no holdout week.
    """
    rows = (
        weeks.select(
            pl.col("week_number").cast(pl.Int64),
            pl.col("week_end_date").cast(pl.Date),
            pl.col("actual_purchases").cast(pl.Float64),
            pl.col("expected_purchases").cast(pl.Float64),
        )
        .filter(pl.col("actual_purchases").is_finite(), pl.col("expected_purchases").is_finite())
        .sort("week_number")
    )
    if rows.is_empty():
        return draw.no_data(_HOLDOUT_TITLE, caption, "The history is too short to keep a holdout period back.")

    numbers = rows["week_number"].to_numpy()
    actual, expected = rows["actual_purchases"].to_numpy(), rows["expected_purchases"].to_numpy()
    figure = draw.new_figure(_HOLDOUT_TITLE, _holdout_finding(rows), caption, height=6.0)
    weekly, cumulative = figure.subplots(2, 1, sharex=True)
    for axes, came, foreseen, name in (
        (weekly, actual, expected, "Purchases per week"),
        (cumulative, actual.cumsum(), expected.cumsum(), "Purchases, cumulative"),
    ):
        marker = "o" if len(numbers) == 1 else None
        axes.plot(numbers, came, color=draw.INK, linewidth=1.8, marker=marker)
        axes.plot(numbers, foreseen, color=draw.VERMILION, linewidth=1.8, linestyle=(0, (4, 2)), marker=marker)
        highest = float(max(came.max(), foreseen.max())) or 1.0
        axes.set_ylim(0, highest * 1.08)
        ends = draw.spread_apart([float(came[-1]), float(foreseen[-1])], 0.11 * highest)
        reach = max(int(numbers[-1]) - int(numbers[0]), 1)
        for y, text, colour in ((ends[0], "Actual", draw.INK), (ends[1], "Expected", draw.VERMILION)):
            draw.label(axes, numbers[-1] + 0.01 * reach, y, text, color=colour, va="center", fontweight="bold")
        axes.set_xlim(int(numbers[0]) - 0.01 * reach, int(numbers[-1]) + 0.11 * reach)
        axes.yaxis.set_major_formatter(draw.count_formatter())
        draw.plain_axes(axes, y_label=name)
    step = max(draw.tick_step(len(numbers), 10), 1)
    places = list(range(0, len(numbers), step))
    ends_of_weeks = rows["week_end_date"].to_list()
    cumulative.set_xticks(
        [int(numbers[place]) for place in places],
        [f"{numbers[place]}\n{_day(ends_of_weeks[place])}" for place in places],
    )
    cumulative.set_xlabel("Holdout week, and the day on which it ended", fontsize=9.5, color=draw.MUTED, labelpad=6)
    return draw.png_bytes(figure)


def _day(day: object) -> str:
    return draw.day_text(day) if hasattr(day, "month") else ""  # type: ignore[arg-type]  # a date, or null


def _holdout_finding(rows: pl.DataFrame) -> str:
    came, foreseen = float(rows["actual_purchases"].sum()), float(rows["expected_purchases"].sum())
    finding = (
        f"{rows.height:,} {'week' if rows.height == 1 else 'weeks'}: {draw.count_text(foreseen)} repeat purchases "
        f"expected, {draw.count_text(came)} came"
    )
    if came > 0:
        difference = foreseen / came - 1
        direction = "too low" if difference < 0 else "too high"
        finding += f"; the forecast was {draw.share_text(abs(difference))} {direction}"
    return finding + ". The model saw nothing of these weeks."


def calibration_by_frequency(buckets: pl.DataFrame, *, caption: str = "") -> bytes:
    """Mean holdout purchases per customer, by how often they purchased in the calibration period.

    Args:
        buckets: One row per bucket of repeat purchases in the calibration period: `calibration_frequency` (0, 1, …;
            the last bucket stands for itself and more), `customer_count`, and per customer `actual_purchases` and
            `expected_purchases` in the holdout period.
        caption: Whose numbers these are, and as of when.

    Returns:
        A PNG; "No data yet" when there is no bucket.
    """
    rows = (
        buckets.select(
            pl.col("calibration_frequency").cast(pl.Int64),
            pl.col("customer_count").cast(pl.Int64),
            pl.col("actual_purchases").cast(pl.Float64),
            pl.col("expected_purchases").cast(pl.Float64),
        )
        .filter(pl.col("actual_purchases").is_finite(), pl.col("expected_purchases").is_finite())
        .sort("calibration_frequency")
    )
    if rows.is_empty():
        return draw.no_data(_CALIBRATION_TITLE, caption, "The history is too short to keep a holdout period back.")

    count = rows["customer_count"].to_numpy()
    actual, expected = rows["actual_purchases"].to_numpy(), rows["expected_purchases"].to_numpy()
    places = np.arange(rows.height, dtype=float)
    widest_miss = int(np.argmax(np.abs(actual - expected) * count))
    frequencies = [str(frequency) for frequency in rows["calibration_frequency"]]
    if rows.height > 1:
        frequencies[-1] += "+"
    purchases = "purchase" if frequencies[widest_miss] == "1" else "purchases"
    figure = draw.new_figure(
        _CALIBRATION_TITLE,
        f"Mean per customer. The largest difference in total: customers with {frequencies[widest_miss]} "
        f"repeat {purchases}, {expected[widest_miss]:,.2f} expected against {actual[widest_miss]:,.2f}.",
        caption,
    )
    axes = figure.add_subplot()
    highest = float(max(actual.max(), expected.max())) or 1.0
    for values, colour, style, name in (
        (actual, draw.INK, "-", "Actual"),
        (expected, draw.VERMILION, (0, (4, 2)), "Expected"),
    ):
        axes.plot(places, values, color=colour, linewidth=1.8, linestyle=style, marker="o", markersize=5, label=name)
    for place, came, foreseen in zip(places, actual, expected, strict=True):
        is_above = came >= foreseen
        for value, colour, is_upper in ((came, draw.INK, is_above), (foreseen, draw.VERMILION, not is_above)):
            y, side = (value + 0.025 * highest, "bottom") if is_upper else (value - 0.025 * highest, "top")
            draw.label(axes, place, y, f"{value:,.2f}", color=colour, ha="center", va=side, fontsize=8.5, has_halo=True)
    axes.set_xticks(
        list(places),
        [f"{f}\n{draw.count_text(c)}" for f, c in zip(frequencies, count, strict=True)],
    )
    axes.set_xlim(-0.5, rows.height - 0.5)
    axes.set_ylim(-0.08 * highest, highest * 1.14)
    axes.yaxis.set_major_formatter(draw.count_formatter())
    draw.plain_axes(
        axes,
        x_label="Repeat purchases in the calibration period, and how many customers made them",
        y_label="Mean purchases in the holdout period",
    )
    axes.legend(loc="upper left", frameon=False, fontsize=9.5, labelcolor="linecolor")
    return draw.png_bytes(figure)
