"""Measures of ranking with what each customer contributes to them, so that their uncertainty is that of a mean.

A rank depends on everybody else, so a measure of ranking is no mean of one number per customer. To first order it is:
the value moves by the mean of the customers' influences when their weights change (docs/models.md, eq. 37;
for the AUC these are the components of DeLong, DeLong and Clarke-Pearson 1988). All work goes through sums over groups
of tied scores, one sort per ranking whatever is measured by it. Ties count half on both sides; the values are those of
`ml.evaluation.metrics`. Each function returns None where the measure is undefined.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import numpy.typing as npt

from ml.estimator import FloatArray


@dataclass(frozen=True)
class Ranking:
    """Customers grouped by the same score.

    Attributes:
        group: The group of each customer, 0 the lowest score; shape (n,).
        customers: Customers per group, shape (g,).
    """

    group: npt.NDArray[np.intp]
    customers: FloatArray

    @classmethod
    def of(cls, score: FloatArray) -> Self:
        """Rank by a score, in which -0.0 and 0.0 are the same."""
        found, group = np.unique(score, return_inverse=True)
        return cls(group, np.bincount(group, minlength=found.size).astype(np.float64))

    def mass_below(self, weight: FloatArray) -> FloatArray:
        """Per customer the weight of those ranked below, plus half of that of those tied with them. Shape (n,)."""
        per_group = np.bincount(self.group, weights=weight, minlength=self.customers.size)
        below: FloatArray = (np.cumsum(per_group) - per_group / 2.0)[self.group]
        return below

    def mass_above(self, weight: FloatArray) -> FloatArray:
        """The same for those ranked above."""
        return float(np.sum(weight)) - self.mass_below(weight)

    @cached_property
    def standing(self) -> FloatArray:
        """Per customer the share of customers ranked below, ties half: mean one half. Shape (n,)."""
        below: FloatArray = ((np.cumsum(self.customers) - self.customers / 2.0) / self.group.size)[self.group]
        return below


@dataclass(frozen=True)
class Linearised:
    """A measure.

    Attributes:
        value: Of all customers as they are.
        moves: By how much each customer moves it, times the number of customers; shape (n,), mean zero.
    """

    value: float
    moves: FloatArray


def area_under_curve(ranking: Ranking, happened: FloatArray) -> Linearised | None:
    """`ml.evaluation.metrics.area_under_curve`."""
    yes = happened > 0
    n, positives = yes.size, int(yes.sum())
    negatives = n - positives
    if positives == 0 or negatives == 0:
        return None
    beaten = ranking.mass_below(np.where(yes, 0.0, 1.0)) / negatives
    beaten_by = ranking.mass_above(np.where(yes, 1.0, 0.0)) / positives
    area = float(np.sum(beaten[yes])) / positives
    return Linearised(area, np.where(yes, (beaten - area) * (n / positives), (beaten_by - area) * (n / negatives)))


def normalised_gini(ranking: Ranking, best: Ranking, actual: FloatArray) -> Linearised | None:
    """`ml.evaluation.metrics.normalised_gini`; `best` ranks by what happened."""
    if best.customers.size < 2:
        return None
    top, top_influence = _rank_covariance(best, actual)
    got, influence = _rank_covariance(ranking, actual)
    return Linearised(got / top, (influence - got / top * top_influence) / top)


def _rank_covariance(ranking: Ranking, actual: FloatArray) -> tuple[float, FloatArray]:
    """The covariance of standing and outcome, and what each customer contributes to it, be it as one to beat."""
    rest = actual - np.mean(actual)
    own = (ranking.standing - 0.5) * rest
    covariance = float(np.mean(own))
    return covariance, own + ranking.mass_above(rest) / actual.size - 2.0 * covariance


def spearman(ranking: Ranking, best: Ranking) -> Linearised | None:
    """`ml.evaluation.metrics.spearman`; `best` ranks by what happened."""
    if ranking.customers.size < 2 or best.customers.size < 2:
        return None
    (both, moves), (one, one_moves), (other, other_moves) = (
        _standing_product(ranking, best),
        _standing_product(ranking, ranking),
        _standing_product(best, best),
    )
    size = float(np.sqrt(one * other))
    rho = both / size
    return Linearised(rho, moves / size - rho / 2.0 * (one_moves / one + other_moves / other))


def _standing_product(one: Ranking, other: Ranking) -> tuple[float, FloatArray]:
    """The covariance of two standings, and what each customer contributes to it."""
    u, v = one.standing - 0.5, other.standing - 0.5
    value = float(np.mean(u * v))
    return value, u * v + (one.mass_above(v) + other.mass_above(u)) / u.size - 3.0 * value


def top_decile_capture(ranking: Ranking, actual: FloatArray) -> Linearised | None:
    """`ml.evaluation.metrics.top_decile_capture`.

    Where the edge of the tenth lies is itself uncertain: it moves along customers like those at the edge, who are taken
    to be the ones tied there, or the nearest fortieth on either side of it, whichever are more.
    """
    n, total = actual.size, float(np.sum(actual))
    if n == 0 or total <= 0:
        return None
    seats = n / 10.0
    # Groups from the best score down, and how many customers stand in them and in those before.
    customers = ranking.customers[::-1]
    made = np.bincount(ranking.group, weights=actual, minlength=customers.size)[::-1]
    reached = np.cumsum(customers)
    edge = int(np.searchsorted(reached, np.ceil(seats)))
    taken = np.where(np.arange(customers.size) < edge, 1.0, 0.0)
    taken[edge] = (seats - (reached[edge] - customers[edge])) / customers[edge]
    inside = taken[::-1][ranking.group]
    reach = int(np.ceil(n / 40.0))
    first, last = max(0, int(seats) - reach), min(n, int(np.ceil(seats)) + reach) - 1
    near = slice(int(np.searchsorted(reached, first, "right")), int(np.searchsorted(reached, last, "right")) + 1)
    at_edge = float(np.sum(made[near]) / np.sum(customers[near]))
    captured = float(np.sum(inside * actual)) / total
    return Linearised(captured, (inside * actual - at_edge * (inside - 0.1) - captured * actual) * (n / total))
