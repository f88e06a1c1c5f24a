import mpmath as mp
import numpy as np
import polars as pl
import pytest
from cdnow_purchases import sample_calibration
from hypothesis import given, settings
from hypothesis import strategies as st
from simulated_customers import simulate_bg_nbd

from ml.estimator import FitStatus, UnusableFitError
from ml.fitting.maximum_likelihood import Evaluation, in_log_parameters
from ml.histories.purchase_histories import cells_of, distinct_histories
from ml.purchases.beta_geometric_likelihood import evaluate
from ml.purchases.bg_nbd import BetaGeometricNbd
from models.errors import StopError

TRUTH = {"r": 0.6, "alpha": 40.0, "a": 0.9, "b": 2.5}


def histories(*rows: tuple[float, float, float]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=["frequency", "recency_days", "age_days"], orient="row").cast(pl.Float64)


def exact_log_likelihood(x: int, t_x: float, T: float, *, r: float, alpha: float, a: float, b: float) -> mp.mpf:
    """The likelihood as the paper prints it, in 60 digits."""
    r_, alpha_, a_, b_ = (mp.mpf(value) for value in (r, alpha, a, b))
    still = mp.beta(a_, b_ + x) / mp.beta(a_, b_) / (alpha_ + T) ** (r_ + x)
    gone = mp.beta(a_ + 1, b_ + x - 1) / mp.beta(a_, b_) / (alpha_ + t_x) ** (r_ + x) if x else 0
    return mp.log(mp.gamma(r_ + x) / mp.gamma(r_) * alpha_**r_ * (still + gone))


STRESS = [
    (0, 0.0, 1.0),
    (0, 0.0, 2000.0),
    (1, 1.0, 1.0),
    (1, 1.0, 5000.0),
    (12, 100.0, 101.0),
    (12, 100.0, 3000.0),
    (10_000, 10_000.0, 10_000.0),
    (10_000, 9_000.0, 20_000.0),
]
PARAMETERS = [
    {"r": 0.243, "alpha": 30.9, "a": 0.793, "b": 2.426},
    {"r": 0.05, "alpha": 2.0, "a": 0.2, "b": 0.3},  # a + b below 1
    {"r": 4.0, "alpha": 300.0, "a": 1.0, "b": 1.5},  # a = 1 exactly
    {"r": 1.3, "alpha": 11.0, "a": 1.0 + 1e-9, "b": 0.01},
    {"r": 0.7, "alpha": 0.5, "a": 0.01, "b": 4.0},
    {"r": 20.0, "alpha": 900.0, "a": 40.0, "b": 300.0},
]


@pytest.mark.parametrize("parameters", PARAMETERS)
def test_likelihood_alive_and_churn_against_sixty_digits(parameters: dict[str, float]) -> None:
    model = BetaGeometricNbd.from_parameters(**parameters)
    frame = histories(*STRESS)
    log_likelihood, alive = model.log_likelihood(frame), model.probability_alive(frame)
    silent = model.probability_of_no_purchase(frame, 90.0)
    with mp.workdps(60):
        for i, (x, t_x, T) in enumerate(STRESS):
            exact = exact_log_likelihood(x, t_x, T, **parameters)
            assert log_likelihood[i] == pytest.approx(float(exact), rel=1e-11, abs=1e-9)
            # Likelihood with the customer silent up to T + 90, over that up to T.
            ratio = mp.e ** (exact_log_likelihood(x, t_x, T + 90.0, **parameters) - exact)
            assert silent[i] == pytest.approx(float(ratio), rel=1e-9)
            r, alpha, a, b = (mp.mpf(parameters[name]) for name in ("r", "alpha", "a", "b"))
            odds = a / (b + x - 1) * ((alpha + T) / (alpha + t_x)) ** (r + x) if x else mp.mpf(0)
            assert alive[i] == pytest.approx(float(1 / (1 + odds)), rel=1e-9, abs=1e-300)


