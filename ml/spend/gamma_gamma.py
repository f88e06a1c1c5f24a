"""The Gamma-Gamma model: what a purchase day costs, when people differ in what they usually spend.

A customer's purchases scatter around a mean of their own, Gamma(p, nu), and nu scatters across customers, Gamma(q, v)
(Fader and Hardie 2013; Fader, Hardie and Lee 2005b). Equation numbers are those of docs/models.md, section 3. v is in
the merchant's currency.

The model takes spend to be independent of how often people buy; `spend_frequency_correlation` says how far that holds.
Must not read anything but a purchase summary.
"""

from typing import ClassVar, Self

import numpy as np
import polars as pl

from ml.estimator import FitReport, FitStatus, FloatArray, RelativeTotals, UnusableFitError, column
from ml.fitting.maximum_likelihood import Evaluation, Objective, Optimum, in_log_parameters, maximise_from_several
from ml.fitting.normal_prior import NormalPrior, knowledge
from ml.spend.gamma_gamma_likelihood import SpenderRows, Spenders, evaluate
from ml.spend.spend_totals import relative_totals
from models.errors import StopError

PARAMETERS = ("p", "q", "v")
MINIMUM_REPEAT_SPENDERS = 10
# Up to q + pc = 2 the variance of a customer's mean is infinite, and just above it is arbitrary: it is taken to be
# twice the square of the mean at most.
_LEAST_KNOWN = 0.5
# Days that cost something in the end, as if so many more had been seen: one free day says nothing of all others.
_PAID_DAYS_AT_FIRST = 10.0
# Limits of the search, v against the mean spend.
_LOWEST = np.log(np.array([1e-4, 1e-3, 1e-6]))
_HIGHEST = np.log(np.array([1e6, 1e6, 1e7]))
# Identical amounts draw p and q upwards without end, prior or not. Past these the amounts differ by a hundredth or so,
# which is as good as not at all, so that a posterior's maximum may rest there.
_HIGHEST_UNDER_PRIOR = np.log(np.array([5e3, 5e3, 1e7]))


def _objective(spenders: Spenders, prior: NormalPrior | None) -> Objective:
    def objective(log_parameters: FloatArray) -> Evaluation:
        parameters = np.exp(log_parameters)
        at = evaluate(spenders, parameters)
        at = in_log_parameters(parameters, at.value, at.gradient, at.hessian)
        return at if prior is None else prior.added_to(at, log_parameters)

    return objective


