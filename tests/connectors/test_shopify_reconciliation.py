"""R6, R5, R14: what is looked at again once a day, and customers that were merged."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from shopify_scripted import (
    Json,
    ScriptedShop,
    bag,
    connection,
    customer,
    data,
    error,
    errors,
    job,
    jsonl,
    order,
    refund,
    scripted_shop,
    started,
)

from models.errors import StopError
from models.records.shopify import STREAMS

CURSOR: Json = {
    "version": 2,
    "newest": {"orders": "2026-07-10T00:00:00Z", "checkouts": "2026-07-10T00:00:00Z"},
    "until": None,
    "asked_at": None,
    "steps": [],
    "place": {},
    "compared_at": "2026-07-25T00:00:00Z",
    "hidden": [],
}
ORDER, CUSTOMER = "gid://shopify/Order/", "gid://shopify/Customer/"
OLD = datetime(2026, 7, 2, tzinfo=UTC)


@pytest.fixture
def shop() -> Iterator[ScriptedShop]:
    with scripted_shop(scopes=["read_orders", "read_all_orders"]) as running:
        yield running


class Warehouse:
    """What is known of the store."""

    def __init__(self, **tables: Sequence[Json]) -> None:
        self.tables = tables

    def __call__(self, stream: str, columns: Sequence[str]) -> pa.Table:
        schema = next(declared for declared in STREAMS if declared.name == stream).schema
        rows = self.tables.get(stream, ())
        return pa.table({name: pa.array([row.get(name) for row in rows], schema.field(name).type) for name in columns})


def known_order(number: int, **changes: Any) -> Json:
    return {"order_id": str(number), "customer_id": "5", "updated_at": OLD, "created_at": OLD, **changes}


def listed(shop: ScriptedShop, *nodes: Json) -> None:
    shop.files["/ids.jsonl"] = [jsonl(*nodes)]
    done = job("COMPLETED", url=f"{shop.url}/ids.jsonl", objects=len(nodes), roots=len(nodes))
    shop.answer("RunBulkQuery", started(done))


def identity(number: int, updated_at: str = "2026-07-02T00:00:00Z", kind: str = ORDER) -> Json:
    return {"id": f"{kind}{number}", "updatedAt": updated_at}


def by_id(**nodes: Json | None) -> Any:
    """Answers with those of the asked nodes that there are, named o1, o2, …."""

    def answer(variables: Json) -> Json:
        return data(nodes=[nodes.get(f"o{gid.rpartition('/')[2]}") for gid in variables["ids"]])

    return answer


def test_r6_what_the_list_lacks_is_asked_for_and_only_then_gone(shop: ScriptedShop) -> None:
    """Failure mode 14: deletes never arrive. Order 2 is gone; order 3 only was not listed."""
    listed(shop, identity(1))
    shop.answer("OrdersById", by_id(o3=order(3)))
    known = Warehouse(orders=[known_order(1), known_order(2), known_order(3)])
    cursor, report, pages = shop.read(CURSOR, known=known)
    assert pages.gone("orders") == ["2"]
    assert pages.keys("orders") == ["3"]
    assert shop.variables("OrdersById")[0]["ids"] == [f"{ORDER}2", f"{ORDER}3"]
    assert cursor["compared_at"] == "2026-08-01T11:59:59Z"
    assert not report.has_more


def test_a_hole_heals_and_a_missed_change_is_read(shop: ScriptedShop) -> None:
    """Failure mode 13: rows that became visible late. Of orders after the upper bound nothing is said yet."""
    listed(shop, identity(1), identity(2, "2026-07-03T00:00:00Z"), identity(3), identity(4, "2026-08-01T12:00:00Z"))
    changed = order(2, updatedAt="2026-07-03T00:00:00Z")
    shop.answer("OrdersById", by_id(o2=changed, o3=order(3)))
    _, _, pages = shop.read(CURSOR, known=Warehouse(orders=[known_order(1), known_order(2)]))
    assert pages.keys("orders") == ["2", "3"]
    assert shop.variables("OrdersById")[0]["ids"] == [f"{ORDER}2", f"{ORDER}3"]


def test_ids_are_compared_once_a_day(shop: ScriptedShop) -> None:
    cursor = {**CURSOR, "compared_at": "2026-07-31T12:00:00Z"}
    known = Warehouse(orders=[known_order(1)])
    cursor, _, pages = shop.read(cursor, known=known)
    assert (shop.count("RunBulkQuery"), pages.gone("orders")) == (0, [])
    shop.clock.advance(60)
    shop.answer("OrdersById", by_id())
    _, _, pages = shop.read(cursor, known=known)
    assert (shop.count("RunBulkQuery"), pages.gone("orders")) == (1, ["1"])


def test_without_a_warehouse_nothing_is_compared(shop: ScriptedShop) -> None:
    _, report, _ = shop.read(CURSOR)
    assert shop.count("RunBulkQuery") == 0
    assert not report.has_more


def test_a_list_of_ids_that_is_cut_off_deletes_nothing(shop: ScriptedShop) -> None:
    listed(shop, identity(1), identity(2))
    shop.files["/ids.jsonl"] = [jsonl(identity(1))]
    with pytest.raises(StopError, match="holds 1 ids, and its job counted 2"):
        shop.read(CURSOR, known=Warehouse(orders=[known_order(2)]))


def test_r10_old_orders_are_not_gone_because_we_may_not_see_them(shop: ScriptedShop) -> None:
    """Failure mode 4 turned around: read_all_orders was taken away."""
    shop.scopes = ["read_orders"]
    listed(shop)
    shop.answer("OrdersById", by_id())
    old = known_order(1, created_at=datetime(2026, 6, 1, tzinfo=UTC))
    _, _, pages = shop.read({**CURSOR, "hidden": ["read_all_orders"]}, known=Warehouse(orders=[old, known_order(2)]))
    assert pages.gone("orders") == ["2"]


def test_comparing_goes_on_where_a_full_reading_stopped(shop: ScriptedShop) -> None:
    nodes = {f"o{number}": order(number, updatedAt="2026-07-20T00:00:00Z") for number in range(10, 90)}
    listed(shop, *(identity(number, "2026-07-20T00:00:00Z") for number in range(10, 90)))
    shop.answer("OrdersById", by_id(**nodes))
    found: list[str] = []
    cursor: Json = dict(CURSOR)
    for _ in range(5):
        rows = [known_order(int(key), updated_at=datetime(2026, 7, 20, tzinfo=UTC)) for key in found]
        cursor, report, pages = shop.read(cursor, known=Warehouse(orders=rows), reading_rows=30)
        found += pages.keys("orders")
        if not report.has_more:
            break
    assert found == [str(number) for number in range(10, 90)]
    assert not report.has_more


def test_records_that_stay_unreadable_do_not_keep_a_chain_from_ending(shop: ScriptedShop) -> None:
    listed(shop, *(identity(number) for number in range(10, 40)))
    shop.answer("OrdersById", by_id(**{f"o{number}": order(number, createdAt=None) for number in range(10, 40)}))
    cursor: Json = dict(CURSOR)
    for _ in range(10):
        cursor, report, _ = shop.read(cursor, known=Warehouse(), reading_rows=5)
        if not report.has_more:
            break
    assert not report.has_more


def test_collections_and_discounts_are_read_whole_once_a_day(shop: ScriptedShop) -> None:
    """Failure mode 9: a smart collection's products change without it."""
    shop.scopes += ["read_products", "read_discounts"]
    newest = {**CURSOR["newest"], "products": "2026-07-10T00:00:00Z", "product_categories": "2026-07-10T00:00:00Z"}
    newest["discounts"] = "2026-07-10T00:00:00Z"
    shop.read({**CURSOR, "newest": newest, "compared_at": "2026-08-01T11:00:00Z"}, known=Warehouse())
    assert shop.variables("Collections")[0]["query"] == "updated_at:>='2026-07-09T23:50:00Z'"
    shop.asked.clear()
    shop.read({**CURSOR, "newest": newest}, known=Warehouse())
    assert shop.variables("Collections")[0]["query"] is None


