"""What a learner may know of each customer on the last day of a history, and not a day later.

Every figure stands on `KnownHistory`, which shows no later purchase and no later refund, so the same function gives the
examples to learn from (an earlier day) and the customers to forecast (today). Must not know what is learnt from it.
"""

import polars as pl

from ml.contenders.parametric import spend_per_day
from ml.estimator import PurchaseEstimator, UnusableFitError
from ml.histories.known_history import KnownHistory
from ml.histories.purchase_summary import net_purchase_days
from ml.purchases.bg_nbd import BetaGeometricNbd
from ml.purchases.mbg_nbd import ModifiedBetaGeometricNbd
from ml.value.churn import churn_probability

TRAILING_DAYS = (30, 90, 180, 365)
# The Pareto/NBD says nearly the same of everybody, and takes the longest to fit.
MODELS: tuple[type[PurchaseEstimator], ...] = (BetaGeometricNbd, ModifiedBetaGeometricNbd)
_UNITS = 10_000.0

_OWN = (
    "frequency",
    "recency_days",
    "age_days",
    "silent_days",
    "purchases_per_day",
    "mean_gap_days",
    "gap_deviation_days",
    "last_gap_days",
    "silence_in_gaps",
    "first_month",
    "last_month",
    "end_month",
    "mean_spend",
    "first_spend",
    "last_spend",
    "refunded_share",
    *(f"purchases_{days}_days" for days in TRAILING_DAYS),
    *(f"spend_{days}_days" for days in TRAILING_DAYS),
)
_OF_A_MODEL = ("expected_purchases", "order_probability", "probability_alive")
FEATURES: tuple[str, ...] = (
    *_OWN,
    *(f"{model.name}_{figure}" for model in MODELS for figure in _OF_A_MODEL),
    "expected_spend",
)
FEATURES_SCHEMA = pl.Schema({"customer_id": pl.String()} | {name: pl.Float64() for name in FEATURES})


def point_in_time_features(history: KnownHistory, *, horizon_days: int, order_horizon_days: int) -> pl.DataFrame:
    """What is known of each customer at a history's end, one row per customer.

    Durations are in days, amounts in the merchant's currency after the refunds known by then, months 1 to 12. Null is
    what does not exist: a gap without a second purchase, a figure of a model that cannot be fitted, a refund where none
    are reported.

    Args:
        history: All that may be known.
        horizon_days: Of the models' `expected_purchases`.
        order_horizon_days: Of the models' `order_probability`.

    Returns:
        `FEATURES_SCHEMA`, in the order of `history.summary`:

        - `frequency`, `recency_days`, `age_days` (x, t_x, T) and `purchases_per_day` (x / T);
        - `silent_days` since the last purchase day, and the same in gaps of the customer's own (`silence_in_gaps`);
        - `mean_gap_days`, `gap_deviation_days` (from two gaps on) and `last_gap_days` between purchase days;
        - `purchases_N_days` and `spend_N_days`: purchase days and spend in the last N days, the end among them; null
          for everybody where the history is shorter;
        - `first_month` and `last_month` of purchase, and `end_month` of the history;
        - `mean_spend`, `first_spend`, `last_spend` of purchase days; `refunded_share` of what was ever spent;
        - of each of `MODELS` its expected purchases, P(orders again) and P(alive), fitted on this history and on
          nothing after it; and `expected_spend` of the next purchase day by the Gamma-Gamma model.
    """
    return history.once(
        ("features", horizon_days, order_horizon_days), lambda: _features(history, horizon_days, order_horizon_days)
    )


def _features(history: KnownHistory, horizon_days: int, order_horizon_days: int) -> pl.DataFrame:
    silent = pl.col("age_days") - pl.col("recency_days")
    per_day = spend_per_day(history)
    modelled = [_of_a_model(history, model, horizon_days, order_horizon_days) for model in MODELS]
    return (
        history.summary.select("customer_id", "frequency", "recency_days", "age_days")
        .join(_of_purchase_days(history), on="customer_id", how="left", maintain_order="left")
        .join(_refunded_shares(history), on="customer_id", how="left", maintain_order="left")
        .with_columns(
            silent.alias("silent_days"),
            (silent / pl.col("mean_gap_days")).alias("silence_in_gaps"),
            pl.when(pl.col("age_days") > 0).then(pl.col("frequency") / pl.col("age_days")).alias("purchases_per_day"),
            pl.lit(history.as_of_date.month).alias("end_month"),
            *(figure for figures in modelled for figure in figures),
            pl.lit(None).alias("expected_spend") if per_day is None else pl.Series("expected_spend", per_day),
        )
        .select("customer_id", *FEATURES)
        .cast(dict(FEATURES_SCHEMA))  # type: ignore[arg-type]  # a schema is a mapping of names to types
    )


