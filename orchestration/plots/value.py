"""The plot of how predicted lifetime value is spread over the customers.

Must not predict; `ml.predictions` holds the values.
"""

import numpy as np
import polars as pl

from orchestration.plots import drawing as draw

_TITLE = "How concentrated the predicted lifetime value is"
_MARKS = (0.01, 0.05, 0.1, 0.2, 0.5)
_CURVE_POINTS = 400


def clv_concentration(predictions: pl.DataFrame, *, horizon_days: int, caption: str = "") -> bytes:
    """The share of all predicted value that the most valuable x% of customers hold.

    Args:
        predictions: One row per customer of one model run: `clv_amount` (negative values count as nothing),
            `currency_code`.
        horizon_days: How far ahead the value looks.
        caption: Whose numbers these are, and as of when.

    Returns:
        A PNG; "No data yet" when no customer is predicted any value.
    """
    amounts = predictions["clv_amount"].cast(pl.Float64).drop_nulls().drop_nans().to_numpy()
    amounts = np.sort(np.clip(amounts, 0.0, None))[::-1]
    total = float(amounts.sum())
    if not total > 0:
        return draw.no_data(_TITLE, caption, "No customer has a predicted value yet.")

    shares_of_value = np.concatenate(([0.0], np.cumsum(amounts) / total))
    shares_of_customers = np.linspace(0.0, 1.0, len(amounts) + 1)
    # Finer where the curve bends: a million customers need no million points.
    x = np.linspace(0.0, 1.0, _CURVE_POINTS) ** 2
    y = np.interp(x, shares_of_customers, shares_of_value)
    tenth, fifth = (float(np.interp(mark, shares_of_customers, shares_of_value)) for mark in (0.1, 0.2))
    currency = draw.currency_of(predictions)
    median = float(np.median(amounts))
    figure = draw.new_figure(
        _TITLE,
        f"The best tenth of {draw.count_text(len(amounts))} customers holds {draw.share_text(tenth)} of "
        f"{draw.compact_text(total)} {currency} expected in the next {horizon_days:,} days, the best fifth "
        f"{draw.share_text(fifth)}. Mean {total / len(amounts):,.2f} {currency} per customer, median {median:,.2f}.",
        caption,
    )
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], color=draw.MUTED, linewidth=1, linestyle=(0, (2, 2)))
    draw.label(axes, 0.62, 0.575, "All customers worth the same", color=draw.MUTED, fontsize=8.5, has_halo=True)
    axes.fill_between(x, y, x, color=draw.BLUE, alpha=0.08, linewidth=0)
    axes.plot(x, y, color=draw.BLUE, linewidth=2.2, clip_on=False)
    for mark in _MARKS:
        if mark * len(amounts) < 1:
            continue
        share = float(np.interp(mark, shares_of_customers, shares_of_value))
        axes.plot([mark], [share], marker="o", markersize=5, color=draw.BLUE)
        text = f"top {draw.share_text(mark).replace('.0%', '%')}: {draw.share_text(share)}"
        draw.label(axes, mark + 0.015, share - 0.012, text, va="top", fontweight="bold", has_halo=True)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.03)
    axes.xaxis.set_major_formatter(draw.share_formatter())
    axes.yaxis.set_major_formatter(draw.share_formatter())
    draw.plain_axes(
        axes,
        x_label="Share of customers, the most valuable first",
        y_label=f"Share of predicted value ({draw.count_text(horizon_days)} days)",
        grid="both",
    )
    return draw.png_bytes(figure)
