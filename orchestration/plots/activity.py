"""Plots of what the purchase model believes of a customer, by how often and how recently they purchased.

Must not evaluate the model: the grids come in as arrays.
"""

import numpy as np
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from orchestration.plots import drawing as draw

Grid = NDArray[np.float64]

_SHARE_LEVELS = (0.1, 0.25, 0.5, 0.75, 0.9)


def probability_alive_matrix(
    frequencies: Grid, recencies_days: Grid, probabilities: Grid, *, age_days: float, caption: str = ""
) -> bytes:
    """A map of P(alive) over repeat purchases and the day of the last one, for customers of one age.

    Args:
        frequencies: Repeat purchase days, ascending; shape (n,).
        recencies_days: Days from the first purchase to the last, ascending; shape (m,).
        probabilities: P(alive), 0..1, at each recency (row) and frequency (column); shape (m, n). NaN leaves a cell
            blank.
        age_days: Days since the first purchase, the same for the whole map.
        caption: Whose numbers these are, and as of when.

    Returns:
        A PNG; "No data yet" when the grid is empty.

    Raises:
        ValueError: The shapes do not fit together.
    """
    return _matrix(
        "Who is still a customer: P(alive) by frequency and recency",
        f"For customers whose first purchase was {draw.count_text(age_days)} days ago. The more often "
        "someone purchased, the more a long silence says.",
        value_name="P(alive)",
        frequencies=frequencies,
        recencies_days=recencies_days,
        values=probabilities,
        caption=caption,
        is_share=True,
    )


def expected_purchases_matrix(
    frequencies: Grid,
    recencies_days: Grid,
    purchases: Grid,
    *,
    age_days: float,
    horizon_days: int,
    caption: str = "",
) -> bytes:
    """A map of expected purchases over the horizon, by repeat purchases and the day of the last one.

    Args:
        frequencies: Repeat purchase days, ascending; shape (n,).
        recencies_days: Days from the first purchase to the last, ascending; shape (m,).
        purchases: Expected purchase days within the horizon at each recency (row) and frequency (column); shape
            (m, n). NaN leaves a cell blank.
        age_days: Days since the first purchase, the same for the whole map.
        horizon_days: How far ahead the expectation looks.
        caption: Whose numbers these are, and as of when.

    Returns:
        A PNG; "No data yet" when the grid is empty.

    Raises:
        ValueError: The shapes do not fit together.
    """
    return _matrix(
        f"Expected purchases in the next {horizon_days:,} days, by frequency and recency",
        f"For customers whose first purchase was {draw.count_text(age_days)} days ago.",
        value_name="Expected purchases",
        frequencies=frequencies,
        recencies_days=recencies_days,
        values=purchases,
        caption=caption,
        is_share=False,
    )


def _matrix(
    title: str,
    subtitle: str,
    *,
    value_name: str,
    frequencies: Grid,
    recencies_days: Grid,
    values: Grid,
    caption: str,
    is_share: bool,
) -> bytes:
    if values.shape != (len(recencies_days), len(frequencies)):
        message = f"values have shape {values.shape}, not {(len(recencies_days), len(frequencies))}"
        raise ValueError(message)
    if values.size == 0 or not draw.has_numbers(values):
        return draw.no_data(title, caption, "There is nothing to show until a model has been fitted.")
    highest = 1.0 if is_share else float(np.nanmax(values)) or 1.0
    formatter = draw.share_formatter() if is_share else draw.count_formatter()
    figure = draw.new_figure(title, subtitle, caption)
    axes = figure.add_subplot()
    masked = np.ma.masked_invalid(values)
    mesh = axes.pcolormesh(
        _edges(frequencies), _edges(recencies_days), masked, cmap=draw.sequential_colours(), vmin=0, vmax=highest
    )
    # One-time buyers have one recency only, so that no line can lead through them.
    repeated = frequencies > 0
    lowest, top = (
        float(edge(values[:, repeated], initial=start)) for edge, start in ((np.nanmin, highest), (np.nanmax, 0))
    )
    levels = _SHARE_LEVELS if is_share else MaxNLocator(5).tick_values(0, highest)
    shown = [float(level) for level in levels if lowest < level < top]
    if shown and min(len(recencies_days), int(repeated.sum())) >= 2:
        lines = axes.contour(
            frequencies[repeated],
            recencies_days,
            masked[:, repeated],
            levels=shown,
            colors=[draw.text_colour_on(level / highest) for level in shown],
            linewidths=0.9,
        )
        axes.clabel(lines, fontsize=8.5, fmt=draw.share_text if is_share else draw.compact_text)
    draw.colour_bar(figure, mesh, axes, value_name, formatter)
    axes.xaxis.set_major_formatter(draw.count_formatter())
    axes.yaxis.set_major_formatter(draw.count_formatter())
    draw.bare_axes(
        axes,
        x_label="Frequency: repeat purchase days",
        y_label="Recency: days from first to last purchase",
    )
    return draw.png_bytes(figure)


def _edges(centres: Grid) -> Grid:
    """The borders between cells around these centres, so that a cell lies on its own number."""
    if len(centres) == 1:
        return np.array([centres[0] - 0.5, centres[0] + 0.5])
    middles = (centres[1:] + centres[:-1]) / 2
    first, last = centres[0] - (middles[0] - centres[0]), centres[-1] + (centres[-1] - middles[-1])
    return np.concatenate(([first], middles, [last]))
