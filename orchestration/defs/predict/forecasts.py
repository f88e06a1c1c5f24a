"""Purchase summaries, fitted models, backtests and predictions, and which of them are in force."""

from collections.abc import Sequence

import dagster as dg

from models import ml as tables
from orchestration import progress
from orchestration.asset_plots import model_plots
from orchestration.configuration import Merchant
from orchestration.deployment_prior import prior_in_use
from orchestration.failures import RETRY_POLICY, typed_failures
from orchestration.forecast_reports import MOST_SHOWN, ReportedForecast, check_results, forecast_results
from orchestration.forecast_workers import forecast_workers
from orchestration.outcomes import Outcomes
from orchestration.prediction import predict_merchant, publish_merchant
from orchestration.resources import DeploymentResource

HISTORY = (
    dg.AssetKey(["intermediate", "int_purchase_days_aggregated"]),
    dg.AssetKey(["intermediate", "int_refunds_attributed"]),
    dg.AssetKey(["intermediate", "int_first_orders_described"]),
)
TABLES = (
    tables.purchase_summaries,
    tables.model_runs,
    tables.backtests,
    tables.calibration_deciles,
    tables.cohort_forecasts,
    tables.holdout_weeks,
    tables.predictions,
)
MODEL_RUNS = dg.AssetKey(["ml", "model_runs"])
VALUE = dg.AssetKey(["ml", "customer_lifetime_value"])
CHECKS = {
    "fit_converged": "The fit converged, away from every boundary.",
    "parameters_in_range": "Every parameter is finite and of a plausible size.",
    "fit_reproduces_history": "The model expects about as many repeat purchases of the past as there were.",
    "mean_spend_is_finite": "The spend model has a mean that can be relied on.",
    "one_prediction_per_customer": "Every customer has exactly one prediction.",
    "no_missing_numbers": "No predicted number is missing, NaN or infinite.",
    "intervals_in_order": "No interval ends before it begins.",
    "probabilities_in_range": "Every probability lies in 0..1.",
    "nothing_negative": "No expected purchase and no amount is below zero.",
    "totals_add_up": "The customers' expected purchases add up to what the base model expects of the cohort.",
    "backtest_possible": "The history is long enough to hold a part of it back.",
    "beats_naive_mae": "At the latest origin, the forecast is closer than the naive same-rate forecast.",
    "not_worse_than_naive": "Over all origins, the forecast is not worse than the naive one beyond chance.",
    "level_error_is_stable": "The latest origin's total is off by no more than earlier ones leave room for.",
    "customers_stay": "Nobody has disappeared since the last published run.",
    "frequency_is_stable": "Repeat purchases are distributed as in the last published run.",
    "days_since_last_purchase_is_stable": "So are the days since the last purchase.",
    "age_days_is_stable": "So are the days since the first purchase, of customers known then.",
    "monetary_value_is_stable": "So is mean spend.",
    "new_customers_are_stable": "About as many new customers come as before the last published run.",
}


@dg.multi_asset(
    name="forecasts",
    specs=[
        dg.AssetSpec(
            dg.AssetKey(["ml", table.name]),
            deps=list(HISTORY),
            description=table.comment,
            group_name="predict",
            owners=["team:data-science"],
            kinds={"polars", "postgres", "table"},
        )
        for table in TABLES
    ],
    check_specs=[dg.AssetCheckSpec(name, asset=MODEL_RUNS, description=text) for name, text in CHECKS.items()],
    retry_policy=RETRY_POLICY,
)
def forecasts(context: dg.AssetExecutionContext, deployment: DeploymentResource):  # type: ignore[no-untyped-def] # noqa: ANN201 - a generator of Dagster's own results
    """Fit, backtest and predict for each merchant; nothing is in force yet."""
    run = deployment.run
    shown = {merchant.merchant_id for merchant in run.merchants[:MOST_SHOWN]}
    with (
        typed_failures(),
        forecast_workers(run.deployment.settings) as workers,
        progress.current().task(_description(run.merchants), _total(run.merchants)) as advance,
    ):
        prior = prior_in_use(run.deployment.settings)

        def predict(merchant: Merchant) -> ReportedForecast:
            try:
                forecast = predict_merchant(run, merchant, workers, prior=prior)
            finally:
                advance(1)
            return ReportedForecast.of(forecast, is_shown=merchant.merchant_id in shown)

        outcomes: Outcomes[ReportedForecast] = run.each(
            "forecasts", predict, at_once=workers.at_once, retry_number=context.retry_number
        )
    forecasts_shown = {m: one.shown for m, one in outcomes.results.items() if one.shown is not None}
    yield from forecast_results([table.name for table in TABLES], outcomes, model_plots(run, forecasts_shown))
    yield from check_results(MODEL_RUNS, list(CHECKS), outcomes)


def _description(merchants: Sequence[Merchant]) -> str:
    who = merchants[0].merchant_id if len(merchants) == 1 else f"{len(merchants):,} merchants"
    return f"Fitting and predicting {who}"


def _total(merchants: Sequence[Merchant]) -> int | None:
    """How long the bar is; one merchant is done when the bar is."""
    return len(merchants) if len(merchants) > 1 else None


@dg.asset(
    key=VALUE,
    deps=[dg.AssetKey(["ml", "predictions"]), MODEL_RUNS],
    description="One row per customer: the predictions of each merchant's model run that is in force.",
    group_name="predict",
    owners=["team:data-science"],
    kinds={"postgres", "view"},
    retry_policy=RETRY_POLICY,
)
def customer_lifetime_value(
    context: dg.AssetExecutionContext, deployment: DeploymentResource
) -> dg.MaterializeResult[None]:
    """Put each merchant's new model run in force; a withheld merchant keeps the one that it had."""
    run = deployment.run
    with typed_failures():
        outcomes = run.each(
            "published_model",
            lambda merchant: publish_merchant(run, merchant),
            retry_number=context.retry_number,
        )
    return dg.MaterializeResult(metadata={**outcomes.metadata(), "model_runs_in_force": outcomes.results})
