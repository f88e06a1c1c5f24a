"""The Pareto/NBD model: when customers buy again, if they may leave at any time.

While active a customer buys at random times at a rate of their own, Gamma(r, alpha) across customers, and leaves at a
rate of their own, Gamma(s, beta) across customers (Schmittlein, Morrison and Colombo 1987). Equation numbers are those
of docs/models.md, section 2b. Time is in days, so alpha and beta are too.

Must not read anything but a purchase summary.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import ClassVar

import numpy as np
import polars as pl

from ml.estimator import FitStatus, FloatArray, column, refuse_horizon
from ml.fitting.likelihood_estimator import LikelihoodEstimator
from ml.fitting.maximum_likelihood import Evaluation, Optimum
from ml.histories.purchase_histories import Cells
from ml.purchases.count_distributions import counts_with_a_rate_of_leaving

# Gauss-Legendre on a scale on which the integrand is analytic in a strip of half-width pi (eq. 21).
_NODES, _WEIGHTS = (np.asarray(values) for values in np.polynomial.legendre.leggauss(48))
_NEGLIGIBLE = 60.0  # exp(-60): what lies beyond adds nothing to the sixteenth digit, however long it is
_ROWS_AT_ONCE = 1 << 13

_CAUSES = MappingProxyType(
    {
        FitStatus.NOBODY_DROPS_OUT: (
            "the fit holds that nobody ever leaves: it takes less than 1 in 1,000 customers for gone, because gaps "
            "between purchases are no longer at the end of a history than within it. Load an earlier history"
        ),
        FitStatus.SAME_RATE_FOR_ALL: (
            "the fit holds that everybody buys at the same rate (r without bound): customers differ less than chance "
            "alone would make them. Check for subscriptions or test orders on a fixed rhythm"
        ),
        FitStatus.SAME_DROPOUT_FOR_ALL: (
            "the fit holds that everybody leaves at the same rate (s and beta without bound): there are too few "
            "repeat purchases to tell customers apart. Load more of the order history"
        ),
        FitStatus.EXTREME_PARAMETERS: (
            "the fit ran to parameters without meaning: the purchase histories do not look like purchases at random "
            "times. Check for a bulk import that dates many orders alike, and for wholesale customers"
        ),
        FitStatus.NOT_CONVERGED: (
            "the fit did not settle: the history does not determine the parameters. Load more of the order history"
        ),
    }
)


class _Histories:
    """Some histories with the nodes at which a customer may have left, between the last purchase and now.

    The integral over the time of leaving (eq. 20) is one over y = log(1 + (tau - t_x) / c), c the smaller of the two
    distances to a singularity: there a power law is an exponential, and the other factor is smooth.
    """

    def __init__(self, x: FloatArray, t_x: FloatArray, age: FloatArray, parameters: FloatArray) -> None:
        self.r, self.alpha, self.s, self.beta = (float(value) for value in parameters)
        self.x, self.age = x, age
        near = min(self.alpha, self.beta) + t_x
        with np.errstate(over="ignore"):
            # Beyond either of these the integrand has fallen by exp(-60).
            bought = (self.alpha + t_x) * np.expm1(_NEGLIGIBLE / (self.r + x))
            left = (self.beta + t_x) * np.expm1(_NEGLIGIBLE / (self.s + 1.0))
        reach = np.log1p(np.minimum(np.minimum(bought, left), age - t_x) / near)
        y = reach[:, None] * (_NODES + 1.0) / 2.0
        self.left_at = t_x[:, None] + near[:, None] * np.expm1(y)
        with np.errstate(divide="ignore"):  # nobody has left who bought just now
            log_weight = np.log(reach / 2.0 * near)[:, None] + y + np.log(_WEIGHTS)
        self.log_gone = (
            log_weight
            + np.log(self.s)
            - self.r * np.log1p(self.left_at / self.alpha)
            - x[:, None] * np.log(self.alpha + self.left_at)
            - self.s * np.log1p(self.left_at / self.beta)
            - np.log(self.beta + self.left_at)
        )
        self.log_still = (
            -self.r * np.log1p(age / self.alpha) - x * np.log(self.alpha + age) - self.s * np.log1p(age / self.beta)
        )

    def log_terms(self) -> tuple[FloatArray, FloatArray]:
        """The logarithms of "still active" and of "gone" (eq. 20 without its gammas), shape (n,) each."""
        top = self.log_gone.max(axis=1, initial=-np.inf)
        top = np.where(np.isfinite(top), top, 0.0)
        with np.errstate(divide="ignore"):
            gone = top + np.log(np.exp(self.log_gone - top[:, None]).sum(axis=1))
        return self.log_still, gone

    def derivatives(self) -> Iterator[tuple[tuple[int, int] | int, FloatArray, FloatArray]]:
        """First and second derivatives of every term's logarithm by (r, alpha, s, beta): of "still" and of "gone"."""
        r, alpha, s, beta = self.r, self.alpha, self.s, self.beta
        T, t, x = self.age, self.left_at, self.x
        for_gone = x[:, None]

        def alpha_slopes(at: FloatArray, bought: FloatArray) -> FloatArray:
            return (r * at / alpha - bought) / (alpha + at)

        def alpha_curves(at: FloatArray, bought: FloatArray) -> FloatArray:
            return (bought - r * at * (2.0 * alpha + at) / alpha**2) / (alpha + at) ** 2

        yield 0, -np.log1p(T / alpha), -np.log1p(t / alpha)
        yield 1, alpha_slopes(T, x), alpha_slopes(t, for_gone)
        yield 2, -np.log1p(T / beta), 1.0 / s - np.log1p(t / beta)
        yield 3, s * T / (beta * (beta + T)), (s * t / beta - 1.0) / (beta + t)
        yield (0, 1), T / (alpha * (alpha + T)), t / (alpha * (alpha + t))
        yield (1, 1), alpha_curves(T, x), alpha_curves(t, for_gone)
        yield (2, 2), np.zeros_like(T), np.full_like(t, -1.0 / s**2)
        yield (2, 3), T / (beta * (beta + T)), t / (beta * (beta + t))
        yield (
            (3, 3),
            -s * T * (2.0 * beta + T) / (beta * (beta + T)) ** 2,
            (1.0 - s * t * (2.0 * beta + t) / beta**2) / (beta + t) ** 2,
        )


