from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from loyalty_shop import START, LoyalShop, noon, programme

from activation.loyalty import facts
from activation.loyalty.adjusting import adjust, note_birthdays
from activation.loyalty.ledger import accept_rules
from models.errors import StopError
from models.identity import dim_customer_identities
from models.loyalty import balances, birthdays, postings


def day(number: int) -> date:
    return START + timedelta(days=number - 1)


@pytest.fixture
def shop(engine: sa.Engine) -> LoyalShop:
    return LoyalShop(engine)


def test_points_wait_ripen_and_are_taken_back_with_refunds_before_and_after(shop: LoyalShop) -> None:
    shop.order("1", "a", day(1), {"x": 60, "y": "40.75"})
    shop.post(day(2))
    assert shop.balance("a") == {"issued": -100, "pending": 100}
    shop.refund("r1", "1", day(5), {"x": 10})
    shop.post(day(20))
    assert shop.balance("a") == {"issued": -90, "available": 90}
    shop.refund("r2", "1", day(21), {"rest": "80.75"})
    shop.post(day(22))
    assert shop.balance("a") == {"issued": -10, "available": 10}
    assert shop.prove().holds


def test_the_same_facts_post_once(shop: LoyalShop) -> None:
    shop.order("1", "a", day(1), {"x": 60})
    assert shop.post(day(2)).posting_count == 1
    assert shop.post(day(2)).posting_count == 0
    assert shop.post(day(3)).posting_count == 0
    assert len(shop.postings()) == 1


def test_a_cancelled_order_takes_everything_back(shop: LoyalShop) -> None:
    shop.order("1", "a", day(1), {"x": 60})
    shop.refund("r1", "1", day(2), {"x": 10})
    shop.post(day(20))
    shop.forget("1")
    report = shop.post(day(21))
    assert shop.balance("a") == {}
    assert report.corrected_count == 3
    assert {row.reason for row in shop.postings() if row.revision > 1} == {"its source is gone"}
    assert shop.prove().holds


@pytest.mark.parametrize(("now", "points"), [(80, 80), (20, 20)])
def test_an_edited_order_is_worth_what_it_is_now(shop: LoyalShop, now: int, points: int) -> None:
    shop.order("1", "a", day(1), {"x": 50})
    shop.post(day(20))
    shop.order("1", "a", day(1), {"x": now})
    shop.post(day(21))
    assert shop.balance("a") == {"issued": -points, "available": points}
    assert shop.prove().holds


def test_a_refund_that_was_known_late_takes_from_what_has_ripened_meanwhile(shop: LoyalShop) -> None:
    shop.order("1", "a", day(1), {"x": 50})
    shop.post(day(20))
    shop.refund("r1", "1", day(3), {"x": 20})
    shop.post(day(21))
    assert shop.balance("a") == {"issued": -30, "available": 30}
    assert shop.prove().holds


def test_a_refund_may_come_before_its_order(shop: LoyalShop) -> None:
    shop.refund("r1", "1", day(3), {"x": 20})
    shop.post(day(4))
    assert shop.balance("a") == {}
    shop.order("1", "a", day(1), {"x": 50})
    shop.post(day(20))
    assert shop.balance("a") == {"issued": -30, "available": 30}


def test_shipping_earned_nothing_and_takes_nothing_back(shop: LoyalShop) -> None:
    shop.order("1", "a", day(1), {"x": 50})
    shop.refund("r1", "1", day(3), {"shipping": 5, "x": 1})
    shop.post(day(4))
    assert shop.balance("a") == {"issued": -49, "pending": 49}


@pytest.mark.parametrize(
    ("paid", "paid_back", "left"), [("USD", "USD", 40), ("USD", "GBP", 52)], ids=["the same", "another"]
)
def test_a_refund_takes_back_its_share_of_what_was_earned_whatever_the_rate_is_by_then(
    shop: LoyalShop, paid: str, paid_back: str, left: int
) -> None:
    shop.order("1", "a", day(1), {"x": 60, "y": 40})  # 125.00 at 0.80
    shop.refund("r1", "1", day(5), {"x": 48})  # 75.00 at 0.64
    with shop.engine.begin() as connection:
        connection.execute(sa.update(facts.fct_orders).values(original_amount=125, original_currency_code=paid))
        given = {"amount": 48, "original_amount": 75, "original_currency_code": paid_back}
        connection.execute(sa.update(facts.fct_refunds).values(given))
    shop.post(day(20))
    assert shop.balance("a") == {"issued": -left, "available": left}


