import numpy as np
import pytest
from simulated_experiments import simulated_experiment

from activation.experiments.lift import Interval, TooFewError, lift, outcomes_of
from activation.experiments.uplift import MeasuredUplift, relative_uplift


def test_the_interval_of_the_share_holds_the_truth_as_often_as_it_says() -> None:
    random = np.random.default_rng(11)
    for uplift in (0.0, 0.6):
        covers, wide = 0, 0
        for _ in range(60):
            made = simulated_experiment(random, customers=600, share=0.3, uplift=uplift)
            found = lift(made.message, made.holdout, deals=199)
            share = relative_uplift(made.holdout, found)
            covers += share.low <= uplift <= share.high
            wide += share.high - share.low > 2
            assert share.low < share.estimate < share.high
        assert covers >= 53, "95% of 60, less two standard errors"
        assert wide == 0


def test_a_share_of_nothing_is_none() -> None:
    random = np.random.default_rng(1)
    made = simulated_experiment(random, customers=600, share=0.3)
    nothing = outcomes_of(np.zeros(60), np.ones(60), [True] * 60)
    with pytest.raises(TooFewError, match="brought no revenue"):
        relative_uplift(nothing, lift(made.message, nothing, deals=199))


def test_what_comes_after_the_window_was_not_measured() -> None:
    share = Interval(0.3, -0.1, 0.5)
    measured = MeasuredUplift("win_back", share, window_days=73, customer_count=1_000)
    over = measured.over(365)
    assert (over.estimate, over.low, over.high) == pytest.approx((0.06, -0.02, 0.1))
    assert measured.over(30) == share
