"""The estimators against merchants whose true parameters, dropouts and futures are known.

What is generated shares no code with what is fitted. Purchases fall at random seconds; the models see whole days, on
which two purchases of a customer are one. With these parameters that is true of about one purchase in a hundred, and
shifts the fit by up to two standard errors at 20,000 customers: hence a wider band for days than for exact times.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import numpy as np
import polars as pl
import pytest

from connectors.sandbox.histories import generate, is_alive
from connectors.sandbox.merchants import Acquisition, SyntheticMerchant
from connectors.sandbox.purchase_process import PurchaseParameters, SpendParameters
from ml.histories.purchase_summary import summarise_purchases
from ml.purchases.bg_nbd import BetaGeometricNbd
from ml.spend.gamma_gamma import GammaGamma

AS_OF = date(2023, 6, 30)
AS_OF_END = datetime(2023, 7, 1, tzinfo=UTC)
HORIZON_DAYS = 365


@dataclass(frozen=True)
class Known:
    """A merchant's truth, and what a model may see of it at the as-of date."""

    merchant: SyntheticMerchant
    orders: pl.DataFrame
    truth: pl.DataFrame
    summary: pl.DataFrame

    @property
    def parameters(self) -> dict[str, float]:
        purchases = self.merchant.purchases
        return {"r": purchases.r, "alpha": purchases.alpha_days, "a": purchases.a, "b": purchases.b}

    @property
    def customers(self) -> pl.DataFrame:
        """Summary and truth side by side."""
        return self.summary.join(
            self.truth, left_on="customer_id", right_on="account_customer_id", validate="1:1", maintain_order="left"
        )


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(PurchaseParameters(r=0.8, alpha_days=60.0, a=0.9, b=3.0), id="everyday"),
        pytest.param(PurchaseParameters(r=0.3, alpha_days=40.0, a=0.6, b=2.0), id="uneven"),
    ],
)
def known(request: pytest.FixtureRequest) -> Known:
    merchant = SyntheticMerchant(
        seed=1,
        customer_count=20_000,
        starts_on=date(2022, 1, 1),
        ends_on=AS_OF + timedelta(days=HORIZON_DAYS),
        time_zone="UTC",
        purchases=request.param,
        spend=SpendParameters(p=6.0, q=4.0, v=15.0),
        acquisition=Acquisition(days=365),
    )
    pieces: dict[str, list[pl.DataFrame]] = {"orders": [], "truth": [], "customers": [], "refunds": []}
    for piece in generate(merchant):
        pieces[piece.table].append(piece.rows)
    orders, truth = pl.concat(pieces["orders"]), pl.concat(pieces["truth"])
    days = orders.group_by("customer_id", pl.col("ordered_at").dt.date().alias("purchase_date")).agg(
        pl.col("amount").sum()
    )
    return Known(merchant, orders, truth, summarise_purchases(days, None, as_of_date=AS_OF))


def exact_summary(orders: pl.DataFrame) -> pl.DataFrame:
    """The purchase histories to the second, two purchases on a day counted as two."""
    day = pl.duration(days=1)
    first, last = pl.col("ordered_at").min(), pl.col("ordered_at").max()
    return (
        orders.filter(pl.col("ordered_at") < AS_OF_END)
        .group_by("customer_id", maintain_order=True)
        .agg(
            (pl.len() - 1).cast(pl.Int64).alias("frequency"),
            ((last - first) / day).alias("recency_days"),
            ((pl.lit(AS_OF_END) - first) / day).alias("age_days"),
        )
    )


def assert_recovered(model: BetaGeometricNbd | GammaGamma, truth: dict[str, float], *, standard_errors: float) -> None:
    assert model.report_ is not None
    for name, true in truth.items():
        error = model.report_.standard_errors[name]
        assert 0 < error < 0.2 * true, f"{name}: with an error of {error} the test could not tell half from twice"
        assert abs(model.params_[name] - true) < standard_errors * error, f"{name} is {model.params_[name]}, not {true}"


def test_exact_times_give_the_true_parameters(known: Known) -> None:
    assert_recovered(BetaGeometricNbd().fit(exact_summary(known.orders)), known.parameters, standard_errors=3)


