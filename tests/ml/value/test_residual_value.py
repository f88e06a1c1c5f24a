import mpmath as mp
import numpy as np
import polars as pl
import pytest
from cdnow_purchases import sample_calibration

from ml.purchases.bg_nbd import BetaGeometricNbd
from ml.purchases.mbg_nbd import ModifiedBetaGeometricNbd
from ml.purchases.pareto_nbd import ParetoNbd
from ml.spend.gamma_gamma import GammaGamma
from ml.value.lifetime_value import (
    daily_discount_rate,
    expected_residual_lifetime,
    lifetime_value,
    residual_lifetime_value,
)
from models.errors import StopError

SPEND = GammaGamma.from_parameters(p=6.25, q=3.74, v=15.44)
BG = BetaGeometricNbd.from_parameters(r=0.243, alpha=30.9, a=0.793, b=2.426)


def people(*rows: tuple[float, float, float]) -> pl.DataFrame:
    frame = pl.DataFrame(rows, schema=["frequency", "recency_days", "age_days"], orient="row").cast(pl.Float64)
    return frame.with_columns(spend_day_count=pl.col("frequency"), monetary_value=pl.lit(20.0))


@pytest.mark.parametrize("rate", [1e-6, 0.1, 3.0])
@pytest.mark.parametrize("s", [0.606, 1.0, 4.0])
def test_the_pareto_nbds_closed_form(rate: float, s: float) -> None:
    """Fader, Hardie and Lee (2005b), equation 2, given alive: it holds Tricomi's function."""
    model = ParetoNbd.from_parameters(r=0.553, alpha=74.0, s=s, beta=81.7)
    frame = people((0, 0, 0), (2, 30, 100), (500, 390, 400))
    found = residual_lifetime_value(model, SPEND, frame, annual_discount_rate=rate)
    per_alive = found / model.probability_alive(frame) / SPEND.expected_spend(frame)
    delta = daily_discount_rate(rate)
    with mp.workdps(30):
        for i, (x, T) in enumerate([(0, 0), (2, 100), (500, 400)]):
            left = mp.mpf(81.7) + T
            closed = (0.553 + x) / (74.0 + T) * left**s * delta ** (s - 1) * mp.hyperu(s, s, delta * left)
            assert per_alive[i] == pytest.approx(float(closed), rel=1e-9)


def test_it_is_what_a_long_horizon_comes_to() -> None:
    frame = sample_calibration()[::40]
    for rate in (0.05, 0.3):
        never_ends = residual_lifetime_value(BG, SPEND, frame, annual_discount_rate=rate)
        for years, share in ((5, 0.2), (300, 1 - 1e-6)):
            value = lifetime_value(BG, SPEND, frame, horizon_days=365.0 * years, annual_discount_rate=rate)
            assert (value < never_ends * (1 - 1e-3 if years == 5 else 1 + 1e-12)).all()
            assert (value > share * never_ends).all()
    for rate in (0.0, -0.1, float("nan")):
        with pytest.raises(StopError, match="annual_discount_rate"):
            residual_lifetime_value(BG, SPEND, frame, annual_discount_rate=rate)


@pytest.mark.parametrize("model", [BetaGeometricNbd, ModifiedBetaGeometricNbd])
def test_lifetimes_of_customers_who_follow_the_model(model: type[BetaGeometricNbd]) -> None:
    rng = np.random.default_rng(4)
    r, alpha, a, b = 3.0, 60.0, 6.0, 4.0
    estimator = model.from_parameters(r=r, alpha=alpha, a=a, b=b)
    frame = people((3, 50, 80), (0, 0, 80))
    chances = 3 + estimator.first_chances
    rate, leaves = rng.gamma(r + 3, 1 / (alpha + 80), 200_000), rng.beta(a, b + chances, 200_000)
    days = rng.gamma(rng.geometric(leaves), 1 / rate)
    alive = estimator.probability_alive(frame)
    error = float(days.std()) / np.sqrt(days.size)
    assert error < 0.01 * days.mean()
    assert expected_residual_lifetime(estimator, frame)[0] / alive[0] == pytest.approx(days.mean(), abs=4 * error)


def test_endless_lifetimes_are_no_number() -> None:
    """Some of them may stay for ever, or nearly: a at most 1, s at most 1, or too little seen of the rate."""
    frame = people((3, 50, 80), (0, 0, 80))
    assert np.isnan(expected_residual_lifetime(BG, frame)).all()
    seen_enough = BetaGeometricNbd.from_parameters(r=0.243, alpha=30.9, a=2.0, b=2.426)
    assert np.isnan(expected_residual_lifetime(seen_enough, frame)).tolist() == [False, True]
    for s, is_endless in ((0.9, True), (1.0, True), (3.0, False)):
        model = ParetoNbd.from_parameters(r=0.553, alpha=74.0, s=s, beta=81.7)
        found = expected_residual_lifetime(model, frame)
        assert np.isnan(found).all() == is_endless
        if not is_endless:
            np.testing.assert_allclose(found, model.probability_alive(frame) * (81.7 + 80) / 2.0, rtol=1e-12)
