"""A set of many ids in eight bytes each, asked and filled many at a time."""

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]


class SeenIds:
    """Sorted runs of ids; a run is merged with the one before it when it has grown as large."""

    def __init__(self) -> None:
        self._runs: list[Ids] = []

    def add(self, ids: Ids) -> None:
        """Put ids in."""
        run = np.unique(ids)
        while self._runs and len(self._runs[-1]) <= len(run):
            run = np.union1d(self._runs.pop(), run)
        self._runs.append(run)

    def holds(self, ids: Ids) -> NDArray[np.bool_]:
        """Whether each of the ids is in."""
        found = np.zeros(len(ids), dtype=np.bool_)
        for run in self._runs:
            if len(run):
                places = np.minimum(np.searchsorted(run, ids), len(run) - 1)
                found |= run[places] == ids
        return found
