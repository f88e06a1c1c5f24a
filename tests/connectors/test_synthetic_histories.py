from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import cast
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from scipy import integrate, special, stats
from synthetic_samples import EVERYTHING, tables, with_people

from connectors.sandbox.histories import is_alive
from connectors.sandbox.merchants import (
    Acquisition,
    Bots,
    Refunds,
    SyntheticMerchant,
)
from connectors.sandbox.purchase_process import PurchaseClock, PurchaseParameters, RegimeChange
from connectors.sandbox.tables import SCHEMAS, Table


@pytest.mark.parametrize("piece_rows", [1, 97, 5_000])
def test_rows_do_not_depend_on_the_size_of_pieces(piece_rows: int) -> None:
    small = replace(EVERYTHING, customer_count=120, bots=Bots(count=1, orders_per_day=5, days=20))
    whole, pieced = tables(small), tables(small, piece_rows=piece_rows)
    for table in SCHEMAS:
        assert whole[table].height > 0
        assert_frame_equal(pieced[table], whole[table])


def test_more_customers_leave_the_first_ones_as_they_are() -> None:
    few, many = (tables(replace(EVERYTHING, customer_count=count)) for count in (50, 300))
    for table in SCHEMAS:
        of_few = few[table].height
        traders = 3 if table in {"truth", "customers"} else 0
        if table != "orders":
            assert_frame_equal(many[table].head(of_few - traders), few[table].head(of_few - traders))
    assert set(few["orders"].rows()) <= set(many["orders"].rows())


def test_another_seed_is_another_merchant() -> None:
    one, two = (tables(replace(EVERYTHING, seed=seed))["truth"] for seed in (1, 2))
    assert not set(one["purchase_rate"].head(500)) & set(two["purchase_rate"].head(500))


def test_keys_are_unique_and_everything_lies_within_the_window() -> None:
    made = tables(EVERYTHING)
    for table, key in (("orders", "order_id"), ("refunds", "refund_id"), ("customers", "customer_id")):
        assert made[cast("Table", table)][key].is_unique().all()
    assert made["truth"]["person_id"].is_unique().all()
    zone = ZoneInfo("Europe/Berlin")
    first, end = (datetime(year, 1, 1, tzinfo=zone).astimezone(UTC) for year in (2023, 2025))
    for times in (made["orders"]["ordered_at"], made["refunds"]["refunded_at"]):
        assert times.is_between(first, end, closed="left").all()
    assert made["orders"].null_count().select("order_id", "customer_id", "amount", "email").sum_horizontal().item() == 0


def test_truth_and_orders_tell_one_story() -> None:
    made = tables(EVERYTHING)
    orders = with_people(made)
    assert orders.height == made["orders"].height
    seen = orders.group_by("person_id").agg(
        pl.len().alias("orders_seen"),
        pl.col("ordered_at").min().alias("first"),
        pl.col("ordered_at").max().alias("last"),
    )
    joined = made["truth"].join(seen, on="person_id", validate="1:1")
    assert joined.height == made["truth"].height
    assert (joined["orders_seen"] == joined["order_count"]).all()
    assert (joined["first"] == joined["acquired_at"]).all()
    # A consumer leaves with a purchase, and never buys again.
    dead = joined.filter(pl.col("died_at").is_not_null(), pl.col("kind") != "bot")
    assert dead.height > 100
    assert (dead["last"] == dead["died_at"]).all()
    assert (dead["order_count"] >= 2).all()


def test_alive_is_between_acquisition_and_the_last_purchase_of_who_left() -> None:
    def at(day: int) -> datetime:
        return datetime(2024, 1, day, tzinfo=UTC)

    truth = pl.DataFrame({"acquired_at": [at(5), at(5), at(5)], "died_at": [at(20), None, at(5)]})
    assert is_alive(truth, at(4)).to_list() == [False, False, False]
    assert is_alive(truth, at(19)).to_list() == [True, True, False]
    assert is_alive(truth, at(20)).to_list() == [False, True, False]


FOLLOWING = SyntheticMerchant(
    customer_count=60_000,
    starts_on=date(2024, 1, 1),
    ends_on=date(2024, 12, 31),
    time_zone="UTC",
    purchases=PurchaseParameters(r=0.8, alpha_days=60.0, a=0.9, b=3.0),
    acquisition=Acquisition(days=1),
)


