"""A plot of a merchant's buyers by lifecycle stage: how many there are, and how long they have been silent.

Must not place anybody; `marts.customer_lifecycle` does.
"""

import numpy as np
import polars as pl

from orchestration.plots import drawing as draw

_TITLE = "Customers by lifecycle stage"
_COLOURS = {
    "new": draw.BLUE,
    "active": draw.BLUE,
    "loyal": draw.BLUE,
    "returned": draw.GREEN,
    "cooling": draw.ORANGE,
    "at_risk": draw.VERMILION,
    "lapsed": draw.MUTED,
}
_BUYING = ("new", "active", "loyal", "returned")


def lifecycle_stage_bars(customers: pl.DataFrame, *, caption: str = "") -> bytes:
    """A bar per stage, from the first purchase to the lapse: its share of the customers.

    Args:
        customers: Rows of `marts.customer_lifecycle` of one merchant: `lifecycle_stage`, `days_since_last_purchase`.
        caption: Whose numbers these are, and as of when.

    Returns:
        A PNG with every stage, also those without anybody; "No data yet" when nobody has a stage.
    """
    stages = (
        customers.select(pl.col("lifecycle_stage").cast(pl.String), pl.col("days_since_last_purchase").cast(pl.Int64))
        .filter(pl.col("lifecycle_stage").is_in(list(_COLOURS)))
        .group_by("lifecycle_stage")
        .agg(
            pl.len().alias("customer_count"),
            pl.col("days_since_last_purchase").min().alias("least_days"),
            pl.col("days_since_last_purchase").max().alias("most_days"),
        )
    )
    if stages.is_empty():
        return draw.no_data(_TITLE, caption)

    found = {stage: (count, least, most) for stage, count, least, most in stages.iter_rows()}
    total = sum(count for count, _, _ in found.values())
    shares = [found[stage][0] / total if stage in found else 0.0 for stage in _COLOURS]
    buying = sum(found[stage][0] for stage in _BUYING if stage in found) / total
    noun = "customer" if total == 1 else "customers"
    figure = draw.new_figure(
        _TITLE,
        f"{draw.count_text(total)} {noun}; {draw.share_text(buying)} bought within the time in which half of this "
        "merchant's repeat purchases come.",
        caption,
        height=4.6,
    )
    axes = figure.add_subplot()
    places, widest = np.arange(len(_COLOURS)), max(shares)
    axes.barh(places, shares, height=0.62, color=list(_COLOURS.values()))
    for place, (stage, share) in enumerate(zip(_COLOURS, shares, strict=True)):
        text = draw.share_text(share)
        if stage in found:
            count, least, most = found[stage]
            days = draw.count_text(least) if least == most else f"{draw.count_text(least)} to {draw.count_text(most)}"
            text += f"  ·  {draw.count_text(count)}  ·  silent for {days} {'day' if most == 1 else 'days'}"
        draw.label(axes, share + widest * 0.01, place, text, va="center", fontsize=8.5)
    axes.set_yticks(list(places), [stage.replace("_", " ").capitalize() for stage in _COLOURS])
    axes.invert_yaxis()
    axes.set_xlim(0, widest * 1.5)
    axes.xaxis.set_major_formatter(draw.share_formatter())
    draw.plain_axes(axes, x_label="Share of all customers with a purchase", grid="x")
    return draw.png_bytes(figure)
