import io
import struct
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from orchestration import plots
from orchestration.plots import drawing

Plot = Callable[[pl.DataFrame], bytes]


def cohorts(count: int) -> pl.DataFrame:
    rows = []
    for cohort in range(count):
        month = date(2015 + cohort // 12, cohort % 12 + 1, 1)
        for period in range(count - cohort):
            rate = 1.0 if period == 0 else 0.3 / period
            amount = Decimal(20 + 5 * period + cohort % 7)
            rows.append((month, period, period < count - cohort - 1 or count == 1, rate, 100 + cohort, amount, "EUR"))
    return pl.DataFrame(
        rows,
        schema={
            "acquisition_month": pl.Date,
            "period_number": pl.Int32,
            "is_complete_period": pl.Boolean,
            "retention_rate": pl.Float64,
            "cohort_customer_count": pl.Int64,
            "cumulative_net_per_customer_amount": pl.Decimal(18, 4),
            "currency_code": pl.String,
        },
        orient="row",
    )


def scored_customers(count: int) -> pl.DataFrame:
    number = pl.int_range(count, eager=True)
    return pl.DataFrame(
        {
            "recency_score": number % 5 + 1,
            "frequency_score": number // 5 % 5 + 1,
            "net_amount": (number * 7 % 1000).cast(pl.Decimal(18, 4)),
            "rfm_segment": pl.Series([f"segment_{n % 11}" for n in range(count)], dtype=pl.String),
            "currency_code": pl.Series(["EUR"] * count, dtype=pl.String),
        }
    )


def staged_customers(count: int) -> pl.DataFrame:
    stages = ["new", "active", "loyal", "returned", "cooling", "at_risk", "lapsed"]
    return pl.DataFrame(
        {
            "lifecycle_stage": pl.Series([stages[n % 7] for n in range(count)], dtype=pl.String),
            "days_since_last_purchase": pl.Series([n % 900 for n in range(count)], dtype=pl.Int32),
        }
    )


def transitions(count: int) -> pl.DataFrame:
    names = ["champions", "loyal", "new", "at_risk", "lost", "none", *(f"segment_{n}" for n in range(20))]
    pairs = [(names[n % 5], names[(n * n + n // 5) % 6]) for n in range(min(count, 10))]
    pairs += [(names[n % 26], names[n // 26 % 26]) for n in range(10, count)]
    return pl.DataFrame(
        [(date(2024, 1, 1), *pair, 10 + 3 * number) for number, pair in enumerate(dict.fromkeys(pairs))],
        schema={
            "period_month": pl.Date,
            "from_segment": pl.String,
            "to_segment": pl.String,
            "customer_count": pl.Int64,
        },
        orient="row",
    )


def holdout_weeks(count: int) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "week_number": pl.Series(range(1, count + 1), dtype=pl.Int32),
            "week_end_date": pl.Series([date(1997, 10, 7) + timedelta(weeks=w) for w in range(count)], dtype=pl.Date),
            "actual_purchases": pl.Series([500.0 + w % 5 for w in range(count)], dtype=pl.Float64),
            "expected_purchases": pl.Series([480.0 - w for w in range(count)], dtype=pl.Float64),
        }
    )


def frequency_buckets(count: int) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "calibration_frequency": pl.Series(range(count), dtype=pl.Int32),
            "customer_count": pl.Series([1000 // (n + 1) for n in range(count)], dtype=pl.Int64),
            "actual_purchases": pl.Series([0.2 + 0.8 * n for n in range(count)], dtype=pl.Float64),
            "expected_purchases": pl.Series([0.25 + 0.75 * n for n in range(count)], dtype=pl.Float64),
        }
    )


def predicted_values(count: int) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "clv_amount": pl.Series([Decimal(n * n % 997 + 1) for n in range(count)], dtype=pl.Decimal(18, 4)),
            "currency_code": pl.Series(["EUR"] * count, dtype=pl.String),
        }
    )


def clv_concentration(frame: pl.DataFrame, caption: str = "") -> bytes:
    return plots.clv_concentration(frame, horizon_days=365, caption=caption)


FRAME_PLOTS = [
    pytest.param(plots.cohort_retention_heat_map, cohorts, id="cohort_retention_heat_map"),
    pytest.param(plots.cohort_revenue_curves, cohorts, id="cohort_revenue_curves"),
    pytest.param(plots.rfm_grid, scored_customers, id="rfm_grid"),
    pytest.param(plots.rfm_segment_bars, scored_customers, id="rfm_segment_bars"),
    pytest.param(plots.lifecycle_stage_bars, staged_customers, id="lifecycle_stage_bars"),
    pytest.param(plots.rfm_sankey, transitions, id="rfm_sankey"),
    pytest.param(plots.holdout_forecast, holdout_weeks, id="holdout_forecast"),
    pytest.param(plots.calibration_by_frequency, frequency_buckets, id="calibration_by_frequency"),
    pytest.param(clv_concentration, predicted_values, id="clv_concentration"),
]
HUGE = {
    cohorts: 100,
    scored_customers: 100_000,
    staged_customers: 100_000,
    transitions: 600,
    holdout_weeks: 260,
    frequency_buckets: 8,
    predicted_values: 200_000,
}
MATRICES = [
    pytest.param(
        lambda x, t_x, values: plots.probability_alive_matrix(x, t_x, values, age_days=500.0), id="probability_alive"
    ),
    pytest.param(
        lambda x, t_x, values: plots.expected_purchases_matrix(x, t_x, values, age_days=500.0, horizon_days=365),
        id="expected_purchases",
    ),
]


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


def chunk_names(png: bytes) -> set[bytes]:
    names, position = set(), 8
    while position < len(png):
        (length,) = struct.unpack(">I", png[position : position + 4])
        names.add(png[position + 4 : position + 8])
        position += 12 + length
    return names


@pytest.mark.parametrize(("plot", "rows"), FRAME_PLOTS)
class TestEveryFramePlot:
    @pytest.mark.parametrize("size", ["none", "one", "typical", "huge"])
    def test_is_a_small_png_on_white_whatever_the_number_of_rows(
        self, plot: Plot, rows: Callable[[int], pl.DataFrame], size: str
    ) -> None:
        png = plot(rows({"none": 0, "one": 1, "typical": 8, "huge": HUGE[rows]}[size]))
        assert len(png) < 80_000
        image = pixels(png)
        assert image.shape[1] == 940
        corners = image[[0, 0, -1, -1], [0, -1, 0, -1]]
        assert (corners == 255).all()
        assert (image < 128).any()

    def test_repeats_byte_for_byte_and_carries_no_date(self, plot: Plot, rows: Callable[[int], pl.DataFrame]) -> None:
        png = plot(rows(8))
        assert png == plot(rows(8))
        assert chunk_names(png) == {b"IHDR", b"PLTE", b"IDAT", b"IEND"}

    def test_does_not_depend_on_the_order_of_rows(self, plot: Plot, rows: Callable[[int], pl.DataFrame]) -> None:
        assert plot(rows(8)) == plot(rows(8).reverse())

    def test_shows_the_numbers_and_not_a_fixed_picture(self, plot: Plot, rows: Callable[[int], pl.DataFrame]) -> None:
        assert len({plot(rows(count)) for count in (0, 1, 6, 8)}) >= 3

    def test_takes_a_caption_as_plain_text(self, plot: Plot, rows: Callable[[int], pl.DataFrame]) -> None:
        # A pair of dollar signs would start a formula, and the font has no glyph for the name.
        captioned = plot(rows(8), caption="A$AP {x}_$5 " + "雪" + " long" * 60)  # type: ignore[call-arg]  # each has it
        assert captioned != plot(rows(8))


@pytest.mark.parametrize("plot", MATRICES)
class TestEveryMatrix:
    def test_draws_any_shape(self, plot: Callable[..., bytes]) -> None:
        for columns, rows in ((31, 61), (1, 1), (1, 5), (5, 1), (2, 2), (300, 300)):
            values = np.outer(np.linspace(0, 1, rows), np.linspace(0, 1, columns))
            png = plot(np.arange(columns, dtype=float), np.linspace(0, 500, rows), values)
            assert len(png) < 80_000
            assert (pixels(png)[0, 0] == 255).all()

    def test_leaves_impossible_cells_blank(self, plot: Callable[..., bytes]) -> None:
        x, t_x = np.arange(6.0), np.linspace(0, 500, 11)
        values = np.full((11, 6), 0.8)
        full = pixels(plot(x, t_x, values))
        values[:, 3:] = np.nan
        half = pixels(plot(x, t_x, values))
        white = [(image == 255).all(axis=2).mean() for image in (full, half)]
        assert white[1] > white[0] + 0.2

    def test_says_so_when_there_is_nothing_to_draw(self, plot: Callable[..., bytes]) -> None:
        empty = plot(np.array([]), np.array([]), np.empty((0, 0)))
        undefined = plot(np.arange(3.0), np.arange(3.0), np.full((3, 3), np.nan))
        assert empty == undefined

    def test_refuses_a_grid_that_does_not_fit_its_axes(self, plot: Callable[..., bytes]) -> None:
        with pytest.raises(ValueError, match=r"shape \(3, 4\), not \(4, 3\)"):
            plot(np.arange(3.0), np.arange(4.0), np.ones((3, 4)))


def test_a_month_that_is_not_over_is_not_shown() -> None:
    frame = cohorts(6)
    only_complete = frame.filter("is_complete_period")
    assert only_complete.height < frame.height
    assert plots.cohort_retention_heat_map(frame) == plots.cohort_retention_heat_map(only_complete)
    assert plots.cohort_revenue_curves(frame) == plots.cohort_revenue_curves(only_complete)


def test_missing_and_undefined_values_are_left_out() -> None:
    weeks = holdout_weeks(8)
    broken = pl.concat([weeks, weeks.tail(1).with_columns(week_number=pl.lit(9, pl.Int32), actual_purchases=None)])
    assert plots.holdout_forecast(broken) == plots.holdout_forecast(weeks)
    values = predicted_values(50)
    assert clv_concentration(values) == clv_concentration(pl.concat([values, values.clear(1)]))


def test_only_the_newest_month_of_moves_is_drawn() -> None:
    newest = transitions(8)
    older = newest.with_columns(period_month=date(2023, 12, 1), customer_count=pl.lit(999, pl.Int64))
    assert plots.rfm_sankey(pl.concat([older, newest])) == plots.rfm_sankey(newest)
    assert plots.rfm_sankey(older) != plots.rfm_sankey(newest)


def test_amounts_below_zero_are_drawn() -> None:
    losing = scored_customers(40).with_columns(net_amount=-pl.col("net_amount"))
    assert plots.rfm_segment_bars(losing) != plots.rfm_segment_bars(scored_customers(40))
    assert plots.rfm_grid(losing) != plots.rfm_grid(scored_customers(40))
    refunded = cohorts(8).with_columns(cumulative_net_per_customer_amount=-pl.col("cumulative_net_per_customer_amount"))
    assert plots.cohort_revenue_curves(refunded) != plots.cohort_revenue_curves(cohorts(8))


@given(st.lists(st.floats(-1e6, 1e6), max_size=40), st.floats(0.001, 1e4))
def test_labels_keep_their_distance_and_their_order(positions: list[float], gap: float) -> None:
    spread = drawing.spread_apart(positions, gap)
    order = sorted(range(len(positions)), key=lambda index: positions[index])
    for lower, upper in pairwise(order):
        assert spread[upper] - spread[lower] >= gap * 0.999 - 1e-6
    if positions:
        assert sum(spread) == pytest.approx(sum(positions), abs=1e-3)


def test_labels_that_do_not_collide_stay() -> None:
    assert drawing.spread_apart([5.0, 1.0, 3.0], 1.0) == [5.0, 1.0, 3.0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (drawing.compact_text(1_234_567), "1.2M"),
        (drawing.compact_text(12_345), "12.3k"),
        (drawing.compact_text(9_999), "9,999"),
        (drawing.compact_text(-250_000), "-250k"),
        (drawing.compact_text(2.5), "2.5"),
        (drawing.count_text(23570), "23,570"),
        (drawing.share_text(0.0812), "8.1%"),
        (drawing.share_text(0.4567), "46%"),
        (drawing.share_text(0), "0%"),
        (drawing.day_text(date(1998, 6, 30)), "30 Jun 1998"),
    ],
)
def test_numbers_read_as_people_write_them(text: str, expected: str) -> None:
    assert text == expected


def test_cell_text_is_readable_on_every_shade() -> None:
    def luminance(colour: tuple[float, ...]) -> float:
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour[:3]]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    ink = tuple(int(drawing.INK[i : i + 2], 16) / 255 for i in (1, 3, 5))
    for shade in np.linspace(0, 1, 101):
        text = (1.0, 1.0, 1.0) if drawing.text_colour_on(float(shade)) == "white" else ink
        pair = sorted((luminance(text), luminance(drawing.sequential_colours()(float(shade)))))
        assert (pair[1] + 0.05) / (pair[0] + 0.05) > 3.5