@pytest.fixture(scope="module")
def followed() -> dict[Table, pl.DataFrame]:
    return tables(FOLLOWING)


@pytest.fixture(scope="module")
def made() -> dict[Table, pl.DataFrame]:
    return tables(EVERYTHING)


@pytest.fixture(scope="module")
def orders(made: dict[Table, pl.DataFrame]) -> pl.DataFrame:
    return with_people(made).sort("person_id", "ordered_at")


class TestPurchases:
    """Against closed forms and integrals of the process itself, within four standard errors."""

    def near(self, sample: np.ndarray, expected: float, *, most: float = 0.02) -> None:
        error = sample.std(ddof=1) / np.sqrt(len(sample))
        assert error < most * expected, "the test could not tell a wrong value"
        assert abs(sample.mean() - expected) < 4 * error

    def test_rates_and_dropouts_have_their_distributions(self, followed: dict[Table, pl.DataFrame]) -> None:
        rate, dropout = (followed["truth"][name].to_numpy() for name in ("purchase_rate", "dropout_probability"))
        self.near(rate, 0.8 / 60.0)
        self.near(dropout, 0.9 / 3.9)
        assert stats.kstest(rate, stats.gamma(0.8, scale=1 / 60.0).cdf).pvalue > 0.001
        assert stats.kstest(dropout, stats.beta(0.9, 3.0).cdf).pvalue > 0.001
        assert abs(np.corrcoef(rate, dropout)[0, 1]) < 4 / np.sqrt(len(rate))

    def test_repeat_purchases_meet_their_expectation(self, followed: dict[Table, pl.DataFrame]) -> None:
        # Equation 9 of Fader, Hardie and Lee (2005), over the days from each acquisition within the first day.
        r, alpha, a, b, t = 0.8, 60.0, 0.9, 3.0, 365.5
        shrinkage = (alpha / (alpha + t)) ** r * special.hyp2f1(r, b, a + b - 1, t / (alpha + t))
        expected = (a + b - 1) / (a - 1) * (1 - shrinkage)
        self.near(followed["truth"]["order_count"].to_numpy() - 1.0, expected)

    @pytest.mark.parametrize("days", [30, 120, 300])
    def test_the_living_become_fewer_as_the_process_says(self, followed: dict[Table, pl.DataFrame], days: int) -> None:
        # Purchases that are a customer's last come at rate lambda p, so that P(alive) is E[exp(-lambda p t)].
        t = days - 0.5
        expected, _ = integrate.quad(lambda p: stats.beta.pdf(p, 0.9, 3.0) * (60.0 / (60.0 + p * t)) ** 0.8, 0, 1)
        alive = is_alive(followed["truth"], datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=days))
        self.near(alive.to_numpy().astype(float), expected)

    def test_nobody_leaves_after_the_first_purchase_unless_told(self, followed: dict[Table, pl.DataFrame]) -> None:
        assert followed["truth"].filter(pl.col("order_count") == 1)["died_at"].is_null().all()
        leaving = replace(FOLLOWING, customer_count=20_000, purchases=PurchaseParameters(0.8, 60.0, 0.9, 3.0, True))
        truth = tables(leaving)["truth"]
        gone = (
            (pl.col("order_count") == 1) & (pl.col("died_at") == pl.col("acquired_at")).fill_null(value=False)
        ).cast(pl.Float64)
        self.near(truth.select(gone)["order_count"].to_numpy(), 0.9 / 3.9)

    def test_amounts_follow_each_customers_mean(self, followed: dict[Table, pl.DataFrame]) -> None:
        self.near(followed["truth"]["mean_spend_amount"].to_numpy(), FOLLOWING.spend.mean_amount)
        orders = with_people(followed)
        ratio = (orders["amount"].cast(pl.Float64) / orders["mean_spend_amount"]).to_numpy()
        self.near(ratio, 1.0)
        # The spread around a customer's mean is that of a Gamma distribution of shape p.
        assert ratio.std() == pytest.approx(1 / np.sqrt(FOLLOWING.spend.p), rel=0.02)