def test_r6_a_collection_that_is_gone_is_found_by_its_pages_of_ids(shop: ScriptedShop) -> None:
    shop.scopes.append("read_products")
    newest = {**CURSOR["newest"], "products": "2026-07-10T00:00:00Z", "product_categories": "2026-07-10T00:00:00Z"}
    gid = "gid://shopify/Collection/"
    shop.answer(
        "CollectionIds",
        data(connection=connection([{"id": f"{gid}1", "updatedAt": "2026-07-01T00:00:00Z"}], after="x")),
        data(connection=connection([{"id": f"{gid}2", "updatedAt": "2026-07-01T00:00:00Z"}])),
    )
    shop.answer("CollectionsById", data(nodes=[None]))
    rows = [{"category_id": key, "updated_at": OLD} for key in ("1", "2", "3")]
    _, _, pages = shop.read({**CURSOR, "newest": newest}, known=Warehouse(product_categories=rows))
    assert pages.gone("product_categories") == ["3"]


def known_refund(order_id: int, number: int, **changes: Any) -> Json:
    return {
        "order_id": str(order_id),
        "refund_id": str(number),
        "updated_at": datetime(2026, 7, 3, tzinfo=UTC),
        "processed_at": datetime(2026, 7, 3, tzinfo=UTC),
        "total_refunded_shop_amount": Decimal("10.0000"),
        **changes,
    }


