"""Ids for rows that have none, and the watch over ids that they have.

An id is `<digest of the row's content>-<occurrence number>`: rows that are equal in every mapped column are counted in
the order of the read. It depends on nothing else, so a file that is exported again, renamed, split or sorted
differently gives the same ids. Per row seen, 12 bytes are kept for generated ids and 16 for given ones, as sorted runs
of NumPy arrays.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

Keys = npt.NDArray[np.uint64]
Numbers = npt.NDArray[np.uint32]

# 80 bits: equal digests of different contents would need about 10^12 rows. The first 64 also count occurrences, so that
# even then two rows never get one id.
_DIGEST_BYTES = 10


def content_digests(columns: Sequence[pl.Series], kind: str) -> tuple[list[str], Keys]:
    """The digest of each row's content, as hexadecimal text and as a number to count by.

    Args:
        columns: The content. Nulls are as good as empty texts, which parsing leaves none of.
        kind: What the rows are, so that an order and a refund of equal content differ.
    """
    # No value holds a NUL, so what stands between two of them cannot be mistaken.
    joined = pl.select(
        pl.concat_str([pl.lit(kind), *(column.cast(pl.String).fill_null("") for column in columns)], separator="\0")
    ).to_series()
    digests = [hashlib.blake2b(text.encode(), digest_size=_DIGEST_BYTES).digest() for text in joined.to_list()]
    packed = np.frombuffer(b"".join(digests), dtype=np.uint8).reshape(-1, _DIGEST_BYTES)
    keys = np.ascontiguousarray(packed[:, :8]).view(">u8").reshape(-1).astype(np.uint64)
    return [digest.hex() for digest in digests], keys


class SortedRuns:
    """Numbers by key, for as many keys as there are rows: sorted runs whose sizes at least double.

    A row costs the key's eight bytes and four for each number.

    Args:
        width: How many numbers belong to a key.
    """

    def __init__(self, width: int) -> None:
        self._width = width
        self._runs: list[tuple[Keys, Numbers]] = []

    def find(self, keys: Keys) -> tuple[npt.NDArray[np.bool_], Numbers]:
        """Which keys are known, and the numbers of each (the latest, if a key was added more than once)."""
        is_known = np.zeros(len(keys), dtype=bool)
        numbers = np.zeros((len(keys), self._width), dtype=np.uint32)
        # Older runs first, so that what was added later stays.
        for run_keys, run_numbers in self._runs:
            places = np.minimum(np.searchsorted(run_keys, keys), len(run_keys) - 1)
            hits = run_keys[places] == keys
            is_known |= hits
            numbers[hits] = run_numbers[places[hits]]
        return is_known, numbers

    def add(self, keys: Keys, numbers: Numbers) -> None:
        """Note numbers for keys that are distinct among themselves."""
        if not len(keys):
            return
        order = np.argsort(keys, kind="stable")
        keys, numbers = keys[order], numbers[order]
        while self._runs and len(self._runs[-1][0]) <= 2 * len(keys):
            older_keys, older_numbers = self._runs.pop()
            merged = np.concatenate([older_keys, keys])
            order = np.argsort(merged, kind="stable")
            merged = merged[order]
            # Of equal keys the later one counts, which a stable sort leaves behind the older.
            is_latest = np.append(merged[1:] != merged[:-1], True)
            keys = merged[is_latest]
            numbers = np.concatenate([older_numbers, numbers])[order[is_latest]]
        self._runs.append((keys, numbers))


class OccurrenceCounter:
    """Counts how often each content has come, across pages and files."""

    def __init__(self) -> None:
        self._seen = SortedRuns(width=1)

    def identifiers(self, columns: Sequence[pl.Series], kind: str) -> list[str]:
        """Ids for rows, in order."""
        if not columns or not len(columns[0]):
            return []
        digests, keys = content_digests(columns, kind)
        distinct, inverse, counts = np.unique(keys, return_inverse=True, return_counts=True)
        _, earlier = self._seen.find(distinct)
        order = np.argsort(inverse, kind="stable")
        firsts = np.cumsum(counts) - counts
        within = np.empty(len(keys), dtype=np.int64)
        within[order] = np.arange(len(keys)) - np.repeat(firsts, counts)
        occurrences = earlier[inverse, 0] + within + 1
        self._seen.add(distinct, (earlier[:, 0] + counts).astype(np.uint32).reshape(-1, 1))
        return [f"{digest}-{number}" for digest, number in zip(digests, occurrences.tolist(), strict=True)]


@dataclass(frozen=True)
class Repeats:
    """Rows whose id came before.

    Attributes:
        is_first: Which rows are the first of their id.
        is_equal: Which others are equal to that first one.
        first_place: Of every row, the place of the first with its id.
    """

    is_first: npt.NDArray[np.bool_]
    is_equal: npt.NDArray[np.bool_]
    first_place: npt.NDArray[np.int64]


class IdentifierWatch:
    """Notices ids that come again, and whether with the same content.

    Ids are told apart by 64-bit digests: among ten million, the chance that any two are mistaken for one is 3 in a
    million.
    """

    def __init__(self) -> None:
        self._seen = SortedRuns(width=2)

    def repeats(self, ids: Sequence[pl.Series], content: Sequence[pl.Series], places: npt.NDArray[np.int64]) -> Repeats:
        """Judge rows, in order.

        Args:
            ids: The columns of the natural key.
            content: The columns that make a row what it is.
            places: Where each row stands, as one ascending number below 2^32.
        """
        frame = pl.DataFrame([column.alias(f"i{n}") for n, column in enumerate(ids)])
        keys = frame.hash_rows(seed=0).to_numpy().astype(np.uint64)
        rows = pl.DataFrame([column.alias(f"c{n}") for n, column in enumerate(content)])
        contents = (rows.hash_rows(seed=1).to_numpy().astype(np.uint64) & np.uint64(0xFFFFFFFF)).astype(np.uint32)
        distinct, first_rows, inverse = np.unique(keys, return_index=True, return_inverse=True)
        is_known, known = self._seen.find(distinct)
        own = np.column_stack([contents[first_rows], places[first_rows].astype(np.uint32)])
        first = np.where(is_known[:, None], known, own).astype(np.uint32)
        is_first = np.zeros(len(keys), dtype=bool)
        is_first[first_rows[~is_known]] = True
        self._seen.add(distinct[~is_known], own[~is_known].astype(np.uint32))
        return Repeats(is_first, ~is_first & (contents == first[inverse, 0]), first[inverse, 1].astype(np.int64))
