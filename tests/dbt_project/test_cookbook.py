"""The SQL cookbook: every query runs as the reader, keeps to its merchant, and gives what plain Python gives."""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import cookbook_answers
import polars as pl
import psycopg
import pytest
from cookbook_answers import SCALE, Answer, Facts, groups, rounded, total
from dbt_built import HISTORIES
from dbt_frames import cents
from dbt_histories import MERCHANTS, Merchant, eligible_lines, eligible_orders

from models.engine import connect
from models.roles import READER

pytestmark = pytest.mark.slow

QUERIES = sorted((Path(__file__).resolve().parents[2] / "docs" / "cookbook").glob("*.sql"))
TEXTS = {path.stem.partition("_")[2]: path.read_text(encoding="utf-8") for path in QUERIES}
# What the answers do not repeat: names, and what is told by other columns.
LEFT_OUT = {
    "best_selling_products": {"product_name"},
    "refunds_by_product": {"product_name"},
    "best_customers": {"net_per_month_amount", "life_days"},
}
ANSWERED = [name for name in TEXTS if hasattr(cookbook_answers, name)]
# Over no rows at all these say so in one.
SUMMARIES = {"repeat_rate", "days_between_purchases"}
PAPER = "books"
BASKETS = "toys"
# One order's id in two stores is two orders.
BASKETS_OF_ORDERS = {
    ("web", "1"): ["ball", "kite", "ball"],
    ("shop", "1"): ["ball", "kite", "yoyo"],
    ("web", "2"): ["ball"],
    ("web", "3"): ["yoyo"],
}
MOVES = [("champions", "champions", 8), ("champions", "lost", 2), ("none", "promising", 3)]
# Every customer's second order has a discount, and the third of some.
DISCOUNTS = """
    insert into marts.fct_discounts
    (merchant_id, store_id, order_id, order_discount_id, is_first_order, code, discount_amount)
    select merchant_id, store_id, order_id, part, is_first_order, case when order_number = 2 then 'SPRING' end, 2
    from marts.fct_orders, unnest(array['1', '2']) as part
    where merchant_id = %(merchant_id)s and order_number in (2, 3)
"""


@pytest.fixture(scope="module")
def reader(marts_url: str) -> Iterator[psycopg.Connection[Any]]:
    """The reader, in a warehouse that has what files do not bring, by hand."""
    with psycopg.connect(marts_url) as owner:
        add_by_hand(owner)
    with connect(marts_url, role=READER) as connection:
        yield connection


@pytest.fixture(scope="module")
def facts(refunds: pl.DataFrame) -> dict[str, Facts]:
    return {merchant.merchant_id: facts_of(merchant, refunds) for merchant in MERCHANTS}


def add_by_hand(owner: psycopg.Connection[Any]) -> None:
    """Discounts, gift cards, movements between segments and predictions of one merchant, and baskets of another."""
    owner.execute("set role perennial_transformer")
    # Tables in the places of views, to be written to.
    for mart in ("fct_discounts", "fct_gift_card_days", "fct_order_lines", "rfm_transitions"):
        owner.execute(f"alter table marts.{mart} rename to {mart}_built".encode())
        owner.execute(f"create table marts.{mart} as select * from marts.{mart}_built".encode())
    owner.execute(DISCOUNTS.encode(), {"merchant_id": PAPER})
    with owner.cursor() as cursor:
        cursor.executemany(
            "insert into marts.fct_order_lines (merchant_id, store_id, order_id, line_id, product_id)"
            " values (%s, %s, %s, %s, %s)",
            [
                (BASKETS, store, order, str(place), product)
                for (store, order), products in BASKETS_OF_ORDERS.items()
                for place, product in enumerate(products)
            ],
        )
        cursor.executemany(
            "insert into marts.fct_gift_card_days values (%s, %s, 10, 0, %s, 'USD')",
            [(PAPER, date(2024, month, day), 100 * month + day) for month in (1, 2) for day in (20, 3)],
        )
        cursor.executemany(
            "insert into marts.rfm_transitions values (%s, %s, %s, %s, %s)",
            [(PAPER, date(2024, 7, 1), *move) for move in MOVES],
        )
    owner.execute(
        "update marts.customer_360 set clv_amount = 10 * order_count, churn_probability = 0.75,"
        " clv_percent_rank = case when order_count > 3 then 0.9 else 0.1 end, expected_purchases = 0.5,"
        " churn_horizon_days = 90, prediction_basis = 'model' where merchant_id = %s and order_count > 0",
        (PAPER,),
    )