def state(number: int, *refunds: Json) -> Json:
    return {"id": f"{ORDER}{number}", "updatedAt": "x", "refunds": list(refunds)}


def refund_state(number: int, amount: str = "10.0", updated_at: str = "2026-07-03T00:00:00Z") -> Json:
    return {"id": f"gid://shopify/Refund/{number}", "updatedAt": updated_at, "totalRefundedSet": bag(amount)}


def test_r5_refunds_that_changed_or_vanished_without_their_order_are_found(shop: ScriptedShop) -> None:
    """Failure modes 6 and 9: refund updates never seen. A vanished refund is gone by not coming with its order."""
    states = {
        "o1": state(1, refund_state(11)),
        "o2": state(2, refund_state(12, "12.0")),
        "o3": state(3, refund_state(13, updated_at="2026-07-05T00:00:00Z")),
        "o4": state(4),
        "o5": state(5, refund_state(15), refund_state(16)),
    }
    shop.answer("RefundStates", by_id(**states))
    shop.answer("OrdersById", by_id(**{f"o{number}": order(number) for number in range(1, 6)}))
    orders = [known_order(number) for number in range(1, 7)]
    listed(shop, *(identity(number) for number in range(1, 7)))
    refunds = [known_refund(number, number + 10) for number in range(1, 6)]
    old = known_refund(6, 16, processed_at=datetime(2026, 1, 1, tzinfo=UTC))
    _, _, pages = shop.read(CURSOR, known=Warehouse(orders=orders, refunds=[*refunds, old]))
    assert pages.keys("orders") == ["2", "3", "4", "5"]
    assert shop.variables("RefundStates")[0]["ids"] == [f"{ORDER}{number}" for number in range(1, 6)]


def test_r5_refunds_are_looked_at_for_as_long_as_the_settings_say(shop: ScriptedShop) -> None:
    shop.answer("RefundStates", by_id(o1=state(1, refund_state(11))))
    listed(shop, identity(1))
    known = Warehouse(orders=[known_order(1)], refunds=[known_refund(1, 11)])
    shop.read(CURSOR, known=known, settings={"refund_lookback_days": 29})
    assert shop.count("RefundStates") == 0
    shop.read(CURSOR, known=known, settings={"refund_lookback_days": 30})
    assert shop.count("RefundStates") == 1


def moved(shop: ScriptedShop, *, is_gone: bool = True, **known: Any) -> Any:
    shop.scopes.append("read_customers")
    cursor = {**CURSOR, "compared_at": "2026-08-01T11:00:00Z"}
    cursor["newest"] = {**CURSOR["newest"], "customers": "2026-07-10T00:00:00Z"}
    shop.answer("Orders", data(connection=connection([order(1, customer={"id": f"{CUSTOMER}6"}), order(2)])))
    shop.answer("Confirm", data(nodes=[None if is_gone else {"id": f"{CUSTOMER}4"}]))
    tables = {"orders": [known_order(1, customer_id="4"), known_order(2)], **known}
    return shop.read(cursor, known=Warehouse(**tables))


