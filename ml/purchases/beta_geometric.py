"""What the BG/NBD and the MBG/NBD model share: a rate of buying, and a chance to leave after each purchase.

While active a customer buys at random times at a rate of their own, Gamma(r, alpha) across customers; after a purchase
they leave for good with a probability of their own, Beta(a, b) across customers. The models differ in one thing:
whether the first purchase already gives that chance. With x repeat purchases a customer has had x + k chances to leave,
k = 0 in the BG/NBD and k = 1 in the MBG/NBD. Equation numbers are those of docs/models.md. Time is in days, so alpha
is too.

Must not read anything but a purchase summary.
"""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import polars as pl
from scipy.special import expit

from ml.estimator import FitStatus, FloatArray, column, refuse_horizon
from ml.fitting.likelihood_estimator import LikelihoodEstimator
from ml.fitting.maximum_likelihood import Evaluation, Optimum
from ml.histories.purchase_histories import Cells, DistinctPairs
from ml.purchases.beta_geometric_likelihood import evaluate
from ml.purchases.count_distributions import counts_with_a_chance_to_leave
from ml.purchases.dropout_mixture import expected_purchases_while_alive

_ROWS_AT_ONCE = 1 << 13
_CAUSES = {
    FitStatus.NOBODY_DROPS_OUT: (
        "the fit holds that nobody ever leaves: it takes less than 1 in 1,000 repeat customers for gone (p near "
        "0), because gaps between purchases are no longer at the end of a history than within it. The history may be "
        "too short for anybody's silence to stand out, or lack the customers who left; load an earlier history"
    ),
    FitStatus.EVERYBODY_DROPS_OUT: (
        "the fit holds that everybody leaves after one repeat purchase (p near 1): hardly anybody bought three times. "
        "Load more of the order history, or check that customer ids stay the same from order to order"
    ),
    FitStatus.SAME_RATE_FOR_ALL: (
        "the fit holds that everybody buys at the same rate (r without bound): customers differ less than chance alone "
        "would make them. Check for subscriptions or test orders on a fixed rhythm"
    ),
    FitStatus.SAME_DROPOUT_FOR_ALL: (
        "the fit holds that everybody is as likely to leave as anybody else (a and b without bound): there are too few "
        "repeat purchases to tell customers apart. Load more of the order history"
    ),
    FitStatus.EXTREME_PARAMETERS: (
        "the fit ran to parameters without meaning: the purchase histories do not look like purchases at random times. "
        "Check for a bulk import that dates many orders alike, and for wholesale customers"
    ),
    FitStatus.NOT_CONVERGED: (
        "the fit did not settle: the history does not determine the parameters. Load more of the order history"
    ),
}


