"""The plot of what a campaign brought: estimates of a difference with their intervals, against no difference at all."""

from collections.abc import Mapping

from activation.experiments.lift import Interval
from orchestration.plots import drawing as draw


def lift_intervals(intervals: Mapping[str, Interval], currency_code: str, *, caption: str = "") -> bytes:
    """Incremental revenue per customer, one line per way to estimate it.

    Args:
        intervals: By name, the one that counts first.
        currency_code: Of the amounts.
        caption: Whose numbers these are, and as of when.

    Returns:
        A PNG.
    """
    figure = draw.new_figure(
        "What the message brought per customer",
        "Revenue of customers in the message's arm less that of customers who were held out, with 95% intervals. "
        "An interval that reaches over the line may be chance.",
        caption,
        height=2.6,
    )
    axes = figure.add_subplot()
    axes.axvline(0, color=draw.INK, linewidth=1.2)
    for place, (colour, one) in enumerate(
        zip((draw.BLUE, draw.MUTED, draw.GREEN, draw.ORANGE), intervals.values(), strict=False)
    ):
        axes.plot([one.low, one.high], [-place, -place], color=colour, linewidth=3, solid_capstyle="round")
        axes.plot([one.estimate], [-place], marker="o", markersize=9, color=colour)
        axes.annotate(
            f"{one.estimate:,.2f}",
            (one.estimate, -place),
            xytext=(0, 9),
            textcoords="offset points",
            ha="center",
            fontsize=9.5,
            color=colour,
        )
    axes.set_yticks([-place for place in range(len(intervals))], list(intervals))
    axes.set_ylim(0.6 - len(intervals), 0.6)
    draw.plain_axes(axes, x_label=f"{currency_code} per customer", grid="x")
    return draw.png_bytes(figure)