def _of_purchase_days(history: KnownHistory) -> pl.DataFrame:
    """Gaps, trailing windows, months and amounts of each customer; sums are of whole numbers, exact in any order."""
    ago = (pl.lit(history.as_of_date) - pl.col("purchase_date")).dt.total_days()
    units, customer = pl.col("units"), pl.col("customer_id")
    # Days are sorted by customer and date: the gap to the row before is the customer's own but for the first of each.
    gap = pl.when(customer == customer.shift()).then(pl.col("purchase_date").diff().dt.total_days()).alias("gap")
    # A window that reaches beyond the first day would mean less on an early day than on a later one.
    whole = [days for days in TRAILING_DAYS if days <= history.days + 1]
    beyond = [days for days in TRAILING_DAYS if days not in whole]
    figures = (
        history.net_days.with_columns(ago.alias("ago"), gap)
        .with_columns(
            (pl.col("gap") ** 2).alias("gap_square"),
            *((pl.col("ago") < days).cast(pl.Int64).alias(f"purchases_{days}_days") for days in whole),
            *((units * (pl.col("ago") < days)).alias(f"spend_{days}_days") for days in whole),
        )
        .group_by("customer_id")
        .agg(
            pl.col("gap").count().alias("gap_count"),
            pl.col("gap").sum().alias("gap_sum"),
            pl.col("gap_square").sum().alias("gap_square_sum"),
            pl.col("gap").last().alias("last_gap_days"),
            pl.col("purchase_date").first().dt.month().alias("first_month"),
            pl.col("purchase_date").last().dt.month().alias("last_month"),
            (units.sum() / pl.len() / _UNITS).alias("mean_spend"),
            (units.first() / _UNITS).alias("first_spend"),
            (units.last() / _UNITS).alias("last_spend"),
            *(pl.col(f"purchases_{days}_days").sum() for days in whole),
            *(pl.col(f"spend_{days}_days").sum() / _UNITS for days in whole),
        )
    )
    count, total = pl.col("gap_count"), pl.col("gap_sum")
    spread = ((pl.col("gap_square_sum") - total**2 / count) / (count - 1)).clip(lower_bound=0.0).sqrt()
    return figures.with_columns(
        *(pl.lit(None).alias(f"{figure}_{days}_days") for days in beyond for figure in ("purchases", "spend")),
        pl.when(count > 0).then(total / count).alias("mean_gap_days"),
        pl.when(count > 1).then(spread).alias("gap_deviation_days"),
    ).drop("gap_count", "gap_sum", "gap_square_sum")


def _refunded_shares(history: KnownHistory) -> pl.DataFrame:
    """One row per customer, `refunded_share`: null where nothing was spent, or no refunds are reported."""
    if history.refunds is None:
        return history.summary.select("customer_id", pl.lit(None).alias("refunded_share"))
    spent = pl.col("units").sum().alias("spent")
    kept = history.net_days.group_by("customer_id").agg(spent)
    before = net_purchase_days(history.purchase_days, None, as_of_date=history.as_of_date)
    share = 1.0 - pl.col("spent_right") / pl.col("spent")
    return (
        before.group_by("customer_id")
        .agg(spent)
        .join(kept, on="customer_id")
        .select("customer_id", pl.when(pl.col("spent") > 0).then(share).alias("refunded_share"))
    )


def _of_a_model(
    history: KnownHistory, model: type[PurchaseEstimator], horizon_days: int, order_horizon_days: int
) -> list[pl.Series | pl.Expr]:
    """A model's figures as it would have said them on that day; null where it cannot be fitted."""
    names = [f"{model.name}_{figure}" for figure in _OF_A_MODEL]
    try:
        fitted = history.fitted(model)
    except UnusableFitError:
        return [pl.lit(None).alias(name) for name in names]
    figures = (
        fitted.expected_purchases(history.summary, horizon_days),
        1.0 - churn_probability(fitted, history.summary, horizon_days=order_horizon_days),
        fitted.probability_alive(history.summary),
    )
    return [pl.Series(name, figure) for name, figure in zip(names, figures, strict=True)]