class BetaGeometricEstimator(LikelihoodEstimator):
    """What both estimators do; see their own modules.

    Attributes:
        first_chances: How many chances to leave the first purchase gives: 0 or 1.
    """

    letters: ClassVar[tuple[str, str, str, str]] = ("r", "alpha", "a", "b")
    in_days: ClassVar[tuple[bool, bool, bool, bool]] = (False, True, False, False)
    causes: ClassVar[Mapping[FitStatus, str]] = _CAUSES
    first_chances: ClassVar[int]

    def evaluate(self, cells: Cells, parameters: FloatArray) -> Evaluation:
        """Log-likelihood with its gradient and Hessian by r, alpha, a and b (eq. 4 or 4m)."""
        return evaluate(cells, parameters, first_chances=self.first_chances)

    def _starts(self, cells: Cells) -> list[FloatArray]:
        """Places to begin: the observed rate spread over plausible shapes of rate and dropout."""
        purchases = float(np.sum(cells.repeat_x * cells.repeat_weight))
        days = float(np.sum(cells.age * cells.age_weight))
        per_day = max(purchases / days, 1e-12)
        shapes = ((0.5, 1.0, 3.0), (2.0, 0.3, 5.0), (0.15, 2.0, 2.0), (1.0, 0.5, 0.5), (5.0, 5.0, 50.0))
        # People are faster while active than over their whole age, of which they may have left half.
        return [np.log(np.array([r, r / (1.5 * per_day), a, b])) for r, a, b in shapes]

    def _status(self, cells: Cells, best: Optimum) -> FitStatus:
        r, alpha, a, b = (float(value) for value in np.exp(best.log_parameters))
        # The first that holds is the cause; the later ones are what it looks like from further away.
        ends = (
            (FitStatus.NOBODY_DROPS_OUT, not self._anybody_has_left(cells, r, alpha, a, b)),
            (FitStatus.EVERYBODY_DROPS_OUT, b < 1e-3 or cells.longer_than.size < 2),
            (FitStatus.SAME_RATE_FOR_ALL, r > 1e3),
            (FitStatus.SAME_DROPOUT_FOR_ALL, a + b > 1e4),
            (FitStatus.EXTREME_PARAMETERS, any(best.is_at_limit) or r < 1e-3 or a < 1e-3),
            (FitStatus.NOT_CONVERGED, not best.has_converged),
        )
        return next((status for status, is_so in ends if is_so), FitStatus.CONVERGED)

    def _anybody_has_left(self, cells: Cells, r: float, alpha: float, a: float, b: float) -> bool:
        """Whether a thousandth of those who came back, or more, are held to have left (eq. 6 or 6m)."""
        enough = 1e-3 * cells.repeat_customer_count
        has_left = 0.0
        for begin in range(0, cells.repeat_x.size, _ROWS_AT_ONCE):
            rows = slice(begin, begin + _ROWS_AT_ONCE)
            x, t_x, age = cells.repeat_x[rows], cells.repeat_t_x[rows], cells.repeat_age[rows]
            log_odds = (r + x) * np.log1p((age - t_x) / (alpha + t_x))
            share = expit(log_odds + np.log(a) - np.log(b + x + self.first_chances - 1.0))
            has_left += float(np.sum(cells.repeat_weight[rows] * share))
            if not has_left < enough:  # As a rule after a few thousand of a million; at once where it is no number.
                return True
        return False

    def log_likelihood(self, summary: pl.DataFrame) -> FloatArray:
        """Each customer's log-likelihood with time in days (eq. 4), shape (n,)."""
        r, alpha, a, b = self._values()
        x, age = column(summary, "frequency"), column(summary, "age_days")
        log_odds = self._log_odds_of_having_left(summary)
        # Products over past purchases instead of differences of log-gammas, which cancel for large parameters.
        j = np.arange(int(x.max(initial=0.0)), dtype=np.float64)
        i = np.arange(j.size + self.first_chances, dtype=np.float64)
        bought = np.concatenate([[0.0], np.cumsum(np.log(r + j))])
        stayed = np.concatenate([[0.0], np.cumsum(np.log(b + i) - np.log(a + b + i))])
        count = x.astype(np.int64)
        terms = bought[count] + stayed[count + self.first_chances]
        terms += -r * np.log1p(age / alpha) - x * np.log(alpha + age)
        result: FloatArray = terms + np.logaddexp(0.0, log_odds)
        return result

    def _log_odds_of_having_left(self, summary: pl.DataFrame) -> FloatArray:
        """Eq. 6 or 6m; minus infinity for those who have had no chance to leave."""
        r, alpha, a, b = self._values()
        x, t_x, age = (column(summary, name) for name in ("frequency", "recency_days", "age_days"))
        since_last = (r + x) * np.log1p((age - t_x) / (alpha + t_x))
        chances = x + self.first_chances
        return np.where(chances > 0, np.log(a) - np.log(b + np.maximum(chances, 1.0) - 1.0) + since_last, -np.inf)

    def probability_alive(self, summary: pl.DataFrame) -> FloatArray:
        """P(alive at T | x, t_x, T) (eq. 5), shape (n,). Never read its complement as churn (`ml.value.churn`)."""
        result: FloatArray = expit(-self._log_odds_of_having_left(summary))
        return result

    def probability_of_no_purchase(self, summary: pl.DataFrame, horizon_days: float) -> FloatArray:
        """L(x, t_x, T + H) / L(x, t_x, T) (eq. 7), shape (n,)."""
        refuse_horizon(horizon_days)
        r, alpha, _, _ = self._values()
        x, age = column(summary, "frequency"), column(summary, "age_days")
        log_odds = self._log_odds_of_having_left(summary)
        silent = np.exp(-(r + x) * np.log1p(horizon_days / (alpha + age)))
        # The two probabilities may add up to a last digit more than one.
        result: FloatArray = np.minimum(expit(-log_odds) * silent + expit(log_odds), 1.0)
        return result

    def time_scale_days(self, frequency: FloatArray, age_days: FloatArray) -> FloatArray:
        """(alpha + T) / (r + x + 1) in days (eq. 9's course bends there), shape (n,)."""
        r, alpha, _, _ = self._values()
        return (alpha + age_days) / (r + frequency + 1.0)

    def expected_purchases_while_alive(
        self, frequency: FloatArray, age_days: FloatArray, horizon_days: FloatArray
    ) -> FloatArray:
        """E[Y(t) | alive at T, x, T] (eq. 9), shape (n, k)."""
        r, alpha, a, b = self._values()
        return expected_purchases_while_alive(
            r + frequency,
            alpha + age_days,
            np.full(len(frequency), a),
            b + frequency + self.first_chances,
            horizon_days,
        )

    def purchase_count_probabilities_while_alive(
        self, frequency: FloatArray, age_days: FloatArray, horizon_days: FloatArray, highest: int
    ) -> FloatArray:
        """P(Y(t) = k | alive at T, x, T) for k = 0 … `highest` (eq. 47), shape (n, highest + 1)."""
        r, alpha, a, b = self._values()
        return counts_with_a_chance_to_leave(
            r + frequency, alpha + age_days, a, b + frequency + self.first_chances, horizon_days, highest
        )

    def expected_lifetime_while_alive(self, frequency: FloatArray, age_days: FloatArray) -> FloatArray:
        """E[1/lambda] E[1/p], the expected days up to the purchase that is the last (eq. 52), shape (n,)."""
        r, alpha, a, b = self._values()
        s, chances = r + frequency, a + b + frequency + self.first_chances
        with np.errstate(divide="ignore"):
            wait, purchases = (alpha + age_days) / (s - 1.0), (chances - 1.0) / (a - 1.0)
        return np.where((s > 1.0) & (a > 1.0), wait * purchases, np.inf)

    def expected_purchases(self, summary: pl.DataFrame, horizon_days: float) -> FloatArray:
        """E[Y(t) | x, t_x, T] in purchase days (eq. 10), shape (n,)."""
        refuse_horizon(horizon_days)
        pairs = DistinctPairs.of(summary)
        horizons = np.full((pairs.frequency.size, 1), float(horizon_days))
        while_alive = self.expected_purchases_while_alive(pairs.frequency, pairs.age_days, horizons)[:, 0]
        return self.probability_alive(summary) * while_alive[pairs.position]

    def expected_repeat_purchases(self, age_days: FloatArray) -> FloatArray:
        """E[X(t)] of a new customer (eq. 12 or 12m), shape (n,): eq. 9 at x = 0 and T = 0, for those who stay."""
        _, _, a, b = self._values()
        ages = np.asarray(age_days, dtype=np.float64)
        new = np.zeros(ages.size)
        stays = b / (a + b) if self.first_chances else 1.0
        return stays * self.expected_purchases_while_alive(new, new, ages[:, None])[:, 0]