class GammaGamma:
    """The Gamma-Gamma estimator.

    Args:
        prior: What is known before the data of the logarithms of p, q and v over the mean spend, so that a currency
            does not matter; the fit is then the posterior's maximum, and needs no repeat spend. None is none.
        mean_spend: Mean spend of all spend days, first ones too: what v is taken over under a prior. None is the mean
            of the repeat spend days.

    Attributes:
        params_: `p`, `q`, `v` (currency).
        report_: What the fit did; None for given parameters.
        observed_mean_: Mean spend of a spend day in the data that was fitted (of a repeat spend day without a prior);
            the fallback of `population_mean`.
    """

    name: ClassVar[str] = "gamma_gamma"

    def __init__(self, *, prior: NormalPrior | None = None, mean_spend: float | None = None) -> None:
        if mean_spend is not None and not (np.isfinite(mean_spend) and mean_spend >= 0):
            raise StopError(f"a mean spend is zero or more; {mean_spend} is not")
        self.prior, self.mean_spend = prior, mean_spend
        self.params_: dict[str, float] = {}
        self.report_: FitReport | None = None
        self.observed_mean_: float | None = None

    @classmethod
    def from_parameters(cls, *, p: float, q: float, v: float, observed_mean: float | None = None) -> Self:
        """An estimator with given parameters; raises StopError unless all are positive and finite."""
        estimator = cls()
        estimator.params_ = {"p": float(p), "q": float(q), "v": float(v)}
        estimator.observed_mean_ = observed_mean
        for name, value in estimator.params_.items():
            if not (np.isfinite(value) and value > 0):
                raise StopError(f"Gamma-Gamma parameters are positive and finite; {name} is {value}")
        return estimator

    def fit(self, summary: pl.DataFrame) -> Self:
        """Maximum likelihood on the customers with repeat spend, or the posterior's maximum under a prior.

        Args:
            summary: `spend_day_count`, `monetary_value`, and optionally `weight` (customers a row stands for).

        Returns:
            This estimator, with `params_`, `report_` and `observed_mean_`.

        Raises:
            UnusableFitError: Too little to fit, a boundary of the model, or no convergence; `report` says which.
        """
        spenders = Spenders.of(SpenderRows.of(summary))
        observed_mean = self._observed_mean(spenders)
        # Where nothing was ever spent, v has nothing to be taken over, and no bearing on anything.
        log_scale = np.log(np.array([1.0, 1.0, observed_mean or 1.0]))
        prior = None if self.prior is None else self.prior.shifted(log_scale)
        limits = (_LOWEST + log_scale, (_HIGHEST if prior is None else _HIGHEST_UNDER_PRIOR) + log_scale)
        starts = [log_scale + np.log(np.array(start)) for start in ((2.0, 3.0, 1.0), (10.0, 5.0, 0.4), (0.7, 1.5, 1.0))]
        if prior is not None:
            starts = [prior.mean, starts[0]]
        best, passes, tried = maximise_from_several(_objective(spenders, prior), starts, *limits)
        report = _report(spenders, best, prior, observed_mean, passes, tried)
        if not report.is_usable:
            raise UnusableFitError(report)
        self.params_, self.report_, self.observed_mean_ = report.parameters, report, observed_mean
        return self

    def _observed_mean(self, spenders: Spenders) -> float:
        """The mean spend of a spend day; raises UnusableFitError where there are too few to say anything."""
        if self.prior is not None and self.mean_spend is not None:
            return self.mean_spend
        if spenders.customer_count < (MINIMUM_REPEAT_SPENDERS if self.prior is None else 1):
            raise UnusableFitError(_too_few(spenders))
        return spenders.spend / float(np.sum(spenders.count_weight * spenders.counts))

    def _letters(self) -> tuple[float, float, float]:
        if not self.params_:
            raise StopError("this Gamma-Gamma estimator has no parameters yet; call fit, or from_parameters")
        return self.params_["p"], self.params_["q"], self.params_["v"]

    @property
    def has_reliable_mean(self) -> bool:
        """Whether the population's mean spend exists: q above 1, by two standard errors where they are known.

        At q <= 1 the distribution of means is so wide that its own mean is infinite, and just above it is arbitrary.
        Where nothing was ever spent, v says nothing and the mean is the observed one, zero.
        """
        _, q, _ = self._letters()
        if self.observed_mean_ == 0.0:
            return False
        error = self.report_.standard_errors.get("q", 0.0) if self.report_ else 0.0
        return q - 1.0 > 2.0 * error

    def population_mean(self) -> float:
        """The expected spend of a purchase day of somebody of whom no repeat spend is known (eq. 14).

        Where `has_reliable_mean` is false: the observed mean of all repeat spend days.

        Raises:
            StopError: The mean is not reliable and no observed mean is known.
        """
        p, q, v = self._letters()
        if self.has_reliable_mean:
            return p * v / (q - 1.0)
        if self.observed_mean_ is None:
            raise StopError(
                f"the Gamma-Gamma mean spend is infinite or arbitrary at q {q:.3g} (it needs q above 1); give "
                "observed_mean, or fit on the data"
            )
        return self.observed_mean_

    def expected_spend(self, summary: pl.DataFrame) -> FloatArray:
        """E[M | x, mean spend] (eq. 15), shape (n,): between the customer's own mean and the population's.

        Customers without repeat spend get `population_mean`. Where that is the fallback, the weight of the own mean is
        p x / (p x + q), which stays below 1 for every q (eq. 16).
        """
        count, mean = column(summary, "spend_day_count"), column(summary, "monetary_value")
        own = self.own_share(summary)
        population = self.population_mean()
        has_own = count > 0
        result: FloatArray = np.where(
            has_own, own * np.where(has_own, mean, 0.0) + (1.0 - own) * population, population
        )
        return result

    def own_share(self, summary: pl.DataFrame) -> FloatArray:
        """The weight of the customer's own mean in `expected_spend` (eq. 15 or 16), shape (n,), 0 up to below 1."""
        p, q, _ = self._letters()
        count = column(summary, "spend_day_count")
        prior = q - 1.0 if self.has_reliable_mean else q
        own: FloatArray = p * count / (p * count + prior)
        return own

    def spend_scale(self, summary: pl.DataFrame) -> FloatArray:
        """V = v + c m, in the merchant's currency (eq. 53), shape (n,)."""
        _, _, v = self._letters()
        count, mean = column(summary, "spend_day_count"), column(summary, "monetary_value")
        return v + np.where(count > 0, count * mean, 0.0)

    def spend_variances(self, summary: pl.DataFrame) -> tuple[FloatArray, FloatArray]:
        """Around the customer's own mean, and of that mean (eq. 58), shape (n,) each; finite at any q."""
        p, q, _ = self._letters()
        known = np.maximum(q + p * column(summary, "spend_day_count") - 2.0, _LEAST_KNOWN)
        mean = self.expected_spend(summary)
        between = mean**2 / known
        return (mean**2 + between) / p, between

    def relative_totals(self, spend_day_count: float, highest: int) -> RelativeTotals:
        """Totals of 1 … `highest` days over V: gamma variables of shapes p k over one of shape q + p c (eq. 53)."""
        p, q, _ = self._letters()
        return relative_totals(p, q + p * spend_day_count, highest)