def test_r14_a_merged_customer_gets_an_alias(shop: ScriptedShop) -> None:
    _, _, pages = moved(shop)
    assert pages.rows("customer_aliases") == [
        {
            "customer_id": "4",
            "merged_into_customer_id": "6",
            "order_id": "1",
            "noticed_at": datetime(2026, 8, 1, 11, 59, 59, tzinfo=UTC),
        }
    ]
    assert pages.gone("customers") == ["4"]
    assert shop.variables("Confirm") == [{"ids": [f"{CUSTOMER}4"]}]


def test_an_order_that_was_given_to_another_customer_is_no_merge(shop: ScriptedShop) -> None:
    _, _, pages = moved(shop, is_gone=False)
    assert pages.rows("customer_aliases") == []
    assert pages.gone("customers") == []


def test_customers_that_may_not_be_seen_are_not_gone(shop: ScriptedShop) -> None:
    shop.answer("Confirm", errors(error("ACCESS_DENIED", path=["nodes"]), nodes=[None]))
    shop.scopes.append("read_customers")
    shop.answer("Orders", data(connection=connection([order(1, customer={"id": f"{CUSTOMER}6"})])))
    cursor = {**CURSOR, "compared_at": "2026-08-01T11:00:00Z"}
    cursor["newest"] = {**CURSOR["newest"], "customers": "2026-07-10T00:00:00Z"}
    _, _, pages = shop.read(cursor, known=Warehouse(orders=[known_order(1, customer_id="4")]))
    assert (pages.rows("customer_aliases"), pages.gone("customers")) == ([], [])


def test_r14_a_merge_that_does_not_show_on_its_orders_is_found_by_the_missing_customer(shop: ScriptedShop) -> None:
    shop.scopes.append("read_customers")
    cursor = {**CURSOR, "newest": {**CURSOR["newest"], "customers": "2026-07-10T00:00:00Z"}}
    customers = [{"customer_id": key, "updated_at": OLD} for key in ("4", "5", "6")]
    orders = [known_order(1, customer_id="4"), known_order(2, customer_id=None), known_order(3)]
    left = [identity(5, kind=CUSTOMER), identity(6, kind=CUSTOMER)]
    shop.files["/customers.jsonl"] = [jsonl(*left)]
    shop.files["/orders.jsonl"] = [jsonl(identity(1), identity(2), identity(3))]

    def run(variables: Json) -> Json:
        name = "customers" if "customers" in variables["query"] else "orders"
        count = 2 if name == "customers" else 3
        return started(job("COMPLETED", url=f"{shop.url}/{name}.jsonl", objects=count, roots=count))

    shop.answer("RunBulkQuery", run)
    shop.answer("CustomersById", by_id())
    shop.answer("OrdersById", by_id(o1=order(1, customer={"id": f"{CUSTOMER}6"})))
    _, _, pages = shop.read(cursor, known=Warehouse(orders=orders, customers=customers))
    assert pages.gone("customers") == ["4"]
    assert shop.variables("OrdersById")[0]["ids"] == [f"{ORDER}1"]
    assert pages.rows("customer_aliases")[0]["merged_into_customer_id"] == "6"
    assert shop.count("Confirm") == 0


def test_the_same_customer_is_not_said_to_be_gone_and_there_in_one_reading(shop: ScriptedShop) -> None:
    """It was listed a moment ago, and merged since."""
    shop.scopes.append("read_customers")
    shop.answer("Customers", data(connection=connection([customer(4)])))
    _, _, pages = moved(shop)
    assert pages.keys("customers") == ["4"]
    assert pages.gone("customers") == []
    assert pages.keys("customer_aliases") == ["4"]


def test_a_refund_made_while_a_bulk_query_ran_comes_with_its_order(shop: ScriptedShop) -> None:
    sent = order(1, refunds=[{"id": "gid://shopify/Refund/3"}])
    flat = {name: value for name, value in sent.items() if not (isinstance(value, dict) and "pageInfo" in value)}
    shop.files["/orders.jsonl"] = [jsonl(flat)]
    done = job("COMPLETED", url=f"{shop.url}/orders.jsonl", objects=1, roots=1)
    shop.answer("RunBulkQuery", started(done))
    node = {"id": f"{ORDER}1", "updatedAt": "x", "transactions": [], "refunds": [refund(3), refund(4)]}
    shop.answer("OrderRefunds", data(nodes=[node]))
    _, _, pages = shop.read()
    assert [row["refund_id"] for row in pages.rows("refunds")] == ["3", "4"]
