"""A customer's arm is a matter of who they are: the same for ever, evenly spread, unrelated between experiments."""

import numpy as np
import pytest

from activation.experiments.assignment import HOLDOUT, MESSAGE, Split, hashed_position

IDS = [f"shopify:{number}" for number in range(20_000)]


def positions(experiment: str, salt: str = "") -> np.ndarray:
    return np.array([hashed_position("shop", experiment, customer_id, salt) for customer_id in IDS])


def test_an_arm_is_the_same_for_ever() -> None:
    # Written down: another hash would deal the customers of running campaigns anew.
    assert hashed_position("cdnow", "win_back", "shopify:1042") == pytest.approx(0.13057549964509574, abs=1e-12)
    assert Split.holding_out(0.1).arm_of("cdnow", "win_back", "shopify:1042") == MESSAGE


def test_the_holdout_is_as_large_as_declared() -> None:
    split = Split.holding_out(0.1)
    held = sum(split.arm_of("shop", "win_back", customer_id) == HOLDOUT for customer_id in IDS)
    assert held / len(IDS) == pytest.approx(0.1, abs=4 * np.sqrt(0.09 / len(IDS)))


def test_positions_are_evenly_spread_and_unrelated() -> None:
    first, second, salted = positions("win_back"), positions("replenishment"), positions("win_back", "2")
    counts = np.histogram(first, bins=20, range=(0, 1))[0]
    assert ((counts - 1_000) ** 2 / 1_000).sum() < 46  # chi-square with 19 degrees: exceeded once in 2,000
    for other in (second, salted):
        assert abs(np.corrcoef(first, other)[0, 1]) < 4 / np.sqrt(len(IDS))


def test_nobody_leaves_a_holdout_that_grows() -> None:
    small, large = Split.holding_out(0.1), Split.holding_out(0.3)
    for customer_id in IDS[:2_000]:
        if small.arm_of("shop", "win_back", customer_id) == HOLDOUT:
            assert large.arm_of("shop", "win_back", customer_id) == HOLDOUT


def test_parts_that_read_the_same_together_are_told_apart() -> None:
    assert hashed_position("a", "bc", "d") != hashed_position("ab", "c", "d")


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1])
def test_a_holdout_is_a_part(share: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        Split.holding_out(share)


def test_shares_add_up() -> None:
    with pytest.raises(ValueError, match=r"add up to 0\.9, not to 1"):
        Split({HOLDOUT: 0.1, "a": 0.4, "b": 0.4})
    with pytest.raises(ValueError, match="above 0"):
        Split({HOLDOUT: 0.0, "a": 1.0})
