"""One merchant's forecast from purchase days: fit, hold against the past, predict, check, and describe.

The one function that orchestration calls. Pure and deterministic: the same history, settings and code give the same
bits, whatever the order of the rows. Must not decide what is published; it says what each check found.
"""

import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import scipy

from ml.estimator import FloatArray, PurchaseEstimator, SpendEstimator, UnusableFitError
from ml.evaluation import validation
from ml.forecasts.forecast_checks import ForecastCheck, backtest_checks, fit_checks, prediction_checks
from ml.forecasts.model_card import data_hash, model_card, model_run_id
from ml.histories.purchase_summary import SUMMARY_SCHEMA, summarise_purchases
from ml.purchases.bg_nbd import BetaGeometricNbd
from ml.purchases.mbg_nbd import ModifiedBetaGeometricNbd
from ml.purchases.pareto_nbd import ParetoNbd
from ml.spend.gamma_gamma import GammaGamma, spend_frequency_correlation
from ml.value.churn import churn_probability
from ml.value.lifetime_value import lifetime_value
from models.errors import MisconfiguredError, StopError

MODEL_NAME = "bg_nbd_gamma_gamma"
DEFAULT_HOLDOUT_DAYS = 180
# Held against the same holdout, so that a merchant sees what another model would have been worth; they predict nothing.
CHALLENGERS: tuple[type[PurchaseEstimator], ...] = (ModifiedBetaGeometricNbd, ParetoNbd)
# numeric(18,4) in the warehouse: the type of every amount there.
MONEY = pl.Decimal(18, 4)

SUMMARIES_SCHEMA = pl.Schema(
    {"customer_id": SUMMARY_SCHEMA["customer_id"], "as_of_date": pl.Date(), **dict(list(SUMMARY_SCHEMA.items())[1:])}
)
PREDICTIONS_SCHEMA = pl.Schema(
    {
        "customer_id": pl.String(),
        "as_of_date": pl.Date(),
        "frequency": pl.Int64(),
        "recency_days": pl.Float64(),
        "age_days": pl.Float64(),
        "probability_alive": pl.Float64(),
        "expected_purchases": pl.Float64(),
        "expected_spend_amount": MONEY,
        "clv_amount": MONEY,
        "clv_horizon_days": pl.Int32(),
        "annual_discount_rate": pl.Float64(),
        "churn_probability": pl.Float64(),
        "churn_horizon_days": pl.Int32(),
    }
)


@dataclass(frozen=True)
class ForecastSettings:
    """What a merchant's forecast is asked for.

    Attributes:
        merchant_id: Whose customers.
        as_of_date: The last day of the history.
        currency_minor_digits: Decimal places of the merchant's currency, 0 to 4.
        horizon_days: Over which purchases and lifetime value are expected.
        annual_discount_rate: A share a year.
        churn_horizon_days: Churn is no purchase within so many days.
        holdout_days: Days held out for the backtest; None is half of the history, 180 at most.
        currency_code: Of the amounts; the same figures in another currency are another forecast.
    """

    merchant_id: str
    as_of_date: date
    currency_minor_digits: int = 2
    horizon_days: int = 365
    annual_discount_rate: float = 0.10
    churn_horizon_days: int = 90
    holdout_days: int | None = None
    currency_code: str = ""

    def __post_init__(self) -> None:
        at = f"merchants[{self.merchant_id}]"
        if not 0 <= self.currency_minor_digits <= 4:
            raise MisconfiguredError(
                f"{at}.currency_code", f"a currency has 0 to 4 decimal places, not {self.currency_minor_digits}"
            )
        for name in ("horizon_days", "churn_horizon_days", "holdout_days"):
            value = getattr(self, name)
            if value is not None and not 1 <= value <= 36_500:
                raise MisconfiguredError(f"{at}.prediction.{name}", f"{value} is not between 1 and 36500 days")
        if not (np.isfinite(self.annual_discount_rate) and 0 <= self.annual_discount_rate <= 10):
            raise MisconfiguredError(
                f"{at}.prediction.annual_discount_rate",
                f"{self.annual_discount_rate} is no share a year between 0 and 10 (write 10% as 0.10)",
            )


