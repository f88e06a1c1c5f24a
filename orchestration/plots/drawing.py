"""What every plot shares: the canvas with its headings, the palette, the number formats and the PNG itself.

Sizes, colours and fonts are set here and nowhere read from matplotlib's configuration files, so that a plot looks the
same on every machine. Must not know what a plot is about.
"""

import io
import math
import textwrap
import warnings
from collections.abc import Sequence
from datetime import date

import numpy as np
import polars as pl
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator
from numpy.typing import NDArray
from PIL import Image

INK = "#1f2933"
MUTED = "#5f6b7a"
FAINT = "#d9dee5"
# Okabe and Ito's palette, told apart under every common colour blindness.
BLUE = "#0072b2"
VERMILION = "#d55e00"
GREEN = "#009e73"
ORANGE = "#e69f00"

_WIDTH_INCHES = 9.6
_HEIGHT_INCHES = 5.4
_DPI = 98  # Dagster shows a picture in a dialog of four fifths of the window: this fits a laptop whole
_FONT = "DejaVu Sans"


def sequential_colours() -> Colormap:
    """One hue from nearly white to dark: its order is read from lightness alone."""
    return LinearSegmentedColormap.from_list("perennial_blue", ["#f1f6fb", "#a9cce3", "#3d8cc0", "#0b3c66"])


def new_figure(title: str, subtitle: str = "", caption: str = "", *, height: float = _HEIGHT_INCHES) -> Figure:
    """An empty white figure with its headings set.

    Args:
        title: What the plot is about, in one line.
        subtitle: What to take from it, in a sentence or two.
        caption: Whose numbers these are, and as of when; stands above the title.
        height: In inches; the width is always the same.

    Returns:
        A figure whose layout keeps clear of the headings. Not registered anywhere: it is freed with its last reference.
    """
    figure = Figure(figsize=(_WIDTH_INCHES, height), dpi=_DPI, facecolor="white", layout="constrained")
    FigureCanvasAgg(figure)
    lines = textwrap.wrap(subtitle, 134)[:2]
    top = height - 0.14
    if caption:
        _heading(figure, textwrap.shorten(caption, 110, placeholder="…"), top, height, size=8.5, colour=MUTED)
        top -= 0.2
    _heading(figure, title, top, height, size=14, colour=INK, weight="bold")
    top -= 0.32
    for line in lines:
        _heading(figure, line, top, height, size=9.5, colour=MUTED)
        top -= 0.19
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.set(rect=(0.005, 0.005, 0.985, (top - 0.08) / height), h_pad=0.06, w_pad=0.08)  # type: ignore[call-arg]  # the constrained engine's own options
    return figure


def _heading(
    figure: Figure, text: str, inches: float, height: float, *, size: float, colour: str, weight: str = "normal"
) -> None:
    figure.text(
        0.012,
        inches / height,
        text,
        fontsize=size,
        color=colour,
        fontweight=weight,
        fontfamily=_FONT,
        va="top",
        ha="left",
        parse_math=False,
    )


def no_data(
    title: str, caption: str = "", reason: str = "There is nothing to show until orders have been loaded."
) -> bytes:
    """The plot's title over the words "No data yet" and why: what a plot is when it would be empty."""
    figure = new_figure(title, "", caption, height=3.0)
    axes = figure.add_subplot()
    axes.set_axis_off()
    axes.text(0.5, 0.6, "No data yet", ha="center", va="center", fontsize=16, color=MUTED, fontfamily=_FONT)
    axes.text(0.5, 0.4, reason, ha="center", va="center", fontsize=9.5, color=MUTED, fontfamily=_FONT, parse_math=False)
    return png_bytes(figure)