def test_purchase_days_give_the_true_parameters(known: Known) -> None:
    assert_recovered(BetaGeometricNbd().fit(known.summary), known.parameters, standard_errors=4)


def test_spend_gives_the_true_parameters(known: Known) -> None:
    spend = known.merchant.spend
    model = GammaGamma().fit(known.summary)
    assert_recovered(model, {"p": spend.p, "q": spend.q, "v": spend.v}, standard_errors=4)
    expected = model.expected_spend(known.summary)
    # On who has a few repeat purchases the estimate is shrunk, but right in the mean of each tenth.
    people = known.customers.with_columns(expected=pl.Series(expected)).filter(pl.col("spend_day_count") > 0)
    for tenth in tenths(people, "expected"):
        true = tenth["mean_spend_amount"].to_numpy()
        error = true.std(ddof=1) / np.sqrt(len(true))
        assert error < 0.05 * true.mean()
        assert abs(true.mean() - tenth["expected"].mean()) < 4 * error + 0.01 * true.mean()


def tenths(people: pl.DataFrame, by: str) -> list[pl.DataFrame]:
    ordered = people.sort(by, "customer_id")
    bounds = np.linspace(0, ordered.height, 11).astype(int)
    return [ordered[int(start) : int(end)] for start, end in pairwise(bounds)]


def test_probability_alive_is_the_share_that_truly_is(known: Known) -> None:
    model = BetaGeometricNbd().fit(known.summary)
    people = known.customers.with_columns(
        predicted=pl.Series(model.probability_alive(known.summary)),
        alive=is_alive(known.customers, AS_OF_END).cast(pl.Float64),
    )
    # The model has nobody leave before a repeat purchase; but two purchases on the first day look like one.
    one_timers = people.filter(pl.col("frequency") == 0)
    assert (one_timers["predicted"] == 1).all()
    assert 0.97 < one_timers["alive"].mean() <= 1  # type: ignore[operator]  # a mean of floats
    repeaters = people.filter(pl.col("frequency") > 0)
    # Ten thousand customers tell a difference of two hundredths in the mean.
    assert repeaters["predicted"].mean() == pytest.approx(repeaters["alive"].mean(), abs=0.015)
    groups = tenths(repeaters, "predicted")
    shares = [float(group["alive"].mean()) for group in groups]  # type: ignore[arg-type]  # the same
    assert shares[0] < 0.3
    assert shares[-1] > 0.85
    for group, share in zip(groups, shares, strict=True):
        predicted = float(group["predicted"].mean())  # type: ignore[arg-type]  # the same
        error = np.sqrt(max(predicted * (1 - predicted), 0.002) / group.height)
        assert error < 0.02
        assert abs(share - predicted) < 4 * error + 0.01


def test_expected_purchases_are_what_the_true_customers_will_do(known: Known) -> None:
    model = BetaGeometricNbd().fit(known.summary)
    # Given the truth: a living customer's purchases until the last come at rate lambda, and stop at rate lambda p, so
    # that (1 - exp(-lambda p t)) / p are expected, and none of the dead.
    rate, leaving = pl.col("purchase_rate"), pl.col("dropout_probability")
    people = known.customers.with_columns(
        predicted=pl.Series(model.expected_purchases(known.summary, HORIZON_DAYS)),
        alive=is_alive(known.customers, AS_OF_END),
    ).with_columns(
        true=pl.when("alive").then((1 - (-rate * leaving * HORIZON_DAYS).exp()) / leaving).otherwise(0.0),
    )
    came = known.orders.filter(pl.col("ordered_at") >= AS_OF_END).group_by("customer_id").len("came")
    people = people.join(came, on="customer_id", how="left").with_columns(pl.col("came").fill_null(0))
    assert people["came"].mean() == pytest.approx(people["true"].mean(), rel=0.03)
    assert people["predicted"].mean() == pytest.approx(people["true"].mean(), rel=0.03)
    for group in tenths(people, "predicted"):
        true, predicted = group["true"].to_numpy(), float(group["predicted"].mean())  # type: ignore[arg-type]  # a mean of floats
        error = true.std(ddof=1) / np.sqrt(group.height)
        assert abs(true.mean() - predicted) < 4 * error + 0.02 * predicted
        if predicted > 0.5:
            assert error < 0.1 * predicted, "the test could not tell a wrong forecast"
