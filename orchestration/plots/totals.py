"""Plot of what customers acquired in each month will do together, with bands.

Must not add up; `ml.cohort_forecasts` holds the totals.
"""

from collections.abc import Mapping

import polars as pl

from orchestration.plots import drawing as draw

ALL = "all"
_TITLE = "What customers acquired in each month are expected to do together"


def cohort_totals(
    cohorts: pl.DataFrame, *, currency_code: str, horizon_days: int, level: float, caption: str = ""
) -> bytes:
    """Expected purchase days and CLV by month of first purchase, each with its band.

    Args:
        cohorts: Rows of `ml.cohort_forecasts` of one model run: `quantity`, `cohort`, `cohort_month`, `expected`,
            `low`, `high`; those without a month are the totals of all.
        currency_code: Of CLV.
        horizon_days: The run's.
        level: Of the bands.
        caption: Whose numbers these are, and as of when.

    Returns:
        A PNG of a panel per quantity; "No data yet" when there is no cohort.
    """
    rows = cohorts.with_columns(pl.col("expected", "low", "high").cast(pl.Float64))
    monthly = rows.drop_nulls("cohort_month").sort("cohort_month")
    if monthly.is_empty():
        return draw.no_data(_TITLE, caption)
    names = {"purchase_count": "Purchase days", "clv": f"CLV ({currency_code})"}
    shown = [quantity for quantity in names if quantity in monthly["quantity"]]
    months = monthly["cohort_month"].unique().sort().to_list()
    place = {month: number for number, month in enumerate(months)}
    figure = draw.new_figure(
        _TITLE,
        f"{_finding(rows, names)}within {horizon_days:,} days. Bars: bands that hold {level:.0%} of the time, as far "
        "as earlier totals were off.",
        caption,
        height=6.0,
    )
    panels = figure.subplots(len(shown), 1, sharex=True, squeeze=False)[:, 0]
    for axes, quantity in zip(panels, shown, strict=True):
        part = monthly.filter(pl.col("quantity") == quantity)
        at = [place[month] for month in part["cohort_month"]]
        width = 7.0 if len(months) <= 40 else 3.0
        axes.vlines(at, part["low"], part["high"], color=draw.BLUE, alpha=0.3, linewidth=width)
        axes.plot(at, part["expected"], color=draw.INK, linestyle="none", marker="o", markersize=min(width, 5.0))
        axes.set_ylim(0, 1.06 * (float(part["high"].max()) or 1.0))  # type: ignore[arg-type]  # floats, and not empty
        axes.set_xlim(-0.7, len(months) - 0.3)
        axes.yaxis.set_major_formatter(draw.count_formatter())
        draw.plain_axes(axes, y_label=names[quantity])
    step = draw.tick_step(len(months), 10)
    ticks = range(0, len(months), step)
    panels[-1].set_xticks(list(ticks), [draw.month_text(months[tick]) for tick in ticks])
    panels[-1].set_xlabel("Month of first purchase", fontsize=9.5, color=draw.MUTED, labelpad=6)
    return draw.png_bytes(figure)


def _finding(rows: pl.DataFrame, names: Mapping[str, str]) -> str:
    """What all customers together are expected to do; empty where the run did not say."""
    said = {row["quantity"]: row for row in rows.filter(pl.col("cohort") == ALL).to_dicts()}
    parts = [
        f"{draw.count_text(one['expected'])} {'purchase days' if name == 'purchase_count' else names[name]} "
        f"({draw.count_text(one['low'])} to {draw.count_text(one['high'])})"
        for name in names
        if (one := said.get(name)) is not None
    ]
    return f"All together: {', '.join(parts)} " if parts else ""
