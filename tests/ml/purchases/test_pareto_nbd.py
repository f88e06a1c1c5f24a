"""The Pareto/NBD against its likelihood in closed form, its own derivatives, and data that it made."""

import mpmath as mp
import numpy as np
import polars as pl
import pytest
from cdnow_purchases import sample_calibration

from ml.estimator import FitStatus, UnusableFitError
from ml.histories.purchase_histories import cells_of, distinct_histories
from ml.purchases.pareto_nbd import ParetoNbd
from ml.purchases.pareto_nbd_likelihood import evaluate

STRESS = [
    (0, 0.0, 1.0),
    (0, 0.0, 2000.0),
    (1, 1.0, 1.0),
    (1, 1.0, 5000.0),
    (12, 100.0, 101.0),
    (12, 100.0, 3000.0),
    (10_000, 9_000.0, 20_000.0),
    (10_000, 10_000.0, 10_000.0),
]
PARAMETERS = [
    {"r": 0.553, "alpha": 74.0, "s": 0.606, "beta": 81.7},
    {"r": 0.05, "alpha": 2.0, "s": 0.2, "beta": 3000.0},
    {"r": 4.0, "alpha": 300.0, "s": 1.0, "beta": 0.05},  # s = 1 exactly
    {"r": 0.7, "alpha": 0.01, "s": 1.0 + 1e-9, "beta": 40.0},
    {"r": 20.0, "alpha": 900.0, "s": 30.0, "beta": 5000.0},
    {"r": 1.0, "alpha": 0.001, "s": 0.3, "beta": 1e5},
    {"r": 1.0, "alpha": 1e5, "s": 0.3, "beta": 0.001},
]


def histories(*rows: tuple[float, float, float]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=["frequency", "recency_days", "age_days"], orient="row").cast(pl.Float64)


def exact(x: int, t_x: float, T: float, *, r: float, alpha: float, s: float, beta: float) -> tuple[mp.mpf, mp.mpf]:
    """The likelihood and P(alive) in the paper's closed form, in 50 digits."""
    r_, alpha_, s_, beta_ = (mp.mpf(value) for value in (r, alpha, s, beta))
    n = r_ + s_ + x

    def until(t: float) -> mp.mpf:
        if alpha_ >= beta_:
            return mp.hyp2f1(n, s_ + 1, n + 1, (alpha_ - beta_) / (alpha_ + t)) / (alpha_ + t) ** n
        return mp.hyp2f1(n, r_ + x, n + 1, (beta_ - alpha_) / (beta_ + t)) / (beta_ + t) ** n

    gone = s_ / n * (until(t_x) - until(T))
    still = (alpha_ + T) ** -(r_ + x) * (beta_ + T) ** -s_
    return mp.gamma(r_ + x) / mp.gamma(r_) * alpha_**r_ * beta_**s_ * (still + gone), still / (still + gone)


@pytest.mark.parametrize("parameters", PARAMETERS)
def test_likelihood_alive_and_churn_against_the_closed_form(parameters: dict[str, float]) -> None:
    model = ParetoNbd.from_parameters(**parameters)
    frame = histories(*STRESS)
    log_likelihood, alive = model.log_likelihood(frame), model.probability_alive(frame)
    silent = model.probability_of_no_purchase(frame, 90.0)
    with mp.workdps(50):
        for i, (x, t_x, T) in enumerate(STRESS):
            likelihood, is_alive = exact(x, t_x, T, **parameters)
            later, _ = exact(x, t_x, T + 90.0, **parameters)
            assert log_likelihood[i] == pytest.approx(float(mp.log(likelihood)), rel=1e-11, abs=1e-10)
            assert alive[i] == pytest.approx(float(is_alive), rel=1e-9, abs=1e-290)
            assert silent[i] == pytest.approx(float(later / likelihood), rel=1e-9)


