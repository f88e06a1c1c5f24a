"""The BG/BB model: who comes back at the next opportunity, where a merchant sets the opportunities.

For sales that can only happen at occasions which everybody has: a yearly event or appeal, a renewal of a membership, a
monthly box, a season's catalogue. There "days since the last purchase" says little and "how many occasions were let
pass" much. A shop that is always open takes the models in days instead (`ml.purchases.bg_nbd` and its neighbours).

While active a customer buys at each opportunity with a probability of their own, Beta(alpha, beta) across customers;
before each opportunity they leave for good with a probability of their own, Beta(gamma, delta) across customers (Fader,
Hardie and Shang 2010). Equation numbers are those of docs/models.md, section 2c. Everything is counted in
opportunities, nothing in days.

Must not read anything but an opportunity summary.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt
import polars as pl

from ml.estimator import FitStatus, FloatArray, column
from ml.fitting.likelihood_estimator import LikelihoodEstimator
from ml.fitting.maximum_likelihood import Evaluation, Optimum
from ml.histories.purchase_histories import Cells
from models.errors import StopError

Counts = npt.NDArray[np.int64]

_TERMS_AT_ONCE = 1 << 20
_CAUSES = MappingProxyType(
    {
        FitStatus.NOBODY_DROPS_OUT: (
            "the fit holds that nobody ever leaves: it takes less than 1 in 1,000 repeat customers for gone, because "
            "nobody's silence at the last opportunities stands out. Load earlier opportunities"
        ),
        FitStatus.SAME_RATE_FOR_ALL: (
            "the fit holds that everybody buys with the same probability (alpha and beta without bound): customers "
            "differ less than chance alone would make them. Check that an opportunity is one for every customer"
        ),
        FitStatus.SAME_DROPOUT_FOR_ALL: (
            "the fit holds that everybody is as likely to leave as anybody else (gamma and delta without bound): there "
            "are too few opportunities to tell customers apart. Load earlier opportunities"
        ),
        FitStatus.EXTREME_PARAMETERS: (
            "the fit ran to parameters without meaning: the histories do not look like a choice at each opportunity. "
            "Check that the opportunities are numbered without gaps"
        ),
        FitStatus.NOT_CONVERGED: (
            "the fit did not settle: the histories do not determine the parameters. Load earlier opportunities"
        ),
    }
)


def _running(first: float, count: int, power: int) -> FloatArray:
    """Sums over j < k for k = 0 … count: of log(first + j) at power 0, of (first + j)^-power otherwise."""
    terms = first + np.arange(count, dtype=np.float64)
    return np.concatenate([[0.0], np.cumsum(np.log(terms) if power == 0 else terms**-power)])


class _Tables:
    """Logarithms of ratios of beta functions as running sums, with first and second derivatives in the powers 1 and 2.

    Sums of logarithms instead of differences of log-gammas, which cancel for large parameters.
    """

    def __init__(self, parameters: FloatArray, highest: int) -> None:
        self.parameters = alpha, beta, gamma, delta = tuple(float(value) for value in parameters)
        firsts = (alpha, beta, alpha + beta, delta, gamma + delta)
        self.bought, self.passed, self.chances, self.stayed, self.exposed = (
            tuple(_running(first, highest + 1, power) for power in range(3)) for first in firsts
        )


class _Histories:
    """Some histories with all the places where a customer may have left (the terms of eq. 24, each history's in a row).

    The last term of each history is that of a customer who is still active.
    """

    def __init__(self, x: Counts, t_x: Counts, n: Counts, tables: _Tables) -> None:
        lengths = n - t_x + 1
        self.begins = np.concatenate([[0], np.cumsum(lengths)[:-1]])
        self.lengths = lengths
        stayed_to = np.arange(int(lengths.sum())) - np.repeat(self.begins - t_x, lengths)
        self.x, self.passed = np.repeat(x, lengths), stayed_to - np.repeat(x, lengths)
        self.m, self.is_gone = stayed_to, stayed_to < np.repeat(n, lengths)
        self.tables = tables
        self.log_terms = (
            self._of("bought", 0) + self._of("passed", 0) - self._of("chances", 0)
            + self._of("stayed", 0) - self._of("exposed", 0) + self.is_gone * np.log(tables.parameters[2])
        )  # fmt: skip
        top = np.maximum.reduceat(self.log_terms, self.begins)
        self.log_likelihood = top + np.log(self.sums(np.exp(self.log_terms - np.repeat(top, lengths))))

    def _of(self, table: str, power: int) -> FloatArray:
        place = {
            "bought": self.x,
            "passed": self.passed,
            "chances": self.m,
            "stayed": self.m,
            "exposed": self.m + self.is_gone,
        }[table]
        values: FloatArray = getattr(self.tables, table)[power][place]
        return values

    def sums(self, of_terms: FloatArray) -> FloatArray:
        """Sums of a quantity over each history's terms."""
        sums: FloatArray = np.add.reduceat(of_terms, self.begins)
        return sums

    def log_still(self) -> FloatArray:
        """Logarithms of the terms of customers who are still active after the last opportunity."""
        last: FloatArray = self.log_terms[self.begins + self.lengths - 1]
        return last

    def derivatives(self) -> tuple[list[FloatArray], dict[tuple[int, int], FloatArray]]:
        """First and second derivatives of every term's logarithm by (alpha, beta, gamma, delta)."""
        gamma = self.tables.parameters[2]
        bought, passed, chances, stayed, exposed = (
            [self._of(table, power) for power in (1, 2)]
            for table in ("bought", "passed", "chances", "stayed", "exposed")
        )
        first = [
            bought[0] - chances[0],
            passed[0] - chances[0],
            self.is_gone / gamma - exposed[0],
            stayed[0] - exposed[0],
        ]
        second = {
            (0, 0): chances[1] - bought[1],
            (0, 1): chances[1],
            (1, 1): chances[1] - passed[1],
            (2, 2): exposed[1] - self.is_gone / gamma**2,
            (2, 3): exposed[1],
            (3, 3): exposed[1] - stayed[1],
        }
        return first, second


def _pieces(x: Counts, t_x: Counts, n: Counts, parameters: FloatArray) -> Iterator[tuple[slice, _Histories]]:
    highest = int(n.max(initial=0))
    tables = _Tables(parameters, highest)
    rows_at_once = max(1, _TERMS_AT_ONCE // (highest + 1))
    for begin in range(0, x.size, rows_at_once):
        rows = slice(begin, begin + rows_at_once)
        yield rows, _Histories(x[rows], t_x[rows], n[rows], tables)


def evaluate(cells: Cells, parameters: FloatArray) -> Evaluation:
    """Log-likelihood (eq. 24) with its gradient and Hessian by alpha, beta, gamma and delta.

    Args:
        cells: Distinct histories, opportunities in the place of days.
        parameters: Shape (4,).
    """
    once = np.zeros(cells.once_age.size)
    x, t_x, n = (
        np.concatenate(parts).astype(np.int64)
        for parts in (
            (once, cells.repeat_x),
            (once, cells.repeat_t_x),
            (cells.once_age, cells.repeat_age),
        )
    )
    weight = np.concatenate([cells.once_weight, cells.repeat_weight])
    value, gradient, hessian = 0.0, np.zeros(4), np.zeros((4, 4))
    for rows, histories in _pieces(x, t_x, n, parameters):
        w = weight[rows]
        value += float(np.sum(w * histories.log_likelihood))
        share = np.exp(histories.log_terms - np.repeat(histories.log_likelihood, histories.lengths))
        first, second = histories.derivatives()
        means = [histories.sums(share * slope) for slope in first]
        for i in range(4):
            gradient[i] += np.sum(w * means[i])
            for k in range(i, 4):
                curve = first[i] * first[k] + second.get((i, k), 0.0)
                hessian[i, k] += np.sum(w * (histories.sums(share * curve) - means[i] * means[k]))
    return Evaluation(value, gradient, hessian + np.triu(hessian, 1).T)


class BetaGeometricBetaBernoulli(LikelihoodEstimator):
    """The BG/BB estimator: `alpha`, `beta` (buying at an opportunity), `gamma`, `delta` (leaving before one).

    Summaries are those of `ml.histories.opportunity_summary`: `frequency` (x), `recency_opportunities` (t_x),
    `opportunity_count` (n), and for a fit optionally `weight` (customers a row stands for). Horizons are numbers of
    opportunities. The rest is as with the models in days.
    """

    name: ClassVar[str] = "bg_bb"
    title: ClassVar[str] = "BG/BB"
    letters: ClassVar[tuple[str, str, str, str]] = ("alpha", "beta", "gamma", "delta")
    in_days: ClassVar[tuple[bool, bool, bool, bool]] = (False, False, False, False)
    causes: ClassVar[Mapping[FitStatus, str]] = _CAUSES

    def evaluate(self, cells: Cells, parameters: FloatArray) -> Evaluation:
        """Log-likelihood with its gradient and Hessian by alpha, beta, gamma and delta."""
        return evaluate(cells, parameters)

    def fit(self, summary: pl.DataFrame) -> Self:
        """Maximum likelihood on distinct histories; see `LikelihoodEstimator.fit` for what it raises."""
        x, t_x, n = _counts(summary)
        weight = column(summary, "weight") if "weight" in summary.columns else np.ones(x.size)
        return super().fit(
            pl.DataFrame({"frequency": x, "recency_days": t_x, "age_days": n, "weight": weight}).cast(pl.Float64)
        )

    def _starts(self, cells: Cells) -> list[FloatArray]:
        """Buying at about the observed share of opportunities, in several shapes, and leaving at one in ten."""
        bought = float(np.sum(cells.repeat_x * cells.repeat_weight))
        share = min(max(1.5 * bought / max(float(np.sum(cells.age * cells.age_weight)), 1.0), 0.01), 0.95)
        shapes = ((1.5, 1.0, 0.1), (0.5, 0.5, 0.3), (6.0, 4.0, 0.05), (1.0, 1.0, 0.5), (20.0, 1.0, 0.1))
        return [
            np.log(np.array([size * share, size * (1.0 - share), leaving * spread, (1.0 - leaving) * spread]))
            for size, spread, leaving in shapes
        ]

    def _status(self, cells: Cells, best: Optimum) -> FitStatus:
        alpha, beta, gamma, delta = parameters = np.exp(best.log_parameters)
        x, t_x, n = (values.astype(np.int64) for values in (cells.repeat_x, cells.repeat_t_x, cells.repeat_age))
        gone = 0.0
        for rows, histories in _pieces(x, t_x, n, parameters):
            still = np.exp(histories.log_still() - histories.log_likelihood)
            gone += float(np.sum(cells.repeat_weight[rows] * (1.0 - still)))
        # The first that holds is the cause; the later ones are what it looks like from further away.
        ends = (
            (FitStatus.NOBODY_DROPS_OUT, gone < 1e-3 * cells.repeat_customer_count),
            (FitStatus.SAME_RATE_FOR_ALL, alpha + beta > 1e4),
            (FitStatus.SAME_DROPOUT_FOR_ALL, gamma + delta > 1e4),
            (FitStatus.EXTREME_PARAMETERS, any(best.is_at_limit) or min(alpha, beta, gamma, delta) < 1e-3),
            (FitStatus.NOT_CONVERGED, not best.has_converged),
        )
        return next((status for status, is_so in ends if is_so), FitStatus.CONVERGED)

    def log_likelihood(self, summary: pl.DataFrame) -> FloatArray:
        """Each customer's log-likelihood (eq. 24), shape (n,)."""
        parameters, (x, t_x, n) = np.array(self._values()), _counts(summary)
        result = np.empty(x.size)
        for rows, histories in _pieces(x, t_x, n, parameters):
            result[rows] = histories.log_likelihood
        return result

    def _probability_still_active(self, summary: pl.DataFrame) -> FloatArray:
        """After the last opportunity, before the chance to leave that comes with the next."""
        parameters, (x, t_x, n) = np.array(self._values()), _counts(summary)
        result = np.empty(x.size)
        for rows, histories in _pieces(x, t_x, n, parameters):
            result[rows] = np.exp(histories.log_still() - histories.log_likelihood)
        return result

    def probability_alive(self, summary: pl.DataFrame) -> FloatArray:
        """P(there at the next opportunity | x, t_x, n) (eq. 25), shape (n,). Its complement is not churn."""
        _, _, gamma, delta = self._values()
        n = _counts(summary)[2]
        result: FloatArray = self._probability_still_active(summary) * ((delta + n) / (gamma + delta + n))
        return result

    def expected_purchases(self, summary: pl.DataFrame, opportunities: int) -> FloatArray:
        """Expected purchases at the next `opportunities`, given the history (eq. 26), shape (n,)."""
        alpha, beta, gamma, delta = self._values()
        x, _, n = _counts(summary)
        seen, place = np.unique(n, return_inverse=True)
        ahead = seen[:, None] + np.arange(_refuse_opportunities(opportunities))
        there = np.cumprod((delta + ahead) / (gamma + delta + ahead), axis=1).sum(axis=1)
        result: FloatArray = self._probability_still_active(summary) * (alpha + x) / (alpha + beta + n) * there[place]
        return result

    def purchase_count_probabilities(self, summary: pl.DataFrame, opportunities: int) -> FloatArray:
        """P(k purchases at the next `opportunities` | history) for k = 0, 1, … (eq. 27), shape (n, opportunities + 1).

        Rows add up to one.
        """
        alpha, beta, gamma, delta = self._values()
        ahead = _refuse_opportunities(opportunities)
        x, _, n = _counts(summary)
        pairs, place = np.unique(np.stack([x, n]), axis=1, return_inverse=True)
        while_active = np.empty((pairs.shape[1], ahead + 1))
        for row, (bought, seen) in enumerate(pairs.T):
            since = np.array([alpha + bought, beta + seen - bought, gamma, delta + seen])
            while_active[row] = _counts_while_active(_Tables(since, ahead), ahead)
        active = self._probability_still_active(summary)
        result: FloatArray = active[:, None] * while_active[place.reshape(-1)]
        result[:, 0] += 1.0 - active
        return result

    def probability_of_no_purchase(self, summary: pl.DataFrame, opportunities: int) -> FloatArray:
        """P(no purchase at the next `opportunities` | history), the likelihood's own ratio (eq. 7), shape (n,)."""
        later = summary.with_columns(pl.col("opportunity_count") + _refuse_opportunities(opportunities))
        return np.minimum(np.exp(self.log_likelihood(later) - self.log_likelihood(summary)), 1.0)

    def discounted_residual_purchases(self, summary: pl.DataFrame, discount_rate: float) -> FloatArray:
        """Expected purchases at all opportunities to come, discounted (DERT, eq. 28), shape (n,).

        Args:
            summary: Opportunity summary of n customers.
            discount_rate: From one opportunity to the next, above zero: 0.10 where they are a year apart and money
                costs 10% a year. The next opportunity is already discounted once.

        Raises:
            StopError: The rate is not above zero.
        """
        if not (np.isfinite(discount_rate) and discount_rate > 0):
            raise StopError(f"a discount rate between opportunities is above zero; {discount_rate} is not")
        alpha, beta, gamma, delta = self._values()
        x, _, n = _counts(summary)
        seen, place = np.unique(n, return_inverse=True)
        there = (delta + seen) / (gamma + delta + seen)
        later = (seen + 1).astype(np.float64)
        ahead = there * _hypergeometric(delta + later, gamma + delta + later, 1.0 / (1.0 + discount_rate))
        ahead /= 1.0 + discount_rate
        result: FloatArray = self._probability_still_active(summary) * (alpha + x) / (alpha + beta + n) * ahead[place]
        return result


def _counts_while_active(tables: _Tables, ahead: int) -> FloatArray:
    """P(k purchases at the next `ahead` opportunities) of somebody who is active now, k = 0 … ahead (eq. 27)."""
    m = np.arange(ahead + 1)
    log_ways = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1.0, ahead + 1.0)))])
    is_gone = m < ahead
    log_there = tables.stayed[0][m] - tables.exposed[0][m + is_gone] + is_gone * np.log(tables.parameters[2])
    probabilities = np.zeros(ahead + 1)
    for k in m:
        later = m[k:]
        chosen = log_ways[later] - log_ways[k] - log_ways[later - k]
        bought = tables.bought[0][k] + tables.passed[0][later - k] - tables.chances[0][later]
        probabilities[k] = np.exp(chosen + bought + log_there[k:]).sum()
    return probabilities


