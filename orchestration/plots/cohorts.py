"""Plots of acquisition cohorts: who comes back, and what each cohort has brought in.

Must not compute retention or revenue; `marts.cohort_retention` and `marts.cohort_revenue` hold them.
"""

import numpy as np
import polars as pl

from orchestration.plots import drawing as draw

_RETENTION_TITLE = "Customers who come back, by month of first purchase"
_REVENUE_TITLE = "Revenue per customer, by month of first purchase"
_ANNOTATED_CELLS = 20
_LABELLED_LINES = 8


def cohort_retention_heat_map(retention: pl.DataFrame, *, caption: str = "") -> bytes:
    """A heat map: one row per acquisition month, one column per month since, the share that purchased in it.

    The month of acquisition itself is left out: its rate is 100% by definition and would drown the others.

    Args:
        retention: Rows of `marts.cohort_retention` of one merchant: `acquisition_month` (date), `period_number` (months
            since, 0 is the month itself), `is_complete_period`, `retention_rate` (0..1), `cohort_customer_count`.
            A month that is not over yet is left out: it would look like a fall.
        caption: Whose numbers these are, and as of when.

    Returns:
        A PNG; "No data yet" when no cohort is a month old.
    """
    rows = retention.select(
        pl.col("acquisition_month").cast(pl.Date),
        pl.col("period_number").cast(pl.Int64),
        pl.col("is_complete_period").cast(pl.Boolean),
        pl.col("retention_rate").cast(pl.Float64),
        pl.col("cohort_customer_count").cast(pl.Int64),
    ).drop_nulls("acquisition_month")
    later = rows.filter(
        pl.col("period_number") >= 1, pl.col("is_complete_period"), pl.col("retention_rate").is_finite()
    )
    if later.is_empty():
        return draw.no_data(_RETENTION_TITLE, caption, "Retention can be read a month after the first purchases.")

    sizes = later.group_by("acquisition_month").agg(pl.col("cohort_customer_count").max()).sort("acquisition_month")
    cohorts, period_count = sizes["acquisition_month"].to_list(), int(later["period_number"].max())  # type: ignore[arg-type]  # integers by the cast above
    rates = np.full((len(cohorts), period_count), np.nan)
    row_of = {cohort: row for row, cohort in enumerate(cohorts)}
    for cohort, period, rate in later.select("acquisition_month", "period_number", "retention_rate").iter_rows():
        rates[row_of[cohort], period - 1] = rate
    highest = float(np.nanmax(rates)) or 1.0

    figure = draw.new_figure(
        _RETENTION_TITLE,
        _retention_finding(later),
        caption,
        height=float(np.clip(1.9 + 0.3 * len(cohorts), 3.4, 7.2)),
    )
    axes = figure.add_subplot()
    mesh = axes.pcolormesh(
        np.arange(period_count + 1) + 0.5,
        np.arange(len(cohorts) + 1) - 0.5,
        np.ma.masked_invalid(rates),
        cmap=draw.sequential_colours(),
        vmin=0,
        vmax=highest,
        edgecolors="white",
        linewidth=0.8 if max(rates.shape) <= 40 else 0,
    )
    if len(cohorts) <= _ANNOTATED_CELLS and period_count <= _ANNOTATED_CELLS + 4:
        for (row, column), rate in np.ndenumerate(rates):
            if np.isfinite(rate):
                colour = draw.text_colour_on(rate / highest)
                draw.label(
                    axes, column + 1, row, f"{rate * 100:.0f}", ha="center", va="center", color=colour, fontsize=8.5
                )
    step = draw.tick_step(len(cohorts), 24)
    ticks = range(0, len(cohorts), step)
    counts = sizes["cohort_customer_count"].to_list()
    axes.set_yticks(
        list(ticks), [f"{draw.month_text(cohorts[row])}  ·  {draw.count_text(counts[row] or 0)}" for row in ticks]
    )
    step = draw.tick_step(period_count, 24)
    axes.set_xticks([period for period in range(1, period_count + 1) if period % step == 0])
    axes.invert_yaxis()
    draw.bare_axes(axes, x_label="Months since the first purchase", y_label="First purchase  ·  customers")
    draw.colour_bar(figure, mesh, axes, "Purchased in the month", draw.share_formatter())
    return draw.png_bytes(figure)


def _retention_finding(later: pl.DataFrame) -> str:
    """The retention over all cohorts, each weighted by its customers, a month after and at the longest common age."""
    weighted = (
        later.group_by("period_number")
        .agg(
            (pl.col("retention_rate") * pl.col("cohort_customer_count")).sum() / pl.col("cohort_customer_count").sum(),
            pl.len().alias("cohorts"),
        )
        .sort("period_number")
    )
    rates = dict(weighted.select("period_number", "retention_rate").iter_rows())
    parts = [
        f"{draw.share_text(rates[month])} {'purchased ' if first else ''}in month {month}"
        for first, month in zip((True, False, False, False, False), (1, 3, 6, 12, 24), strict=True)
        if rates.get(month) is not None and np.isfinite(rates[month])
    ]
    if not parts:
        return "Cells: % of the month's new customers who purchased in a later month."
    return f"Of all new customers, {', '.join(parts)}. Cells: % of the cohort."


