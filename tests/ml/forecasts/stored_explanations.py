"""A model run and a prediction as they are stored, to be explained."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import polars as pl

from ml.forecasts.explanation import Standing, StoredRun
from ml.histories.known_history import KnownHistory
from ml.purchases.bg_nbd import BetaGeometricNbd
from ml.spend.gamma_gamma import GammaGamma
from ml.value.churn import churn_probability
from ml.value.lifetime_value import lifetime_value, residual_lifetime_value

AS_OF = date(2024, 6, 30)
# CDNOW's published parameters (docs/models.md), alpha in days.
BG = {"r": 0.243, "alpha": 4.414 * 7, "a": 0.793, "b": 2.426}
SPEND = {"p": 6.25, "q": 3.74, "v": 15.44}
STANDING = Standing(
    customer_count=200, lower_value_count=150, comparable_count=40, less_silent_count=30, comparable_silent_days=61.0
)


def run(**changes: Any) -> StoredRun:
    fit = {
        "model_name": "gamma_gamma",
        "status": "converged",
        "parameters": {name: {"value": value, "standard_error": 0.1} for name, value in SPEND.items()},
        "log_likelihood": -4055.9,
        "customer_count": 946,
        "repeat_customer_count": 946,
    }
    card = {
        "settings": {"currency_minor_digits": 2},
        "fits": [fit],
        "facts": {"expected_spend_of_new_customer_amount": 35.2},
    }
    whole = StoredRun(
        merchant_id="paper",
        model_run_id="0123456789abcdef",
        as_of_date=AS_OF,
        model_name="bg_nbd",
        base_model_name="bg_nbd",
        prediction_basis="model",
        is_in_force=True,
        parameters={"bg_nbd": BG, "gamma_gamma": SPEND},
        model_card=card,
    )
    return replace(whole, **changes)


def history(days_ago: list[int], amounts: list[str]) -> KnownHistory:
    days = pl.DataFrame(
        {
            "customer_id": ["c1"] * len(days_ago),
            "purchase_date": [AS_OF - timedelta(days=ago) for ago in days_ago],
            "amount": [Decimal(amount) for amount in amounts],
        },
        schema={"customer_id": pl.String, "purchase_date": pl.Date, "amount": pl.Decimal(18, 4)},
    )
    return KnownHistory(days, None, AS_OF)


REGULAR = history([300, 250, 180, 120, 90], ["20", "30", "40", "50", "60"])
ONCE = history([200], ["25"])


def prediction(known: KnownHistory, *, factor: float = 1.0, **changes: Any) -> dict[str, Any]:
    """The row that is stored of a customer, by the same functions that predict."""
    bg, spend = BetaGeometricNbd.from_parameters(**BG), GammaGamma.from_parameters(**SPEND)
    summary = known.summary
    value = lifetime_value(bg, spend, summary, horizon_days=365, annual_discount_rate=0.1)[0] * factor
    residual = residual_lifetime_value(bg, spend, summary, annual_discount_rate=0.1)[0] * factor
    return {
        "merchant_id": "paper",
        "model_run_id": "0123456789abcdef",
        "customer_id": "c1",
        "as_of_date": AS_OF,
        "model_name": "bg_nbd",
        "base_model_name": "bg_nbd",
        "prediction_basis": "model",
        "prior_share": 0.0,
        **{name: summary[name][0] for name in ("frequency", "recency_days", "age_days")},
        "probability_alive": float(bg.probability_alive(summary)[0]),
        "expected_purchases": float(bg.expected_purchases(summary, 365)[0]) * factor,
        "purchases_low": 0.0,
        "purchases_high": 7.0,
        "expected_spend_amount": Decimal(f"{spend.expected_spend(summary)[0]:.2f}"),
        "clv_amount": Decimal(f"{value:.2f}"),
        "clv_low_amount": Decimal("0.00"),
        "clv_high_amount": Decimal("310.00"),
        "interval_level": 0.8,
        "clv_horizon_days": 365,
        "annual_discount_rate": 0.1,
        "residual_clv_amount": Decimal(f"{residual:.2f}"),
        "churn_probability": float(churn_probability(bg, summary, horizon_days=90)[0]),
        "churn_horizon_days": 90,
        "next_purchase_date": AS_OF + timedelta(days=40),
        "currency_code": "EUR",
        **changes,
    }
