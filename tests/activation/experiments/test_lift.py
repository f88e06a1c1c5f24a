"""What is said of a message is right: against simulated customers whose response is known, none among them."""

import numpy as np
import pytest
from simulated_experiments import simulated_experiment

from activation.experiments.lift import TooFewError, lift, outcomes_of
from activation.experiments.permutation import Difference

LEVEL = 0.95


def errors_of(count: int) -> float:
    """Three standard errors of a share near the level, over so many simulations."""
    return 3 * float(np.sqrt(LEVEL * (1 - LEVEL) / count))


def hits(seed: int, count: int, *, deals: int = 199, **world: float) -> dict[str, float]:
    """The shares of simulations whose intervals hold the truth, and that find an effect."""
    random = np.random.default_rng(seed)
    found: dict[str, list[float]] = {"covers": [], "covers_conversion": [], "finds": [], "bias": [], "reduction": []}
    for _ in range(count):
        made = simulated_experiment(random, **world)  # type: ignore[arg-type]
        result = lift(made.message, made.holdout, level=LEVEL, deals=deals)
        found["covers"].append(result.revenue.low <= made.effect <= result.revenue.high)
        found["covers_conversion"].append(result.conversion.low <= made.conversion_effect <= result.conversion.high)
        found["finds"].append(result.revenue.is_clear_of_zero)
        found["bias"].append(result.revenue.estimate - made.effect)
        found["reduction"].append(result.variance_reduction)
    return {name: float(np.mean(values)) for name, values in found.items()}


def check_no_effect(count: int, customers: int, deals: int = 199) -> None:
    shares = hits(1, count, customers=customers, deals=deals)
    assert shares["finds"] <= 1 - LEVEL + errors_of(count)
    assert shares["finds"] > 0  # intervals that never exclude anything would pass otherwise
    assert shares["covers_conversion"] >= LEVEL - errors_of(count)


def check_known_effect(count: int, customers: int, deals: int = 199) -> None:
    shares = hits(2, count, customers=customers, uplift=0.6, deals=deals)
    assert LEVEL - errors_of(count) - 0.01 <= shares["covers"] < 1
    assert shares["covers_conversion"] >= LEVEL - errors_of(count)
    assert shares["finds"] > 0.3  # and twice the level it would find by chance, many times over


def test_a_message_without_effect_is_rarely_said_to_have_one() -> None:
    check_no_effect(200, 600)


def test_intervals_hold_a_known_effect() -> None:
    check_known_effect(200, 600)


@pytest.mark.soak
@pytest.mark.parametrize(("customers", "share", "rate", "variation"), [
    (600, 0.1, 1.0, 0.7), (1_000, 0.1, 0.5, 1.2), (2_000, 0.1, 0.2, 1.2), (2_000, 0.5, 0.1, 1.2),
    (2_000, 0.05, 0.6, 0.9),
])  # fmt: skip
def test_intervals_keep_their_level_in_every_shop(customers: int, share: float, rate: float, variation: float) -> None:
    count = 1_000
    for uplift, seed in ((0.0, 11), (0.3, 12)):
        shares = hits(
            seed, count, customers=customers, share=share, rate=rate, variation=variation, uplift=uplift, deals=399
        )
        if uplift == 0:
            assert 0 < shares["finds"] <= 1 - LEVEL + errors_of(count)
        assert LEVEL - errors_of(count) - 0.01 <= shares["covers"] < 1
        assert shares["covers_conversion"] >= LEVEL - errors_of(count)


def test_the_forecast_takes_away_what_it_explains() -> None:
    # Revenue is the forecast's part with variance 4 and noise of variance 1: a fifth is left.
    random = np.random.default_rng(3)
    forecast = 10 + 2 * random.standard_normal(20_000)
    revenue = forecast + random.standard_normal(20_000)
    is_held = np.arange(20_000) % 10 == 0
    is_buyer = np.ones(20_000, dtype=bool)
    arms = [outcomes_of(revenue[a], forecast[a], is_buyer[a]) for a in (~is_held, is_held)]
    result = lift(*arms, deals=399)
    assert result.variance_reduction == pytest.approx(0.8, abs=0.02)
    width = result.revenue.high - result.revenue.low
    plain = result.unadjusted.high - result.unadjusted.low
    assert width / plain == pytest.approx(np.sqrt(0.2), rel=0.15)


