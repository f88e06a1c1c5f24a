"""Fits for merchants with little data: the prior speaks where the data are silent, and says how much it said.

Equation numbers are those of docs/models.md. Must not decide what is published.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol, Self, TypeVar, cast

import polars as pl

from ml.estimator import FitReport, FloatArray, PurchaseEstimator, SpendEstimator, UnusableFitError, column
from ml.fitting.likelihood_estimator import LikelihoodEstimator
from ml.histories.known_history import KnownHistory
from ml.priors.prior import Prior
from ml.purchases.beta_geometric import BetaGeometricEstimator
from ml.purchases.pareto_nbd import ParetoNbd
from ml.spend.gamma_gamma import GammaGamma

# Below either, what a fit says of a merchant is mostly chance.
ENOUGH_CUSTOMERS = 500
ENOUGH_DAYS = 180

Purchases = TypeVar("Purchases", bound=LikelihoodEstimator)


class _Fits(Protocol):
    report_: FitReport | None

    def fit(self, summary: pl.DataFrame) -> Self: ...


Model = TypeVar("Model", bound=_Fits)
Estimator = TypeVar("Estimator", bound=PurchaseEstimator | SpendEstimator)


def why_small(summary: pl.DataFrame) -> str:
    """Why a merchant's parameters are estimated under a prior, in words; empty where the data suffice.

    Args:
        summary: `ml.histories.purchase_summary.SUMMARY_SCHEMA`.
    """
    days = float(column(summary, "age_days").max(initial=0.0))
    if summary.height >= ENOUGH_CUSTOMERS and days >= ENOUGH_DAYS:
        return ""
    return (
        f"customers: {summary.height}, days: {days:.0f}; below {ENOUGH_CUSTOMERS} customers or {ENOUGH_DAYS} days a "
        "prior helps out"
    )


def mean_spend(net_days: pl.DataFrame) -> float:
    """The mean spend of all days with spend, first purchases too, in the merchant's currency; 0 where there are none.

    Args:
        net_days: See `ml.histories.purchase_summary.net_purchase_days`.
    """
    spent = net_days["units"].filter(net_days["units"] > 0)
    return float(spent.sum()) / spent.len() / 10_000 if spent.len() else 0.0


def fit_purchases(model: type[Purchases], summary: pl.DataFrame, prior: Prior) -> Purchases:
    """A purchase model fitted on the data alone where they carry it, and under the prior where they do not.

    Under the prior fit a small merchant (`why_small`), and a larger one whose data run to a limit of the model.

    Args:
        model: Which.
        summary: `frequency`, `recency_days` and `age_days`; may be empty, and then the prior's mean is the answer.
        prior: What other merchants teach.

    Returns:
        The model; its report says how much of it is prior, which prior, and why.

    Raises:
        UnusableFitError: The posterior's maximum was not found.
        MisconfiguredError: The prior does not speak of the model.
    """
    return _fitted(model, lambda: model(prior=prior.of(model.name)), summary)


def fit_spend(summary: pl.DataFrame, prior: Prior, *, mean_spend: float) -> GammaGamma:
    """The Gamma-Gamma model on the data alone where they carry it, and under the prior where they do not.

    Args:
        summary: `spend_day_count`, `monetary_value` and `age_days`; may be empty.
        prior: What other merchants teach.
        mean_spend: See `mean_spend`. With no repeat spend this is what a purchase day is expected to cost.

    Returns:
        The model, as in `fit_purchases`.

    Raises:
        UnusableFitError: The posterior's maximum was not found.
        MisconfiguredError: The prior does not speak of the model.
    """
    return _fitted(GammaGamma, lambda: GammaGamma(prior=prior.of(GammaGamma.name), mean_spend=mean_spend), summary)


@dataclass(frozen=True)
class FitWithPrior:
    """How models are fitted on a history where a prior may help: `fit_purchases`, `fit_spend`, or the model's own way.

    Attributes:
        prior: What other merchants teach.
    """

    prior: Prior

    def __call__(self, estimator: type[Estimator], history: KnownHistory) -> Estimator:
        """A model fitted on a history; one that the prior does not speak of, on the data alone.

        Raises:
            UnusableFitError: The data alone do not carry a model that the prior does not speak of.
        """
        speaks_of_it = estimator.name in self.prior.models
        fitted: PurchaseEstimator | SpendEstimator
        if speaks_of_it and issubclass(estimator, GammaGamma):
            fitted = fit_spend(history.summary, self.prior, mean_spend=mean_spend(history.net_days))
        elif speaks_of_it and issubclass(estimator, BetaGeometricEstimator | ParetoNbd):
            fitted = fit_purchases(estimator, history.summary, self.prior)
        else:
            fitted = estimator().fit(history.summary)
        return cast("Estimator", fitted)


def _fitted(alone: Callable[[], Model], under_prior: Callable[[], Model], summary: pl.DataFrame) -> Model:
    why = why_small(summary)
    if not why:
        try:
            return alone().fit(summary)
        except UnusableFitError as error:
            why = error.report.message
    model = under_prior().fit(summary)
    if model.report_ is not None:
        model.report_ = replace(model.report_, message=why)
    return model


def customer_prior_share(purchases: PurchaseEstimator, summary: pl.DataFrame) -> FloatArray:
    """How much of each customer's expected rate of buying is prior (eq. 34), shape (n,), between 0 and 1.

    The prior's share in the merchant's parameters, times the merchant's share in the customer's rate: who has been
    watched for long is judged by what they did.
    """
    share = 0.0 if purchases.report_ is None else purchases.report_.prior_share
    alpha = purchases.params_["alpha"]
    result: FloatArray = share * alpha / (alpha + column(summary, "age_days"))
    return result
