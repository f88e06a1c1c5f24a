"""Every measure of one forecast against what happened, with its bootstrap interval.

Must not know who made a forecast.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from ml.estimator import FloatArray
from ml.evaluation import influence, metrics
from ml.evaluation.bootstrap import Sample, interval
from ml.evaluation.contender import Forecast
from ml.evaluation.influence import Linearised, Ranking


@dataclass(frozen=True)
class Measured:
    """One measure.

    Attributes:
        metric: Its name, as in docs/models.md.
        value: None where it is undefined.
        low: Lower end of its interval (`ml.evaluation.bootstrap.LEVEL`); None for totals and where it is undefined.
        high: Upper end.
    """

    metric: str
    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Happened:
    """What the customers of an origin did in the days after it, one number each.

    Attributes:
        purchases: Purchase days in the holdout.
        spend: Spend of those days, in the merchant's currency.
        ordered: 1 for those who ordered within the order horizon, otherwise 0.
        order_horizon_days: That horizon.
        by_purchases: The customers ranked by purchase days.
        by_spend: The customers ranked by spend.
    """

    purchases: FloatArray
    spend: FloatArray
    ordered: FloatArray
    order_horizon_days: int
    by_purchases: Ranking
    by_spend: Ranking


class Rankings:
    """The rankings of one forecast's customers, each sorted once however much is measured by it."""

    def __init__(self) -> None:
        self._found: list[tuple[FloatArray, Ranking]] = []

    def of(self, values: FloatArray) -> Ranking:
        """The ranking by an array; the same array gives the same ranking."""
        for known, ranking in self._found:
            if known is values:
                return ranking
        ranking = Ranking.of(values)
        self._found.append((values, ranking))
        return ranking


@dataclass(frozen=True)
class _Statistic:
    """A measure as a function of means over customers, whose replicates are the function of the replicates' means."""

    metric: str
    value: float | None
    columns: tuple[FloatArray, ...]
    of: Callable[..., FloatArray]


def measure(forecast: Forecast, happened: Happened, sample: Sample, rankings: Rankings) -> list[Measured]:
    """Hold a forecast against what happened.

    Args:
        forecast: One number per customer of the origin.
        happened: The same customers in the same order.
        sample: The same customers in the same order.
        rankings: Of this forecast; what is sorted here need not be sorted again.

    Returns:
        Facts of the origin, the same for every forecast; then what this forecast can be measured by.
    """
    ordered = happened.ordered
    found = [
        Measured("customer_count", float(ordered.size)),
        Measured("actual_purchases", float(happened.purchases.sum())),
        Measured("actual_spend_amount", float(happened.spend.sum())),
        Measured("actual_order_rate", float(ordered.mean()) if ordered.size else None),
        Measured("order_horizon_days", float(happened.order_horizon_days)),
    ]
    if forecast.purchase_count is not None:
        found.append(Measured("expected_purchases", float(forecast.purchase_count.sum())))
    if forecast.spend is not None:
        found.append(Measured("expected_spend_amount", float(forecast.spend.sum())))
    statistics = list(_statistics(forecast, happened, rankings))
    means = sample.means([column for statistic in statistics for column in statistic.columns])
    first = 0
    for statistic in statistics:
        last = first + len(statistic.columns)
        with np.errstate(invalid="ignore", divide="ignore"):
            low, high = interval(statistic.of(*means[first:last]))
        defined = statistic.value is not None
        found.append(Measured(statistic.metric, statistic.value, low if defined else None, high if defined else None))
        first = last
    return found


def _statistics(forecast: Forecast, happened: Happened, rankings: Rankings) -> Iterator[_Statistic]:
    by_score, actual, best = rankings.of(forecast.score), happened.purchases, happened.by_purchases
    yield _rank_measure("spearman", influence.spearman(by_score, best))
    yield _rank_measure("normalised_gini", influence.normalised_gini(by_score, best, actual))
    yield _rank_measure("top_decile_capture_rate", influence.top_decile_capture(by_score, actual), at_least=0.0)
    ranked_by = forecast.score if forecast.order_probability is None else forecast.order_probability
    area = influence.area_under_curve(rankings.of(ranked_by), happened.ordered)
    yield _rank_measure("order_auc", area, at_least=0.0)
    if forecast.order_probability is not None:
        yield _Statistic(
            "order_brier",
            metrics.brier_score(forecast.order_probability, happened.ordered),
            ((forecast.order_probability - happened.ordered) ** 2,),
            np.asarray,
        )
    if forecast.purchase_count is not None:
        yield from _errors("", forecast.purchase_count, happened.purchases)
    if forecast.spend is not None:
        yield from _errors("spend_", forecast.spend, happened.spend)
        by_spend = influence.normalised_gini(rankings.of(forecast.spend), happened.by_spend, happened.spend)
        yield _rank_measure("spend_normalised_gini", by_spend)


def _rank_measure(metric: str, found: Linearised | None, *, at_least: float = -1.0) -> _Statistic:
    """Its value plus the mean move of those drawn, within the measure's range."""
    if found is None:
        return _Statistic(metric, None, (), lambda: np.zeros(0))
    return _Statistic(metric, found.value, (found.moves,), lambda mean: np.clip(found.value + mean, at_least, 1.0))


def _errors(prefix: str, expected: FloatArray, actual: FloatArray) -> Iterator[_Statistic]:
    error = expected - actual
    size = np.abs(error)
    yield _Statistic(f"{prefix}bias", metrics.bias(expected, actual), (error,), np.asarray)
    yield _Statistic(f"{prefix}mae", metrics.mean_absolute_error(expected, actual), (size,), np.asarray)
    yield _Statistic(f"{prefix}rmse", metrics.root_mean_squared_error(expected, actual), (error**2,), np.sqrt)
    yield _Statistic(
        f"{prefix}wape",
        metrics.weighted_absolute_percentage_error(expected, actual),
        (size, actual),
        np.divide,
    )