def test_season_and_regime_move_repeat_purchases_and_no_first_ones() -> None:
    merchant = SyntheticMerchant(
        customer_count=30_000,
        starts_on=date(2023, 1, 1),
        ends_on=date(2024, 12, 31),
        time_zone="UTC",
        # Nobody leaves within the window, so that only the clock decides when purchases fall.
        purchases=PurchaseParameters(r=5.0, alpha_days=200.0, a=0.001, b=1000.0),
        acquisition=Acquisition(days=31),
        month_paces=(1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 3),
        regime_change=RegimeChange(date(2024, 1, 1), 0.5),
    )
    made = tables(merchant)
    orders = with_people(made)
    repeats = orders.filter(pl.col("ordered_at") > pl.col("acquired_at"))
    by_month = dict(
        repeats.group_by(pl.col("ordered_at").dt.truncate("1mo").dt.date().alias("month")).len().iter_rows()
    )
    assert date(2023, 7, 1) not in by_month
    november, december = by_month[date(2023, 11, 1)] / 30, by_month[date(2023, 12, 1)] / 31
    assert december / november == pytest.approx(3.0, rel=0.05)
    assert by_month[date(2024, 6, 1)] / by_month[date(2023, 6, 1)] == pytest.approx(0.5, rel=0.05)
    assert by_month[date(2023, 11, 1)] == pytest.approx(30_000 * 5.0 / 200.0 * 30, rel=0.03)
    assert made["truth"]["acquired_at"].dt.date().max() <= date(2023, 1, 31)


def test_the_clock_turns_back_what_it_turned_forward() -> None:
    clock = PurchaseClock.from_paces([0.0, 10.0, 20.0, 30.0], [1.0, 0.25, 2.0])
    days = np.linspace(0, 30, 61)
    np.testing.assert_allclose(clock.calendar(clock.operational(days)), days)
    np.testing.assert_allclose(clock.operational(np.array([10.0, 20.0, 30.0])), [10.0, 12.5, 32.5])


def test_growth_shifts_acquisition_to_the_end() -> None:
    merchant = SyntheticMerchant(customer_count=40_000, time_zone="UTC", acquisition=Acquisition(days=400, growth=5.0))
    days = tables(merchant)["truth"].select((pl.col("acquired_at").dt.date() - merchant.starts_on).dt.total_days())
    per_day = np.bincount(days.to_series().to_numpy(), minlength=400)
    assert len(per_day) == 400
    assert per_day[-40:].sum() / per_day[:40].sum() == pytest.approx(5.0 ** (360 / 400), rel=0.1)


class TestRefunds:
    def test_parts_never_exceed_their_order_and_come_after_it(self, made: dict[Table, pl.DataFrame]) -> None:
        refunds = made["refunds"].join(made["orders"], on="order_id", suffix="_of_order", validate="m:1")
        assert refunds.height == made["refunds"].height
        assert (refunds["amount"] > 0).all()
        assert (refunds["refunded_at"] >= refunds["ordered_at"]).all()
        for name in ("customer_id", "currency_code", "store_id", "email"):
            assert (refunds[name] == refunds[f"{name}_of_order"]).all()
        orders = refunds.group_by("order_id").agg(
            pl.col("amount").sum(), pl.col("amount_of_order").first(), pl.len().alias("parts")
        )
        assert (orders["amount"] <= orders["amount_of_order"]).all()
        assert (orders["parts"] == 2).sum() > 20
        assert (orders["amount"] == orders["amount_of_order"]).sum() > 50

    def test_orders_carry_the_sum_of_their_refunds(self, made: dict[Table, pl.DataFrame]) -> None:
        sums = made["refunds"].group_by("order_id").agg(pl.col("amount").sum(), pl.col("refunded_at").max())
        refunded = made["orders"].filter(pl.col("refunded_amount").is_not_null()).join(sums, on="order_id")
        assert refunded.height == sums.height
        assert (refunded["refunded_amount"] == refunded["amount_right"]).all()
        assert (refunded["refunded_at"] == refunded["refunded_at_right"]).all()

    def test_rates_are_as_declared(self) -> None:
        merchant = SyntheticMerchant(customer_count=20_000, refunds=Refunds(0.2, 0.5, 2.0))
        made = tables(merchant)
        orders = made["orders"].filter(pl.col("ordered_at") < datetime(2024, 12, 1, tzinfo=UTC))
        is_refunded = orders["refunded_amount"].is_not_null()
        assert is_refunded.mean() == pytest.approx(0.2, abs=4 * 0.4 / np.sqrt(orders.height))
        refunded = orders.filter(is_refunded)
        is_partial = (refunded["refunded_amount"] < refunded["amount"]).mean()
        assert is_partial == pytest.approx(0.5, abs=4 * 0.5 / np.sqrt(refunded.height))