def cohort_revenue_curves(revenue: pl.DataFrame, *, caption: str = "") -> bytes:
    """One line per cohort: net revenue per acquired customer, added up over the months since acquisition.

    Args:
        revenue: Rows of `marts.cohort_revenue` of one merchant: `acquisition_month` (date), `period_number` (months
            since, 0 is the month itself), `is_complete_period`, `cumulative_net_per_customer_amount`, `currency_code`.
            A month that is not over yet is left out.
        caption: Whose numbers these are, and as of when.

    Returns:
        A PNG; "No data yet" when there is no revenue.
    """
    rows = (
        revenue.select(
            pl.col("acquisition_month").cast(pl.Date),
            pl.col("period_number").cast(pl.Int64),
            pl.col("is_complete_period").cast(pl.Boolean),
            pl.col("cumulative_net_per_customer_amount").cast(pl.Float64).alias("amount"),
            pl.col("currency_code").cast(pl.String),
        )
        .filter(pl.col("acquisition_month").is_not_null(), pl.col("is_complete_period"), pl.col("amount").is_finite())
        .sort("acquisition_month", "period_number")
    )
    if rows.is_empty():
        return draw.no_data(_REVENUE_TITLE, caption, "Revenue by cohort can be read when the first month is over.")

    currency = draw.currency_of(rows)
    lines = [
        (cohort, part["period_number"].to_numpy(), part["amount"].to_numpy())
        for (cohort,), part in rows.group_by("acquisition_month", maintain_order=True)
    ]
    figure = draw.new_figure(_REVENUE_TITLE, _revenue_finding(rows, currency), caption)
    axes = figure.add_subplot()
    colours = draw.sequential_colours()
    shades = np.linspace(0.5, 1.0, len(lines)) if len(lines) > 1 else np.array([0.8])
    ends = []
    for (cohort, months, amounts), shade in zip(lines, shades, strict=True):
        axes.plot(
            months,
            amounts,
            color=colours(shade),
            linewidth=2 if len(lines) <= _LABELLED_LINES else 1.1,
            marker="o" if len(months) == 1 else None,
            solid_capstyle="round",
            clip_on=False,
        )
        ends.append((float(months[-1]), float(amounts[-1]), draw.month_text(cohort), colours(shade)))
    lowest, highest = float(min(0.0, rows["amount"].min())), float(rows["amount"].max())  # type: ignore[arg-type,type-var]  # floats by the cast above
    height = (highest - lowest) or 1.0
    axes.set_ylim(lowest - 0.02 * height, highest + 0.08 * height)
    last_month = max(int(rows["period_number"].max()), 1)  # type: ignore[arg-type]  # integers by the cast above
    named = _named_ends(ends)
    heights = draw.spread_apart([end[1] for end in named], 0.052 * height)
    for (month, _, name, colour), y in zip(named, heights, strict=True):
        draw.label(
            axes, month + 0.012 * last_month, y, name, color=colour, va="center", fontweight="bold", has_halo=True
        )
    axes.set_xlim(0, last_month * 1.1)
    step = draw.tick_step(last_month + 1, 25)
    axes.set_xticks(range(0, last_month + 1, step))
    axes.yaxis.set_major_formatter(draw.count_formatter())
    draw.plain_axes(
        axes, x_label="Months since the first purchase", y_label=f"Cumulative net revenue per customer ({currency})"
    )
    return draw.png_bytes(figure)


def _named_ends(
    ends: list[tuple[float, float, str, tuple[float, ...]]],
) -> list[tuple[float, float, str, tuple[float, ...]]]:
    """The line ends to write a name at: all of a few; of many the oldest, and the older half's best and worst."""
    if len(ends) <= _LABELLED_LINES:
        return ends
    aged = ends[: max(len(ends) // 2, 1)]
    chosen = {ends[0], max(aged, key=lambda end: end[1]), min(aged, key=lambda end: end[1])}
    return [end for end in ends if end in chosen]


def _revenue_finding(rows: pl.DataFrame, currency: str) -> str:
    oldest = rows.filter(pl.col("acquisition_month") == pl.col("acquisition_month").min())
    month, amount = oldest.select("period_number", "amount").row(-1)
    start = oldest["amount"][0]
    name = draw.month_text(oldest["acquisition_month"][0])
    if month == 0:
        return f"Customers of {name} brought {amount:,.2f} {currency} each in their first month."
    return (
        f"Customers of {name} brought {start:,.2f} {currency} each in their first month and {amount:,.2f} {currency} "
        f"within {month} months. Lighter lines are older cohorts."
    )