def exact_while_alive(x: int, T: float, t: float, *, r: float, alpha: float, a: float, b: float) -> float:
    """The papers' closed form in 60 digits, a hair beside the places where it divides zero by zero."""
    with mp.workdps(80):
        a_, b_, s, rate = mp.mpf(a) + mp.mpf(10) ** -30, mp.mpf(b) + x, mp.mpf(r) + x, mp.mpf(alpha) + T
        inner = mp.hyp2f1(s, b_, a_ + b_ - 1, t / (rate + t), maxterms=10**6)
        return float((a_ + b_ - 1) / (a_ - 1) * (1 - (rate / (rate + t)) ** s * inner))


@pytest.mark.parametrize("parameters", PARAMETERS)
@pytest.mark.parametrize("horizon", [1.0, 365.0, 36_500.0])
def test_expected_purchases_against_sixty_digits(parameters: dict[str, float], horizon: float) -> None:
    model = BetaGeometricNbd.from_parameters(**parameters)
    pairs = [(0, 1.0), (0, 2000.0), (1, 0.5), (1, 5000.0), (40, 101.0), (1_000, 900.0)]
    x, T = (np.array(column, dtype=float) for column in zip(*pairs, strict=True))
    found = model.expected_purchases_while_alive(x, T, np.full((x.size, 1), horizon))[:, 0]
    exact = [exact_while_alive(int(k), age, horizon, **parameters) for k, age in pairs]
    np.testing.assert_allclose(found, exact, rtol=1e-9)


def test_ten_thousand_purchases_against_a_direct_sum() -> None:
    """The closed form's series takes too long here; the mean over p is summed in 60 digits instead."""
    model = BetaGeometricNbd.from_parameters(**PARAMETERS[0])
    found = model.expected_purchases_while_alive(np.array([1e4]), np.array([400.0]), np.array([[20.0, 36_500.0]]))[0]
    with mp.workdps(60):
        a, b = mp.mpf(PARAMETERS[0]["a"]), mp.mpf(PARAMETERS[0]["b"]) + 10_000
        s, rate = mp.mpf(PARAMETERS[0]["r"]) + 10_000, mp.mpf(PARAMETERS[0]["alpha"]) + 400
        step = mp.mpf(1) / 16
        for t, value in zip((20, 36_500), found, strict=True):
            top = bottom = mp.mpf(0)
            for k in range(-1400, 0):
                p = 1 / (1 + mp.exp(-k * step))
                weight = p**a * (1 - p) ** b
                bottom += weight
                top += weight * (1 - (1 + p * t / rate) ** -s) / p
            assert value == pytest.approx(float(top / bottom), rel=1e-9)


def test_no_answer_is_ever_missing() -> None:
    ages = [0.0, 1.0, 540.0, 20_000.0]
    rows = [(0.0, 0.0, T) for T in ages] + [(x, T, T) for x in (1.0, 50.0, 10_000.0) for T in ages[1:]]
    frame = histories(*rows)
    for parameters in [*PARAMETERS, {"r": 1e-3, "alpha": 1e-3, "a": 1e-4, "b": 1e-4}]:
        model = BetaGeometricNbd.from_parameters(**parameters)
        for horizon in (0.0, 1e-6, 1.0, 1e5):
            for values in (
                model.expected_purchases(frame, horizon),
                model.probability_of_no_purchase(frame, horizon),
                model.probability_alive(frame),
                model.log_likelihood(frame),
            ):
                assert np.isfinite(values).all()


def test_gradient_and_hessian_are_those_of_the_value() -> None:
    cells = cells_of(distinct_histories(sample_calibration()))
    theta = np.log(np.array([0.4, 20.0, 1.4, 1.9]))

    def at(point: np.ndarray) -> Evaluation:
        e = evaluate(cells, np.exp(point))
        return in_log_parameters(np.exp(point), e.value, e.gradient, e.hessian)

    middle, step = at(theta), 1e-5
    for i in range(4):
        up, down = theta.copy(), theta.copy()
        up[i] += step
        down[i] -= step
        slope = (at(up).value - at(down).value) / (2 * step)
        assert middle.gradient[i] == pytest.approx(slope, rel=1e-5, abs=1e-3)
        bend = (at(up).gradient - at(down).gradient) / (2 * step)
        np.testing.assert_allclose(middle.hessian[i], bend, rtol=1e-5, atol=1e-3)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_finds_the_parameters_that_made_the_data(seed: int) -> None:
    summary = simulate_bg_nbd(np.random.default_rng(seed), 20_000, **TRUTH)
    report = BetaGeometricNbd().fit(summary).report_
    assert report is not None
    for letter, true in TRUTH.items():
        error = report.standard_errors[letter]
        assert 0 < error < 0.2 * true  # An error that could hide anything would prove nothing.
        assert abs(report.parameters[letter] - true) < 4 * error


