import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.histories import distinct_text
from ml.histories.distinct_text import in_order, places, run_begins


def assert_right(values: list[str]) -> None:
    names, place = places(pl.Series("id", values, dtype=pl.String))
    assert names.to_list() == sorted(set(values), key=str.encode)
    assert names.name == "id"
    assert [names[int(at)] for at in place] == values


@given(st.lists(st.text(max_size=20), min_size=1, max_size=50))
def test_any_text_has_its_place(values: list[str]) -> None:
    assert_right(values)


@given(st.lists(st.text("01\0", max_size=12), min_size=1, max_size=50), st.text(max_size=9))
def test_text_with_much_in_common_has_its_place(values: list[str], common: str) -> None:
    """Words that are equal or end early, with the byte among them that they are filled up with."""
    assert_right([common + value for value in values])


@pytest.mark.parametrize("bits_of_hash", [0, 8, 30])
def test_different_text_of_one_hash_stays_apart(monkeypatch: pytest.MonkeyPatch, bits_of_hash: int) -> None:
    values = [f"shop:{number}" for number in (7, 1234567890123, 12, 7, 1, 1234567890124, 12, 999)]

    def short(text: pl.Series) -> np.ndarray:
        return text.hash().to_numpy() & np.uint64((1 << bits_of_hash) - 1)

    monkeypatch.setattr(distinct_text, "_hashes", short)
    assert_right(values)


@pytest.mark.parametrize("bits", [40, 60, 63])
def test_keys_are_sorted_with_their_rows(bits: int) -> None:
    keys = np.random.default_rng(3).integers(0, 1 << bits, 1_000)
    found, rows = in_order(keys, bits)
    assert found.tolist() == sorted(keys.tolist())
    assert (keys[rows] == found).all()


def test_runs_begin_where_a_value_changes() -> None:
    assert run_begins(np.array([3, 3, 5, 3])).tolist() == [0, 2, 3]
    assert run_begins(np.array([], dtype=np.int64)).tolist() == []
