"""Levels that hold: what a model's probabilities were worth at past origins, and how to ask it instead.

Must not know where the probabilities come from.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from ml.estimator import FloatArray
from models.errors import StopError

# Knots of the map; between them it is linear, which smooths over a tenth of the levels' range at most.
_KNOTS = np.array([0.0, 0.01, 0.025, 0.05, *np.arange(0.1, 0.95, 0.05).round(2), 0.95, 0.975, 0.99, 1.0])
# An origin of so many customers counts half; more of them say nothing about other days.
_CUSTOMERS_FOR_HALF = 200.0
# The map as it is without any origin weighs as much as this many large ones.
_ORIGINS_OF_IDENTITY = 0.5


@dataclass(frozen=True)
class Recalibration:
    """A monotone map of levels, of 0 to 0 and of 1 to 1 (eq. 57).

    Attributes:
        levels: What a model called the probability of no more, rising from 0 to 1, shape (k,).
        shares: How often it was no more at past origins, drawn towards the levels themselves; rising, shape (k,).
        origin_count: Origins that it was learnt from.
        customer_count: Their customers, all together.
    """

    levels: tuple[float, ...]
    shares: tuple[float, ...]
    origin_count: int
    customer_count: int

    @classmethod
    def learnt(cls, probabilities: Sequence[FloatArray]) -> Self:
        """From where outcomes fell in their own distributions (randomised PIT values), one array per origin.

        Each origin's shares are drawn towards no change as its customers are few, and their mean as the origins are. No
        origin is no change.

        Args:
            probabilities: Values in [0, 1]; of a model that holds they are evenly spread.

        Raises:
            StopError: A value is no probability.
        """
        shares = _ORIGINS_OF_IDENTITY * _KNOTS
        weight = _ORIGINS_OF_IDENTITY
        for values in probabilities:
            if not bool(((values >= 0) & (values <= 1)).all()):
                raise StopError("probabilities to recalibrate by are between 0 and 1; others were given")
            if not values.size:
                continue
            seen = np.searchsorted(np.sort(values), _KNOTS, side="right") / values.size
            trust = values.size / (values.size + _CUSTOMERS_FOR_HALF)
            shares = shares + trust * seen
            weight += trust
        shares = shares / weight
        shares[0], shares[-1] = 0.0, 1.0
        sizes = [int(values.size) for values in probabilities if values.size]
        return cls(tuple(_KNOTS.tolist()), tuple(shares.tolist()), len(sizes), sum(sizes))

    @classmethod
    def of_parameters(cls, parameters: Mapping[str, Any]) -> Self:
        """From what `parameters` returned, read back from JSON.

        Raises:
            StopError: They are no map of levels.
        """
        try:
            levels, shares = (tuple(float(value) for value in parameters[name]) for name in ("levels", "shares"))
            counts = int(parameters["origin_count"]), int(parameters["customer_count"])
        except (KeyError, TypeError, ValueError) as error:
            raise StopError(f"the parameters of a recalibration cannot be read: {error!r}") from error
        if (
            len(levels) != len(shares)
            or len(levels) < 2
            or any(
                values[0] != 0.0 or values[-1] != 1.0 or not bool((np.diff(values) > 0).all())
                for values in (levels, shares)
            )
        ):
            raise StopError("the parameters of a recalibration are no map: levels and shares rise from 0 to 1, as many")
        return cls(levels, shares, *counts)

    @property
    def parameters(self) -> dict[str, Any]:
        """The map, JSON-ready."""
        return {
            "levels": list(self.levels),
            "shares": list(self.shares),
            "origin_count": self.origin_count,
            "customer_count": self.customer_count,
        }

    def raw_levels(self, levels: FloatArray) -> FloatArray:
        """What to ask a model for, so that as much as `levels` lies below; same shape."""
        return np.interp(levels, self.shares, self.levels)

    def shares_below(self, raw_levels: FloatArray) -> FloatArray:
        """The inverse: what a model's own probabilities are worth; same shape. It recalibrates PIT values."""
        return np.interp(raw_levels, self.levels, self.shares)
