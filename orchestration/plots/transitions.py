"""A Sankey plot of a month: from which segment to which the customers moved, and how many stayed.

Must not count anybody; `marts.rfm_transitions` does.
"""

from collections.abc import Mapping

import polars as pl
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

from orchestration.plots import drawing as draw

_TITLE = "Where customers moved between segments"
# From the best to the worst, with who is no customer at the end; another name stands before that.
_ORDER = (
    "champions", "loyal", "potential_loyalist", "new", "promising", "need_attention", "about_to_sleep", "at_risk",
    "cannot_lose", "hibernating", "lost",
)  # fmt: skip
_GOOD = frozenset(_ORDER[:5])
_MIDDLING = frozenset(_ORDER[5:7])
_NODE = 0.018
_LEFT, _RIGHT = 0.0, 1.0
_GAP = 0.018
# More bands than these are a felt that nobody can follow.
_MOST_BANDS = 50

Spans = dict[str, tuple[float, float]]


def rfm_sankey(transitions: pl.DataFrame, *, caption: str = "") -> bytes:
    """The newest month's moves as bands from the segments it began with to those it ended with.

    Args:
        transitions: Rows of `marts.rfm_transitions` of one merchant: `period_month`, `from_segment`, `to_segment`,
            `customer_count`.
        caption: Whose numbers these are, and as of when.

    Returns:
        A PNG whose bands are as thick as the customers are many; "No data yet" when no month was recorded.
    """
    known = transitions.filter(pl.col("customer_count") > 0)
    if known.is_empty():
        return draw.no_data(_TITLE, caption, "There is nothing to show until a night has recorded its segments.")
    month = known["period_month"].max()
    pairs = {
        (str(origin), str(goal)): int(count)
        for origin, goal, count in known.filter(pl.col("period_month") == month)
        .select("from_segment", "to_segment", "customer_count")
        .rows()
    }
    total = sum(pairs.values())
    moved = sum(count for (origin, goal), count in pairs.items() if origin != goal)
    noun = "customer" if total == 1 else "customers"
    drawn = set(sorted(pairs, key=lambda pair: (-pairs[pair], pair))[:_MOST_BANDS])
    rest = "" if len(drawn) == len(pairs) else f" The {len(pairs) - len(drawn)} smallest moves are not drawn."
    figure = draw.new_figure(
        _TITLE,
        f"{draw.month_text(month)}, as far as it has gone: {draw.count_text(moved)} of {draw.count_text(total)} {noun} "  # type: ignore[arg-type]  # the column is of dates
        f"ended it elsewhere than they began it.{rest}",
        caption,
        height=6.2,
    )
    axes = figure.add_subplot()
    axes.set_axis_off()
    axes.set_xlim(-0.34, 1.34)
    axes.set_ylim(-0.02, 1.07)
    sides = [_totals(pairs, side) for side in (0, 1)]
    gaps = max(len(side) for side in sides) - 1
    scale = (1 - gaps * _GAP) / total
    spans = [_spans(side, scale) for side in sides]
    for side, x, heading, align in ((0, _LEFT, "began it as", "right"), (1, _RIGHT, "ended it as", "left")):
        outside = x - _NODE * 1.6 if side == 0 else x + _NODE * 1.6
        draw.label(axes, outside, 1.04, heading, ha=align, va="center", fontsize=9.5, color=draw.MUTED)
        _nodes(axes, sides[side], spans[side], x, outside, align, total)
    left = {name: top for name, (_, top) in spans[0].items()}
    right = {name: top for name, (_, top) in spans[1].items()}
    # Both ends of a band are taken from the top of their segment down, in the order of the other end.
    for origin in spans[0]:
        for goal in spans[1]:
            if thickness := pairs.get((origin, goal), 0) * scale:
                if (origin, goal) in drawn:
                    _band(axes, left[origin], right[goal], thickness, _colour(goal), is_stay=origin == goal)
                left[origin] -= thickness
                right[goal] -= thickness
    return draw.png_bytes(figure)


def _totals(pairs: Mapping[tuple[str, str], int], side: int) -> dict[str, int]:
    """Customers per segment of one side, the best segment first."""
    found: dict[str, int] = {}
    for pair, count in pairs.items():
        found[pair[side]] = found.get(pair[side], 0) + count
    rank = {name: place for place, name in enumerate(_ORDER)}
    ordered = sorted(found, key=lambda name: (name == "none", rank.get(name, len(rank)), name))
    return {name: found[name] for name in ordered}


def _spans(totals: Mapping[str, int], scale: float) -> Spans:
    """Each segment's lower and upper end, from the top down, the whole side centred."""
    height = sum(totals.values()) * scale + (len(totals) - 1) * _GAP
    top, spans = 0.5 + height / 2, {}
    for name, count in totals.items():
        spans[name] = (top - count * scale, top)
        top -= count * scale + _GAP
    return spans


def _nodes(
    axes: Axes, totals: Mapping[str, int], spans: Spans, x: float, outside: float, align: str, total: int
) -> None:
    middles = [(low + high) / 2 for low, high in spans.values()]
    for (name, count), place, (low, high) in zip(
        totals.items(), draw.spread_apart(middles, 0.047), spans.values(), strict=True
    ):
        axes.add_patch(Rectangle((x - _NODE / 2, low), _NODE, high - low, color=_colour(name), linewidth=0))
        words = {"none": "no customer"}.get(name, name.replace("_", " ")[:40]).capitalize()
        text = f"{words}  {draw.count_text(count)}  ·  {draw.share_text(count / total)}"
        draw.label(axes, outside, place, text, ha=align, va="center", fontsize=8.5)


def _band(axes: Axes, left: float, right: float, thickness: float, colour: str, *, is_stay: bool) -> None:
    """A band whose two edges are level where they meet the segments."""
    start, end, middle = _LEFT + _NODE / 2, _RIGHT - _NODE / 2, (_LEFT + _RIGHT) / 2
    points = [
        (start, left), (middle, left), (middle, right), (end, right),
        (end, right - thickness), (middle, right - thickness), (middle, left - thickness), (start, left - thickness),
        (start, left),
    ]  # fmt: skip
    codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
    shade = draw.FAINT if is_stay else colour
    axes.add_patch(PathPatch(Path(points, codes), facecolor=shade, alpha=0.75 if is_stay else 0.55, linewidth=0))


def _colour(segment: str) -> str:
    if segment in _GOOD:
        return draw.BLUE
    if segment in _MIDDLING:
        return draw.ORANGE
    return draw.MUTED if segment == "none" else draw.VERMILION
