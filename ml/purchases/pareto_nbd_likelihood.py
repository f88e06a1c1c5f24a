"""The likelihood of the Pareto/NBD, its two stories and its derivatives, over any number of customers.

Equation numbers are those of docs/models.md. Must not know how the likelihood is climbed, nor make a forecast.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from ml.estimator import FloatArray
from ml.fitting.maximum_likelihood import Evaluation
from ml.histories.purchase_histories import Cells

_NEGLIGIBLE = 60.0  # exp(-60): what lies beyond adds nothing to the sixteenth digit, however long it is
_NODE_COUNTS = (6, 8, 10, 12, 14, 16, 20, 24, 32, 48)
_RULES = {
    count: tuple(np.asarray(values) for values in np.polynomial.legendre.leggauss(count)) for count in _NODE_COUNTS
}
_DIGITS = 14.0
_STRIP = 0.8 * np.pi  # Short of the singularity, on which the rule's error would grow without bound.
_CELLS_AT_ONCE = 1 << 15  # 256 kB an array of nodes by histories


class Histories:
    """Some histories with the nodes at which a customer may have left, between the last purchase and now.

    The integral over the time of leaving (eq. 20) is one over y = log(1 + (tau - t_x) / c), c the smaller of the two
    distances to a singularity: there a power law is an exponential, and the other factor is smooth.

    Attributes:
        log_still: The logarithm of "still active" (eq. 20 without its gammas), shape (n,).
        log_gone: That of "gone", by node, shape (m, n).
        log_bought_at: The logarithm of (alpha + tau) / alpha at the nodes, shape (m, n).
        log_left_at: The logarithm of (beta + tau) / beta at the nodes, shape (m, n).
        left_at: tau in days, shape (m, n).
    """

    def __init__(
        self, x: FloatArray, t_x: FloatArray, age: FloatArray, parameters: FloatArray, reach: FloatArray, nodes: int
    ) -> None:
        r, alpha, s, beta = (float(value) for value in parameters)
        places, weights = _RULES[nodes]
        near = min(alpha, beta) + t_x
        y = (places[:, None] + 1.0) / 2.0 * reach
        self.left_at = t_x + near * np.expm1(y)
        self.log_bought_at, self.log_left_at = np.log1p(self.left_at / alpha), np.log1p(self.left_at / beta)
        with np.errstate(divide="ignore"):  # nobody has left who bought just now
            log_share = np.log(reach / 2.0 * near)
        of_history = log_share + np.log(s / beta) - x * np.log(alpha)
        self.log_gone = y + np.log(weights)[:, None] - (r + x) * self.log_bought_at - (s + 1.0) * self.log_left_at
        self.log_gone += of_history
        self.log_still = -r * np.log1p(age / alpha) - x * np.log(alpha + age) - s * np.log1p(age / beta)

    def log_terms(self) -> tuple[FloatArray, FloatArray]:
        """The logarithms of "still active" and of "gone", shape (n,) each."""
        top = self.log_gone.max(axis=0)
        top = np.where(np.isfinite(top), top, 0.0)
        with np.errstate(divide="ignore"):
            gone = top + np.log(np.exp(self.log_gone - top).sum(axis=0))
        return self.log_still, gone


def pieces(
    x: FloatArray, t_x: FloatArray, age: FloatArray, parameters: FloatArray
) -> Iterator[tuple[npt.NDArray[np.int64], Histories]]:
    """All histories in pieces, each with as many nodes as its integrals need, and the rows that it is made of."""
    r, alpha, s, beta = (float(value) for value in parameters)
    near = min(alpha, beta) + t_x
    with np.errstate(over="ignore"):
        # Beyond either of these the integrand has fallen by exp(-60).
        bought = (alpha + t_x) * np.expm1(_NEGLIGIBLE / (r + x))
        left = (beta + t_x) * np.expm1(_NEGLIGIBLE / (s + 1.0))
    end = np.minimum(np.minimum(bought, left), age - t_x)
    reach = np.log1p(end / near)
    fall = (r + x) * np.log1p(end / (alpha + t_x)) + (s + 1.0) * np.log1p(end / (beta + t_x))
    bucket = _needed_nodes(reach, np.minimum(fall, 2.0 * _NEGLIGIBLE))
    for place, nodes in enumerate(_NODE_COUNTS):
        rows = np.flatnonzero(bucket == place)
        at_once = _CELLS_AT_ONCE // nodes
        for begin in range(0, rows.size, at_once):
            some = rows[begin : begin + at_once]
            yield some, Histories(x[some], t_x[some], age[some], parameters, reach[some], nodes)


def _needed_nodes(reach: FloatArray, fall: FloatArray) -> npt.NDArray[np.int64]:
    """Places in `_NODE_COUNTS` that give fourteen digits (eq. 21b).

    With n nodes Gauss-Legendre is wrong by rho^-2n times the integrand's size on an ellipse of sum of half-axes rho
    around the interval: the ellipse must keep clear of the singularities at a height of pi, and an integrand that falls
    by exp(-fall) over the interval grows by exp(fall (rho + 1 / rho - 2) / 4) beyond it.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        height = 2.0 * _STRIP / reach
        widest = np.minimum(height + np.sqrt(1.0 + height**2), 1e6)
        place = np.full(reach.size, len(_NODE_COUNTS) - 1, dtype=np.int64)
        for at in range(len(_NODE_COUNTS) - 2, -1, -1):
            nodes = _NODE_COUNTS[at]
            best = 4.0 * nodes / fall
            rho = np.minimum(best + np.sqrt(1.0 + best**2), widest)
            error = fall / 4.0 * (rho + 1.0 / rho - 2.0) - 2.0 * nodes * np.log(rho)
            place[(error < -_DIGITS * np.log(10.0)) & (place == at + 1)] = at
    place[reach == 0] = 0
    return place


