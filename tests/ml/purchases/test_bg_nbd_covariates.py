"""The BG/NBD with covariates: the plain model where they do nothing, and the truth where they do."""

import numpy as np
import polars as pl
import pytest
from cdnow_purchases import sample_calibration
from simulated_customers import simulate_bg_nbd, simulate_spend

from ml.estimator import FitStatus, UnusableFitError
from ml.histories.purchase_histories import cells_of, distinct_histories
from ml.purchases.bg_nbd import BetaGeometricNbd
from ml.purchases.bg_nbd_covariates import BetaGeometricNbdWithCovariates, _objective
from ml.spend.gamma_gamma import GammaGamma
from ml.value.lifetime_value import lifetime_value
from models.errors import StopError

NAMES = ("is_paid", "discount")
BASE = {"r": 0.6, "alpha": 40.0, "a": 0.9, "b": 2.5}
TRUTH = {
    **BASE,
    "alpha[is_paid]": 0.5,
    "alpha[discount]": -0.3,
    "a[is_paid]": 0.4,
    "a[discount]": 0.0,
    "b[is_paid]": 0.2,
    "b[discount]": 0.6,
}


def simulated(seed: int, customers: int) -> pl.DataFrame:
    """Customers of six combinations: paid or not, and a discount of 0, half or the whole of the first order."""
    rng = np.random.default_rng(seed)
    parts = []
    for is_paid in (0.0, 1.0):
        for discount in (0.0, 0.5, 1.0):
            shift = {
                letter: np.exp(TRUTH[f"{letter}[is_paid]"] * is_paid + TRUTH[f"{letter}[discount]"] * discount)
                for letter in ("alpha", "a", "b")
            }
            own = {**BASE, "alpha": BASE["alpha"] / shift["alpha"], "a": BASE["a"] * shift["a"]}
            own["b"] = BASE["b"] * shift["b"]
            people = simulate_bg_nbd(rng, customers // 6, **own)
            parts.append(people.with_columns(is_paid=pl.lit(is_paid), discount=pl.lit(discount)))
    return pl.concat(parts)


@pytest.fixture(scope="module")
def people() -> pl.DataFrame:
    return simulated(3, 24_000)


@pytest.fixture(scope="module")
def fitted(people: pl.DataFrame) -> BetaGeometricNbdWithCovariates:
    return BetaGeometricNbdWithCovariates(NAMES).fit(people)


def test_finds_the_coefficients_that_made_the_data(fitted: BetaGeometricNbdWithCovariates) -> None:
    report = fitted.report_
    assert report is not None
    assert report.parameters.keys() == TRUTH.keys()
    for name, true in TRUTH.items():
        error = report.standard_errors[name]
        assert abs(fitted.params_[name] - true) < 3 * error, name
        # Narrow enough to see every effect on how often people buy, and that there is one on leaving.
        assert error < (0.06 if name.startswith("alpha[") else 0.2 if "[" in name else 0.2 * true), name


def test_covariates_that_do_something_are_worth_their_parameters(
    people: pl.DataFrame, fitted: BetaGeometricNbdWithCovariates
) -> None:
    plain = BetaGeometricNbd().fit(people)
    assert plain.report_ is not None
    assert fitted.report_ is not None
    assert (fitted.report_.log_likelihood or 0.0) > (plain.report_.log_likelihood or 0.0) + 100
    assert fitted.log_likelihood(people).sum() == pytest.approx(fitted.report_.log_likelihood, rel=1e-10)


def test_zero_coefficients_are_the_plain_model() -> None:
    summary = sample_calibration().with_columns(is_paid=pl.Series(np.arange(2357) % 2 * 1.0), discount=pl.lit(0.7))
    none = dict.fromkeys((f"{letter}[{name}]" for letter in ("alpha", "a", "b") for name in NAMES), 0.0)
    model = BetaGeometricNbdWithCovariates.from_parameters(NAMES, {**BASE, **none})
    plain = BetaGeometricNbd.from_parameters(**BASE)
    for found, right in (
        (model.probability_alive(summary), plain.probability_alive(summary)),
        (model.log_likelihood(summary), plain.log_likelihood(summary)),
        (model.expected_purchases(summary, 90.0), plain.expected_purchases(summary, 90.0)),
        (model.probability_of_no_purchase(summary, 90.0), plain.probability_of_no_purchase(summary, 90.0)),
    ):
        np.testing.assert_allclose(found, right, rtol=1e-12)


def test_a_covariate_that_means_nothing_gets_nothing() -> None:
    summary = sample_calibration().with_columns(coin=pl.Series(np.random.default_rng(1).integers(0, 2, 2357) * 1.0))
    model, plain = BetaGeometricNbdWithCovariates(["coin"]).fit(summary), BetaGeometricNbd().fit(summary)
    assert model.report_ is not None
    assert plain.report_ is not None
    for letter in ("alpha", "a", "b"):
        assert abs(model.params_[f"{letter}[coin]"]) < 3 * model.report_.standard_errors[f"{letter}[coin]"]
    gain = (model.report_.log_likelihood or 0.0) - (plain.report_.log_likelihood or 0.0)
    assert 0 < gain < 8  # Half a chi-square of three degrees of freedom.


def test_gradient_and_hessian_are_those_of_the_value(people: pl.DataFrame) -> None:
    some = people.filter(pl.int_range(pl.len()) % 40 == 0)
    parts = some.sort(NAMES).partition_by(NAMES, maintain_order=True)
    values = np.array([part.select(NAMES).row(0) for part in parts])
    objective = _objective([cells_of(distinct_histories(part)) for part in parts], values, 3.0)
    theta = np.array([-0.4, 3.4, 0.1, 0.8, 0.3, -0.2, 0.1, 0.3, -0.1, 0.2])
    here = objective(theta)
    for i in range(theta.size):
        step = np.zeros(theta.size)
        step[i] = 1e-5
        above, below = objective(theta + step), objective(theta - step)
        assert here.gradient[i] == pytest.approx((above.value - below.value) / 2e-5, rel=1e-5, abs=1e-3)
        np.testing.assert_allclose(here.hessian[i], (above.gradient - below.gradient) / 2e-5, rtol=1e-5, atol=1e-3)


def test_a_ridge_draws_coefficients_to_zero_and_lifts_collinearity(people: pl.DataFrame) -> None:
    small = people.filter(pl.int_range(pl.len()) % 4 == 0)
    with_both = small.with_columns(is_organic=1.0 - pl.col("is_paid"))
    with pytest.raises(StopError, match="not independent"):
        BetaGeometricNbdWithCovariates(["is_paid", "is_organic"]).fit(with_both)
    weak, strong = (
        BetaGeometricNbdWithCovariates(["is_paid", "is_organic"], ridge=ridge).fit(with_both).params_
        for ridge in (1.0, 300.0)
    )
    assert weak["alpha[is_paid]"] == pytest.approx(-weak["alpha[is_organic]"], rel=0.5)
    assert abs(strong["alpha[is_paid]"]) < abs(weak["alpha[is_paid]"])


def test_a_category_that_nobody_came_back_from_is_reported(people: pl.DataFrame) -> None:
    once = pl.DataFrame({"frequency": 0.0, "recency_days": 0.0, "age_days": 300.0, "is_popup": [1.0] * 400})
    some = people.filter(pl.int_range(pl.len()) % 10 == 0).with_columns(is_popup=pl.lit(0.0))
    with pytest.raises(UnusableFitError, match=r"alpha\[is_popup\]") as caught:
        BetaGeometricNbdWithCovariates(["is_popup"]).fit(pl.concat([some.select(once.columns), once]))
    assert caught.value.report.status is FitStatus.EXTREME_PARAMETERS
    assert caught.value.report.standard_errors == {}


def test_order_of_rows_does_not_matter(people: pl.DataFrame) -> None:
    some = people.filter(pl.int_range(pl.len()) % 10 == 0)
    shuffled = some.sample(fraction=1.0, shuffle=True, seed=2)
    one, other = (BetaGeometricNbdWithCovariates(NAMES).fit(frame) for frame in (some, shuffled))
    assert one.params_ == other.params_
    back = one.expected_purchases(some.reverse(), 90.0)[::-1]
    np.testing.assert_allclose(back, one.expected_purchases(some, 90.0), rtol=1e-12)


def test_a_combinations_own_model_values_its_customers(
    people: pl.DataFrame, fitted: BetaGeometricNbdWithCovariates
) -> None:
    """Whatever takes a purchase model takes the model of a combination; discounted value here."""
    some = people.filter(pl.col("is_paid") == 1, pl.col("discount") == 0.5)[:50]
    spend = GammaGamma.from_parameters(p=4.0, q=3.5, v=25.0)
    mean = simulate_spend(np.random.default_rng(1), np.ones(50), p=4.0, q=3.5, v=25.0)
    with_spend = some.with_columns(spend_day_count=pl.col("frequency"), monetary_value=pl.Series(mean))
    model = fitted.model_for({"is_paid": 1.0, "discount": 0.5})
    value = lifetime_value(model, spend, with_spend, horizon_days=365, annual_discount_rate=0.0)
    np.testing.assert_allclose(
        value, fitted.expected_purchases(some, 365.0) * spend.expected_spend(with_spend), rtol=1e-9
    )


@pytest.mark.parametrize(
    ("names", "change", "message"),
    [
        ((), {}, "one or more different columns"),
        (("is_paid", "is_paid"), {}, "one or more different columns"),
        (("is_home",), {}, "lacks the column is_home"),
        (("is_paid",), {"is_paid": pl.lit(None)}, "is_paid is null"),
        (("is_paid",), {"is_paid": pl.col("age_days")}, "a few bands"),
    ],
)
def test_refuses_covariates_that_are_none(
    people: pl.DataFrame, names: tuple[str, ...], change: dict[str, pl.Expr], message: str
) -> None:
    with pytest.raises(StopError, match=message):
        BetaGeometricNbdWithCovariates(names).fit(people.with_columns(**change))