def test_a_forecast_of_nothing_changes_nothing() -> None:
    made = simulated_experiment(np.random.default_rng(4))
    message, holdout = (
        outcomes_of(arm.revenue, np.full_like(arm.revenue, 7.0), arm.is_buyer) for arm in (made.message, made.holdout)
    )
    result = lift(message, holdout, deals=199)
    assert result.revenue == result.unadjusted
    assert result.variance_reduction == pytest.approx(0.0)


def test_the_total_is_of_those_who_were_written_to() -> None:
    made = simulated_experiment(np.random.default_rng(5), uplift=0.5)
    result = lift(made.message, made.holdout, deals=199)
    for end in ("estimate", "low", "high"):
        assert getattr(result.total_revenue, end) == pytest.approx(getattr(result.revenue, end) * 540)


def test_the_estimate_is_the_difference_of_adjusted_means() -> None:
    made = simulated_experiment(np.random.default_rng(6), uplift=0.5)
    result = lift(made.message, made.holdout, deals=199)
    plain = made.message.revenue.mean() - made.holdout.revenue.mean()
    assert result.unadjusted.estimate == pytest.approx(plain)
    forecast = np.concatenate([made.message.forecast, made.holdout.forecast])
    revenue = np.concatenate([made.message.revenue, made.holdout.revenue])
    slope = np.polyfit(forecast, revenue, 1)[0]
    gap = made.message.forecast.mean() - made.holdout.forecast.mean()
    assert result.revenue.estimate == pytest.approx(plain - slope * gap)


def test_a_p_value_agrees_with_its_interval() -> None:
    random = np.random.default_rng(7)
    for _ in range(40):
        first, second = random.lognormal(0, 1, 60) + random.uniform(0, 1.5), random.lognormal(0, 1, 200)
        difference = Difference.of(first, second, deals=399)
        low, high = difference.interval(LEVEL)
        assert (difference.p_value <= 1 - LEVEL) == (low > 0 or high < 0)


def test_equal_samples_give_equal_intervals_in_whatever_order() -> None:
    values = np.random.default_rng(8).lognormal(0, 1, 300)
    other = Difference.of(values[:100][::-1], values[100:][::-1], deals=199)
    assert other.interval(LEVEL) == pytest.approx(Difference.of(values[:100], values[100:], deals=199).interval(LEVEL))


def test_outcomes_that_are_all_the_same_differ_by_nothing() -> None:
    arm = outcomes_of(np.full(60, 5.0), np.zeros(60), np.ones(60))
    result = lift(arm, arm)
    assert (result.revenue.low, result.revenue.estimate, result.revenue.high, result.p_value) == (0, 0, 0, 1)


@pytest.mark.parametrize(("size", "buyers", "message"), [
    (49, 40, "holdout arm has 49 customers; 50 are needed"),
    (60, 9, "of the holdout arm's 60 customers 9 have ordered; 10 are needed"),
])  # fmt: skip
def test_too_few_are_refused(size: int, buyers: int, message: str) -> None:
    large = outcomes_of(np.arange(500.0), np.zeros(500), np.ones(500))
    small = outcomes_of(np.arange(size), np.zeros(size), np.arange(size) < buyers)
    with pytest.raises(TooFewError, match=message):
        lift(large, small)


def test_outcomes_must_be_numbers_of_the_same_customers() -> None:
    with pytest.raises(ValueError, match="shapes"):
        outcomes_of([1.0, 2.0], [1.0], [True, True])
    with pytest.raises(ValueError, match="finite"):
        outcomes_of([1.0, float("nan")], [1.0, 1.0], [True, True])
