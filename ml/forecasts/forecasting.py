"""One merchant's forecast from purchase days: hold the past against every contender, choose, predict, check, describe.

The one function that orchestration calls. Pure and deterministic: the same history, settings, prior, incumbent and code
give the same bits, whatever the order of the rows. Must not decide what is published; it says what each check found.
"""

import sys
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from importlib.metadata import version
from typing import Any

import numpy as np
import polars as pl
import scipy

from ml.contenders.parametric import BASES, base_of
from ml.estimator import FitReport, PurchaseEstimator, UnusableFitError
from ml.evaluation.baselines import NAIVE
from ml.evaluation.contender import Contender, FitsOwnModel, Forecast, OwnFit, forecast_once
from ml.evaluation.rolling_origins import RollingBacktest
from ml.forecasts.backtesting import (
    Reach,
    backtested,
    base_named,
    contenders_for,
    holdout_course,
    reach_at_origins,
)
from ml.forecasts.champion import ChampionChoice, choose_champion, gate
from ml.forecasts.drift import input_drift, input_sketch, level_residuals, nothing_to_compare_with, residual_drift
from ml.forecasts.forecast_checks import ForecastCheck, backtest_checks, fit_checks, prediction_checks
from ml.forecasts.model_card import data_hash, fit_entry, model_card, model_run_id
from ml.forecasts.predictions import SUMMARIES_SCHEMA, Speaker, cohort_forecasts, expected_of, predict
from ml.forecasts.settings import ForecastSettings, Incumbent
from ml.histories.known_history import KnownHistory
from ml.priors.prior import Prior
from ml.priors.shipped import shipped_prior
from ml.priors.small_merchants import FitWithPrior
from ml.spend.gamma_gamma import GammaGamma, spend_day_share, spend_frequency_correlation
from models.errors import StopError


@dataclass(frozen=True)
class MerchantForecast:
    """A merchant's forecast with all that is stored of it. Frames carry no merchant, run or currency columns.

    Attributes:
        model_name: The champion, whose counts are predicted.
        base_model_name: The parametric model under it.
        prediction_basis: `model`, `prior` or `naive`; see `ml.forecasts.predictions.Speaker`.
        model_run_id: The same for a repeat on the same data, settings, prior, incumbent and code.
        summary: `SUMMARIES_SCHEMA`, one row per customer, sorted by customer_id.
        predictions: `PREDICTIONS_SCHEMA`, the same customers in the same order; amounts rounded half to even.
        cohort_forecasts: `COHORTS_SCHEMA`: totals by month of acquisition, with bands.
        backtest: `ml.evaluation.rolling_origins.ROLLING_SCHEMA`, all origins; empty when the history carries none.
        deciles: `ml.evaluation.rolling_origins.CALIBRATION_SCHEMA`, likewise.
        standings: `ml.forecasts.champion.STANDINGS_SCHEMA`, one row per contender.
        holdout_weeks: `ml.evaluation.holdout_course.HOLDOUT_WEEKS_SCHEMA` of the base at the latest origin.
        frequency_buckets: `ml.evaluation.holdout_course.FREQUENCY_BUCKETS_SCHEMA`, likewise.
        parameters: Model name to parameters (alpha in days, v in the currency); the champion's own, where it has any.
        model_card: JSON-ready.
        checks: What was checked and found.
        data_hash: Digest of the data that took part.
        code_hash: As it was handed in.
    """

    model_name: str
    base_model_name: str
    prediction_basis: str
    model_run_id: str
    summary: pl.DataFrame
    predictions: pl.DataFrame
    cohort_forecasts: pl.DataFrame
    backtest: pl.DataFrame
    deciles: pl.DataFrame
    standings: pl.DataFrame
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


def forecast_merchant(
    purchase_days: pl.DataFrame,
    refunds: pl.DataFrame | None,
    settings: ForecastSettings,
    code_hash: str,
    *,
    prior: Prior | None = None,
    incumbent: Incumbent | None = None,
    first_orders: pl.DataFrame | None = None,
) -> MerchantForecast:
    """Backtest, choose, fit and predict for one merchant.

    Args:
        purchase_days: One row per customer and purchase day; see `ml.histories.purchase_summary.net_purchase_days`.
        refunds: See there; None is no refunds.
        settings: What is asked for.
        code_hash: `ml.forecasts.model_card.code_hash` of this package's source.
        prior: What other merchants teach; None is the shipped one.
        incumbent: Who spoke for the merchant before; None when nobody did.
        first_orders: See `ml.histories.first_orders.known_facts`.

    Returns:
        The forecast with its checks. A backtest that the history does not carry is a failed check that does not block.

    Raises:
        StopError: The data break their contract, or no forecast can stand on them (`UnusableFitError` with its report);
            the message names the merchant, the property of the data that is the cause, and the way out.
    """
    try:
        fits = FitWithPrior(prior or shipped_prior())
        history = KnownHistory(purchase_days, refunds, settings.as_of_date, fits, first_orders)
        return _forecast(history, settings, code_hash, fits.prior, incumbent)
    except UnusableFitError as error:
        error.args = (f"no forecast for merchant {settings.merchant_id}: {error}",)
        raise
    except StopError as error:
        raise StopError(f"no forecast for merchant {settings.merchant_id}: {error}") from error