def test_the_highest_multiplier_counts_and_a_past_order_keeps_it(engine: sa.Engine) -> None:
    shop = LoyalShop(engine, programme(rules={"category_multipliers": {"Shoes": 2, "sale": "0.5"}}))
    shop.put(facts.dim_products, product_id="p", category_name="Shoes", product_type="Sale")
    shop.put(facts.dim_products, product_id="q", category_name="Hats")
    shop.order("1", "a", day(1), {"x": 10, "y": 10, "z": 1}, x="p", y="q")
    shop.post(day(2))
    assert shop.balance("a") == {"issued": -31, "pending": 31}
    shop.refund("r1", "1", day(2), {"x": 5})
    shop.post(day(3))
    assert shop.balance("a") == {"issued": -21, "pending": 21}
    with engine.begin() as connection:
        connection.execute(sa.update(facts.dim_products).values(category_name="Hats", product_type="Sale"))
    assert shop.post(day(4)).posting_count == 0
    shop.order("2", "b", day(5), {"x": 10}, x="p")
    shop.post(day(5))
    assert shop.balance("b") == {"issued": -5, "pending": 5}
    assert shop.prove().holds


def test_customers_who_are_one_have_one_balance(engine: sa.Engine) -> None:
    shop = LoyalShop(engine, programme(rules={"sign_up_points": 7}))
    shop.customer("old")
    shop.post(day(1))
    shop.customer("a")
    shop.customer("b")
    shop.order("1", "a", day(2), {"x": 50})
    shop.order("2", "b", day(2), {"x": 30})
    shop.post(day(3))
    assert shop.balance("a") == {"issued": -57, "pending": 50, "available": 7}
    assert shop.balance("old") == {}, "who was there before the programme is no new customer"
    shop.is_now("b", "a")
    shop.post(day(4))
    assert shop.balance("a") == {"issued": -87, "pending": 80, "available": 7}
    assert shop.balance("b") == {}
    assert shop.prove().holds


def test_a_store_that_joins_brings_old_customers_who_are_not_welcomed(engine: sa.Engine) -> None:
    shop = LoyalShop(engine, programme(rules={"sign_up_points": 7}))
    shop.customer("s:old", since_date=day(1), first_seen_at=noon(START - timedelta(days=300)))
    shop.post(day(10))
    shop.customer("s:late", since_date=day(11), first_seen_at=noon(day(9)))
    shop.customer("s:new", since_date=day(11), first_seen_at=noon(day(10)))
    shop.customer("s:account", since_date=day(11))
    shop.post(day(11))
    shop.customer("t:long", since_date=day(20), first_seen_at=noon(day(12)))
    shop.customer("t:account", since_date=day(20))
    shop.customer("t:first", since_date=day(20), first_seen_at=noon(day(20)))
    shop.post(day(20))
    shop.customer("t:later", since_date=day(21))
    shop.customer("t:found", since_date=day(21), first_seen_at=noon(day(5)))
    shop.post(day(21))
    welcomed = {row.customer_id for row in shop.postings() if row.source_kind == "sign_up"}
    assert welcomed == {"s:new", "s:account", "t:first", "t:later"}
    assert shop.prove().holds


def test_a_birthday_gives_points_once_a_year_from_the_day_after_it_was_told(engine: sa.Engine) -> None:
    shop = LoyalShop(engine, programme(rules={"birthday_points": 20}))
    for customer in ("a", "b"):
        shop.customer(customer)
    with engine.begin() as connection:
        for customer, month, of_month in (("a", 1, 5), ("b", 2, 29), ("nobody", 2, 1)):
            values = {"merchant_id": "shop", "customer_id": customer, "month": month, "day": of_month}
            connection.execute(sa.insert(birthdays).values(values | {"recorded_date": date(2026, 1, 5)}))
    shop.post(date(2026, 2, 28))
    assert (shop.balance("a"), shop.balance("b")["available"]) == ({}, 20)
    shop.post(date(2028, 2, 28))
    assert (shop.balance("a")["available"], shop.balance("b")["available"]) == (40, 40)
    shop.post(date(2028, 2, 29))
    assert shop.balance("b")["available"] == 60
    assert shop.balance("nobody") == {}


def test_a_birthday_that_is_corrected_takes_back_nothing_that_was_given_before(engine: sa.Engine) -> None:
    shop = LoyalShop(engine, programme(rules={"birthday_points": 20}))
    shop.customer("a")
    told = [((3, 5), date(2026, 1, 5), 1), ((3, 5), date(2026, 9, 1), 0), ((3, 6), date(2028, 4, 1), 1)]
    for birthday, recorded_date, changed in told:
        with engine.begin() as connection:
            known = {"a": birthday, "nobody": (1, 1)}
            said = note_birthdays(connection, "shop", known, recorded_date=recorded_date)
        assert said == (changed, ["nobody"])
        shop.post(recorded_date)
    assert shop.balance("a")["available"] == 60
    shop.post(date(2029, 3, 5))
    assert shop.balance("a")["available"] == 60
    shop.post(date(2029, 3, 6))
    assert shop.balance("a")["available"] == 80
    assert shop.prove().holds


def test_an_adjustments_name_is_one_customers(shop: LoyalShop) -> None:
    for customer in ("a", "b", "c"):
        shop.customer(customer)
    shop.post(day(1))

    def give(customer_id: str) -> bool:
        with shop.engine.begin() as connection:
            about = {"reason": "lost", "actor": "me", "reference": "r"}
            return adjust(connection, shop.ledger, customer_id=customer_id, points=5, **about)

    assert give("a")
    assert not give("a")
    with pytest.raises(StopError, match="another adjustment is called 'r' already: 5 to customer a for lost"):
        give("c")
    shop.is_now("a", "b")
    assert not give("b")


