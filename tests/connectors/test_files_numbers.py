"""Numbers: exact whatever the notation, and refused with words where they could mean two things."""

from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sources.files.numbers import NumberFormat


def grouped(number: Decimal, decimal: str, thousands: str | None) -> str:
    text = f"{number:,f}" if thousands else f"{number:f}"
    return text.translate({ord(","): thousands or "", ord("."): decimal})


@given(
    numbers=st.lists(st.decimals(-(10**14) + 1, 10**14 - 1, places=4, allow_nan=False), min_size=1, max_size=20),
    places=st.integers(0, 4),
    separators=st.sampled_from(
        [(".", None), (",", None), (".", ","), (",", "."), (",", " "), (".", "'"), (",", "\u202f")]
    ),
)
def test_any_amount_comes_back_exactly(numbers: list[Decimal], places: int, separators: tuple[str, str | None]) -> None:
    decimal, thousands = separators
    exact = [number.quantize(Decimal(1).scaleb(-places), rounding="ROUND_DOWN") for number in numbers]
    declared = " " if thousands == "\u202f" else thousands
    texts = pl.Series([grouped(number, decimal, thousands) for number in exact])
    values, reasons = NumberFormat(decimal, declared).amounts(texts)
    assert reasons == {}
    assert values.to_list() == exact


@pytest.mark.parametrize(
    ("text", "expected"),
    [("+5", "5"), (".5", "0.5"), ("5.", "5"), ("\u22125.00", "-5"), ("1.500000", "1.5"), ("007", "7"), ("- 3", "-3")],
)
def test_unusual_but_clear_numbers_are_read(text: str, expected: str) -> None:
    values, reasons = NumberFormat().amounts(pl.Series([text]))
    assert (values.to_list(), reasons) == ([Decimal(expected)], {})


@pytest.mark.parametrize(
    "text",
    ["1,50", "1,234.50", "$5", "5 EUR", "(5)", "--5", "", "-", ".", "1.2.3", "٣", "Infinity", "0x10", "1_000", "1e3"],
)
def test_what_could_mean_something_else_is_refused(text: str) -> None:
    values, reasons = NumberFormat().amounts(pl.Series([text]))
    assert values.to_list() == [None]
    assert list(reasons) == [0]


@pytest.mark.parametrize("text", ["1.23,45", "1.2345", "12.50", "1234.567,00", ".123", "1..234"])
def test_groups_of_digits_must_be_groups_of_three(text: str) -> None:
    values, reasons = NumberFormat(",", ".").amounts(pl.Series([text]))
    assert (values.to_list(), list(reasons)) == ([None], [0])


def test_quantities_are_whole() -> None:
    values, reasons = NumberFormat(",", ".").quantities(pl.Series(["3", "1.000", "2,0", "2,5", None, "-1", "1e2"]))
    assert values.to_list() == [3, 1000, 2, None, None, -1, None]
    assert sorted(reasons) == [3, 6]