@pytest.mark.parametrize("parameters", PARAMETERS)
def test_expected_purchases_against_the_closed_form(parameters: dict[str, float]) -> None:
    model = ParetoNbd.from_parameters(**parameters)
    frame = histories(*STRESS)
    x, age = frame["frequency"].to_numpy(), frame["age_days"].to_numpy()
    for horizon in (1.0, 365.0, 36_500.0):
        while_alive = model.expected_purchases_while_alive(x, age, np.full((x.size, 1), horizon))[:, 0]
        with mp.workdps(60):
            r, alpha, s, beta = (mp.mpf(parameters[name]) for name in ("r", "alpha", "s", "beta"))
            s += mp.mpf(10) ** -30  # the closed form divides zero by zero at s = 1
            for i, (count, _, T) in enumerate(STRESS):
                share = ((beta + T) / (beta + T + horizon)) ** (s - 1)
                closed = (r + count) * (beta + T) / ((alpha + T) * (s - 1)) * (1 - share)
                assert while_alive[i] == pytest.approx(float(closed), rel=1e-9)


def test_gradient_and_hessian_are_those_of_the_value() -> None:
    cells = cells_of(distinct_histories(sample_calibration()))
    at = np.array([0.6, 60.0, 0.5, 100.0])
    here = evaluate(cells, at)
    for i in range(4):
        step = np.zeros(4)
        step[i] = 1e-5 * at[i]
        above, below = evaluate(cells, at + step), evaluate(cells, at - step)
        assert here.gradient[i] == pytest.approx((above.value - below.value) / (2 * step[i]), rel=1e-5, abs=1e-4)
        np.testing.assert_allclose(
            here.hessian[i], (above.gradient - below.gradient) / (2 * step[i]), rtol=1e-5, atol=1e-5
        )


def test_likelihood_of_the_cells_is_that_of_the_customers() -> None:
    summary = sample_calibration()
    model = ParetoNbd.from_parameters(**PARAMETERS[0])
    at = np.array(list(PARAMETERS[0].values()))
    value = evaluate(cells_of(distinct_histories(summary)), at).value
    assert value == pytest.approx(model.log_likelihood(summary).sum(), rel=1e-12)


def simulated(customers: int, *, r: float, alpha: float, s: float, beta: float, seed: int) -> pl.DataFrame:
    """Customers who follow the model."""
    rng = np.random.default_rng(seed)
    rate, leaving = rng.gamma(r, 1 / alpha, customers), rng.gamma(s, 1 / beta, customers)
    age = rng.uniform(200, 700, customers)
    active = np.minimum(rng.exponential(1 / leaving), age)
    x = rng.poisson(rate * active)
    # Of that many points at random in the time of activity the last one is the maximum.
    last = np.where(x > 0, active * rng.random(customers) ** (1 / np.maximum(x, 1)), 0.0)
    return histories(*zip(x.astype(float), last, age, strict=True))


def test_finds_the_parameters_that_made_the_data() -> None:
    truth = {"r": 0.8, "alpha": 30.0, "s": 0.7, "beta": 90.0}
    model = ParetoNbd().fit(simulated(30_000, **truth, seed=5))
    assert model.report_ is not None
    for name, value in truth.items():
        assert abs(model.params_[name] - value) < 3.5 * model.report_.standard_errors[name]
        assert model.report_.standard_errors[name] < 0.25 * value


def test_nobody_leaves() -> None:
    rng = np.random.default_rng(2)
    age = rng.uniform(300, 900, 3000)
    x = rng.poisson(rng.gamma(1.5, 1 / 60.0, age.size) * age)
    last = np.where(x > 0, age * rng.random(age.size) ** (1 / np.maximum(x, 1)), 0.0)
    with pytest.raises(UnusableFitError) as caught:
        ParetoNbd().fit(histories(*zip(x.astype(float), last, age, strict=True)))
    assert caught.value.report.status in {FitStatus.NOBODY_DROPS_OUT, FitStatus.EXTREME_PARAMETERS}
    assert caught.value.report.standard_errors == {}