def test_points_run_out_the_oldest_first(engine: sa.Engine) -> None:
    shop = LoyalShop(engine, programme(rules={"expiry_months": 1, "pending_days": 0}))
    shop.order("1", "a", date(2026, 1, 1), {"x": 30})
    shop.order("2", "a", date(2026, 1, 31), {"x": 50})
    shop.post(date(2026, 1, 31))
    assert shop.balance("a")["available"] == 80
    shop.refund("r1", "2", date(2026, 2, 1), {"x": 5})
    shop.post(date(2026, 2, 1))
    assert shop.balance("a") == {"issued": -75, "available": 45, "expired": 30}
    shop.post(date(2026, 2, 28))
    assert shop.balance("a") == {"issued": -75, "expired": 75}
    shop.refund("r2", "1", date(2026, 3, 1), {"x": 10})
    shop.post(date(2026, 3, 1))
    assert shop.balance("a") == {"issued": -65, "expired": 65}, "what had run out is not owed"
    assert shop.prove().holds


def test_rules_of_the_past_stand_until_somebody_says_otherwise(shop: LoyalShop) -> None:
    shop.order("1", "a", day(1), {"x": 50})
    shop.post(day(2))
    shop.programme = programme(rules={"points_per_unit": 2})
    with pytest.raises(StopError, match=r"from 2026-01-01 on .* perennial loyalty revalue"):
        shop.post(day(3))
    with shop.engine.begin() as connection:
        accept_rules(connection, shop.ledger)
    shop.post(day(3))
    assert shop.balance("a")["pending"] == 100


def test_new_rules_hold_for_new_orders(shop: LoyalShop) -> None:
    shop.order("1", "a", day(1), {"x": 50})
    shop.post(day(2))
    both = [{"valid_from_date": START}, {"valid_from_date": day(3), "points_per_unit": "1.5"}]
    shop.programme = programme().model_validate({**programme().model_dump(), "rules": both})
    shop.order("2", "a", day(3), {"x": 3})
    shop.post(day(3))
    assert shop.balance("a")["pending"] == 54


def test_an_earlier_day_takes_back_nothing(shop: LoyalShop) -> None:
    shop.order("1", "a", day(1), {"x": 50})
    shop.post(day(20))
    with pytest.raises(StopError, match="posted up to 2026-01-20"):
        shop.post(day(5))


@pytest.mark.parametrize(
    "change",
    [
        lambda: sa.update(postings).values(points=1),
        lambda: sa.delete(postings),
        lambda: sa.text("truncate loyalty.postings"),
    ],
)
def test_the_database_keeps_what_was_posted(shop: LoyalShop, change: Callable[[], Any]) -> None:
    shop.order("1", "a", day(1), {"x": 50})
    shop.post(day(2))
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), shop.engine.begin() as connection:
        connection.execute(change())


def test_the_database_refuses_a_balance_that_is_none(shop: LoyalShop) -> None:
    shop.order("1", "a", day(1), {"x": 50})
    shop.post(day(2))
    with pytest.raises(sa.exc.IntegrityError, match="balanced"), shop.engine.begin() as connection:
        connection.execute(sa.update(balances).values(available_points=balances.c.available_points + 1))


@pytest.mark.parametrize(
    ("moved", "words"), [("balance", "available is 1, its postings come to 0"), ("fact", "its facts come to 60")]
)
def test_the_proof_finds_what_differs(shop: LoyalShop, moved: str, words: str) -> None:
    shop.order("1", "a", day(1), {"x": 50})
    shop.post(day(2))
    if moved == "balance":
        with shop.engine.begin() as connection:
            connection.execute(
                sa.update(balances).values(
                    available_points=balances.c.available_points + 1, issued_points=balances.c.issued_points - 1
                )
            )
    else:
        shop.order("1", "a", day(1), {"x": 60})
    proof = shop.prove()
    assert not proof.holds
    assert words in " ".join(proof.differences)


def test_birthdays_of_a_large_shop_are_told_at_once(engine: sa.Engine) -> None:
    LoyalShop(engine, programme())
    told = {f"c{number}": (1, 5) for number in range(14_000)}  # more values than a statement takes one by one
    with engine.begin() as connection:
        known = sa.literal_column("'c' || number")
        numbers = sa.select(sa.literal("large"), known, known, sa.true()).select_from(
            sa.func.generate_series(0, 13_999).alias("number")
        )
        columns = ["merchant_id", "record_id", "customer_id", "is_present"]
        connection.execute(sa.insert(dim_customer_identities).from_select(columns, numbers))
        assert note_birthdays(connection, "large", told, recorded_date=date(2026, 1, 5)) == (14_000, [])
        connection.rollback()