def png_bytes(figure: Figure) -> bytes:
    """The figure as a PNG of at most 256 colours, without a date or a version in it."""
    canvas = figure.canvas
    if not isinstance(canvas, FigureCanvasAgg):
        canvas = FigureCanvasAgg(figure)
    with warnings.catch_warnings():
        # A name in a script that the font lacks shows as boxes; that is no reason to lose the plot.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        canvas.draw()  # type: ignore[no-untyped-call]  # matplotlib leaves it untyped
    pixels = Image.fromarray(np.asarray(canvas.buffer_rgba())[:, :, :3])  # type: ignore[no-untyped-call]  # as above
    # A third of the size: text and flat areas need few colours, and Dagster stores the plot in its event log. Maximum
    # coverage keeps the white white; the faster octree tints it.
    reduced = pixels.quantize(colors=256, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    output = io.BytesIO()
    reduced.save(output, format="PNG", optimize=True)
    return output.getvalue()


def plain_axes(axes: Axes, *, x_label: str = "", y_label: str = "", grid: str = "y") -> None:
    """Give axes their labels, a faint grid behind the data and no frame."""
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(FAINT)
    axes.tick_params(length=0, labelsize=9, labelcolor=INK, labelfontfamily=_FONT)
    axes.set_xlabel(x_label, fontsize=9.5, color=MUTED, fontfamily=_FONT, labelpad=6)
    axes.set_ylabel(y_label, fontsize=9.5, color=MUTED, fontfamily=_FONT, labelpad=6)
    axes.set_axisbelow(True)
    if grid in {"x", "y", "both"}:
        axes.grid(visible=True, axis=grid, color=FAINT, linewidth=0.7)  # type: ignore[arg-type]  # checked just above


def bare_axes(axes: Axes, *, x_label: str = "", y_label: str = "") -> None:
    """Axes of a grid of cells: labels, no lines at all."""
    plain_axes(axes, x_label=x_label, y_label=y_label, grid="none")
    axes.spines["bottom"].set_visible(False)


def label(axes: Axes, x: float, y: float, text: str, *, has_halo: bool = False, **style: object) -> None:
    """Write text at a data point, dollar signs and the like as they are; a halo keeps off the lines behind it."""
    options: dict[str, object] = {"fontsize": 9, "color": INK, "fontfamily": _FONT, "parse_math": False} | style
    if has_halo:
        options["path_effects"] = [patheffects.withStroke(linewidth=2.5, foreground="white", alpha=0.85)]
    axes.text(x, y, text, **options)  # type: ignore[arg-type]  # options are matplotlib's text properties


def count_text(value: float) -> str:
    """A whole number with thousands separators."""
    return f"{value:,.0f}"


def compact_text(value: float) -> str:
    """A number in at most about five characters: 950, 12.3k, 4.1M."""
    for limit, divisor, suffix in ((1e9, 1e9, "bn"), (1e6, 1e6, "M"), (1e4, 1e3, "k")):
        if abs(value) >= limit:
            scaled = value / divisor
            return f"{scaled:,.0f}{suffix}" if abs(scaled) >= 100 else f"{scaled:,.1f}{suffix}"
    return f"{value:,.0f}" if abs(value) >= 10 or value == int(value) else f"{value:,.1f}"


def share_text(value: float) -> str:
    """A share of 0..1 as a percentage, with one decimal place below ten per cent."""
    percent = value * 100
    return f"{percent:.1f}%" if 0 < abs(percent) < 9.95 else f"{percent:.0f}%"


def month_text(month: date) -> str:
    """A month such as `Jan 1997`, in English whatever the machine's locale."""
    names = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    return f"{names[month.month - 1]} {month.year}"


def day_text(day: date) -> str:
    """A day such as `30 Jun 1998`."""
    return f"{day.day} {month_text(day)}"


def count_formatter() -> FuncFormatter:
    """Tick labels with thousands separators; places after the point only where the ticks are that close."""
    return FuncFormatter(lambda value, _: f"{value:,.10g}")


def share_formatter() -> FuncFormatter:
    """Tick labels that read a share of 0..1 as a percentage."""
    return FuncFormatter(lambda value, _: f"{value * 100:.10g}%")


def text_colour_on(shade: float) -> str:
    """Dark or white, whichever contrasts more with a cell of the sequential colours at `shade` (0 light, 1 dark)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in sequential_colours()(shade)[:3]]
    # Relative luminance of WCAG 2; INK's own is 0.022, and the two contrasts are equal at 0.225.
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return INK if luminance > 0.225 else "white"


def colour_bar(figure: Figure, mesh: ScalarMappable, axes: Axes, name: str, formatter: FuncFormatter) -> None:
    """Put the key to a map's colours at its right, with a few round ticks."""
    bar = figure.colorbar(mesh, ax=axes, format=formatter, ticks=MaxNLocator(5), fraction=0.03, pad=0.015, aspect=22)
    bar.outline.set_visible(False)
    bar.ax.tick_params(length=0, labelsize=8.5, labelcolor=INK)
    bar.set_label(name, fontsize=9, color=MUTED)


def spread_apart(positions: Sequence[float], gap: float) -> list[float]:
    """The positions moved as little as needed to lie at least `gap` apart, in the order given.

    Blocks of labels that collide are set side by side around their common middle (pool-adjacent-violators).
    """
    order = sorted(range(len(positions)), key=lambda index: positions[index])
    blocks: list[tuple[float, int]] = []  # the middle of a block, and how many labels it holds
    for index in order:
        middle, size = positions[index], 1
        while blocks and middle - blocks[-1][0] < gap * (size + blocks[-1][1]) / 2:
            other_middle, other_size = blocks.pop()
            middle = (middle * size + other_middle * other_size) / (size + other_size)
            size += other_size
        blocks.append((middle, size))
    spread = [0.0] * len(positions)
    remaining = iter(order)
    for middle, size in blocks:
        for place in range(size):
            spread[next(remaining)] = middle + (place - (size - 1) / 2) * gap
    return spread


def currency_of(frame: pl.DataFrame) -> str:
    """The currency code that the frame's amounts are in; a merchant has one."""
    codes = frame["currency_code"].cast(pl.String).drop_nulls()
    return "" if codes.is_empty() else str(codes[0])


def tick_step(count: int, at_most: int) -> int:
    """Every how many positions to put a tick, so that no more than `at_most` are shown."""
    if count <= at_most:
        return 1
    return next(step for step in (2, 3, 6, 12, 24, 60, 120, 10**9) if math.ceil(count / step) <= at_most)


def has_numbers(values: NDArray[np.float64]) -> bool:
    """Whether anything in the array is a finite number."""
    return bool(np.isfinite(values).any())
