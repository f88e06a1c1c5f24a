"""The BG/BB against its likelihood as printed, its own derivatives, and data that it made."""

import mpmath as mp
import numpy as np
import polars as pl
import pytest
from donations import donations

from ml.estimator import FitStatus, UnusableFitError
from ml.histories.purchase_histories import Cells, cells_of, distinct_histories
from ml.purchases.bg_bb import BetaGeometricBetaBernoulli, evaluate
from models.errors import StopError

STRESS = [(0, 0, 0), (0, 0, 1), (0, 0, 80), (1, 1, 1), (1, 1, 40), (2, 5, 9), (40, 40, 40), (60, 90, 90)]
PARAMETERS = [
    {"alpha": 1.204, "beta": 0.750, "gamma": 0.657, "delta": 2.783},
    {"alpha": 0.02, "beta": 0.01, "gamma": 0.05, "delta": 0.03},
    {"alpha": 300.0, "beta": 5_000.0, "gamma": 1.0, "delta": 4.0},
    {"alpha": 2.0, "beta": 2.0, "gamma": 900.0, "delta": 8_000.0},
]


def histories(*rows: tuple[int, int, int]) -> pl.DataFrame:
    return pl.DataFrame(
        rows, schema=["frequency", "recency_opportunities", "opportunity_count"], orient="row"
    )  # fmt: skip


def cells(summary: pl.DataFrame) -> Cells:
    days = {"recency_opportunities": "recency_days", "opportunity_count": "age_days"}
    return cells_of(distinct_histories(summary.rename(days)))


def exact(x: int, t_x: int, n: int, *, alpha: float, beta: float, gamma: float, delta: float) -> tuple[mp.mpf, mp.mpf]:
    """The likelihood as the paper prints it, and the share of it that is of customers still active after n."""
    a, b, c, d = (mp.mpf(value) for value in (alpha, beta, gamma, delta))
    still = mp.beta(a + x, b + n - x) / mp.beta(a, b) * mp.beta(c, d + n) / mp.beta(c, d)
    gone = mp.fsum(
        mp.beta(a + x, b + t_x - x + i) / mp.beta(a, b) * mp.beta(c + 1, d + t_x + i) / mp.beta(c, d)
        for i in range(n - t_x)
    )
    return still + gone, still / (still + gone)


@pytest.mark.parametrize("parameters", PARAMETERS)
def test_every_answer_against_fifty_digits(parameters: dict[str, float]) -> None:
    model, frame, ahead, rate = BetaGeometricBetaBernoulli.from_parameters(**parameters), histories(*STRESS), 12, 0.03
    with mp.workdps(50):
        a, b, c, d = (mp.mpf(value) for value in parameters.values())
        for i, (x, t_x, n) in enumerate(STRESS):
            one = frame[i]
            likelihood, still = exact(x, t_x, n, **parameters)
            silent, _ = exact(x, t_x, n + ahead, **parameters)
            there = [mp.fprod((d + n + j) / (c + d + n + j) for j in range(k + 1)) for k in range(ahead)]
            mean = (a + x) / (a + b + n)
            residual = mp.hyp2f1(1, d + n + 1, c + d + n + 1, 1 / mp.mpf(1 + rate)) * there[0] / mp.mpf(1 + rate)
            for found, right in (
                (model.log_likelihood(one), mp.log(likelihood)),
                (model.probability_alive(one), still * there[0]),
                (model.probability_of_no_purchase(one, ahead), silent / likelihood),
                (model.expected_purchases(one, ahead), still * mean * mp.fsum(there)),
                (model.discounted_residual_purchases(one, rate), still * mean * residual),
            ):
                assert found[0] == pytest.approx(float(right), rel=1e-9, abs=1e-12), (x, t_x, n)


@pytest.mark.parametrize("parameters", PARAMETERS)
def test_the_distribution_has_the_mean_and_the_zero_of_the_other_answers(parameters: dict[str, float]) -> None:
    model, frame = BetaGeometricBetaBernoulli.from_parameters(**parameters), histories(*STRESS)
    for ahead in (0, 1, 15):
        chances = model.purchase_count_probabilities(frame, ahead)
        assert chances.shape == (frame.height, ahead + 1)
        assert (chances >= 0).all()
        np.testing.assert_allclose(chances.sum(axis=1), 1.0, rtol=1e-11)
        np.testing.assert_allclose(
            chances @ np.arange(ahead + 1), model.expected_purchases(frame, ahead), rtol=1e-9, atol=1e-12
        )
        np.testing.assert_allclose(chances[:, 0], model.probability_of_no_purchase(frame, ahead), rtol=1e-9)


def test_residual_purchases_are_the_sum_over_all_opportunities() -> None:
    model, frame = BetaGeometricBetaBernoulli.from_parameters(**PARAMETERS[0]), histories(*STRESS)
    expected = np.stack([model.expected_purchases(frame, k) for k in range(401)])
    discounted = (np.diff(expected, axis=0) / 1.1 ** np.arange(1, 401)[:, None]).sum(axis=0)
    np.testing.assert_allclose(model.discounted_residual_purchases(frame, 0.1), discounted, rtol=1e-9)


