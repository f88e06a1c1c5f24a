"""Plots of recency, frequency and monetary scores: where the customers are, and which segments carry the revenue.

Must not score or name segments; `marts.customer_rfm` holds both.
"""

import numpy as np
import polars as pl

from orchestration.plots import drawing as draw

_GRID_TITLE = "Customers by recency and frequency score"
_SEGMENT_TITLE = "Segments: share of customers against share of revenue"
_SCORES = 5


def rfm_grid(customers: pl.DataFrame, *, caption: str = "") -> bytes:
    """A five by five grid of recency against frequency score: customers, and their mean net spend.

    Args:
        customers: Rows of `marts.customer_rfm` of one merchant: `recency_score` and `frequency_score` (1..5, 5 is
            best), `net_amount`, `currency_code`.
        caption: Whose numbers these are, and as of when.

    Returns:
        A PNG; "No data yet" when no customer has both scores.
    """
    cells = (
        customers.select(
            pl.col("recency_score").cast(pl.Int64),
            pl.col("frequency_score").cast(pl.Int64),
            pl.col("net_amount").cast(pl.Float64),
        )
        .filter(pl.col("recency_score").is_between(1, _SCORES), pl.col("frequency_score").is_between(1, _SCORES))
        .group_by("recency_score", "frequency_score")
        .agg(pl.len().alias("customer_count"), pl.col("net_amount").mean().alias("mean_amount"))
    )
    if cells.is_empty():
        return draw.no_data(_GRID_TITLE, caption)

    counts = np.zeros((_SCORES, _SCORES))
    means = np.full((_SCORES, _SCORES), np.nan)
    for recency, frequency, count, mean in cells.iter_rows():
        counts[frequency - 1, recency - 1] = count
        means[frequency - 1, recency - 1] = np.nan if mean is None else mean
    total, highest = counts.sum(), counts.max()
    currency = draw.currency_of(customers)
    best = counts[_SCORES - 2 :, _SCORES - 2 :].sum() / total
    noun = "customer" if total == 1 else "customers"
    figure = draw.new_figure(
        _GRID_TITLE,
        f"{draw.count_text(total)} {noun}; {draw.share_text(best)} score 4 or 5 on both. "
        f"Cells: customers and their mean net spend in {currency}.",
        caption,
        height=5.8,
    )
    axes = figure.add_subplot()
    edges = np.arange(_SCORES + 1) + 0.5
    axes.pcolormesh(
        edges, edges, counts, cmap=draw.sequential_colours(), vmin=0, vmax=highest, edgecolors="white", linewidth=2
    )
    for (row, column), count in np.ndenumerate(counts):
        colour = draw.text_colour_on(count / highest)
        if count == 0:
            draw.label(axes, column + 1, row + 1, "0", ha="center", va="center", color=draw.MUTED)
            continue
        draw.label(
            axes,
            column + 1,
            row + 1.04,
            draw.count_text(count),
            va="bottom",
            fontsize=12,
            fontweight="bold",
            ha="center",
            color=colour,
        )
        if np.isfinite(means[row, column]):
            mean = f"{draw.compact_text(float(means[row, column]))} {currency}"
            draw.label(axes, column + 1, row + 0.96, mean, va="top", fontsize=9, ha="center", color=colour)
    scores = range(1, _SCORES + 1)
    axes.set_xticks(list(scores), ["1\nlong ago", "2", "3", "4", "5\nrecent"])
    axes.set_yticks(list(scores), ["1  rare", "2", "3", "4", "5  often"])
    draw.bare_axes(axes, x_label="Recency score", y_label="Frequency score")
    return draw.png_bytes(figure)


def rfm_segment_bars(customers: pl.DataFrame, *, caption: str = "") -> bytes:
    """Two bars per segment: its share of the customers, and its share of the net revenue.

    Args:
        customers: Rows of `marts.customer_rfm` of one merchant: `rfm_segment`, `net_amount`, `currency_code`.
        caption: Whose numbers these are, and as of when.

    Returns:
        A PNG with the segments in order of revenue; "No data yet" when no customer has a segment.
    """
    segments = (
        customers.select(pl.col("rfm_segment").cast(pl.String), pl.col("net_amount").cast(pl.Float64))
        .drop_nulls("rfm_segment")
        .group_by("rfm_segment")
        .agg(pl.len().alias("customer_count"), pl.col("net_amount").sum())
        .sort("net_amount", "customer_count", "rfm_segment", descending=[True, True, False])
    )
    if segments.is_empty():
        return draw.no_data(_SEGMENT_TITLE, caption)

    revenue, count = segments["net_amount"].to_numpy(), segments["customer_count"].to_numpy()
    customer_shares = count / count.sum()
    revenue_shares = revenue / revenue.sum() if revenue.sum() > 0 else np.zeros(len(revenue))
    names = [_segment_name(segment) for segment in segments["rfm_segment"]]
    currency = draw.currency_of(customers)
    total = f"{draw.compact_text(float(revenue.sum()))} {currency}"
    finding = (
        f"{names[0]}: {draw.share_text(customer_shares[0])} of the customers, {draw.share_text(revenue_shares[0])} of "
        f"{total} net revenue."
        if revenue.sum() > 0
        else f"Net revenue is {total} in all, so that there are no shares of it."
    )
    figure = draw.new_figure(
        _SEGMENT_TITLE,
        finding,
        caption,
        height=float(np.clip(1.7 + 0.5 * len(names), 3.2, 9.0)),
    )
    axes = figure.add_subplot()
    places = np.arange(len(names), dtype=float)
    widest = float(max(customer_shares.max(), revenue_shares.max()))
    for offset, shares, colour, amounts in (
        (-0.2, revenue_shares, draw.BLUE, [f"{draw.compact_text(float(r))} {currency}" for r in revenue]),
        (0.2, customer_shares, draw.ORANGE, [draw.count_text(float(c)) for c in count]),
    ):
        axes.barh(places + offset, shares, height=0.36, color=colour)
        for place, share, amount in zip(places, shares, amounts, strict=True):
            text = f"{draw.share_text(float(share))}  ·  {amount}"
            draw.label(axes, max(float(share), 0.0) + widest * 0.01, place + offset, text, va="center", fontsize=8.5)
    axes.set_yticks(list(places), [""] * len(names))
    axes.set_yticklabels(names, parse_math=False)
    axes.invert_yaxis()
    axes.set_xlim(min(0.0, float(revenue_shares.min())), widest * 1.18)
    axes.xaxis.set_major_formatter(draw.share_formatter())
    draw.plain_axes(axes, x_label="Share of all customers, and of all net revenue", grid="x")
    axes.legend(
        handles=axes.containers,
        labels=["Net revenue", "Customers"],
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0),
        ncols=2,
        frameon=False,
        fontsize=9,
        labelcolor=draw.INK,
    )
    return draw.png_bytes(figure)


def _segment_name(segment: str) -> str:
    words = segment.replace("_", " ").strip()
    return words[:1].upper() + words[1:40]
