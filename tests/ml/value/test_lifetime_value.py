import numpy as np
import polars as pl
import pytest
from cdnow_purchases import sample_calibration
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.purchases.bg_nbd import BetaGeometricNbd
from ml.spend.gamma_gamma import GammaGamma
from ml.value.churn import churn_probability
from ml.value.lifetime_value import daily_discount_rate, discounted_purchases, lifetime_value
from models.errors import StopError

FITTED = {"r": 0.243, "alpha": 30.9, "a": 0.793, "b": 2.426}
SPEND = GammaGamma.from_parameters(p=6.25, q=3.74, v=15.44)


def summed_in_panels(model: BetaGeometricNbd, x: float, T: float, horizon: float, rate: float) -> float:
    """The discounted purchases of somebody alive by brute force: 30 panels that halve towards now, 30 nodes each."""
    nodes, weights = np.polynomial.legendre.leggauss(30)
    edges = np.concatenate([[0.0], horizon * 2.0 ** np.arange(-30, 1)])
    widths = np.diff(edges)[:, None] / 2
    t = ((edges[:-1, None] + edges[1:, None]) / 2 + widths * nodes).ravel()
    expected = model.expected_purchases_while_alive(np.array([x]), np.array([T]), np.append(t, horizon)[None, :])[0]
    daily = daily_discount_rate(rate)
    integral = np.sum((widths * weights).ravel() * np.exp(-daily * t) * expected[:-1])
    return float(np.exp(-daily * horizon) * expected[-1] + daily * integral)


@pytest.mark.parametrize(
    "parameters", [FITTED, {"r": 3.0, "alpha": 1.0, "a": 0.4, "b": 0.5}, {**FITTED, "alpha": 900.0}]
)
@pytest.mark.parametrize("rate", [0.01, 0.1, 3.0])
@pytest.mark.parametrize("horizon", [1.0, 365.0, 7300.0])
def test_discounting_is_exact(parameters: dict[str, float], rate: float, horizon: float) -> None:
    model = BetaGeometricNbd.from_parameters(**parameters)
    for x, T in [(0, 0.0), (0, 540.0), (3, 20.0), (60, 61.0), (10_000, 400.0)]:
        frame = pl.DataFrame({"frequency": [x], "recency_days": [T if x else 0.0], "age_days": [T]})
        found = discounted_purchases(model, frame, horizon_days=horizon, annual_discount_rate=rate)
        alive = model.probability_alive(frame)
        assert found[0] == pytest.approx(alive[0] * summed_in_panels(model, x, T, horizon, rate), rel=1e-9)


def test_known_discount() -> None:
    """Nobody ever leaves and everybody buys every 10 days: an annuity, (1 - exp(-d H)) / d at a tenth a day."""
    steady = BetaGeometricNbd.from_parameters(r=1e9, alpha=1e10, a=1e-9, b=1e3)
    frame = pl.DataFrame({"frequency": [0], "recency_days": [0.0], "age_days": [0.0]})
    found = discounted_purchases(steady, frame, horizon_days=365, annual_discount_rate=0.10)[0]
    assert found == pytest.approx(36.5 * (1 - 1 / 1.1) / np.log(1.1), rel=1e-6)


def test_without_discount_it_is_expected_purchases_times_spend() -> None:
    model, summary = BetaGeometricNbd.from_parameters(**FITTED), sample_calibration()
    value = lifetime_value(model, SPEND, summary, horizon_days=365, annual_discount_rate=0.0)
    np.testing.assert_allclose(
        value, model.expected_purchases(summary, 365) * SPEND.expected_spend(summary), rtol=1e-12
    )


HISTORY = st.tuples(st.integers(0, 60), st.floats(0.01, 1.0), st.integers(1, 1500))


@settings(max_examples=40)
@given(st.lists(HISTORY, min_size=1, max_size=5), st.floats(0, 2), st.floats(0.2, 5))
def test_value_grows_with_the_horizon_and_shrinks_with_the_rate(
    rows: list[tuple[int, float, int]], rate: float, a: float
) -> None:
    frame = pl.DataFrame(
        [(float(x), share * T if x else 0.0, float(T)) for x, share, T in rows],
        schema=["frequency", "recency_days", "age_days"],
        orient="row",
    ).with_columns(spend_day_count=pl.col("frequency"), monetary_value=pl.lit(20.0))
    model = BetaGeometricNbd.from_parameters(**{**FITTED, "a": a})
    before = np.zeros(frame.height)
    for horizon in (0.0, 10.0, 365.0, 3650.0):
        value = lifetime_value(model, SPEND, frame, horizon_days=horizon, annual_discount_rate=rate)
        plain = lifetime_value(model, SPEND, frame, horizon_days=horizon, annual_discount_rate=0.0)
        assert (value >= before * (1 - 1e-9)).all()
        assert (value <= plain * (1 + 1e-9)).all()
        before = value


def test_refuses_rates_and_horizons_without_meaning() -> None:
    model, summary = BetaGeometricNbd.from_parameters(**FITTED), sample_calibration()[:1]
    for horizon, rate in [(365, -0.1), (365, float("nan")), (-1, 0.1), (float("inf"), 0.1)]:
        with pytest.raises(StopError):
            discounted_purchases(model, summary, horizon_days=horizon, annual_discount_rate=rate)


def test_churn_is_not_the_complement_of_being_alive() -> None:
    """A one-time buyer of long ago is alive under the BG/NBD, and all the same unlikely to come back."""
    model = BetaGeometricNbd.from_parameters(**FITTED)
    frame = pl.DataFrame({"frequency": [0], "recency_days": [0.0], "age_days": [500.0]})
    assert model.probability_alive(frame)[0] == 1.0
    churned = churn_probability(model, frame, horizon_days=90)[0]
    assert churned == pytest.approx(((30.9 + 500) / (30.9 + 590)) ** 0.243, rel=1e-12)
    assert churned > 0.9
    assert churn_probability(model, frame, horizon_days=0)[0] == 1.0
    with pytest.raises(StopError):
        churn_probability(model, frame, horizon_days=-1)