def test_gradient_and_hessian_are_those_of_the_value() -> None:
    some = cells(pl.concat([donations(), donations().with_columns(pl.col("opportunity_count") + 3)]))
    at = np.array([0.9, 1.4, 0.5, 3.5])
    here = evaluate(some, at)
    for i in range(4):
        step = np.zeros(4)
        step[i] = 1e-5 * at[i]
        above, below = evaluate(some, at + step), evaluate(some, at - step)
        assert here.gradient[i] == pytest.approx((above.value - below.value) / (2 * step[i]), rel=1e-5, abs=1e-3)
        np.testing.assert_allclose(
            here.hessian[i], (above.gradient - below.gradient) / (2 * step[i]), rtol=1e-5, atol=1e-3
        )


def test_many_histories_are_gone_through_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = BetaGeometricBetaBernoulli().fit(donations())
    monkeypatch.setattr("ml.purchases.bg_bb._TERMS_AT_ONCE", 20)
    pieces = BetaGeometricBetaBernoulli().fit(donations().reverse())
    assert pieces.params_ == pytest.approx(whole.params_, rel=1e-9)
    np.testing.assert_allclose(pieces.probability_alive(donations()), whole.probability_alive(donations()), rtol=1e-9)


def simulated(customers: int, *, alpha: float, beta: float, gamma: float, delta: float, seed: int) -> pl.DataFrame:
    """Customers who follow the model for 12 or 20 opportunities, with what they do at the five after those."""
    rng = np.random.default_rng(seed)
    buys, leaves = rng.beta(alpha, beta, customers), rng.beta(gamma, delta, customers)
    n = np.where(np.arange(customers) % 2, 20, 12)
    x, t_x, later = (np.zeros(customers, dtype=np.int64) for _ in range(3))
    active = np.ones(customers, dtype=bool)
    for opportunity in range(1, 26):
        active &= rng.random(customers) >= leaves
        bought = active & (rng.random(customers) < buys)
        known = opportunity <= n
        x += bought & known
        t_x[bought & known] = opportunity
        later += bought & ~known & (opportunity <= n + 5)
    return histories(*zip(x, t_x, n, strict=True)).with_columns(pl.Series("later", later))


def test_finds_the_parameters_that_made_the_data_and_what_they_do_next() -> None:
    truth = {"alpha": 1.5, "beta": 3.0, "gamma": 0.6, "delta": 6.0}
    people = simulated(20_000, **truth, seed=6)
    model = BetaGeometricBetaBernoulli().fit(people)
    assert model.report_ is not None
    for letter, value in truth.items():
        assert model.report_.standard_errors[letter] < 0.2 * value
        assert abs(model.params_[letter] - value) < 3.5 * model.report_.standard_errors[letter]
    chances = model.purchase_count_probabilities(people, 5)
    for some in (people["frequency"].to_numpy() < 2, people["frequency"].to_numpy() >= 5):
        came = np.bincount(people["later"].to_numpy()[some], minlength=6) / some.sum()
        np.testing.assert_allclose(chances[some].mean(axis=0), came, atol=4 * np.sqrt(0.25 / some.sum()))


def test_nobody_leaves() -> None:
    """Whoever lets opportunities pass is back for the last one."""
    rng = np.random.default_rng(3)
    x = 1 + rng.binomial(14, rng.beta(1.0, 2.0, 2_000))
    with pytest.raises(UnusableFitError) as caught:
        BetaGeometricBetaBernoulli().fit(histories(*((int(count), 15, 15) for count in x)))
    assert caught.value.report.status is FitStatus.NOBODY_DROPS_OUT
    assert not caught.value.report.is_usable


def test_everybody_buys_with_the_same_probability() -> None:
    """Every other opportunity, as long as they stay: less different than chance allows."""
    people = simulated(3_000, alpha=1.0, beta=1.0, gamma=1.0, delta=9.0, seed=4)
    even = people.filter(pl.col("recency_opportunities") >= 8)
    even = even.with_columns(frequency=pl.col("recency_opportunities") // 2)
    with pytest.raises(UnusableFitError) as caught:
        BetaGeometricBetaBernoulli().fit(even)
    assert caught.value.report.status is FitStatus.SAME_RATE_FOR_ALL


def test_too_few_customers() -> None:
    with pytest.raises(UnusableFitError, match="only 3 of 43 customers"):
        BetaGeometricBetaBernoulli().fit(histories(*[(0, 0, 6)] * 40, *[(2, 3, 6)] * 3))


@pytest.mark.parametrize("row", [(2, 1, 3), (1, 4, 3), (0, 2, 3), (-1, 0, 3)])
def test_refuses_impossible_histories(row: tuple[int, int, int]) -> None:
    with pytest.raises(StopError, match="impossible history"):
        BetaGeometricBetaBernoulli().fit(histories(*[(1, 1, 9)] * 20, row))


def test_refuses_horizons_and_rates_without_meaning() -> None:
    model = BetaGeometricBetaBernoulli.from_parameters(**PARAMETERS[0])
    for ahead in (-1, 2.5):
        with pytest.raises(StopError, match="whole number of opportunities"):
            model.expected_purchases(histories((0, 0, 1)), ahead)  # type: ignore[arg-type]  # what a caller may still do
    for rate in (0.0, float("nan")):
        with pytest.raises(StopError, match="above zero"):
            model.discounted_residual_purchases(histories((0, 0, 1)), rate)
