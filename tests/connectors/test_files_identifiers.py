"""Ids from content and occurrence, and the watch over given ids, against plain dictionaries."""

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from connectors.sources.files.identifiers import IdentifierWatch, OccurrenceCounter, SortedRuns

CONTENTS = st.lists(st.lists(st.sampled_from("abcde"), max_size=12), max_size=8)


def columns(texts: list[str]) -> list[pl.Series]:
    return [pl.Series(texts, dtype=pl.String), pl.Series([None] * len(texts), dtype=pl.Int64)]


@given(pages=CONTENTS)
def test_occurrences_are_counted_over_all_pages(pages: list[list[str]]) -> None:
    counter = OccurrenceCounter()
    got = [own for page in pages for own in counter.identifiers(columns(page), "order")]
    rows = [own for page in pages for own in page]
    assert len(set(got)) == len(rows)
    assert [int(own.rpartition("-")[2]) for own in got] == [rows[: n + 1].count(own) for n, own in enumerate(rows)]
    assert {text: own.rpartition("-")[0] for own, text in zip(got, rows, strict=True)} == {
        text: OccurrenceCounter().identifiers(columns([text]), "order")[0].removesuffix("-1") for text in rows
    }


def test_an_id_stays_what_it_is() -> None:
    # Landed tables hold these: a change here makes every order of every merchant a new one.
    assert OccurrenceCounter().identifiers([pl.Series(["c1"]), pl.Series([None], dtype=pl.Int64)], "order") == [
        "3c937be89ba14c25096e-1"
    ]


@given(runs=st.lists(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 9)), max_size=15), max_size=10))
def test_sorted_runs_are_a_dictionary(runs: list[list[tuple[int, int]]]) -> None:
    expected: dict[int, int] = {}
    kept = SortedRuns(width=1)
    for run in runs:
        own = dict(run)
        expected |= own
        kept.add(np.array(list(own), dtype=np.uint64), np.array(list(own.values()), dtype=np.uint32).reshape(-1, 1))
    is_known, numbers = kept.find(np.arange(50, dtype=np.uint64))
    assert {key: int(numbers[key, 0]) for key in range(50) if is_known[key]} == expected


@given(pages=st.lists(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 2)), max_size=8), max_size=6))
def test_repeats_and_conflicts_are_told_apart(pages: list[list[tuple[str, int]]]) -> None:
    watch = IdentifierWatch()
    first: dict[str, tuple[int, int]] = {}
    place = 0
    for page in pages:
        places = np.arange(place, place + len(page), dtype=np.int64)
        ids, contents = [own for own, _ in page], [content for _, content in page]
        repeats = watch.repeats([pl.Series(ids, dtype=pl.String)], [pl.Series(contents, dtype=pl.Int64)], places)
        for position, (own, content) in enumerate(page):
            is_first = own not in first
            first.setdefault(own, (content, place + position))
            assert repeats.is_first[position] == is_first
            assert repeats.is_equal[position] == (not is_first and first[own][0] == content)
            assert repeats.first_place[position] == first[own][1]
        place += len(page)
