"""Published figures of the BG/BB on 11,104 donors, reproduced to the digits that were printed.

Fader, Hardie and Shang, Customer-Base Analysis in a Discrete-Time Noncontractual Setting, Marketing Science 29(6),
2010: the parameters and log-likelihood, and P(alive in 2002) by recency and frequency (table 6). The sums: the workbook
beside brucehardie.com/notes/010, sheets of the fit within the sample and of the conditional expectations.
"""

import polars as pl
import pytest
from donations import donations

from ml.purchases.bg_bb import BetaGeometricBetaBernoulli


@pytest.fixture(scope="module")
def model() -> BetaGeometricBetaBernoulli:
    return BetaGeometricBetaBernoulli().fit(donations())


def test_parameters_as_printed(model: BetaGeometricBetaBernoulli) -> None:
    assert {letter: f"{value:.3f}" for letter, value in model.params_.items()} == {
        "alpha": "1.204",
        "beta": "0.750",
        "gamma": "0.657",
        "delta": "2.783",
    }


def test_log_likelihood_as_printed(model: BetaGeometricBetaBernoulli) -> None:
    assert model.report_ is not None
    assert f"{model.report_.log_likelihood:.1f}" == "-33225.6"
    assert model.report_.customer_count == 11_104


@pytest.mark.parametrize(("x", "t_x", "printed"), [(0, 0, "0.11"), (2, 4, "0.59"), (6, 6, "0.93")])
def test_probability_alive_as_printed(model: BetaGeometricBetaBernoulli, x: int, t_x: int, printed: str) -> None:
    people = donations().filter(pl.col("frequency") == x, pl.col("recency_opportunities") == t_x)
    assert f"{model.probability_alive(people)[0]:.2f}" == printed


def test_expected_donations_of_the_next_five_years_as_printed(model: BetaGeometricBetaBernoulli) -> None:
    people = donations()
    assert f"{(people['weight'] * model.expected_purchases(people, 5)).sum():.1f}" == "12884.2"


def test_donors_by_number_of_donations_as_printed(model: BetaGeometricBetaBernoulli) -> None:
    """That nobody has an opportunity behind them makes it the distribution of a new donor."""
    new = pl.DataFrame({"frequency": [0], "recency_opportunities": [0], "opportunity_count": [0]})
    donors = 11_104 * model.purchase_count_probabilities(new, 6)[0]
    assert (f"{donors[0]:.1f}", f"{donors[6]:.1f}") == ("3454.9", "1253.1")