def spend_day_share(summary: pl.DataFrame) -> float:
    """The share of purchase days that cost something after refunds, from all repeat purchase days (eq. 16a).

    The model of purchases counts free days and days that were returned in full; that of spend has never seen them.
    """
    paid, days = float(summary["spend_day_count"].sum()), float(summary["frequency"].sum())
    return (paid + _PAID_DAYS_AT_FIRST) / (days + _PAID_DAYS_AT_FIRST)


def spend_frequency_correlation(summary: pl.DataFrame) -> float | None:
    """Pearson's correlation of spend days and mean spend among customers with repeat spend; null when undefined."""
    spenders = summary.filter(pl.col("spend_day_count") > 0)
    x, m = column(spenders, "spend_day_count"), column(spenders, "monetary_value")
    if x.size < 2:
        return None
    dx, dm = x - x.mean(), m - m.mean()
    size = float(np.sqrt(np.sum(dx**2) * np.sum(dm**2)))
    return float(np.sum(dx * dm)) / size if size > 0 else None


def _too_few(spenders: Spenders) -> FitReport:
    customers = int(spenders.customer_count)
    return FitReport(
        model_name=GammaGamma.name,
        status=FitStatus.TOO_FEW_CUSTOMERS,
        message=(
            f"only {customers} customers spent money on a repeat purchase day; a fit needs at least "
            f"{MINIMUM_REPEAT_SPENDERS}. Load more of the order history, or check that the mapped amount is not zero"
        ),
        parameters={},
        standard_errors={},
        log_likelihood=None,
        customer_count=customers,
        repeat_customer_count=customers,
    )


def _status(best: Optimum, prior: NormalPrior | None, observed_mean: float) -> tuple[FitStatus, str]:
    p, q, v = (float(value) for value in np.exp(best.log_parameters))
    if prior is not None and best.has_converged:
        return FitStatus.CONVERGED, ""
    if q > 1e4:
        return FitStatus.SAME_SPEND_FOR_ALL, (
            "the fit holds that all customers have the same mean spend (q without bound): they differ less than chance "
            "alone would make them. Check whether every order has the same amount"
        )
    if p > 1e5:
        return FitStatus.EVERY_PURCHASE_COSTS_THE_SAME, (
            "the fit holds that a customer always spends the same (p without bound). Check whether amounts are prices "
            "of a single subscription"
        )
    if any(best.is_at_limit):
        return FitStatus.EXTREME_PARAMETERS, (
            f"the fit ran to parameters without meaning (p {p:.3g}, q {q:.3g}, v {v:.3g} at a mean spend of "
            f"{observed_mean:.3g}). Check for amounts in the wrong unit, and for wholesale customers"
        )
    if not best.has_converged:
        return FitStatus.NOT_CONVERGED, (
            f"the fit did not settle (after {best.pass_count} passes at p {p:.3g}, q {q:.3g}, v {v:.3g}): repeat spend "
            "does not determine the parameters. Load more of the order history"
        )
    return FitStatus.CONVERGED, ""


def _report(
    spenders: Spenders, best: Optimum, prior: NormalPrior | None, observed_mean: float, passes: int, tried: int
) -> FitReport:
    status, message = _status(best, prior, observed_mean)
    known = knowledge(best, prior) if status is FitStatus.CONVERGED else None
    parameters = np.exp(best.log_parameters)
    errors = parameters * np.sqrt(np.diag(known.covariance)) if known else np.zeros(0)
    customers = int(spenders.customer_count)
    return FitReport(
        model_name=GammaGamma.name,
        status=status,
        message=message,
        parameters=dict(zip(PARAMETERS, parameters.tolist(), strict=True)),
        standard_errors=dict(zip(PARAMETERS, errors.tolist(), strict=True)) if known else {},
        log_likelihood=best.evaluation.value if prior is None else evaluate(spenders, parameters).value,
        customer_count=customers,
        repeat_customer_count=customers,
        pass_count=passes,
        start_count=tried,
        log_covariance=tuple(map(tuple, known.covariance.tolist())) if known else (),
        prior_share=known.prior_share if known else 0.0,
        prior_version=prior.version if prior else "",
        mean_spend=observed_mean,
    )
