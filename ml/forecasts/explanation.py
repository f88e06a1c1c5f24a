"""What drives one customer's prediction, in numbers: the history, what the model makes of it, what would change it.

Worked out from a run's stored parameters and the prediction as it was stored; nothing is fitted. Where another
contender than the parametric model speaks, its counts over the model's stand as a factor, and what would change is
scaled by it. The words are `ml.forecasts.explanation_wording`'s. Equation numbers are those of docs/models.md.

Must not look anything up.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl

from ml.estimator import FitReport, FitStatus, FloatArray, PurchaseEstimator
from ml.forecasts.backtesting import base_named
from ml.forecasts.contender_grounds import Grounds, grounds_of
from ml.histories.known_history import KnownHistory
from ml.spend.gamma_gamma import GammaGamma
from ml.value.churn import churn_probability
from ml.value.lifetime_value import lifetime_value
from models.errors import StopError

SILENCE_DAYS = 30
# A champion who expects more than so many times what the base does holds that a customer is there whom the base has
# given up. Of a customer who had bought yesterday the two would say much the same, and not millions of times as much.
MOST_CARRIED_OVER = 4.0
_UNITS = 10_000


@dataclass(frozen=True)
class StoredRun:
    """A model run as `ml.model_runs` holds it.

    Attributes:
        merchant_id: Whose.
        model_run_id: Which.
        as_of_date: The last day of its data.
        model_name: The champion, whose counts are predicted.
        base_model_name: The parametric model under it.
        prediction_basis: `model`, `prior` or `naive`.
        is_in_force: Whether its predictions are the published ones.
        parameters: Model name to parameters.
        model_card: See `ml.forecasts.model_card`.
    """

    merchant_id: str
    model_run_id: str
    as_of_date: date
    model_name: str
    base_model_name: str
    prediction_basis: str
    is_in_force: bool
    parameters: Mapping[str, Mapping[str, float]]
    model_card: Mapping[str, Any]

    def models(self) -> tuple[PurchaseEstimator, GammaGamma]:
        """The models of purchases and of spend with the run's parameters.

        Raises:
            StopError: The run keeps none: it is older than the code that explains it.
        """
        try:
            purchases = base_named(self.base_model_name).from_parameters(**self.parameters[self.base_model_name])
            facts = self.model_card["facts"]
            spend = GammaGamma.from_parameters(
                **self.parameters[GammaGamma.name],
                observed_mean=facts["expected_spend_of_new_customer_amount"],
            )
            fit = next(one for one in self.model_card["fits"] if one["model_name"] == GammaGamma.name)
        except (KeyError, StopIteration) as error:
            raise StopError(
                f"the model run {self.model_run_id} of merchant {self.merchant_id} keeps no parameters that can be "
                "read; run the pipeline once more"
            ) from error
        # With its standard errors the model knows whether its mean can be relied on, as it did when it predicted.
        spend.report_ = FitReport(
            model_name=GammaGamma.name,
            status=FitStatus(fit["status"]),
            message="",
            parameters=dict(spend.params_),
            standard_errors={
                letter: one["standard_error"]
                for letter, one in fit["parameters"].items()
                if one["standard_error"] is not None
            },
            log_likelihood=fit["log_likelihood"],
            customer_count=fit["customer_count"],
            repeat_customer_count=fit["repeat_customer_count"],
        )
        return purchases, spend


@dataclass(frozen=True)
class Standing:
    """Where a customer stands among the others of the merchant, in the same run.

    Attributes:
        customer_count: All of them, this one too.
        lower_value_count: Those of a lower predicted value.
        comparable_count: Those with about as many repeat purchases (within a quarter), this one too.
        less_silent_count: Those among the comparable who bought more recently.
        comparable_silent_days: The median days since their last purchase.
    """

    customer_count: int
    lower_value_count: int
    comparable_count: int
    less_silent_count: int
    comparable_silent_days: float


@dataclass(frozen=True)
class CustomerHistory:
    """What a customer did. Days are purchase days; amounts are after refunds, in the merchant's currency.

    Attributes:
        first_purchase_date: The first.
        last_purchase_date: The last.
        repeat_purchase_count: Those after the first (x).
        total_spend_amount: Of all of them, the first too.
        spend_day_count: Repeat purchase days that cost something.
        mean_spend_amount: Mean spend of those; None when there is none.
        silent_days: From the last purchase day to the as-of date.
        usual_gap_days: The median of the gaps between purchase days; None of one purchase.
        longest_gap_days: The longest of them; likewise.
        has_changed: Whether orders or refunds of the time before the as-of date have come or gone since the prediction.
    """

    first_purchase_date: date
    last_purchase_date: date
    repeat_purchase_count: int
    total_spend_amount: float
    spend_day_count: int
    mean_spend_amount: float | None
    silent_days: int
    usual_gap_days: float | None
    longest_gap_days: int | None
    has_changed: bool


@dataclass(frozen=True)
class Outlook:
    """What is predicted of a customer under an assumption.

    Attributes:
        assumption: `as_it_is`, `bought_today`, `silent_for_longer` or `bought_once_more`.
        probability_alive: Whether they are still a customer.
        expected_purchases: Over the horizon of the prediction.
        clv_amount: Likewise.
        churn_probability: No purchase within the churn horizon.
    """

    assumption: str
    probability_alive: float
    expected_purchases: float
    clv_amount: float
    churn_probability: float


@dataclass(frozen=True)
class Explanation:
    """A customer's prediction with what it rests on.

    Attributes:
        prediction: The stored row of `ml.predictions`, amounts as floats.
        is_in_force: Whether the run's predictions are the published ones.
        minor_digits: Decimal places of the currency.
        history: What the customer did.
        standing: Where they stand among the others.
        probability_alive_after_purchase: P(alive) on the day of the last purchase: what silence has taken off since.
        base_expected_purchases: What the parametric model expects over the horizon.
        expected_purchases_while_alive: The same if they are still a customer: P(alive) times that is the other.
        factor: The champion's expected purchases over the parametric model's; 1 where that is the champion.
        own_spend_share: The weight of their own mean in the expected spend of a purchase day (eq. 15 or 16).
        merchant_spend_amount: What has the rest of the weight: the expected spend of somebody of whom nothing is known.
        spend_day_share: The share of all customers' repeat purchase days that cost anything after refunds.
        outlooks: As it is, and under what might happen, in that order.
        grounds: What the champion knows that the parametric model does not.
    """

    prediction: Mapping[str, Any]
    is_in_force: bool
    minor_digits: int
    history: CustomerHistory
    standing: Standing
    probability_alive_after_purchase: float
    base_expected_purchases: float
    expected_purchases_while_alive: float
    factor: float
    own_spend_share: float
    merchant_spend_amount: float
    spend_day_share: float
    outlooks: tuple[Outlook, ...]
    grounds: Grounds

    @property
    def as_json(self) -> dict[str, Any]:
        """All of it, JSON-ready: dates in ISO form."""
        found: dict[str, Any] = _json_ready(asdict(self))
        return found


def explain(run: StoredRun, prediction: Mapping[str, Any], history: KnownHistory, standing: Standing) -> Explanation:
    """Take a customer's prediction apart.

    Args:
        run: The run that made it.
        prediction: The customer's row of `ml.predictions`.
        history: The customer's purchases, at the run's as-of date.
        standing: Where they stand; see `comparable_frequencies`.

    Raises:
        StopError: There are no purchases to explain it by, or the run keeps no parameters.
    """
    purchases, spend = run.models()
    stored = {name: float(value) if _is_decimal(value) else value for name, value in prediction.items()}
    if not history.summary.height:
        raise StopError(
            f"customer {stored['customer_id']} has no purchases up to {run.as_of_date} any more: merged with another "
            "customer, or erased. Run the pipeline once more for predictions of who is there"
        )
    states = _states(stored, history.summary.row(0, named=True), spend)
    now = states[:1]
    on_last_day = now.with_columns(pl.col("recency_days").alias("age_days"))
    base_count = float(purchases.expected_purchases(now, stored["clv_horizon_days"])[0])
    factor = _over(stored["expected_purchases"], base_count)
    outlooks = _outlooks(purchases, spend, states if factor <= MOST_CARRIED_OVER else now, stored)
    horizon = np.array([[float(stored["clv_horizon_days"])]])
    frequency, age = now["frequency"].cast(pl.Float64).to_numpy(), now["age_days"].to_numpy()
    return Explanation(
        prediction=stored,
        is_in_force=run.is_in_force,
        minor_digits=int(run.model_card["settings"].get("currency_minor_digits", 2)),
        history=_history(history, stored),
        standing=standing,
        probability_alive_after_purchase=float(purchases.probability_alive(on_last_day)[0]),
        base_expected_purchases=base_count,
        expected_purchases_while_alive=float(purchases.expected_purchases_while_alive(frequency, age, horizon)[0, 0]),
        factor=factor,
        own_spend_share=float(spend.own_share(now)[0]),
        merchant_spend_amount=spend.population_mean(),
        spend_day_share=float(run.model_card["facts"].get("spend_day_share", 1.0)),
        outlooks=outlooks,
        grounds=grounds_of(
            run.model_name,
            run.model_card["facts"].get("champion_fit"),
            history,
            horizon_days=int(stored["clv_horizon_days"]),
        ),
    )


def comparable_frequencies(frequency: int) -> tuple[int, int]:
    """The least and the most repeat purchases of customers whom one with so many is compared with: within a quarter."""
    return -(-3 * frequency // 4), 5 * frequency // 4


def _history(history: KnownHistory, stored: Mapping[str, Any]) -> CustomerHistory:
    summary = history.summary.row(0, named=True)
    days: list[date] = history.net_days["purchase_date"].to_list()
    gaps = [(later - earlier).days for earlier, later in pairwise(days)]
    return CustomerHistory(
        first_purchase_date=days[0],
        last_purchase_date=days[-1],
        repeat_purchase_count=len(gaps),
        total_spend_amount=int(history.net_days["units"].sum()) / _UNITS,
        spend_day_count=summary["spend_day_count"],
        mean_spend_amount=summary["monetary_value"],
        silent_days=(history.as_of_date - days[-1]).days,
        usual_gap_days=float(np.median(gaps)) if gaps else None,
        longest_gap_days=max(gaps) if gaps else None,
        has_changed=any(stored[name] != summary[name] for name in ("frequency", "recency_days", "age_days")),
    )


def _states(stored: Mapping[str, Any], summary: Mapping[str, Any], spend: GammaGamma) -> pl.DataFrame:
    """Summaries of the customer: as it is, and under each assumption that makes sense of them."""
    count = summary["spend_day_count"]
    usual = summary["monetary_value"] if count else spend.population_mean()
    x, t_x, age = stored["frequency"], stored["recency_days"], stored["age_days"]
    paid = usual > 0  # a purchase that costs nothing is no spend day
    more = {"spend_day_count": count + paid, "monetary_value": usual if count + paid else None}
    same = {"spend_day_count": count, "monetary_value": usual if count else None}
    rows = [
        {"assumption": "as_it_is", "frequency": x, "recency_days": t_x, "age_days": age, **same},
        {
            "assumption": "silent_for_longer",
            "frequency": x,
            "recency_days": t_x,
            "age_days": age + SILENCE_DAYS,
            **same,
        },
    ]
    if age > t_x:  # who bought on the last day cannot have bought on it once more
        rows.insert(1, {"assumption": "bought_today", "frequency": x + 1, "recency_days": age, "age_days": age, **more})
    if t_x > x:  # a day between the first and the last on which they did not buy
        rows.append(
            {"assumption": "bought_once_more", "frequency": x + 1, "recency_days": t_x, "age_days": age, **more}
        )
    return pl.DataFrame(
        rows,
        schema_overrides={"recency_days": pl.Float64, "age_days": pl.Float64, "monetary_value": pl.Float64},
    )


def _outlooks(
    purchases: PurchaseEstimator, spend: GammaGamma, states: pl.DataFrame, stored: Mapping[str, Any]
) -> tuple[Outlook, ...]:
    """What the model says of each state, scaled so that the first is the stored prediction."""
    alive = purchases.probability_alive(states)
    counts = purchases.expected_purchases(states, stored["clv_horizon_days"])
    values = lifetime_value(
        purchases,
        spend,
        states,
        horizon_days=stored["clv_horizon_days"],
        annual_discount_rate=stored["annual_discount_rate"],
    )
    churned = churn_probability(purchases, states, horizon_days=stored["churn_horizon_days"])
    return tuple(
        Outlook(*row)
        for row in zip(
            states["assumption"],
            alive.tolist(),
            (counts * _over(stored["expected_purchases"], float(counts[0]))).tolist(),
            (values * _over(stored["clv_amount"], float(values[0]))).tolist(),
            _scaled_churn(churned, stored["churn_probability"]).tolist(),
            strict=True,
        )
    )


def _scaled_churn(churned: FloatArray, said: float) -> FloatArray:
    """The model's probabilities to a power that makes the first what was said: hazards are scaled, none leaves 0..1."""
    first = float(churned[0])
    if first == said or not (0 < first < 1 and 0 < said < 1):
        return churned
    result: FloatArray = churned ** (np.log(said) / np.log(first))
    return result


def _over(numerator: float, denominator: float) -> float:
    return numerator / denominator if denominator > 0 else 1.0


def _is_decimal(value: object) -> bool:
    return hasattr(value, "as_tuple")


def _json_ready(value: Any) -> Any:  # noqa: ANN401 - nested as JSON is
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {name: _json_ready(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_json_ready(one) for one in value]
    return value
