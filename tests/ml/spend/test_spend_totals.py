"""Tables of what several days cost together against the incomplete beta function."""

import numpy as np
import pytest
from scipy.special import betainc, expit

from ml.spend.spend_totals import relative_totals


@pytest.mark.parametrize(
    ("p", "q", "highest"),
    [
        (6.25, 3.74, 15),
        (6.25, 629.0, 255),  # a hundred spend days are known
        (0.4, 0.6, 15),  # spread so widely that not even the mean exists
        (1000.0, 3003.7, 15),  # a customer's days cost nearly the same
        (0.2, 3.0, 7),  # many days cost next to nothing
    ],
)
def test_steps_are_exact_and_what_lies_between_is_near(p: float, q: float, highest: int) -> None:
    totals = relative_totals(p, q, highest)
    y = totals.log_totals
    k = np.array([1, 2, highest])
    found = totals.probabilities[k - 1]
    np.testing.assert_allclose(found, betainc(p * k[:, None], q, expit(y)), atol=1e-4)
    between = betainc(p * k[:, None], q, expit((y[1:] + y[:-1]) / 2))
    np.testing.assert_allclose((found[:, 1:] + found[:, :-1]) / 2, between, atol=3e-3)
    assert np.abs(found[1] - found[0]).max() > 1e-4, "the days could be mistaken for each other"
    # Beyond both ends the powers go on.
    for at in (y[0] - 3.0, y[0] - 0.5):
        below = found[0, 0] * np.exp(totals.low_power * (at - y[0]))
        assert below == pytest.approx(betainc(p, q, expit(at)), abs=1e-4)
    for at in (y[-1] + 3.0, y[-1] + 0.5):
        above = (1 - found[-1, -1]) * np.exp(-totals.high_power * (at - y[-1]))
        assert above == pytest.approx(1 - betainc(p * highest, q, expit(at)), abs=1e-4)
