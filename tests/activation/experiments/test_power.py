"""What is said to be detectable before a launch is what is detected after it."""

import numpy as np
import pytest
from simulated_experiments import simulated_experiment

from activation.experiments.lift import lift
from activation.experiments.power import Spread, expected_spread, minimum_detectable_effect


def test_the_spread_is_that_of_simulated_customers() -> None:
    random = np.random.default_rng(1)
    count = 400_000
    rates, alive = random.gamma(1.5, 0.4, count), random.beta(2, 1, count)
    amounts = np.exp(random.normal(3, 0.3, count))
    orders = np.where(random.random(count) < alive, random.poisson(rates), 0)
    revenue = amounts * (orders + np.sqrt(orders) * 0.5 * random.standard_normal(count))
    spread = expected_spread(rates * alive, alive, amounts, order_variation=0.5)
    assert spread.mean == pytest.approx(revenue.mean(), rel=0.02)
    assert spread.variance == pytest.approx(revenue.var(), rel=0.03)
    assert spread.unexplained_variance == pytest.approx((revenue - rates * alive * amounts).var(), rel=0.03)
    assert spread.base_rate == pytest.approx((orders > 0).mean(), rel=0.02)


def test_the_textbook_size_of_an_experiment() -> None:
    # Two arms of 63 find half a standard deviation four times in five, at 5% two-sided (Cohen 1988, table 2.4.1: 64).
    effect = minimum_detectable_effect(Spread(126, 0.0, 1.0, 0.25, 0.5), 0.5)
    assert effect.revenue == pytest.approx(0.5, abs=0.002)
    assert effect.adjusted_revenue == pytest.approx(0.25, abs=0.001)
    assert (effect.message_count, effect.holdout_count) == (63, 63)


def check_power(count: int, customers: int) -> None:
    """An effect of the size that is called detectable is detected about four times in five."""
    random = np.random.default_rng(2)
    rates, amounts = random.gamma(1.0, 1.0, 200_000), np.exp(random.normal(3.5, 0.4, 200_000))
    variation = float(np.sqrt(np.expm1(0.7**2)))
    spread = expected_spread(rates, np.ones_like(rates), amounts, order_variation=variation)
    spread = Spread(customers, spread.mean, spread.variance, spread.unexplained_variance, spread.base_rate)
    effect = minimum_detectable_effect(spread, 0.3).adjusted_revenue
    found = 0
    for _ in range(count):
        made = simulated_experiment(random, customers=customers, share=0.3, uplift=effect / spread.mean)
        found += lift(made.message, made.holdout, deals=199).revenue.low > 0
    assert found / count == pytest.approx(0.8, abs=0.05 + 3 * np.sqrt(0.16 / count))


def test_a_detectable_effect_is_detected() -> None:
    check_power(100, 1_000)


@pytest.mark.soak
def test_a_detectable_effect_is_detected_as_often_as_it_says() -> None:
    check_power(1_500, 2_000)


def test_an_arm_cannot_be_empty() -> None:
    with pytest.raises(ValueError, match="leave an arm empty"):
        minimum_detectable_effect(Spread(3, 1.0, 1.0, 1.0, 0.5), 0.1)
    with pytest.raises(ValueError, match="needs customers"):
        expected_spread(np.array([]), np.array([]), np.array([]))