def evaluate(cells: Cells, parameters: FloatArray) -> Evaluation:
    """Log-likelihood (eq. 20) with its gradient and Hessian by r, alpha, s and beta.

    Each customer's likelihood is a sum of terms, so its derivatives are means over the terms, weighted by their shares.
    They are made of the means of four functions of the time of leaving, and of their products.
    """
    r, alpha, s, beta = (float(value) for value in parameters)
    j = np.arange(cells.longer_than.size, dtype=np.float64)
    value = float(np.sum(cells.longer_than * np.log(r + j)))
    gradient, hessian = np.zeros(4), np.zeros((4, 4))
    gradient[0] = np.sum(cells.longer_than / (r + j))
    hessian[0, 0] = -np.sum(cells.longer_than / (r + j) ** 2)
    once = np.zeros(cells.once_age.size)
    x, t_x = np.concatenate([once, cells.repeat_x]), np.concatenate([once, cells.repeat_t_x])
    age = np.concatenate([cells.once_age, cells.repeat_age])
    weight = np.concatenate([cells.once_weight, cells.repeat_weight])
    for rows, histories in pieces(x, t_x, age, parameters):
        still, gone = histories.log_terms()
        total = np.logaddexp(still, gone)
        w, bought, T = weight[rows], x[rows], age[rows]
        value += float(np.sum(w * total))
        share = np.exp(histories.log_gone - total)
        is_still, is_gone = np.exp(still - total), share.sum(axis=0)
        t = histories.left_at
        # The slopes by r, alpha, s and beta of a term's logarithm are offset + factor * function; those of "still" have
        # no 1 / s and one power of (beta + T) less.
        at_nodes = (-histories.log_bought_at, 1.0 / (alpha + t), -histories.log_left_at, 1.0 / (beta + t))
        at_end = (-np.log1p(T / alpha), 1.0 / (alpha + T), -np.log1p(T / beta), 1.0 / (beta + T))
        factors = (np.ones(1), -(r + bought), np.ones(1), -np.full(1, s + 1.0))
        offsets = (0.0, r / alpha, 1.0 / s, s / beta)
        slopes_still = (
            at_end[0],
            r / alpha - (r + bought) * at_end[1],
            at_end[2],
            s / beta - s * at_end[3],
        )
        weighted = [share * function for function in at_nodes]
        firsts = [of.sum(axis=0) for of in weighted]
        means_gone = [offsets[i] * is_gone + factors[i] * firsts[i] for i in range(4)]
        means = [is_still * slopes_still[i] + means_gone[i] for i in range(4)]
        for i in range(4):
            gradient[i] += np.sum(w * means[i])
            for k in range(i, 4):
                second = np.einsum("mn,mn->n", weighted[i], at_nodes[k])
                product = (
                    factors[i] * factors[k] * second
                    + offsets[i] * (factors[k] * firsts[k])
                    + offsets[k] * (factors[i] * firsts[i])
                    + offsets[i] * offsets[k] * is_gone
                )
                product = product + is_still * slopes_still[i] * slopes_still[k]
                hessian[i, k] += np.sum(w * (product - means[i] * means[k]))
                if i == k and i % 2:
                    curve = (r, s)[i // 2] / (alpha, beta)[i // 2] ** 2
                    power = (r + bought, s + 1.0)[i // 2]
                    power_still = (r + bought, s)[i // 2]
                    hessian[i, i] += np.sum(
                        w * (power * second - curve * is_gone + is_still * (power_still * at_end[i] ** 2 - curve))
                    )
        hessian[2, 2] -= np.sum(w * is_gone) / s**2
        for i, of in ((0, alpha), (2, beta)):
            shared = (is_gone + is_still) / of - firsts[i + 1] - is_still * at_end[i + 1]
            hessian[i, i + 1] += np.sum(w * shared)
    return Evaluation(value, gradient, hessian + np.triu(hessian, 1).T)