@dataclass(frozen=True)
class MerchantForecast:
    """A merchant's forecast with all that is stored of it. Frames carry no merchant, run or currency columns.

    Attributes:
        model_name: The models together.
        model_run_id: The same for a repeat on the same data, settings and code.
        summary: `SUMMARIES_SCHEMA`, one row per customer, sorted by customer_id.
        predictions: `PREDICTIONS_SCHEMA`, the same customers in the same order; amounts rounded half to even.
        backtest: `ml.evaluation.validation.BACKTEST_SCHEMA`; empty when the history does not carry one.
        holdout_weeks: `ml.evaluation.validation.HOLDOUT_WEEKS_SCHEMA`; empty along with it.
        frequency_buckets: `ml.evaluation.validation.FREQUENCY_BUCKETS_SCHEMA`; empty along with it.
        parameters: Model name to parameters (alpha in days, v in the currency).
        model_card: JSON-ready.
        checks: What was checked and found.
        data_hash: Digest of the data that took part.
        code_hash: As it was handed in.
    """

    model_name: str
    model_run_id: str
    summary: pl.DataFrame
    predictions: pl.DataFrame
    backtest: pl.DataFrame
    holdout_weeks: pl.DataFrame
    frequency_buckets: pl.DataFrame
    parameters: dict[str, dict[str, float]]
    model_card: dict[str, Any]
    checks: list[ForecastCheck]
    data_hash: str
    code_hash: str

    @property
    def is_publishable(self) -> bool:
        """Whether every blocking check passed."""
        return all(check.has_passed for check in self.checks if check.is_blocking)


@dataclass(frozen=True)
class _Backtest:
    table: pl.DataFrame
    weeks: pl.DataFrame
    buckets: pl.DataFrame
    problem: str | None
    data: tuple[pl.DataFrame, ...]


def rounded_amount(values: FloatArray, minor_digits: int) -> pl.Series:
    """Amounts rounded half to even to a currency's decimal places, as `MONEY`."""
    unit = 10.0**minor_digits
    return pl.Series(np.rint(values * unit) / unit).cast(MONEY)


