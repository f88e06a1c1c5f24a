"""The Pareto/NBD model: when customers buy again, if they may leave at any time.

While active a customer buys at random times at a rate of their own, Gamma(r, alpha) across customers, and leaves at a
rate of their own, Gamma(s, beta) across customers (Schmittlein, Morrison and Colombo 1987). Equation numbers are those
of docs/models.md, section 2b. Time is in days, so alpha and beta are too.

Must not read anything but a purchase summary.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar

import numpy as np
import polars as pl

from ml.estimator import FitStatus, FloatArray, column, refuse_horizon
from ml.fitting.likelihood_estimator import LikelihoodEstimator
from ml.fitting.maximum_likelihood import Evaluation, Optimum
from ml.histories.purchase_histories import Cells
from ml.purchases.count_distributions import counts_with_a_rate_of_leaving
from ml.purchases.pareto_nbd_likelihood import evaluate, pieces

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
        for rows, histories in pieces(cells.repeat_x, cells.repeat_t_x, cells.repeat_age, np.exp(best.log_parameters)):
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
        for rows, histories in pieces(x, t_x, age + later_days, parameters):
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