def _forecast(
    history: KnownHistory, settings: ForecastSettings, code_hash: str, prior: Prior, incumbent: Incumbent | None
) -> MerchantForecast:
    if history.summary.height == 0:
        raise StopError(
            f"nobody bought anything up to {settings.as_of_date}. Check as_of_date, and whether the orders have landed"
        )
    rolling = backtested(history, settings)
    choice = choose_champion(
        rolling,
        parametric=[base.name for base in BASES],
        incumbent=None if incumbent is None else incumbent.champion,
        incumbent_base=None if incumbent is None else incumbent.base,
    )
    passed = gate(rolling, choice.champion) if choice.champion else _untested(choice)
    # With an incumbent, its run stays in force. Without one the naive forecast is better than none, and says its name.
    falls_back = not passed.has_passed and incumbent is None
    base = _base(history, choice)
    champion = NAIVE if falls_back else choice.champion or base.name
    forecast = None if champion == base.name else _said_by(champion, history, settings)
    name = base.name if forecast is None else champion
    reach = reach_at_origins(history, rolling, base, name, settings)
    speaker = _speaker(history, base, name, forecast, reach)
    report, spend_report = _reports(speaker)
    own = None if forecast is None else _own_fit(champion, history, settings)
    expected = expected_of(history.summary, speaker, settings)
    predictions = predict(history.summary, speaker, settings, expected)
    course = holdout_course(rolling, base)
    backtest = pl.concat([rolling.table, reach.table])
    summary, hashed = history.summary, _data_hash(history, rolling)
    in_use = {**settings.as_json, "prior": prior.identity, "incumbent": _held(incumbent)}
    run_id = model_run_id(
        merchant_id=settings.merchant_id,
        as_of_date=settings.as_of_date,
        data_hash=hashed,
        code_hash=code_hash,
        settings=in_use,
    )
    checks = [
        *fit_checks(summary, speaker.purchases, speaker.spend),
        *prediction_checks(summary, predictions, speaker.purchases, settings.horizon_days),
        *backtest_checks(_latest(rolling.table), rolling.problem, model_name=speaker.champion),
        replace(passed, is_blocking=not falls_back),
        *_drift(history, rolling, choice, incumbent),
    ]
    card = model_card(
        model_name=speaker.champion,
        model_run_id=run_id,
        purchases=report,
        spend=spend_report,
        window=(settings.as_of_date - timedelta(days=history.days), settings.as_of_date),
        summary=summary,
        data_hash=hashed,
        code_hash=code_hash,
        settings=in_use,
        versions=_versions(),
        backtest=_latest(backtest),
        facts={
            "base_model_name": base.name,
            "prediction_basis": speaker.basis,
            "prior_share": report.prior_share,
            "champion_reasons": list(choice.reasons),
            "standings": choice.standings.to_dicts(),
            "refusals": [
                {**row, "calibration_end_date": row["calibration_end_date"].isoformat()}
                for row in rolling.refusals.to_dicts()
            ],
            "recalibrations": {name: one.parameters for name, one in sorted(reach.recalibrations.items())},
            "input_sketch": input_sketch(summary, as_of_date=settings.as_of_date),
            "spend_frequency_correlation": spend_frequency_correlation(summary),
            "spend_day_share": spend_day_share(summary),
            "expected_spend_of_new_customer_amount": speaker.spend.population_mean(),
            "has_reliable_mean_spend": speaker.spend.has_reliable_mean,
            "champion_fit": None if own is None else {**fit_entry(own.report, own.units), "facts": dict(own.facts)},
            "backtest_problem": rolling.problem,
            "checks": [asdict(check) for check in checks],
        },
    )
    return MerchantForecast(
        model_name=speaker.champion,
        base_model_name=base.name,
        prediction_basis=speaker.basis,
        model_run_id=run_id,
        summary=summary.with_columns(pl.lit(settings.as_of_date).alias("as_of_date")).select(SUMMARIES_SCHEMA.names()),
        predictions=predictions,
        cohort_forecasts=cohort_forecasts(summary, speaker, settings, expected, reach.level_errors),
        backtest=backtest,
        deciles=rolling.deciles,
        standings=choice.standings,
        holdout_weeks=course.weeks,
        frequency_buckets=course.buckets,
        parameters={
            speaker.purchases.name: speaker.purchases.params_,
            speaker.spend.name: speaker.spend.params_,
            **({} if own is None else {own.report.model_name: own.report.parameters}),
        },
        model_card=card,
        checks=checks,
        data_hash=hashed,
        code_hash=code_hash,
    )


