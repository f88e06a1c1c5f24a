from math import fsum

import numpy as np
import polars as pl
import pytest
from scipy.special import digamma, gammaln
from simulated_customers import simulate_spend

from ml.estimator import FitStatus, UnusableFitError
from ml.fitting.maximum_likelihood import Evaluation, in_log_parameters
from ml.spend.gamma_gamma import GammaGamma, spend_frequency_correlation
from ml.spend.gamma_gamma_likelihood import SpenderRows, Spenders, evaluate
from models.errors import StopError

TRUTH = {"p": 4.0, "q": 3.5, "v": 25.0}


def spenders(count: np.ndarray, mean: np.ndarray) -> pl.DataFrame:
    return pl.DataFrame({"spend_day_count": count, "monetary_value": mean}).with_columns(
        pl.when(pl.col("spend_day_count") > 0).then("monetary_value")
    )


def simulated(seed: int, customers: int, **parameters: float) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    count = rng.integers(1, 12, customers).astype(float)
    return spenders(count, simulate_spend(rng, count, **{**TRUTH, **parameters}))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_finds_the_parameters_that_made_the_data(seed: int) -> None:
    report = GammaGamma().fit(simulated(seed, 20_000)).report_
    assert report is not None
    for letter, true in TRUTH.items():
        error = report.standard_errors[letter]
        assert 0 < error < 0.2 * true
        assert abs(report.parameters[letter] - true) < 4 * error


def test_gradient_and_hessian_are_those_of_the_value() -> None:
    frame = simulated(4, 500)
    people = Spenders.of(SpenderRows.of(frame))
    theta = np.log(np.array([3.0, 5.0, 12.0]))

    def at(point: np.ndarray) -> Evaluation:
        e = evaluate(people, np.exp(point))
        return in_log_parameters(np.exp(point), e.value, e.gradient, e.hessian)

    middle, step = at(theta), 1e-5
    for i in range(3):
        up, down = theta.copy(), theta.copy()
        up[i] += step
        down[i] -= step
        assert middle.gradient[i] == pytest.approx((at(up).value - at(down).value) / (2 * step), rel=1e-5, abs=1e-3)
        bend = (at(up).gradient - at(down).gradient) / (2 * step)
        np.testing.assert_allclose(middle.hessian[i], bend, rtol=1e-5, atol=1e-3)


def test_expected_spend_lies_between_the_own_mean_and_the_populations() -> None:
    model = GammaGamma.from_parameters(**TRUTH)
    population = TRUTH["p"] * TRUTH["v"] / (TRUTH["q"] - 1)
    assert model.population_mean() == pytest.approx(population)
    count, mean = np.array([0.0, 1.0, 10.0, 1000.0]), np.array([999.0, 10.0, 10.0, 10.0])
    none, one, ten, many = model.expected_spend(spenders(count, mean))
    assert none == pytest.approx(population)
    assert population > one > ten > many > 10.0
    assert one == pytest.approx(TRUTH["p"] * (TRUTH["v"] + 10.0) / (TRUTH["p"] + TRUTH["q"] - 1))


def test_expected_spend_is_what_the_next_purchases_cost() -> None:
    """Draw people's purchases twice from one nu: the second mean must average to what the first lets expect."""
    rng = np.random.default_rng(9)
    customers = 200_000
    nu = rng.gamma(TRUTH["q"], 1 / TRUTH["v"], customers)
    first, then = (rng.gamma(TRUTH["p"] * 2, 1 / (nu * 2)) for _ in range(2))
    expected = GammaGamma.from_parameters(**TRUTH).expected_spend(spenders(np.full(customers, 2.0), first))
    low = first < np.quantile(first, 0.2)
    for some in (low, ~low):
        assert expected[some].mean() == pytest.approx(then[some].mean(), rel=0.02)


