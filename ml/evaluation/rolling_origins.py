"""Several days of the past on which a forecast is made with what was known then, and held against what came after.

One holdout may have been a lucky one. Contenders are run at each origin on the same history and measured on the same
customers (docs/models.md, "Rolling origins"). Must not choose between them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from ml.estimator import FloatArray
from ml.evaluation.bootstrap import Resampling, Sample
from ml.evaluation.calibration import DECILES_SCHEMA, decile_calibration
from ml.evaluation.contender import Contender, Forecast, forecast_once
from ml.evaluation.influence import Ranking
from ml.evaluation.measures import Happened, Rankings, measure
from ml.histories.known_history import KnownHistory, Outcome
from models.errors import StopError

ORIGINS = 3
LONGEST_HORIZON_DAYS = 180
# Two weeks: with less a weekly rhythm passes for a trend, in what is learnt as in what is tested.
LEAST_DAYS = 14

ROLLING_SCHEMA = pl.Schema(
    {
        "model_name": pl.String(),
        "metric": pl.String(),
        "calibration_end_date": pl.Date(),
        "holdout_days": pl.Int32(),
        "value": pl.Float64(),
        "value_low": pl.Float64(),
        "value_high": pl.Float64(),
    }
)
CALIBRATION_SCHEMA = pl.Schema(
    {
        "model_name": pl.String(),
        "quantity": pl.String(),
        "calibration_end_date": pl.Date(),
        "holdout_days": pl.Int32(),
        **DECILES_SCHEMA,
    }
)
REFUSALS_SCHEMA = pl.Schema(
    {
        "model_name": pl.String(),
        "calibration_end_date": pl.Date(),
        "holdout_days": pl.Int32(),
        "reason": pl.String(),
    }
)


@dataclass(frozen=True)
class OriginPlan:
    """Which days of a history are origins.

    Attributes:
        horizon_days: How far each forecast looks; every one of these days is inside the history.
        calibration_days: Per origin, the earliest first, the days from the first purchase day to it.
    """

    horizon_days: int
    calibration_days: tuple[int, ...]


@dataclass(frozen=True)
class CountLosses:
    """A forecast of purchase days in two numbers, and the same in every replicate of the bootstrap.

    Attributes:
        mae: Mean absolute error, purchase days a customer.
        rmse: Root mean squared error, likewise.
        mae_replicates: Shape (replicates,); NaN where a replicate drew nobody.
        rmse_replicates: Likewise. Replicate i is of the same customers for all contenders and origins.
    """

    mae: float
    rmse: float
    mae_replicates: FloatArray
    rmse_replicates: FloatArray


@dataclass(frozen=True)
class OriginBacktest:
    """One origin.

    Attributes:
        history: What was known on the day, with the models that were fitted on it.
        outcome: What happened to its customers afterwards, in its summary's order.
        order_horizon_days: Of the probability to order again.
        forecasts: Model name to forecast, one number per row of the history's summary.
        refusals: Model name to the reason why there is no forecast.
        losses: Model name to losses, of those that forecast purchase days.
    """

    history: KnownHistory
    outcome: Outcome
    order_horizon_days: int
    forecasts: dict[str, Forecast]
    refusals: dict[str, str]
    losses: dict[str, CountLosses]


@dataclass(frozen=True)
class RollingBacktest:
    """All origins of a history, the earliest first.

    Attributes:
        origins: None where the history is too short for any.
        contenders: The names of all that were asked, in the order in which they were.
        table: `ROLLING_SCHEMA`: one row per origin, contender and metric, null where it is undefined. The interval is
            of the customers drawn (`ml.evaluation.bootstrap.LEVEL`), not of the season; facts and totals have none.
        deciles: `CALIBRATION_SCHEMA`: per origin, contender and quantity (`purchase_count`, `spend`,
            `order_probability`) means per customer and tenth of the customers by forecast.
        refusals: `REFUSALS_SCHEMA`.
        problem: Why there is no origin; None when there is one.
    """

    origins: tuple[OriginBacktest, ...]
    contenders: tuple[str, ...]
    table: pl.DataFrame
    deciles: pl.DataFrame
    refusals: pl.DataFrame
    problem: str | None


def plan_origins(history_days: int, *, horizon_days: int | None = None, most: int = ORIGINS) -> OriginPlan | None:
    """Choose the origins: the last one's horizon ends with the history, the others lie half a horizon apart before it.

    A forecast may look no further than its history reaches back. Three origins half a horizon apart need three horizons
    of history: a horizon of 180 days needs 540. A shorter history gets a third of itself as horizon, as long as that is
    two weeks; below, one origin and half of the history. With 180 days the outcomes of three origins cover 360 days,
    a whole round of seasons, which is why they are half a horizon apart and not closer.

    Args:
        history_days: From the first purchase day to the last known day.
        horizon_days: A horizon that is asked for is kept: there are as many origins as it leaves room for, and one may
            look twice as far as its history reaches back.
        most: No more origins than this.

    Returns:
        None when the history is too short for one origin.
    """
    if horizon_days is not None and horizon_days < 1:
        raise StopError(f"a horizon has one day or more; horizon_days is {horizon_days}")
    third = history_days // 3
    horizon = horizon_days or min(LONGEST_HORIZON_DAYS, third if third >= LEAST_DAYS else history_days // 2)
    least = max(LEAST_DAYS, horizon if horizon_days is None else horizon // 2)
    step = max(1, horizon // 2)
    calibration = [days for days in (history_days - horizon - step * k for k in range(most)) if days >= least]
    if horizon_days is None and horizon < LEAST_DAYS:
        return None
    return OriginPlan(horizon, tuple(reversed(calibration))) if calibration else None


def rolling_backtest(
    history: KnownHistory,
    contenders: Sequence[Contender],
    *,
    order_horizon_days: int,
    horizon_days: int | None = None,
    most_origins: int = ORIGINS,
) -> RollingBacktest:
    """Run contenders at the origins of a history and measure them.

    Args:
        history: All that is known.
        contenders: With different names. One that raises StopError at an origin is reported with its reason and the
            others go on; any other exception is a mistake in the code and is raised.
        order_horizon_days: Of the probability to order again; where the horizon is shorter, the horizon.
        horizon_days: See `plan_origins`.
        most_origins: See `plan_origins`.

    Returns:
        The same bits whatever the order of the history's rows.

    Raises:
        StopError: The history's frames break their contract.
        ValueError: Two contenders share a name, or a forecast is not one number per customer.
    """
    names = tuple(contender.name for contender in contenders)
    if len(set(names)) < len(names):
        raise ValueError(f"two contenders share a name: {', '.join(names)}")
    plan = plan_origins(history.days, horizon_days=horizon_days, most=most_origins)
    if plan is None:
        problem = f"the history has {history.days} days; an origin needs {LEAST_DAYS} before and as many after it"
        if horizon_days is not None:
            problem += f", and here {horizon_days} after and half of that before"
        return _assembled((), names, [], [], problem)
    summary = history.summary
    seed = (history.as_of_date.toordinal(), summary.height, int(summary["frequency"].sum()))
    resampling = Resampling.of(summary["customer_id"], seed=seed)
    origins, rows, deciles = [], [], []
    for calibration_days in plan.calibration_days:
        earlier = history.before(history.days - calibration_days)
        outcome = history.outcome_of(earlier, days=plan.horizon_days)
        window = min(order_horizon_days, plan.horizon_days)
        happened = _happened(outcome, window)
        sample = resampling.sample(earlier.summary["customer_id"])
        origin = OriginBacktest(earlier, outcome, window, {}, {}, {})
        at = (earlier.as_of_date, plan.horizon_days)
        for contender in contenders:
            try:
                forecast = forecast_once(contender, earlier, horizon_days=plan.horizon_days, order_horizon_days=window)
                _refuse_what_is_no_number(forecast, happened.purchases.size)
            except StopError as error:
                origin.refusals[contender.name] = str(error)
                continue
            origin.forecasts[contender.name] = forecast
            rankings = Rankings()
            rows += [
                (contender.name, one.metric, *at, one.value, one.low, one.high)
                for one in measure(forecast, happened, sample, rankings)
            ]
            deciles += _deciles(contender.name, at, forecast, happened, rankings)
            if forecast.purchase_count is not None:
                origin.losses[contender.name] = _losses(forecast.purchase_count, happened.purchases, sample)
        origins.append(origin)
    return _assembled(tuple(origins), names, rows, deciles, None)


def _happened(outcome: Outcome, order_horizon_days: int) -> Happened:
    frame = outcome.by_customer
    purchases, spend = frame["purchase_count"].to_numpy(), frame["spend"].to_numpy()
    ordered = (frame["days_to_next"].fill_null(np.inf).to_numpy() <= order_horizon_days).astype(np.float64)
    return Happened(purchases, spend, ordered, order_horizon_days, Ranking.of(purchases), Ranking.of(spend))


def _refuse_what_is_no_number(forecast: Forecast, customers: int) -> None:
    """A wrong shape is a mistake in the code; a number that is none comes from the data, and the others go on."""
    for what in ("score", "order_probability", "purchase_count", "spend"):
        values: FloatArray | None = getattr(forecast, what)
        if values is None:
            continue
        if values.shape != (customers,):
            raise ValueError(f"{forecast.model_name}: {what} has shape {values.shape} for {customers} customers")
        missing = int(np.sum(~np.isfinite(values)))
        if missing:
            raise StopError(f"{forecast.model_name}: {what} is no finite number for {missing} of {customers} customers")


def _losses(expected: FloatArray, actual: FloatArray, sample: Sample) -> CountLosses:
    size = np.abs(expected - actual)
    mae, mse = sample.means([size, size**2])
    return CountLosses(float(np.mean(size)), float(np.sqrt(np.mean(size**2))), mae, np.sqrt(mse))


def _deciles(
    name: str, at: tuple[object, int], forecast: Forecast, happened: Happened, rankings: Rankings
) -> list[tuple[object, ...]]:
    pairs = {
        "order_probability": (forecast.order_probability, happened.ordered),
        "purchase_count": (forecast.purchase_count, happened.purchases),
        "spend": (forecast.spend, happened.spend),
    }
    return [
        (name, quantity, *at, *row)
        for quantity, (expected, actual) in pairs.items()
        if expected is not None
        for row in decile_calibration(rankings.of(expected), expected, actual).iter_rows()
    ]


def _assembled(
    origins: tuple[OriginBacktest, ...],
    names: tuple[str, ...],
    rows: Sequence[tuple[object, ...]],
    deciles: Sequence[tuple[object, ...]],
    problem: str | None,
) -> RollingBacktest:
    refusals = [
        (name, origin.history.as_of_date, origin.outcome.days, reason)
        for origin in origins
        for name, reason in origin.refusals.items()
    ]
    by = ["model_name", "calibration_end_date"]
    return RollingBacktest(
        origins=origins,
        contenders=names,
        table=pl.DataFrame(rows, schema=ROLLING_SCHEMA, orient="row").sort([*by, "metric"]),
        deciles=pl.DataFrame(deciles, schema=CALIBRATION_SCHEMA, orient="row").sort([*by, "quantity", "decile"]),
        refusals=pl.DataFrame(refusals, schema=REFUSALS_SCHEMA, orient="row").sort(by),
        problem=problem,
    )
