from itertools import product

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activation.loyalty.budget import VALUES, BudgetChoice, Offer, choose_rewards

FIVE = Offer("five", 5.0, 0.0, 0.10, 0.20)
TEN = Offer("ten", 10.0, 0.0, 0.15, 0.25)


def worth(*rows: tuple[str, float, float]) -> pl.DataFrame:
    return pl.DataFrame([(name, clv, 0.0, high) for name, clv, high in rows], schema=VALUES, orient="row")


def choose(values: pl.DataFrame, *offers: Offer, cap: float = 1e9, margin: float = 0.5) -> BudgetChoice:
    return choose_rewards(values, offers, margin_rate=margin, redemption_rate=1.0, cap=cap)


def given_to(choice: BudgetChoice) -> dict[str, str | None]:
    return dict(choice.choices.select("customer_id", "reward").iter_rows())


def reasons(choice: BudgetChoice) -> dict[str, str]:
    return dict(choice.choices.select("customer_id", "reason").iter_rows())


def test_each_gets_the_reward_that_brings_most_beyond_its_cost() -> None:
    choice = choose(worth(("small", 40, 90), ("middle", 150, 200), ("big", 1000, 2000)), FIVE, TEN)
    # middle: 0.5 * 150 * 0.10 - 5 = 2.50 against 0.5 * 150 * 0.15 - 10 = 1.25; big: 45 against 65.
    assert given_to(choice) == {"small": None, "middle": "five", "big": "ten"}
    assert choice.expected_gain == pytest.approx(67.5)
    assert reasons(choice)["small"] == "it is not expected to bring what it costs"


def test_nobody_gets_one_whom_the_upper_bound_does_not_pay() -> None:
    hopeful = Offer("hopeful", 5.0, 0.0, 0.2, 0.2)
    values = worth(("a", 49.9, 49.9), ("b", 50.1, 50.1))
    choice = choose_rewards(values, [hopeful], margin_rate=0.5, redemption_rate=0.5, cap=100)
    # Expected, half of the rewards being used, a's would pay; used by a, it would not.
    assert given_to(choice) == {"a": None, "b": "hopeful"}
    assert reasons(choice)["a"] == "even the upper bound of what it could bring does not pay for it"


def test_the_cap_goes_where_it_brings_most() -> None:
    values = worth(("a", 200, 300), ("b", 900, 900), ("c", 500, 600))
    choice = choose(values, FIVE, cap=10)
    assert given_to(choice) == {"a": None, "b": "five", "c": "five"}
    assert (choice.worst_liability, choice.liability) == (10, 10)
    assert reasons(choice)["a"] == "the cap is used up by customers of whom it brings more"


def test_a_step_beyond_one_that_does_not_fit_is_none() -> None:
    dear = Offer("dear", 8.0, 0.3, 0.3, 0.3)
    dearer = Offer("dearer", 9.0, 0.32, 0.32, 0.32)
    choice = choose(worth(("a", 1000, 1000)), dear, dearer, cap=5)
    assert given_to(choice) == {"a": None}
    assert choice.worst_liability == 0


def test_without_rewards_or_predictions_nothing_is_given() -> None:
    assert given_to(choose(worth(("a", 100, 200)))) == {"a": None}
    nobody = pl.DataFrame([("a", None, None, None)], schema=VALUES, orient="row")
    assert given_to(choose(nobody, FIVE)) == {"a": None}
    assert choose(pl.DataFrame(schema=VALUES), FIVE).choices.is_empty()


@settings(max_examples=60)
@given(
    clvs=st.lists(st.floats(0, 2000), min_size=1, max_size=4),
    spread=st.floats(1, 3),
    costs=st.lists(st.floats(1, 60), min_size=1, max_size=2),
    uplifts=st.lists(st.floats(-0.1, 0.6), min_size=2, max_size=2),
    cap=st.floats(0, 150),
    redemption=st.floats(0.1, 1),
)
def test_no_choice_within_the_cap_is_much_better(
    clvs: list[float], spread: float, costs: list[float], uplifts: list[float], cap: float, redemption: float
) -> None:
    values = worth(*((f"c{n}", clv, clv * spread) for n, clv in enumerate(clvs)))
    offers = [Offer(f"o{n}", c, u - 0.1, u, u + 0.1) for n, (c, u) in enumerate(zip(costs, uplifts, strict=False))]
    found = choose_rewards(values, offers, margin_rate=0.4, redemption_rate=redemption, cap=cap)
    assert found.worst_liability <= cap * (1 + 1e-9)

    def gain(clv: float, offer: Offer | None) -> float:
        return 0.0 if offer is None else 0.4 * clv * offer.uplift - offer.cost * redemption

    def may(clv: float, offer: Offer | None) -> bool:
        return offer is None or 0.4 * clv * spread * max(offer.uplift_high, 0) >= offer.cost

    best = 0.0
    for picks in product([None, *offers], repeat=len(clvs)):
        is_allowed = all(may(clv, offer) for clv, offer in zip(clvs, picks, strict=True))
        if is_allowed and sum(o.cost for o in picks if o) <= cap:
            best = max(best, sum(gain(clv, offer) for clv, offer in zip(clvs, picks, strict=True)))
    one_step = max([gain(clv, offer) for clv in clvs for offer in offers], default=0.0)
    assert found.expected_gain <= best + 1e-6
    assert found.expected_gain >= best - max(one_step, 0.0) - 1e-6
    for name, clv in zip(values["customer_id"], clvs, strict=True):
        reward = given_to(found)[name]
        assert may(clv, next((o for o in offers if o.name == reward), None))


def test_it_is_quick_for_many_customers() -> None:
    clv = np.random.default_rng(1).gamma(0.5, 300, 20_000)
    values = pl.DataFrame(
        {"customer_id": [f"{n:05d}" for n in range(clv.size)], "clv": clv, "clv_low": clv * 0, "clv_high": clv * 2}
    )
    choice = choose(values, FIVE, TEN, cap=5_000)
    assert choice.worst_liability == pytest.approx(5_000, abs=10)
