"""The MBG/NBD against its likelihood as printed, its own derivatives, and data that it made."""

import mpmath as mp
import numpy as np
import polars as pl
import pytest
from cdnow_purchases import sample_calibration

from ml.histories.purchase_histories import cells_of, distinct_histories
from ml.purchases.beta_geometric_likelihood import evaluate
from ml.purchases.bg_nbd import BetaGeometricNbd
from ml.purchases.mbg_nbd import ModifiedBetaGeometricNbd

STRESS = [
    (0, 0.0, 1.0),
    (0, 0.0, 2000.0),
    (1, 1.0, 5000.0),
    (12, 100.0, 3000.0),
    (10_000, 9_000.0, 20_000.0),
]
PARAMETERS = [
    {"r": 0.525, "alpha": 43.3, "a": 0.891, "b": 1.614},
    {"r": 0.05, "alpha": 2.0, "a": 0.2, "b": 0.3},  # a + b below 1
    {"r": 4.0, "alpha": 300.0, "a": 1.0, "b": 1.5},  # a = 1 exactly
    {"r": 20.0, "alpha": 900.0, "a": 40.0, "b": 300.0},
]


def histories(*rows: tuple[float, float, float]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=["frequency", "recency_days", "age_days"], orient="row").cast(pl.Float64)


def exact_likelihood(x: int, t_x: float, T: float, *, r: float, alpha: float, a: float, b: float) -> mp.mpf:
    """Either x + 1 chances to leave were passed over and silence followed, or the last of them was taken."""
    r_, alpha_, a_, b_ = (mp.mpf(value) for value in (r, alpha, a, b))
    still = mp.beta(a_, b_ + x + 1) / mp.beta(a_, b_) / (alpha_ + T) ** (r_ + x)
    gone = mp.beta(a_ + 1, b_ + x) / mp.beta(a_, b_) / (alpha_ + t_x) ** (r_ + x)
    return mp.gamma(r_ + x) / mp.gamma(r_) * alpha_**r_ * (still + gone)


@pytest.mark.parametrize("parameters", PARAMETERS)
def test_likelihood_alive_and_churn_against_sixty_digits(parameters: dict[str, float]) -> None:
    model = ModifiedBetaGeometricNbd.from_parameters(**parameters)
    frame = histories(*STRESS)
    log_likelihood, alive = model.log_likelihood(frame), model.probability_alive(frame)
    silent = model.probability_of_no_purchase(frame, 90.0)
    with mp.workdps(60):
        r, alpha, a, b = (mp.mpf(parameters[name]) for name in ("r", "alpha", "a", "b"))
        for i, (x, t_x, T) in enumerate(STRESS):
            exact = exact_likelihood(x, t_x, T, **parameters)
            assert log_likelihood[i] == pytest.approx(float(mp.log(exact)), rel=1e-11, abs=1e-9)
            later = exact_likelihood(x, t_x, T + 90.0, **parameters)
            assert silent[i] == pytest.approx(float(later / exact), rel=1e-9)
            odds = a / (b + x) * ((alpha + T) / (alpha + t_x)) ** (r + x)
            assert alive[i] == pytest.approx(float(1 / (1 + odds)), rel=1e-9, abs=1e-300)


def test_a_single_purchase_may_have_been_the_last() -> None:
    once = histories((0.0, 0.0, 1.0), (0.0, 0.0, 2000.0))
    modified = ModifiedBetaGeometricNbd.from_parameters(**PARAMETERS[0]).probability_alive(once)
    assert 1 > modified[0] > modified[1] > 0
    assert (BetaGeometricNbd.from_parameters(**PARAMETERS[0]).probability_alive(once) == 1).all()


def test_gradient_and_hessian_are_those_of_the_value() -> None:
    cells = cells_of(distinct_histories(sample_calibration()))
    at = np.array([0.6, 40.0, 0.8, 1.9])
    exact = evaluate(cells, at, first_chances=1)
    for i in range(4):
        step = np.zeros(4)
        step[i] = 1e-5 * at[i]
        above, below = (evaluate(cells, at + sign * step, first_chances=1) for sign in (1, -1))
        slope = (above.value - below.value) / (2 * step[i])
        assert exact.gradient[i] == pytest.approx(slope, rel=1e-5, abs=1e-4)
        curve = (above.gradient - below.gradient) / (2 * step[i])
        np.testing.assert_allclose(exact.hessian[i], curve, rtol=1e-5, atol=1e-4)


def test_likelihood_of_the_cells_is_that_of_the_customers() -> None:
    summary = sample_calibration()
    model = ModifiedBetaGeometricNbd.from_parameters(**PARAMETERS[0])
    cells = cells_of(distinct_histories(summary))
    at = np.array(list(PARAMETERS[0].values()))
    assert evaluate(cells, at, first_chances=1).value == pytest.approx(model.log_likelihood(summary).sum(), rel=1e-12)


def simulated(customers: int, *, r: float, alpha: float, a: float, b: float, seed: int) -> pl.DataFrame:
    """Customers who follow the model: after every purchase, the first included, they may leave."""
    rng = np.random.default_rng(seed)
    rate, leaves = rng.gamma(r, 1 / alpha, customers), rng.beta(a, b, customers)
    age = rng.uniform(200, 700, customers)
    rows = []
    for i in range(customers):
        x, last = 0, 0.0
        while rng.random() >= leaves[i]:
            after = last + rng.exponential(1 / rate[i])
            if after > age[i]:
                break
            x, last = x + 1, after
        rows.append((float(x), last, age[i]))
    return histories(*rows)


def test_finds_the_parameters_that_made_the_data() -> None:
    truth = {"r": 0.8, "alpha": 30.0, "a": 0.9, "b": 2.5}
    model = ModifiedBetaGeometricNbd().fit(simulated(20_000, **truth, seed=3))
    assert model.report_ is not None
    for name, value in truth.items():
        assert abs(model.params_[name] - value) < 3.5 * model.report_.standard_errors[name]
        assert model.report_.standard_errors[name] < 0.25 * value