def test_an_infinite_mean_is_reported_and_replaced_by_the_observed_one() -> None:
    frame = simulated(6, 3_000, q=0.8)
    model = GammaGamma().fit(frame)
    assert model.params_["q"] < 1.0
    assert not model.has_reliable_mean
    weights = frame["spend_day_count"]
    observed = float((frame["monetary_value"] * weights).sum() / weights.sum())
    assert model.population_mean() == pytest.approx(observed)
    expected = model.expected_spend(spenders(np.array([0.0, 1.0, 50.0]), np.array([0.0, 7.0, 7.0])))
    assert expected[0] == pytest.approx(observed)
    assert 7.0 < expected[2] < expected[1] < observed
    with pytest.raises(StopError, match="infinite"):
        GammaGamma.from_parameters(p=2.0, q=0.9, v=3.0).population_mean()


def test_the_currency_scales_v_and_nothing_else() -> None:
    frame = simulated(7, 2_000)
    cents = GammaGamma().fit(frame.with_columns(pl.col("monetary_value") * 100)).params_
    assert {**cents, "v": cents["v"] / 100} == pytest.approx(GammaGamma().fit(frame).params_, rel=1e-6)


def test_weights_stand_for_repeated_rows_and_order_does_not_matter() -> None:
    frame = simulated(8, 500)
    weights = pl.Series("weight", np.arange(frame.height) % 3)
    repeated = frame.with_columns(weights).select(pl.exclude("weight").repeat_by("weight").explode())
    once = GammaGamma().fit(frame.with_columns(weights)).params_
    assert once == pytest.approx(GammaGamma().fit(repeated).params_, rel=1e-9)
    assert GammaGamma().fit(frame).params_ == GammaGamma().fit(frame.reverse()).params_


def test_one_integer_holds_a_customer_to_twelve_digits() -> None:
    """The fast way keeps 40 binary digits of a total; rows with weights or many days take the other."""
    rng = np.random.default_rng(12)
    count = np.append(rng.integers(1, 4_096, 3_000), 1).astype(float)
    mean = np.append(rng.lognormal(3.0, 2.0, 3_000), 1e12)
    frame = spenders(count, mean)
    fast, slow = SpenderRows.of(frame), SpenderRows.of(frame.with_columns(weight=1.0))
    assert fast.weight is None
    np.testing.assert_allclose(fast.total, slow.total, rtol=2.0**-40)
    assert sorted(zip(fast.total, fast.count, strict=True)) == list(zip(fast.total, fast.count, strict=True))
    assert np.sort(fast.count).tolist() == np.sort(slow.count).tolist()
    both = SpenderRows.of(spenders(np.append(count, 4_096.0), np.append(mean, 2.0)))
    assert both.count.max() == 4_096
    at = np.array([2.0, 3.0, 20.0])
    here, there = evaluate(Spenders.of(fast), at), evaluate(Spenders.of(slow), at)
    assert here.value == pytest.approx(there.value, rel=1e-13)
    np.testing.assert_allclose(here.hessian, there.hessian, rtol=1e-11)


def test_customers_are_counted_by_total_and_by_count() -> None:
    frame = spenders(np.array([1.0, 3.0, 1.0, 2.0, 0.0]), np.array([30.0, 10.0, 7.0, 15.0, 0.0]))
    people = Spenders.of(SpenderRows.of(frame))
    np.testing.assert_allclose(people.totals, [7.0, 30.0], rtol=1 / 256)
    assert people.moments[:, 0].tolist() == [[1.0, 3.0], [1.0, 6.0]]
    away = np.array([7.0, 30.0]) / people.totals - 1.0
    for power in range(1, 6):
        np.testing.assert_allclose(people.moments[:, power], people.moments[:, 0] * away**power, rtol=1e-9)
    assert (people.counts.tolist(), people.count_weight.tolist()) == ([1.0, 2.0, 3.0], [2.0, 1.0, 1.0])
    assert (people.customer_count, people.spend) == (4.0, pytest.approx(97.0, rel=1e-12))
    assert people.log_totals == pytest.approx(np.log(7.0) + 3 * np.log(30.0), rel=1e-14)


