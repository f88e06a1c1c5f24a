"""The content hashes of a store's live records, fetched to tell which rows of a batch are in the warehouse as they are.

A record's key is part of its content, so a row whose hash is among them is unchanged: nothing else need be sent or
looked up for it. That makes the full re-read of an export cost little more than reading its hashes on both sides.
"""

from __future__ import annotations

from binascii import hexlify, unhexlify
from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa

_DIGITS = 32


class LiveHashes:
    """Hashes that wait to be found in a batch; 32 bytes of memory each.

    Args:
        gathered: The hashes, any number of them in one text.
    """

    def __init__(self, gathered: Iterable[str]) -> None:
        pieces = [unhexlify(piece) for piece in gathered]
        # Two numbers a hash. By the first they are found, in order; the second makes sure.
        halves = np.frombuffer(b"".join(pieces), np.uint64).reshape(-1, 2)
        order = np.argsort(halves[:, 0])
        self._first, self._second = halves[order, 0], halves[order, 1]
        self._is_found = np.zeros(len(order), np.bool_)

    def __len__(self) -> int:
        return len(self._first)

    def find(self, hashes: pa.Array[Any]) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """For each hash whether a live record has it; that record counts as found from now on."""
        if not len(self._first):
            return np.zeros(len(hashes), np.bool_)
        digits: Any = hashes.buffers()[2]  # all of one length, so they stand one after the other
        start = hashes.offset * _DIGITS
        wanted = np.frombuffer(unhexlify(digits[start : start + len(hashes) * _DIGITS]), np.uint64).reshape(-1, 2)
        first = np.ascontiguousarray(wanted[:, 0])
        order = np.argsort(first)  # in order, one search begins where the one before it ended, and memory is near
        places = np.empty(len(first), np.int64)
        places[order] = np.searchsorted(self._first, first[order])
        places = np.minimum(places, len(self._first) - 1)
        is_live: np.ndarray[Any, np.dtype[np.bool_]] = self._first[places] == first
        is_live &= self._second[places] == wanted[:, 1]
        self._is_found[places[is_live]] = True
        return is_live

    @property
    def unfound_count(self) -> int:
        """How many were not found: records that are gone, or that have another content now."""
        return int((~self._is_found).sum())

    def unfound(self) -> pa.Array[Any]:
        """The hashes that were not found."""
        halves = np.column_stack([self._first[~self._is_found], self._second[~self._is_found]])
        text = hexlify(halves.tobytes()).decode()
        return pa.array([text[i : i + _DIGITS] for i in range(0, len(text), _DIGITS)], pa.string())