def test_forecast_agrees_with_the_purchases_that_follow() -> None:
    """Simulated customers go on buying for another 180 days; the sum of the forecasts must be what they do."""
    longer = simulate_bg_nbd(np.random.default_rng(5), 40_000, **TRUTH, oldest=720.0)
    model = BetaGeometricNbd.from_parameters(**TRUTH)
    expected = model.expected_repeat_purchases(longer["age_days"].to_numpy()).sum()
    actual = longer["frequency"].sum()
    assert expected == pytest.approx(actual, rel=0.03)


def test_weights_stand_for_repeated_rows() -> None:
    summary = simulate_bg_nbd(np.random.default_rng(8), 400, **TRUTH).with_columns(
        pl.col("recency_days", "age_days").round(0) + (pl.col("frequency") > 0)
    )
    weights = pl.Series("weight", np.arange(summary.height) % 4)
    repeated = summary.with_columns(weights).select(pl.exclude("weight").repeat_by("weight").explode())
    one = BetaGeometricNbd().fit(summary.with_columns(weights)).params_
    assert one == pytest.approx(BetaGeometricNbd().fit(repeated).params_, rel=1e-9)


def test_the_unit_of_time_scales_alpha_and_nothing_else() -> None:
    days = sample_calibration().select("frequency", "recency_days", "age_days")
    in_days = BetaGeometricNbd().fit(days)
    for unit in (7.0, 365.25, 1 / 24):
        other = BetaGeometricNbd().fit(days.with_columns(pl.col("recency_days", "age_days") / unit))
        scaled = {**other.params_, "alpha": other.params_["alpha"] * unit}
        assert scaled == pytest.approx(in_days.params_, rel=1e-6)


def test_the_order_of_rows_does_not_change_a_bit() -> None:
    summary = sample_calibration()
    shuffled = summary.sample(fraction=1.0, shuffle=True, seed=4)
    assert BetaGeometricNbd().fit(summary).params_ == BetaGeometricNbd().fit(shuffled).params_