def _pieces(
    x: FloatArray, t_x: FloatArray, age: FloatArray, parameters: FloatArray
) -> Iterator[tuple[slice, _Histories]]:
    for begin in range(0, x.size, _ROWS_AT_ONCE):
        rows = slice(begin, begin + _ROWS_AT_ONCE)
        yield rows, _Histories(x[rows], t_x[rows], age[rows], parameters)


def evaluate(cells: Cells, parameters: FloatArray) -> Evaluation:
    """Log-likelihood (eq. 20) with its gradient and Hessian by r, alpha, s and beta.

    Each customer's likelihood is a sum of terms, so its derivatives are means over the terms, weighted by their shares.
    """
    r = float(parameters[0])
    j = np.arange(cells.longer_than.size, dtype=np.float64)
    value = float(np.sum(cells.longer_than * np.log(r + j)))
    gradient, hessian = np.zeros(4), np.zeros((4, 4))
    gradient[0] = np.sum(cells.longer_than / (r + j))
    hessian[0, 0] = -np.sum(cells.longer_than / (r + j) ** 2)
    once = np.zeros(cells.once_age.size)
    x, t_x = np.concatenate([once, cells.repeat_x]), np.concatenate([once, cells.repeat_t_x])
    age = np.concatenate([cells.once_age, cells.repeat_age])
    weight = np.concatenate([cells.once_weight, cells.repeat_weight])
    for rows, histories in _pieces(x, t_x, age, parameters):
        still, gone = histories.log_terms()
        total = np.logaddexp(still, gone)
        w = weight[rows]
        value += float(np.sum(w * total))
        still_share = np.exp(still - total)
        gone_share = np.exp(histories.log_gone - total[:, None])
        means: list[FloatArray] = []
        slopes: list[tuple[FloatArray, FloatArray]] = []
        for which, of_still, of_gone in histories.derivatives():
            mean = still_share * of_still + np.sum(gone_share * of_gone, axis=1)
            if isinstance(which, int):
                means.append(mean)
                slopes.append((of_still, of_gone))
                gradient[which] += np.sum(w * mean)
            else:
                hessian[which] += np.sum(w * mean)
        for i in range(4):
            for k in range(i, 4):
                product = still_share * slopes[i][0] * slopes[k][0]
                product += np.sum(gone_share * slopes[i][1] * slopes[k][1], axis=1)
                hessian[i, k] += np.sum(w * (product - means[i] * means[k]))
    return Evaluation(value, gradient, hessian + np.triu(hessian, 1).T)


