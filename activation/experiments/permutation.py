"""The studentised permutation distribution of a difference of two means, and the interval that it gives.

Deal the same outcomes into the same arms again, often, at random: where the message did nothing, what was seen is one
more such deal. So a difference is found where there is none in at most the stated share of cases, whatever the
outcomes' distribution, down to the smallest arm (Janssen 1997; Chung and Romano 2013: dividing by Welch's error makes
it hold for unequal variances too, as arms grow). Must not know what the outcomes are.
"""

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

# One more than each is a multiple of 40: an interval at 95% ends at a deal, and keeps its level exactly.
_DEALS = (1_999, 999, 399)
_MOST_VALUES = 4 * 10**8
_AT_ONCE = 2 * 10**6


@dataclass(frozen=True)
class Difference:
    """A difference of two means, and what chance alone makes of it.

    Attributes:
        estimate: First less second.
        error: Welch's standard error.
        deals: The statistic of each random deal, sorted; shape (m,).
    """

    estimate: float
    error: float
    deals: FloatArray

    @classmethod
    def of(cls, first: FloatArray, second: FloatArray, *, deals: int | None = None) -> "Difference":
        """The difference of the means of two samples, of shapes (n,) and (m,).

        Args:
            first: One sample.
            second: The other.
            deals: How many random deals; default: as many as a few seconds allow, 1,999 at most. The same samples, in
                whatever order, have the same deals.
        """
        pooled = np.concatenate([np.sort(second), np.sort(first)])
        pooled = pooled - pooled.mean()  # sums of squares around another mean would cancel
        size = len(second)
        total, squares = float(pooled.sum()), float(pooled @ pooled)
        count = deals or next((m for m in _DEALS if m * len(pooled) <= _MOST_VALUES), _DEALS[-1])
        own = pooled[:size]
        difference, error = _statistics(own.sum()[None], (own @ own)[None], size, len(pooled), total, squares)
        if error[0] == 0:
            return cls(float(difference[0]), 0.0, np.zeros(count))
        random = np.random.default_rng(_seed(pooled, size))
        statistics = np.empty(count)
        step = max(1, _AT_ONCE // len(pooled))
        for start in range(0, count, step):
            rows = min(step, count - start)
            keys = random.random((rows, len(pooled)), dtype=np.float32)
            dealt = pooled[np.argpartition(keys, size, axis=1)[:, :size]]
            found, errors = _statistics(
                dealt.sum(axis=1), np.einsum("ij,ij->i", dealt, dealt), size, len(pooled), total, squares
            )
            statistics[start : start + rows] = np.divide(found, errors, out=np.zeros(rows), where=errors > 0)
        statistics.sort()
        return cls(float(difference[0]), float(error[0]), statistics)

    def interval(self, level: float) -> tuple[float, float]:
        """The ends of the interval of that level; it leaves out zero in at most 1 - level of cases without an effect.

        Raises:
            ValueError: So high a level needs more deals.
        """
        outside = int((len(self.deals) + 1) * (1 - level) / 2 + 1e-9)
        if outside < 1:
            raise ValueError(f"{len(self.deals)} deals cannot give an interval of level {level}")
        return (
            self.estimate - float(self.deals[len(self.deals) - outside]) * self.error,
            self.estimate - float(self.deals[outside - 1]) * self.error,
        )

    @property
    def p_value(self) -> float:
        """Of no difference, two-sided: at most as small as its level in that share of cases without one."""
        if self.error == 0:
            return 1.0 if self.estimate == 0 else 0.0
        seen = self.estimate / self.error
        above, below = np.count_nonzero(self.deals >= seen), np.count_nonzero(self.deals <= seen)
        return min(1.0, 2 * (1 + min(int(above), int(below))) / (len(self.deals) + 1))


def _seed(pooled: FloatArray, size: int) -> int:
    """Of the outcomes themselves: with one seed for all, every experiment would share the luck of the same deals."""
    return int.from_bytes(hashlib.blake2b(pooled.tobytes() + size.to_bytes(8, "big"), digest_size=8).digest(), "big")


def _statistics(
    sums: FloatArray, squares: FloatArray, size: int, whole: int, total: float, total_squares: float
) -> tuple[FloatArray, FloatArray]:
    """Differences and their errors, from what the second sample of each deal adds up to; the first is the rest."""
    rest = whole - size
    mean, rest_mean = sums / size, (total - sums) / rest
    variance = np.maximum(squares - size * mean**2, 0) / (size - 1)
    rest_variance = np.maximum(total_squares - squares - rest * rest_mean**2, 0) / (rest - 1)
    return rest_mean - mean, np.sqrt(variance / size + rest_variance / rest)