def default_holdout_days(history_days: int) -> int:
    """Half of a history, at most 180 days, at least one."""
    return max(1, min(history_days // 2, DEFAULT_HOLDOUT_DAYS))


def predict(
    summary: pl.DataFrame, purchases: PurchaseEstimator, spend: SpendEstimator, settings: ForecastSettings
) -> pl.DataFrame:
    """The predictions of a summary under fitted models: `PREDICTIONS_SCHEMA`, one row per row of the summary."""
    digits = settings.currency_minor_digits
    clv = lifetime_value(
        purchases,
        spend,
        summary,
        horizon_days=settings.horizon_days,
        annual_discount_rate=settings.annual_discount_rate,
    )
    churned = churn_probability(purchases, summary, horizon_days=settings.churn_horizon_days)
    return summary.select(
        "customer_id",
        pl.lit(settings.as_of_date).alias("as_of_date"),
        "frequency",
        "recency_days",
        "age_days",
        pl.Series("probability_alive", purchases.probability_alive(summary)),
        pl.Series("expected_purchases", purchases.expected_purchases(summary, settings.horizon_days)),
        rounded_amount(spend.expected_spend(summary), digits).alias("expected_spend_amount"),
        rounded_amount(clv, digits).alias("clv_amount"),
        pl.lit(settings.horizon_days, dtype=pl.Int32).alias("clv_horizon_days"),
        pl.lit(settings.annual_discount_rate, dtype=pl.Float64).alias("annual_discount_rate"),
        pl.Series("churn_probability", churned),
        pl.lit(settings.churn_horizon_days, dtype=pl.Int32).alias("churn_horizon_days"),
    ).match_to_schema(PREDICTIONS_SCHEMA)


def forecast_merchant(
    purchase_days: pl.DataFrame, refunds: pl.DataFrame | None, settings: ForecastSettings, code_hash: str
) -> MerchantForecast:
    """Fit, backtest and predict for one merchant.

    Args:
        purchase_days: One row per customer and purchase day; see `ml.histories.purchase_summary.net_purchase_days`.
        refunds: See there; None is no refunds.
        settings: What is asked for.
        code_hash: `ml.forecasts.model_card.code_hash` of this package's source.

    Returns:
        The forecast with its checks. A backtest that the history does not carry is a failed check that does not block.

    Raises:
        StopError: The data break their contract, or no forecast can stand on them (`UnusableFitError` with its report);
            the message names the merchant, the property of the data that is the cause, and the way out.
    """
    try:
        return _forecast(purchase_days, refunds, settings, code_hash)
    except UnusableFitError as error:
        error.args = (f"no forecast for merchant {settings.merchant_id}: {error}",)
        raise
    except StopError as error:
        raise StopError(f"no forecast for merchant {settings.merchant_id}: {error}") from error


def _forecast(
    purchase_days: pl.DataFrame, refunds: pl.DataFrame | None, settings: ForecastSettings, code_hash: str
) -> MerchantForecast:
    summary = summarise_purchases(purchase_days, refunds, as_of_date=settings.as_of_date)
    if summary.height == 0:
        raise StopError(
            f"nobody bought anything up to {settings.as_of_date}. Check as_of_date, and whether the orders have landed"
        )
    purchases = BetaGeometricNbd().fit(summary)
    spend = GammaGamma().fit(summary)
    purchase_report, spend_report = purchases.report_, spend.report_
    if purchase_report is None or spend_report is None:
        raise StopError("a fit returned without its report")
    predictions = predict(summary, purchases, spend, settings)
    history_days = int(summary["age_days"].to_numpy().max())
    tested = _backtest(purchase_days, refunds, settings, history_days=history_days)
    hashed = data_hash([summary, *tested.data])
    in_use = {**asdict(settings), "as_of_date": settings.as_of_date.isoformat()}
    run_id = model_run_id(
        merchant_id=settings.merchant_id,
        as_of_date=settings.as_of_date,
        data_hash=hashed,
        code_hash=code_hash,
        settings=in_use,
    )
    first_day = settings.as_of_date - timedelta(days=history_days)
    card = model_card(
        model_name=MODEL_NAME,
        model_run_id=run_id,
        purchases=purchase_report,
        spend=spend_report,
        window=(first_day, settings.as_of_date),
        summary=summary,
        data_hash=hashed,
        code_hash=code_hash,
        settings=in_use,
        versions={
            "python": ".".join(str(part) for part in sys.version_info[:3]),
            "numpy": np.__version__,
            "scipy": scipy.__version__,
            "polars": pl.__version__,
        },
        backtest=tested.table,
        facts={
            "spend_frequency_correlation": spend_frequency_correlation(summary),
            "expected_spend_of_new_customer_amount": spend.population_mean(),
            "has_reliable_mean_spend": spend.has_reliable_mean,
            "backtest_problem": tested.problem,
        },
    )
    return MerchantForecast(
        model_name=MODEL_NAME,
        model_run_id=run_id,
        summary=summary.with_columns(pl.lit(settings.as_of_date).alias("as_of_date")).select(SUMMARIES_SCHEMA.names()),
        predictions=predictions,
        backtest=tested.table,
        holdout_weeks=tested.weeks,
        frequency_buckets=tested.buckets,
        parameters={purchases.name: purchases.params_, spend.name: spend.params_},
        model_card=card,
        checks=[
            *fit_checks(summary, purchases, spend),
            *prediction_checks(summary, predictions, purchases, settings.horizon_days),
            *backtest_checks(tested.table, tested.problem, model_name=purchases.name),
        ],
        data_hash=hashed,
        code_hash=code_hash,
    )


def _fitted_challengers(calibration: pl.DataFrame) -> Iterator[PurchaseEstimator]:
    for challenger in CHALLENGERS:
        # A history that carries one model need not carry another; then there is nothing to compare.
        with suppress(UnusableFitError):
            yield challenger().fit(calibration)


def _backtest(
    purchase_days: pl.DataFrame, refunds: pl.DataFrame | None, settings: ForecastSettings, *, history_days: int
) -> _Backtest:
    """Fit on the days before the holdout and compare; a history that does not carry that is no failure of the run."""
    holdout_days = settings.holdout_days or default_holdout_days(history_days)
    nothing = (
        pl.DataFrame(schema=validation.BACKTEST_SCHEMA),
        pl.DataFrame(schema=validation.HOLDOUT_WEEKS_SCHEMA),
        pl.DataFrame(schema=validation.FREQUENCY_BUCKETS_SCHEMA),
    )
    if history_days <= holdout_days:
        return _Backtest(
            *nothing, f"the history has {history_days} days, the holdout asks for {holdout_days} of them", ()
        )
    split = validation.split_at_holdout(
        purchase_days, refunds, as_of_date=settings.as_of_date, holdout_days=holdout_days
    )
    data = (split.calibration, split.outcome, pl.DataFrame({"purchases": split.actual_by_day}))
    try:
        purchases = BetaGeometricNbd().fit(split.calibration)
    except UnusableFitError as error:
        return _Backtest(*nothing, f"without the last {holdout_days} days there is no fit: {error}", data)
    problem = None
    spend: GammaGamma | None = None
    try:
        spend = GammaGamma().fit(split.calibration)
    except UnusableFitError as error:
        problem = f"spend is not tested, for without the last {holdout_days} days there is no fit: {error}"
    order_horizon_days = min(settings.churn_horizon_days, holdout_days)
    forecasts = [
        validation.model_forecast(split, purchases, spend, order_horizon_days=order_horizon_days),
        *(
            validation.model_forecast(split, challenger, spend, order_horizon_days=order_horizon_days)
            for challenger in _fitted_challengers(split.calibration)
        ),
        *validation.baseline_forecasts(split, order_horizon_days=order_horizon_days),
    ]
    return _Backtest(
        validation.backtest(split, forecasts, order_horizon_days=order_horizon_days),
        validation.holdout_weeks(split, purchases),
        validation.frequency_buckets(split, purchases.expected_purchases(split.calibration, holdout_days)),
        problem,
        data,
    )