class ParetoNbd(LikelihoodEstimator):
    """The Pareto/NBD estimator: `r`, `alpha` (days), `s`, `beta` (days)."""

    name: ClassVar[str] = "pareto_nbd"
    title: ClassVar[str] = "Pareto/NBD"
    letters: ClassVar[tuple[str, str, str, str]] = ("r", "alpha", "s", "beta")
    in_days: ClassVar[tuple[bool, bool, bool, bool]] = (False, True, False, True)
    causes: ClassVar[Mapping[FitStatus, str]] = _CAUSES

    def evaluate(self, cells: Cells, parameters: FloatArray) -> Evaluation:
        """Log-likelihood with its gradient and Hessian by r, alpha, s and beta."""
        return evaluate(cells, parameters)

    def _starts(self, cells: Cells) -> list[FloatArray]:
        """The observed rate over plausible shapes; people stay for about as long as they have been seen."""
        purchases = float(np.sum(cells.repeat_x * cells.repeat_weight))
        days = float(np.sum(cells.age * cells.age_weight))
        per_day = max(purchases / days, 1e-12)
        mean_age = days / cells.customer_count
        shapes = ((0.5, 0.6, 0.3), (2.0, 0.5, 1.0), (0.2, 1.0, 0.3), (1.0, 2.0, 3.0), (5.0, 0.2, 0.1))
        return [np.log(np.array([r, r / (1.5 * per_day), s, mean_age * b])) for r, s, b in shapes]

    def _status(self, cells: Cells, best: Optimum) -> FitStatus:
        r, _, s, _ = (float(value) for value in np.exp(best.log_parameters))
        gone = 0.0
        for rows, histories in _pieces(cells.repeat_x, cells.repeat_t_x, cells.repeat_age, np.exp(best.log_parameters)):
            log_still, log_gone = histories.log_terms()
            gone += float(np.sum(cells.repeat_weight[rows] * np.exp(log_gone - np.logaddexp(log_still, log_gone))))
        # The first that holds is the cause; the later ones are what it looks like from further away.
        ends = (
            (FitStatus.NOBODY_DROPS_OUT, gone < 1e-3 * cells.repeat_customer_count),
            (FitStatus.SAME_RATE_FOR_ALL, r > 1e3),
            (FitStatus.SAME_DROPOUT_FOR_ALL, s > 1e3),
            (FitStatus.EXTREME_PARAMETERS, any(best.is_at_limit) or r < 1e-3 or s < 1e-3),
            (FitStatus.NOT_CONVERGED, not best.has_converged),
        )
        return next((status for status, is_so in ends if is_so), FitStatus.CONVERGED)

    def _log_terms(self, summary: pl.DataFrame, *, later_days: float = 0.0) -> tuple[FloatArray, FloatArray]:
        parameters = np.array(self._values())
        x, t_x, age = (column(summary, name) for name in ("frequency", "recency_days", "age_days"))
        still, gone = np.empty(x.size), np.empty(x.size)
        for rows, histories in _pieces(x, t_x, age + later_days, parameters):
            still[rows], gone[rows] = histories.log_terms()
        return still, gone

    def log_likelihood(self, summary: pl.DataFrame) -> FloatArray:
        """Each customer's log-likelihood with time in days (eq. 20), shape (n,)."""
        r = self._values()[0]
        x = column(summary, "frequency")
        j = np.arange(int(x.max(initial=0.0)), dtype=np.float64)
        bought = np.concatenate([[0.0], np.cumsum(np.log(r + j))])
        result: FloatArray = bought[x.astype(np.int64)] + np.logaddexp(*self._log_terms(summary))
        return result

    def probability_alive(self, summary: pl.DataFrame) -> FloatArray:
        """P(alive at T | x, t_x, T) (eq. 22), shape (n,)."""
        still, gone = self._log_terms(summary)
        result: FloatArray = np.exp(still - np.logaddexp(still, gone))
        return result

    def probability_of_no_purchase(self, summary: pl.DataFrame, horizon_days: float) -> FloatArray:
        """L(x, t_x, T + H) / L(x, t_x, T) (eq. 7), shape (n,)."""
        refuse_horizon(horizon_days)
        now, later = self._log_terms(summary), self._log_terms(summary, later_days=horizon_days)
        result: FloatArray = np.minimum(np.exp(np.logaddexp(*later) - np.logaddexp(*now)), 1.0)
        return result

    def time_scale_days(self, frequency: FloatArray, age_days: FloatArray) -> FloatArray:
        """(beta + T) / (s + 1) in days (eq. 23's course bends there), shape (n,)."""
        _, _, s, beta = self._values()
        return (beta + age_days) / (s + 1.0) + 0.0 * frequency

    def expected_purchases_while_alive(
        self, frequency: FloatArray, age_days: FloatArray, horizon_days: FloatArray
    ) -> FloatArray:
        """E[Y(t) | alive at T, x, T] (eq. 23), shape (n, k)."""
        r, alpha, s, beta = self._values()
        remaining = (beta + age_days)[:, None]
        folds = np.log1p(horizon_days / remaining)
        # (1 - exp(-(s-1) folds)) / (s - 1), which is `folds` at s = 1 and cancels nowhere.
        bent = (s - 1.0) * folds
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.where(np.abs(bent) < 1e-8, 1.0 - bent / 2.0, -np.expm1(-bent) / bent)
        result: FloatArray = ((r + frequency) / (alpha + age_days))[:, None] * remaining * folds * share
        return result

    def purchase_count_probabilities_while_alive(
        self, frequency: FloatArray, age_days: FloatArray, horizon_days: FloatArray, highest: int
    ) -> FloatArray:
        """P(Y(t) = k | alive at T, x, T) for k = 0 … `highest` (eq. 48), shape (n, highest + 1)."""
        r, alpha, s, beta = self._values()
        return counts_with_a_rate_of_leaving(r + frequency, alpha + age_days, s, beta + age_days, horizon_days, highest)

    def expected_lifetime_while_alive(self, frequency: FloatArray, age_days: FloatArray) -> FloatArray:
        """E[1/mu | alive at T] (eq. 52), shape (n,): the same for all of an age, however often they buy."""
        _, _, s, beta = self._values()
        remaining = beta + age_days + 0.0 * frequency
        return remaining / (s - 1.0) if s > 1.0 else np.full_like(remaining, np.inf)

    def expected_purchases(self, summary: pl.DataFrame, horizon_days: float) -> FloatArray:
        """E[Y(t) | x, t_x, T] in purchase days (eq. 10), shape (n,)."""
        refuse_horizon(horizon_days)
        x, age = column(summary, "frequency"), column(summary, "age_days")
        while_alive = self.expected_purchases_while_alive(x, age, np.full((x.size, 1), float(horizon_days)))
        return self.probability_alive(summary) * while_alive[:, 0]

    def expected_repeat_purchases(self, age_days: FloatArray) -> FloatArray:
        """E[X(t)] of a new customer: eq. 23 at x = 0 and T = 0, shape (n,)."""
        ages = np.asarray(age_days, dtype=np.float64)
        new = np.zeros(ages.size)
        return self.expected_purchases_while_alive(new, new, ages[:, None])[:, 0]
