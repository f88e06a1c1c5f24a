import numpy as np
import polars as pl
import pytest
from cdnow_purchases import sample_calibration

from ml.purchases.bg_nbd import BetaGeometricNbd
from ml.purchases.pareto_nbd import ParetoNbd
from ml.value.next_purchase import median_days_to_next_purchase
from models.errors import StopError

BG = BetaGeometricNbd.from_parameters(r=0.243, alpha=30.9, a=0.793, b=2.426)
PARETO = ParetoNbd.from_parameters(r=0.553, alpha=74.0, s=0.606, beta=81.7)


def test_nobody_leaves_before_buying_under_the_bg_nbd() -> None:
    """Then it is the median of a Pareto variable: (alpha + T) (2^(1/s) - 1)."""
    summary = sample_calibration()
    found = median_days_to_next_purchase(BG, summary, within_days=3650)
    s, A = 0.243 + summary["frequency"].to_numpy(), 30.9 + summary["age_days"].to_numpy()
    exact = A * np.expm1(np.log(2) / s)
    np.testing.assert_allclose(found[exact <= 3650], exact[exact <= 3650], rtol=1e-9)
    assert np.isnan(found[exact > 3650]).all()
    assert np.isnan(found[summary["frequency"].to_numpy() == 0]).any()


def test_it_is_a_half_under_the_pareto_nbd() -> None:
    summary = sample_calibration()
    found = median_days_to_next_purchase(PARETO, summary, within_days=3650)
    x, age = summary["frequency"].to_numpy().astype(float), summary["age_days"].to_numpy()
    reached = np.isfinite(found)
    assert 0.3 < reached.mean() < 0.9
    silent = PARETO.purchase_count_probabilities_while_alive(x, age, np.where(reached, found, 3650.0), 0)[:, 0]
    np.testing.assert_allclose(silent[reached], 0.5, rtol=1e-9)
    assert (silent[~reached] > 0.5).all()


def test_those_who_never_buy_again_hold_the_half_back() -> None:
    """Simulated: who leaves before buying is silent for ever."""
    rng = np.random.default_rng(11)
    summary = pl.DataFrame({"frequency": [2], "recency_days": [30.0], "age_days": [100.0]})
    found = median_days_to_next_purchase(PARETO, summary, within_days=10_000)[0]
    buys = rng.exponential(1 / rng.gamma(2.553, 1 / 174.0, 100_000))
    leaves = rng.exponential(1 / rng.gamma(0.606, 1 / 181.7, 100_000))
    assert np.mean((buys < leaves) & (buys <= found)) == pytest.approx(0.5, abs=0.005)
    assert np.mean(buys <= found) > 0.53


def test_no_row_and_no_sense() -> None:
    assert median_days_to_next_purchase(BG, sample_calibration()[:0], within_days=365).size == 0
    assert np.isnan(median_days_to_next_purchase(BG, sample_calibration(), within_days=0)).all()
    with pytest.raises(StopError, match="horizon"):
        median_days_to_next_purchase(BG, sample_calibration(), within_days=float("nan"))
