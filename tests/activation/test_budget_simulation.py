"""The reward budget against "10 % for everyone", on merchants whose truth is known.

Orders of a customer follow a Poisson process whose rate is drawn from a Gamma distribution, so that what a year of them
tells about the next one is known exactly: a Gamma posterior, its mean and its interval. Both policies raise the rate
by a share; the discount costs a tenth of every order, the reward a fixed sum once, and raises it half as much.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
import pytest
from scipy import stats

from activation.loyalty.budget import VALUES, BudgetChoice, Offer, choose_rewards

ORDER_VALUE = 40.0
COST = 5.0
CUSTOMERS = 2_000


@dataclass(frozen=True)
class Outcome:
    """What a year brings beyond what would have come anyhow, in margin less cost, by the true rates."""

    choice: BudgetChoice
    budget: float
    everyone: float
    everyones_cost: float


def simulate(seed: int, *, margin_rate: float, uplift: float, true_uplift: float, cap: float) -> Outcome:
    draw = np.random.default_rng(seed)
    shape, rate = draw.uniform(0.4, 1.2), draw.uniform(0.3, 0.8)
    true_rate = draw.gamma(shape, 1 / rate, CUSTOMERS)
    seen = draw.poisson(true_rate)
    posterior = stats.gamma(shape + seen, scale=1 / (rate + 1))
    values = pl.DataFrame(
        {
            "customer_id": [f"{n:05d}" for n in range(CUSTOMERS)],
            "clv": posterior.mean() * ORDER_VALUE,
            "clv_low": posterior.ppf(0.05) * ORDER_VALUE,
            "clv_high": posterior.ppf(0.95) * ORDER_VALUE,
        },
        schema=VALUES,
    )
    offer = Offer("five", COST, uplift * 0.5 - 0.02, uplift * 0.5, uplift * 0.5 + 0.02)
    choice = choose_rewards(values, [offer], margin_rate=margin_rate, redemption_rate=1.0, cap=cap)
    is_given = choice.choices["reward"].is_not_null().to_numpy()
    worth = true_rate * ORDER_VALUE
    budget = float((margin_rate * worth * true_uplift * 0.5 - COST)[is_given].sum())
    everyones_cost = float((0.1 * worth * (1 + true_uplift)).sum())
    everyone = float((margin_rate * worth * true_uplift).sum()) - everyones_cost
    return Outcome(choice, budget, everyone, everyones_cost)


@pytest.mark.parametrize("margin_rate", [0.3, 0.6])
@pytest.mark.parametrize("uplift", [0.1, 0.2, 0.3, 0.5])
def test_money_brings_more_than_ten_percent_for_everyone(margin_rate: float, uplift: float) -> None:
    found = [simulate(seed, margin_rate=margin_rate, uplift=uplift, true_uplift=uplift, cap=2_000) for seed in range(5)]
    brought = sum(one.budget for one in found)
    spent = sum(one.choice.worst_liability for one in found)
    for one in found:
        assert one.choice.worst_liability <= 2_000
        if one.everyone <= 0:  # a discount that does not pay for itself, however large
            assert one.budget > one.everyone
    assert brought >= 0, "where nobody pays for a reward, nobody is given one"
    assert brought / spent > sum(one.everyone for one in found) / sum(one.everyones_cost for one in found)
    # What is promised is what comes: the posterior is the truth's, so that only the draw lies between them.
    assert brought == pytest.approx(sum(one.choice.expected_gain for one in found), rel=0.25, abs=0.1 * spent)


def test_where_a_reward_does_nothing_the_cap_is_all_that_is_lost() -> None:
    lost = [simulate(seed, margin_rate=0.5, uplift=0.3, true_uplift=0.0, cap=2_000) for seed in range(5)]
    assert all(-2_000 <= found.budget < 0 for found in lost)
    assert all(found.everyone < -2_000 for found in lost)


def test_a_discount_that_pays_for_itself_is_no_worse_with_a_budget_without_cap() -> None:
    found = simulate(1, margin_rate=0.6, uplift=0.05, true_uplift=0.05, cap=1e9)
    assert found.everyone < 0 <= found.budget