@pytest.mark.parametrize("v", [1e-9, 0.3, 25.0, 1e9])
def test_bins_of_totals_lose_no_digit(v: float) -> None:
    """Against the sums over single customers, where v is nothing to a total, much, and all."""
    rng = np.random.default_rng(13)
    count = rng.integers(1, 12, 40_000).astype(float)
    total = np.concatenate([rng.lognormal(3.0, 2.0, 20_000), 64.0 * rng.uniform(1.0, 1.01, 20_000)])
    weight = rng.integers(1, 4, total.size).astype(float)
    frame = spenders(count, total / count).with_columns(weight=pl.Series(weight))
    people = Spenders.of(SpenderRows.of(frame))
    assert people.totals.size < 4_000
    p, q = 4.0, 3.5
    total = count * frame["monetary_value"].to_numpy()
    at = evaluate(people, np.array([p, q, v]))
    terms = (
        gammaln(p * count + q) - gammaln(p * count) - gammaln(q) + np.log(count)
        + q * np.log(v / total) - np.log(total) - (p * count + q) * np.log1p(v / total)
    )  # fmt: skip
    assert at.value == pytest.approx(fsum(weight * terms), rel=1e-13)
    by_p = digamma(p * count + q) - digamma(p * count) - np.log1p(v / total)
    np.testing.assert_allclose(at.gradient[0], fsum(weight * count * by_p), rtol=1e-11)
    by_v = q / v - (p * count + q) / (v + total)
    np.testing.assert_allclose(at.gradient[2], fsum(weight * by_v), rtol=1e-11)
    np.testing.assert_allclose(at.hessian[0, 2], fsum(-weight * count / (v + total)), rtol=1e-13)
    twice = -q / v**2 + (p * count + q) / (v + total) ** 2
    np.testing.assert_allclose(at.hessian[2, 2], fsum(weight * twice), rtol=1e-11)


def test_what_is_spent_without_a_mean_is_refused() -> None:
    frame = spenders(np.array([2.0, 3.0]), np.array([10.0, 20.0]))
    for broken in (frame.with_columns(monetary_value=None), frame.with_columns(monetary_value=pl.lit(0.0))):
        for rows in (broken, broken.with_columns(weight=1.0)):
            with pytest.raises(StopError, match="without a positive monetary_value"):
                SpenderRows.of(rows)
    with pytest.raises(StopError, match="lacks the column monetary_value"):
        SpenderRows.of(frame.drop("monetary_value"))


@pytest.mark.parametrize(
    ("frame", "status"),
    [
        (spenders(np.full(200, 3.0), np.full(200, 19.9)), None),
        (spenders(np.full(5, 3.0), np.arange(1.0, 6.0)), FitStatus.TOO_FEW_CUSTOMERS),
        (spenders(np.zeros(50), np.zeros(50)), FitStatus.TOO_FEW_CUSTOMERS),
    ],
)
def test_says_when_there_is_nothing_to_fit(frame: pl.DataFrame, status: FitStatus | None) -> None:
    with pytest.raises(UnusableFitError) as caught:
        GammaGamma().fit(frame)
    assert not caught.value.report.is_usable
    if status:
        assert caught.value.report.status is status
        assert f"only {int((frame['spend_day_count'] > 0).sum())} customers" in str(caught.value)


def test_correlation_of_spend_and_frequency() -> None:
    frame = spenders(np.array([1.0, 2.0, 3.0, 0.0]), np.array([30.0, 20.0, 10.0, 0.0]))
    assert spend_frequency_correlation(frame) == pytest.approx(-1.0)
    assert spend_frequency_correlation(frame[:1]) is None
    assert spend_frequency_correlation(frame.with_columns(monetary_value=pl.lit(5.0))) is None