def test_a_sampled_start_ends_where_a_plain_one_does(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = BetaGeometricNbd().fit(sample_calibration()).params_
    monkeypatch.setattr("ml.fitting.likelihood_estimator._SAMPLE_CUSTOMERS", 300)
    assert BetaGeometricNbd().fit(sample_calibration()).params_ == pytest.approx(plain, rel=1e-6)


def test_a_penalty_pulls_towards_even_parameters() -> None:
    plain = BetaGeometricNbd().fit(sample_calibration()).params_
    pulled = BetaGeometricNbd(penalty=100.0).fit(sample_calibration()).params_
    assert abs(np.log(pulled["r"])) < abs(np.log(plain["r"])) - 0.01
    assert abs(np.log(pulled["b"])) < abs(np.log(plain["b"])) - 0.01


def test_nobody_drops_out() -> None:
    rng = np.random.default_rng(11)
    age = rng.uniform(200, 500, 4000)
    rate = rng.gamma(3.0, 1 / 60.0, 4000)
    rows = []
    for T, pace in zip(age, rate, strict=True):
        times = np.sort(rng.uniform(0, T, rng.poisson(pace * T)))
        rows.append((float(times.size), float(times[-1]) if times.size else 0.0, float(T)))
    with pytest.raises(UnusableFitError, match="nobody ever leaves") as caught:
        BetaGeometricNbd().fit(histories(*rows))
    assert caught.value.report.status is FitStatus.NOBODY_DROPS_OUT
    assert not caught.value.report.is_usable


def test_everybody_buys_at_the_same_rate() -> None:
    """Purchases every 30 days to the day: less different than chance allows."""
    rows = [(float(n), 30.0 * n, 30.0 * n + 10.0 + 200.0 * (i % 3 == 0)) for i in range(300) for n in [5 + i % 4]]
    with pytest.raises(UnusableFitError) as caught:
        BetaGeometricNbd().fit(histories(*rows))
    assert caught.value.report.status is FitStatus.SAME_RATE_FOR_ALL


def test_nobody_bought_three_times() -> None:
    rng = np.random.default_rng(3)
    rows = [(1.0, float(rng.uniform(1, 100)), 300.0) for _ in range(200)] + [(0.0, 0.0, 300.0)] * 100
    with pytest.raises(UnusableFitError) as caught:
        BetaGeometricNbd().fit(histories(*rows))
    assert caught.value.report.status is FitStatus.EVERYBODY_DROPS_OUT


def test_too_few_repeat_customers_are_counted_in_the_message() -> None:
    with pytest.raises(UnusableFitError, match="only 3 of 53 customers bought again"):
        BetaGeometricNbd().fit(histories(*[(0.0, 0.0, 90.0)] * 50, *[(2.0, 20.0, 90.0)] * 3))


@pytest.mark.parametrize(
    "row",
    [(1.5, 1.0, 2.0), (1.0, 3.0, 2.0), (0.0, 1.0, 2.0), (1.0, 0.0, 2.0), (-1.0, 0.0, 2.0), (0.0, 0.0, float("nan"))],
)
def test_refuses_impossible_histories(row: tuple[float, float, float]) -> None:
    with pytest.raises(StopError, match="impossible history"):
        BetaGeometricNbd().fit(histories(*[(1.0, 1.0, 9.0)] * 20, row))


def test_refuses_parameters_and_horizons_without_meaning() -> None:
    with pytest.raises(StopError, match="alpha is 0"):
        BetaGeometricNbd.from_parameters(r=1, alpha=0, a=1, b=1)
    with pytest.raises(StopError, match="horizon"):
        BetaGeometricNbd.from_parameters(**TRUTH).expected_purchases(histories((0.0, 0.0, 1.0)), -1.0)
    with pytest.raises(StopError, match="call fit"):
        BetaGeometricNbd().probability_alive(histories((0.0, 0.0, 1.0)))


POSITIVE = st.floats(-3, 3).map(lambda power: 10.0**power)
HISTORY = st.tuples(st.integers(0, 300), st.floats(0.01, 1.0), st.integers(1, 3000)).map(
    lambda drawn: (float(drawn[0]), drawn[1] * drawn[2] if drawn[0] else 0.0, float(drawn[2]))
)


@settings(max_examples=60)
@given(POSITIVE, POSITIVE, POSITIVE, POSITIVE, st.lists(HISTORY, min_size=1, max_size=8))
def test_probabilities_are_probabilities_and_forecasts_grow(
    r: float, alpha: float, a: float, b: float, rows: list[tuple[float, float, float]]
) -> None:
    model, frame = BetaGeometricNbd.from_parameters(r=r, alpha=alpha, a=a, b=b), histories(*rows)
    alive = model.probability_alive(frame)
    assert ((alive >= 0) & (alive <= 1)).all()
    earlier = np.zeros(frame.height)
    silent = np.ones(frame.height)
    for horizon in (0.0, 1.0, 30.0, 365.0, 3650.0):
        expected = model.expected_purchases(frame, horizon)
        still_silent = model.probability_of_no_purchase(frame, horizon)
        assert (expected >= earlier * (1 - 1e-9)).all()
        assert (still_silent <= silent * (1 + 1e-12)).all()
        # At least one purchase is expected wherever one is likely: P(N > 0) <= E[N].
        assert (1 - still_silent <= expected + 1e-9).all()
        earlier, silent = expected, still_silent