def _hypergeometric(b: FloatArray, c: FloatArray, z: float) -> FloatArray:
    """2F1(1, b; c; z) for 0 < b < c and 0 < z < 1, as Gauss's continued fraction from its end, to 13 digits.

    Its coefficients lie between 0 and 1, so nothing cancels, and it closes in by the same factor with each: the
    fraction's length follows from z alone.
    """
    root = np.sqrt(1.0 - z)
    terms = int(np.ceil(np.log(1e-15) / (2.0 * np.log((1.0 - root) / (1.0 + root))))) + 4
    tail = np.ones_like(b)
    for k in range(terms, -1, -1):
        tail = 1.0 - (b + k) * (c + k - 1.0) / ((c + 2.0 * k) * (c + 2.0 * k - 1.0)) * z / (
            1.0 - (k + 1.0) * (c - b + k) / ((c + 2.0 * k + 1.0) * (c + 2.0 * k)) * z / tail
        )
    return 1.0 / tail


def _counts(summary: pl.DataFrame) -> tuple[Counts, Counts, Counts]:
    """x, t_x and n as whole numbers; raises StopError for a history that cannot be."""
    x, t_x, n = (column(summary, name) for name in ("frequency", "recency_opportunities", "opportunity_count"))
    whole = np.isfinite(x) & np.isfinite(t_x) & np.isfinite(n)
    whole &= (x == np.floor(x)) & (t_x == np.floor(t_x)) & (n == np.floor(n))
    possible = whole & (x >= 0) & (x <= t_x) & (t_x <= n) & ((x > 0) | (t_x == 0))
    if not possible.all():
        row = int(np.flatnonzero(~possible)[0])
        raise StopError(
            f"the opportunity summary holds an impossible history: frequency {x[row]}, recency_opportunities "
            f"{t_x[row]}, opportunity_count {n[row]}; whole numbers with x <= t_x <= n, and t_x is 0 when x is"
        )
    return x.astype(np.int64), t_x.astype(np.int64), n.astype(np.int64)


def _refuse_opportunities(opportunities: int) -> int:
    if not (opportunities == int(opportunities) and opportunities >= 0):
        raise StopError(f"a horizon is a whole number of opportunities, zero or more; {opportunities} is not")
    return int(opportunities)
