"""What has to hold of a forecast before anybody acts on it.

A blocking check that fails withholds the merchant's publish; the others are for people to read. Must not repair
anything.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from ml.estimator import PurchaseEstimator
from ml.evaluation.baselines import NAIVE
from ml.histories.purchase_histories import DistinctPairs, distinct_histories
from ml.spend.gamma_gamma import GammaGamma

_TOTALS_AGREE = 1e-9
_HISTORY_AGREES = 0.10
_RANGES = {
    "r": (1e-3, 1e3),
    "alpha": (1e-3, 1e7),
    "a": (1e-3, 1e4),
    "b": (1e-3, 1e4),
    "p": (1e-3, 1e5),
    "q": (1e-2, 1e4),
    "v": (1e-6, 1e15),
}


@dataclass(frozen=True)
class ForecastCheck:
    """One thing that was checked.

    Attributes:
        name: Snake case, stable.
        has_passed: What was found.
        message: The figures behind it, in words.
        is_blocking: Whether a failure withholds the publish.
    """

    name: str
    has_passed: bool
    message: str
    is_blocking: bool = True


def fit_checks(summary: pl.DataFrame, purchases: PurchaseEstimator, spend: GammaGamma) -> list[ForecastCheck]:
    """Both fits converged inside the models' range, and they reproduce the history they were fitted on."""
    reports = [report for report in (purchases.report_, spend.report_) if report is not None]
    letters = {**purchases.params_, **spend.params_}
    outside = {
        name: value
        for name, value in letters.items()
        if not _RANGES.get(name, (0.0, np.inf))[0] <= value <= _RANGES.get(name, (0.0, np.inf))[1]
    }
    ages = summary.group_by("age_days").agg(pl.len().alias("customers")).sort("age_days")
    course = purchases.expected_repeat_purchases(ages["age_days"].to_numpy())
    expected = float(np.sum(course * ages["customers"].cast(pl.Float64).to_numpy()))
    actual = float(summary["frequency"].sum())
    return [
        ForecastCheck(
            "fit_converged",
            len(reports) == 2 and all(report.is_usable for report in reports),
            "; ".join(
                f"{report.model_name}: {report.status.value} in {report.pass_count} passes" for report in reports
            ),
        ),
        ForecastCheck(
            "parameters_in_range",
            not outside,
            f"outside: {outside}" if outside else ", ".join(f"{name} {value:.4g}" for name, value in letters.items()),
        ),
        ForecastCheck(
            "fit_reproduces_history",
            abs(expected - actual) <= _HISTORY_AGREES * max(actual, 1.0),
            f"{expected:.0f} repeat purchase days expected of customers of these ages, {actual:.0f} in the data",
            is_blocking=False,
        ),
        ForecastCheck(
            "mean_spend_is_finite",
            spend.has_reliable_mean,
            f"q is {spend.params_['q']:.3g}; the mean spend of the population needs q well above 1"
            + ("" if spend.has_reliable_mean else ", so the observed mean stands in for it"),
            is_blocking=False,
        ),
    ]


def prediction_checks(
    summary: pl.DataFrame, predictions: pl.DataFrame, purchases: PurchaseEstimator, horizon_days: int
) -> list[ForecastCheck]:
    """One prediction per customer, all of them numbers in range, and totals that add up."""
    # Null says that there is no such number: no rate to discount all the future at.
    numbers = predictions.select(pl.selectors.numeric().exclude("residual_clv_amount"))
    missing = sum(
        int(series.null_count()) + int((~series.cast(pl.Float64).drop_nulls().is_finite()).sum())
        for series in numbers.iter_columns()
    )
    probabilities = predictions.select("probability_alive", "churn_probability")
    odd = sum(int((~series.is_between(0.0, 1.0)).sum()) for series in probabilities.iter_columns())
    negative = sum(
        int((predictions[name] < 0).sum())
        for name in ("expected_purchases", "purchases_low", "expected_spend_amount", "clv_amount", "clv_low_amount")
    )
    odd_intervals = sum(
        int((predictions[low] > predictions[high]).sum())
        for low, high in (("purchases_low", "purchases_high"), ("clv_low_amount", "clv_high_amount"))
    )
    # The base model's total once more, by distinct histories and their numbers of customers instead of one by one.
    histories = distinct_histories(summary)
    pairs = DistinctPairs.of(histories)
    horizons = np.full((pairs.frequency.size, 1), float(horizon_days))
    alive = purchases.probability_alive(histories) * histories["weight"].to_numpy()
    per_pair = np.bincount(pairs.position, weights=alive, minlength=pairs.frequency.size)
    while_alive = purchases.expected_purchases_while_alive(pairs.frequency, pairs.age_days, horizons)[:, 0]
    aggregate = float(np.sum(per_pair * while_alive))
    total = float(purchases.expected_purchases(summary, horizon_days).sum())
    customers = summary["customer_id"].equals(predictions["customer_id"]) and not bool(
        predictions["customer_id"].is_duplicated().any()
    )
    return [
        ForecastCheck(
            "one_prediction_per_customer",
            customers,
            f"{predictions.height} predictions for {summary.height} customers",
        ),
        ForecastCheck("no_missing_numbers", missing == 0, f"{missing} values are null, NaN or infinite"),
        ForecastCheck(
            "intervals_in_order",
            odd_intervals == 0,
            f"{odd_intervals} intervals end before they begin",
        ),
        ForecastCheck("probabilities_in_range", odd == 0, f"{odd} probabilities outside 0 to 1"),
        ForecastCheck("nothing_negative", negative == 0, f"{negative} expected purchases or amounts below zero"),
        ForecastCheck(
            "totals_add_up",
            abs(aggregate - total) <= _TOTALS_AGREE * max(aggregate, 1.0),
            f"{total:.6f} purchases expected customer by customer, {aggregate:.6f} by distinct histories",
        ),
    ]


def backtest_checks(backtest: pl.DataFrame, problem: str | None, *, model_name: str) -> list[ForecastCheck]:
    """Whether the past could be held against a forecast, and whether the model beat the naive one."""
    checks = [
        ForecastCheck(
            "backtest_possible",
            problem is None,
            problem or "the history carries a holdout",
            is_blocking=False,
        )
    ]
    if backtest.height == 0:
        return checks
    mae = {
        row["model_name"]: row["value"]
        for row in backtest.filter(pl.col("metric") == "mae").iter_rows(named=True)
        if row["value"] is not None
    }
    if model_name in mae and NAIVE in mae:
        checks.append(
            ForecastCheck(
                "beats_naive_mae",
                mae[model_name] < mae[NAIVE],
                f"mean absolute error {mae[model_name]:.4f} purchase days a customer, naive {mae[NAIVE]:.4f}",
                is_blocking=False,
            )
        )
    return checks