def facts_of(merchant: Merchant, refunds: pl.DataFrame) -> Facts:
    rows = HISTORIES[merchant]
    written = {(row["store_id"], row["order_id"]): row for row in [*rows["order_lines"], *rows["orders"]]}
    orders = []
    for order in eligible_orders(merchant, rows):
        row = written[order["store_id"], order["order_id"]]
        known = {"ordered_at": row["ordered_at"], "channel": row.get("channel"), "amount": cents(order["amount"])}
        orders.append({**order, **known})
    bought = {
        (row["store_id"], row["order_id"], row["line_id"]): (row.get("product_id"), row.get("sku"), row.get("quantity"))
        for row in [*rows["order_lines"], *rows["order_items"]]
    }
    lines = []
    for line in eligible_lines(merchant, rows):
        product_id, sku, quantity = bought[line["store_id"], line["order_id"], line["line_id"]]
        known = {"product_id": product_id or sku, "sku": sku, "quantity": quantity}
        lines.append({name: cents(value) for name, value in {**line, **known}.items()})
    spend = [
        {
            "spend_date": row["spend_date"],
            "amount": cents(merchant.converted(row["amount"], row["currency_code"], row["spend_date"])),
        }
        for row in rows["marketing_spend"]
        if row["spend_date"] <= merchant.as_of_date
    ]
    own = refunds.filter(pl.col("merchant_id") == merchant.merchant_id).to_dicts()
    return Facts(merchant.as_of_date, sorted({"shop", "web"}), orders, own, lines, spend)


def answer(reader: psycopg.Connection[Any], name: str, merchant_id: str) -> tuple[list[str], Answer]:
    """A query's columns, without those that answers leave out, and its rows."""
    text = TEXTS[name].replace("'my_brand'", f"'{merchant_id}'")
    assert text != TEXTS[name], "it filters by merchant"
    cursor = reader.execute(text.encode())
    assert cursor.description is not None
    columns = [column.name for column in cursor.description]
    wanted = [place for place, column in enumerate(columns) if column not in LEFT_OUT.get(name, ())]
    return [columns[p] for p in wanted], [tuple(cents(row[p]) for p in wanted) for row in cursor]


def test_there_are_thirty_questions() -> None:
    assert [path.name[:3] for path in QUERIES] == [f"{number:02}_" for number in range(1, 31)]
    for path in QUERIES:
        first, *_ = path.read_text(encoding="utf-8").splitlines()
        assert first.startswith("-- "), path.name
        assert first.endswith("?"), path.name


@pytest.mark.parametrize("name", TEXTS)
def test_every_query_runs_and_keeps_to_its_merchant(reader: psycopg.Connection[Any], name: str) -> None:
    columns, rows = answer(reader, name, BASKETS if name == "bought_together" else PAPER)
    assert len(set(columns)) == len(columns)
    assert rows, "something is found"
    _, nothing = answer(reader, name, "nobody")
    assert len(nothing) == (name in SUMMARIES)


@pytest.mark.parametrize("merchant", MERCHANTS, ids=lambda merchant: merchant.merchant_id)
@pytest.mark.parametrize("name", ANSWERED)
def test_answers_are_those_of_plain_python(
    reader: psycopg.Connection[Any], facts: dict[str, Facts], name: str, merchant: Merchant
) -> None:
    expected = getattr(cookbook_answers, name)(facts[merchant.merchant_id])
    assert answer(reader, name, merchant.merchant_id)[1] == expected


def test_what_was_added_by_hand_is_found(reader: psycopg.Connection[Any], facts: dict[str, Facts]) -> None:
    def rows(name: str) -> Answer:
        return answer(reader, name, PAPER)[1]

    assert rows("gift_cards_owed") == [(date(2024, 1, 1), 120 * SCALE), (date(2024, 2, 1), 220 * SCALE)]
    assert rows("segment_movements") == [("none", "promising", 3), ("champions", "lost", 2)]
    assert answer(reader, "bought_together", BASKETS)[1] == [
        ("ball", "kite", 2, 13_300),  # 2 of 4 orders, and 3/4 times 2/4 were to be expected
        ("ball", "yoyo", 1, 6_700),
        ("kite", "yoyo", 1, 10_000),
    ]
    in_turn = facts[PAPER].in_turn()
    codes = {
        code: (len(found := [o for o in in_turn if o["number"] == number]), 0, 4 * SCALE * len(found), total(found))
        for number, code in ((2, "SPRING"), (3, "without a code"))
    }
    assert rows("discount_codes") == [(code, *codes[code]) for code in ("SPRING", "without a code")]
    of_each = [orders for orders in groups(in_turn, lambda o: o["customer_id"]).values() if len(orders) > 1]
    count, gross = sum(map(len, of_each)), sum(map(total, of_each))
    mean = rounded(Fraction(gross, SCALE * count), 2)
    assert rows("discount_dependence") == [("sometimes", len(of_each), count * SCALE, gross, mean)]


def test_whom_to_write_to(reader: psycopg.Connection[Any], facts: dict[str, Facts]) -> None:
    merchant = next(m for m in MERCHANTS if m.merchant_id == PAPER)
    people = HISTORIES[merchant]["customers"]
    willing = {p["customer_id"] for p in people if p["email"] and p.get("has_email_consent") is True}
    counts = Counter(order["customer_id"] for order in facts[PAPER].orders)
    expected = {c: 10 * n * SCALE for c, n in counts.items() if n > 3 and c in willing}
    assert expected
    rows = answer(reader, "valuable_and_leaving", PAPER)[1]
    assert {row[0]: row[3] for row in rows} == expected
    assert [row[3] for row in rows] == sorted(expected.values(), reverse=True)
    segments = answer(reader, "expected_value_of_segments", PAPER)[1]
    assert sum(row[2] for row in segments) == len(counts)
    assert sum(row[4] for row in segments) == 10 * SCALE * sum(counts.values())


def test_half_of_the_answers_are_worked_out_again() -> None:
    assert len(ANSWERED) >= 15