def _base(history: KnownHistory, choice: ChampionChoice) -> type[PurchaseEstimator]:
    """The parametric model that the backtests chose; the first that the whole history carries where they chose none."""
    if choice.base is not None:
        try:
            history.fitted(base_named(choice.base))
        except UnusableFitError:
            return type(base_of(history))
        return base_named(choice.base)
    return type(base_of(history))


def _speaker(
    history: KnownHistory, base: type[PurchaseEstimator], name: str, forecast: Forecast | None, reach: Reach
) -> Speaker:
    purchases, spend = history.fitted(base), history.fitted(GammaGamma)
    stands_on_prior = purchases.report_ is not None and purchases.report_.prior_share > 0
    basis = NAIVE if name == NAIVE else "prior" if stands_on_prior else "model"
    return Speaker(name, basis, purchases, spend, forecast, reach.recalibrations)


def _said_by(champion: str, history: KnownHistory, settings: ForecastSettings) -> Forecast | None:
    """The champion's forecast of what is to come; None where it refuses the whole history, and the base speaks.

    A contender looks no further for orders than for counts. Where churn is asked about beyond that, the base answers.
    """
    contender = _contender_named(champion, settings)
    window = min(settings.churn_horizon_days, settings.horizon_days)
    try:
        forecast = forecast_once(contender, history, horizon_days=settings.horizon_days, order_horizon_days=window)
    except StopError:
        return None
    return forecast if window == settings.churn_horizon_days else replace(forecast, order_probability=None)


def _contender_named(name: str, settings: ForecastSettings) -> Contender:
    return next(one for one in contenders_for(settings) if one.name == name)


def _own_fit(champion: str, history: KnownHistory, settings: ForecastSettings) -> OwnFit | None:
    """The parameters under a champion's forecast; None of one that has none of its own."""
    contender = _contender_named(champion, settings)
    return contender.own_fit(history) if isinstance(contender, FitsOwnModel) else None


def _untested(choice: ChampionChoice) -> ForecastCheck:
    return ForecastCheck("not_worse_than_naive", has_passed=True, message=choice.reasons[0])


def _reports(speaker: Speaker) -> tuple[FitReport, FitReport]:
    if speaker.purchases.report_ is None or speaker.spend.report_ is None:
        raise AssertionError("a fit returned without its report")
    return speaker.purchases.report_, speaker.spend.report_


def _held(incumbent: Incumbent | None) -> dict[str, str] | None:
    if incumbent is None:
        return None
    return {"model_run_id": incumbent.model_run_id, "champion": incumbent.champion, "base": incumbent.base}


def _data_hash(history: KnownHistory, rolling: RollingBacktest) -> str:
    """Of the facts, of all days up to now, and of those as they were known at each origin: refunds came later."""
    facts = [] if history.facts is None else [history.facts]
    return data_hash(
        [history.summary, history.net_days, *(origin.history.net_days for origin in rolling.origins), *facts]
    )


def _latest(table: pl.DataFrame) -> pl.DataFrame:
    """The rows of the latest origin."""
    return table.filter(pl.col("calibration_end_date") == pl.col("calibration_end_date").max())


def _drift(
    history: KnownHistory, rolling: RollingBacktest, choice: ChampionChoice, incumbent: Incumbent | None
) -> list[ForecastCheck]:
    name = choice.champion or NAIVE
    residuals = residual_drift(level_residuals(rolling.table, name), model_name=name)
    if incumbent is None or incumbent.input_sketch is None:
        return [residuals, *nothing_to_compare_with()]
    return [residuals, *input_drift(incumbent.input_sketch, history.summary, as_of_date=history.as_of_date)]


def _versions() -> dict[str, str]:
    return {
        "python": ".".join(str(part) for part in sys.version_info[:3]),
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "polars": pl.__version__,
        "scikit-learn": version("scikit-learn"),
    }