class TestGuests:
    def test_a_person_has_one_address_and_at_most_two_ids(self, orders: pl.DataFrame) -> None:
        people = orders.group_by("person_id").agg(pl.col("email").n_unique(), pl.col("customer_id").n_unique())
        assert (people["email"] == 1).all()
        assert people["customer_id"].max() == 2
        addresses = orders.group_by("email").agg(pl.col("person_id").n_unique())
        assert (addresses["person_id"] == 1).all()

    def test_guest_orders_come_first_and_end_with_the_registration(self, orders: pl.DataFrame) -> None:
        is_guest_order = pl.col("customer_id") == pl.col("guest_customer_id")
        both = orders.filter(pl.col("kind") == "guest_then_account")
        assert both["person_id"].n_unique() > 50
        late = both.filter(is_guest_order & (pl.col("ordered_at") > pl.col("registered_at")))
        early = both.filter(~is_guest_order.fill_null(value=False) & (pl.col("ordered_at") < pl.col("registered_at")))
        assert late.is_empty()
        assert early.is_empty()
        assert (both.filter(is_guest_order)["person_id"].n_unique()) == both["person_id"].n_unique()

    def test_the_kind_says_which_ids_there_are(self) -> None:
        made = tables(EVERYTHING)
        truth = made["truth"]
        has = truth.group_by("kind").agg(
            pl.col("guest_customer_id").is_not_null().mean().alias("guest"),
            pl.col("account_customer_id").is_not_null().mean().alias("account"),
        )
        assert {kind: (guest, account) for kind, guest, account in has.iter_rows()} == {
            "regular": (0, 1),
            "guest": (1, 0),
            "guest_then_account": (1, 1),
            "bot": (0, 1),
            "reseller": (0, 1),
        }
        assert set(made["customers"]["customer_id"]) == set(truth["account_customer_id"].drop_nulls())
        share = truth.head(700)["guest_customer_id"].is_not_null().mean()
        assert share == pytest.approx(0.4, abs=4 * np.sqrt(0.24 / 700))


class TestStores:
    def test_each_store_has_its_currency_and_its_decimal_places(self, orders: pl.DataFrame) -> None:
        places = {"a": ("EUR", 2), "b": ("JPY", 0), "c": ("KWD", 3)}
        for store_id, (currency, digits) in places.items():
            of_store = orders.filter(pl.col("store_id") == store_id)
            assert set(of_store["currency_code"]) == {currency}
            assert (of_store["amount"] == of_store["amount"].round(digits)).all()
            assert (of_store["amount"] != of_store["amount"].round(digits - 1 if digits else 0)).any() or digits == 0

    def test_amounts_are_worth_the_same_everywhere(self, orders: pl.DataFrame) -> None:
        rates = {"EUR": 1.0, "JPY": 0.00625, "KWD": 3.0}
        consumers = orders.filter(~pl.col("kind").is_in(["bot", "reseller"]))
        worth = consumers.with_columns(
            ratio=pl.col("amount").cast(pl.Float64)
            * pl.col("currency_code").replace_strict(rates, return_dtype=pl.Float64)
            / pl.col("mean_spend_amount")
        )
        for _, part in worth.group_by("currency_code"):
            assert part["ratio"].mean() == pytest.approx(1.0, abs=5 / np.sqrt(EVERYTHING.spend.p * part.height))

    def test_shares_and_orders_elsewhere_are_as_declared(self, orders: pl.DataFrame) -> None:
        consumers = orders.filter(~pl.col("kind").is_in(["bot", "reseller"]))
        is_elsewhere = consumers["store_id"] != consumers["store_id_right"]
        assert is_elsewhere.mean() == pytest.approx(0.2, abs=4 * 0.4 / np.sqrt(consumers.height))
        from_a = consumers.filter(is_elsewhere, pl.col("store_id_right") == "a")["store_id"]
        assert set(from_a) == {"b", "c"}
        homes = consumers.unique("person_id")["store_id_right"]
        assert (homes == "a").mean() == pytest.approx(0.5, abs=4 * 0.5 / np.sqrt(len(homes)))
