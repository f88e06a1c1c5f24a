"""The likelihood that the BG/NBD and the MBG/NBD are fitted by, with its derivatives, over any number of customers.

Equation numbers are those of docs/models.md. Must not know how the likelihood is climbed.
"""

import numpy as np

from ml.estimator import FloatArray
from ml.fitting.maximum_likelihood import Evaluation
from ml.histories.purchase_histories import Cells

_ROWS_AT_ONCE = 1 << 13  # 64 kB an array: the two dozen temporaries stay in the processor's cache.


def evaluate(cells: Cells, parameters: FloatArray, *, first_chances: int = 0) -> Evaluation:
    """Log-likelihood (eq. 4, or 4m with a chance at the first purchase) with gradient and Hessian by r, alpha, a and b.

    Sums have a fixed order; a threaded dot product would change the last digits from machine to machine.
    """
    r, alpha, a, b = (float(value) for value in parameters)
    more = cells.longer_than
    # How many customers stayed at more than i chances to leave; `more` counts those who came back more than j times.
    stayed = np.concatenate([np.full(first_chances, cells.customer_count), more])
    j, i = np.arange(more.size, dtype=np.float64), np.arange(stayed.size, dtype=np.float64)
    over_r, over_b, over_ab = 1.0 / (r + j), 1.0 / (b + i), 1.0 / (a + b + i)
    T, n, bought = cells.age, cells.age_weight, cells.age_purchases
    rest = alpha + T
    log_growth = np.log1p(T / alpha)

    left = _HavingLeft(parameters, first_chances)
    if first_chances:
        once = np.zeros(cells.once_age.size)
        left.add(once, once, cells.once_age, cells.once_weight)
    left.add(cells.repeat_x, cells.repeat_t_x, cells.repeat_age, cells.repeat_weight)

    value = (
        np.sum(more * np.log(r + j))
        + np.sum(stayed * (np.log(b + i) - np.log(a + b + i)))
        - r * np.sum(n * log_growth)
        - np.sum(bought * np.log(rest))
        + left.value
    )
    gradient = left.gradient + np.array(
        [
            np.sum(more * over_r) - np.sum(n * log_growth),
            r * np.sum(n * T / rest) / alpha - np.sum(bought / rest),
            -np.sum(stayed * over_ab),
            np.sum(stayed * (over_b - over_ab)),
        ]
    )
    hessian = left.hessian
    hessian[0, 0] -= np.sum(more * over_r**2)
    hessian[0, 1] += np.sum(n * T / rest) / alpha
    hessian[1, 1] += -r * np.sum(n * T / rest * (1.0 / alpha + 1.0 / rest)) / alpha + np.sum(bought / rest**2)
    ab = np.sum(stayed * over_ab**2)
    hessian[2, 2] += ab
    hessian[2, 3] += ab
    hessian[3, 3] += ab - np.sum(stayed * over_b**2)
    return Evaluation(float(value), gradient, np.triu(hessian) + np.triu(hessian, 1).T)


class _HavingLeft:
    """The sum of log(1 + o) over histories, o the odds of having left (eq. 6 or 6m), with its derivatives.

    All of the likelihood that depends on x, t_x and T together, and so nearly all of the work.

    Attributes:
        value: The sum.
        gradient: By r, alpha, a and b, shape (4,).
        hessian: Its upper triangle, shape (4, 4).
    """

    def __init__(self, parameters: FloatArray, first_chances: int) -> None:
        self.r, self.alpha, self.a, self.b = (float(value) for value in parameters)
        self.first_chances = first_chances
        self.value, self.gradient, self.hessian = 0.0, np.zeros(4), np.zeros((4, 4))

    def add(self, x: FloatArray, t_x: FloatArray, age: FloatArray, weight: FloatArray) -> None:
        """Histories with at least one chance to leave, sorted by x, and how many customers share each, shape (n,)."""
        for begin in range(0, x.size, _ROWS_AT_ONCE):
            rows = slice(begin, begin + _ROWS_AT_ONCE)
            of_rows = x[rows]
            # Most histories have few purchases, so most pieces have one x, and what follows from it is one number.
            self._add(of_rows[:1] if of_rows[0] == of_rows[-1] else of_rows, t_x[rows], age[rows], weight[rows])

    def _add(self, x: FloatArray, t_x: FloatArray, age: FloatArray, w: FloatArray) -> None:
        s, over_bx = self.r + x, 1.0 / (x + (self.b + self.first_chances - 1.0))
        over_until, over_rest = 1.0 / (self.alpha + t_x), 1.0 / (self.alpha + age)
        # The logarithm of the odds has the slopes D by r, s E by alpha, 1 / a by a and -over_bx by b.
        silence = (age - t_x) * over_until
        D, E = np.log1p(silence), -silence * over_rest
        log_odds = s * D + np.log(self.a * over_bx)
        # One exponential serves the logarithm and the share that has left, and overflows on neither side.
        small = np.exp(-np.abs(log_odds))
        of_larger = 1.0 / (1.0 + small)
        has_left = np.where(log_odds > 0.0, of_larger, small * of_larger)
        wq = w * has_left
        u = wq * (1.0 - has_left)
        wqE, uD, uE = wq * E, u * D, u * E
        # Sums over the rows of products; those with x are taken once for a piece that has one x.
        total, u_total = _dot(wq), _dot(u)
        uD_bx, wq_bx, u_bx = _dot(uD, over_bx), _dot(wq, over_bx), _dot(u, over_bx)
        self.value += _dot(w, np.maximum(log_odds, 0.0) + np.log1p(small))
        self.gradient += [_dot(wq, D), _dot(wqE, s), total / self.a, -wq_bx]
        self.hessian += [
            [_dot(uD, D), _dot(uD * E, s) + _dot(wqE), _dot(uD) / self.a, -uD_bx],
            [
                0.0,
                _dot(uE * E, s * s) - _dot(wqE * (over_rest + over_until), s),
                _dot(uE, s) / self.a,
                -_dot(uE, s * over_bx),
            ],
            [0.0, 0.0, (u_total - total) / self.a**2, -u_bx / self.a],
            [0.0, 0.0, 0.0, _dot(u + wq, over_bx * over_bx)],
        ]


def _dot(left: FloatArray, right: FloatArray | None = None) -> float:
    """The sum of products in one thread; `right` may be one number for all, or absent for 1."""
    if right is None:
        return float(np.sum(left))
    return float(np.einsum("i,i->", left, right) if right.size == left.size else np.sum(left) * right[0])
