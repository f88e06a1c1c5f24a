"""R12 and R1: bulk queries in every state, and their files held against what the job counted."""

from collections.abc import Iterator
from typing import Any

import pytest
from shopify_scripted import (
    Json,
    ScriptedShop,
    bulk_order,
    child,
    data,
    error,
    errors,
    job,
    jsonl,
    line,
    order,
    scripted_shop,
    started,
)

from connectors.sandbox.serving import Reply
from models.errors import MisconfiguredError, RetryLaterError, StopError

ORDER = "gid://shopify/Order/"


@pytest.fixture
def shop() -> Iterator[ScriptedShop]:
    with scripted_shop(scopes=["read_orders", "read_all_orders"]) as running:
        yield running


def serve(shop: ScriptedShop, content: bytes, *, objects: int, roots: int) -> None:
    shop.files["/orders.jsonl"] = [content]
    done = job("COMPLETED", url=f"{shop.url}/orders.jsonl", objects=objects, roots=roots)
    shop.answer("RunBulkQuery", started(job("CREATED")))
    shop.answer("BulkById", data(bulkOperation=job("RUNNING")), data(bulkOperation=done))


def file_of(count: int) -> bytes:
    orders = [bulk_order(number) for number in range(1, count + 1)]
    lines = [child(line(number * 10), f"{ORDER}{number}") for number in range(1, count + 1)]
    return jsonl(*orders, *lines)


def test_a_job_is_followed_by_its_id_and_its_file_is_read(shop: ScriptedShop) -> None:
    serve(shop, file_of(3), objects=6, roots=3)
    cursor, report, pages = shop.read()
    assert pages.keys("orders") == ["1", "2", "3"]
    assert [row["line_id"] for row in pages.rows("order_lines")] == ["10", "20", "30"]
    assert [row["order_id"] for row in pages.rows("order_lines")] == ["1", "2", "3"]
    assert shop.variables("BulkById") == [{"id": "gid://shopify/BulkOperation/1"}] * 2
    assert report.rows_expected == 3
    assert cursor["newest"]["orders"] == "2026-07-02T00:00:00Z"


def test_the_token_goes_to_shopify_and_not_to_whoever_keeps_the_file(shop: ScriptedShop) -> None:
    serve(shop, file_of(1), objects=2, roots=1)
    shop.read()
    assert shop.tokens_seen.count(None) == 1
    assert set(shop.tokens_seen) == {None, "shpat_static"}


def test_an_empty_result_has_no_file(shop: ScriptedShop) -> None:
    shop.answer("RunBulkQuery", started(job("COMPLETED")))
    cursor, _, pages = shop.read()
    assert pages.keys("orders") == []
    assert cursor["newest"]["orders"] == "2026-08-01T11:59:59Z"


def test_r12_children_may_stand_far_from_their_order(shop: ScriptedShop) -> None:
    orders = [bulk_order(number) for number in range(1, 5001)]
    content = jsonl(*orders, child(line(9), f"{ORDER}1"), child(line(8), f"{ORDER}5000"))
    serve(shop, content, objects=5002, roots=5000)
    _, _, pages = shop.read()
    assert [(row["order_id"], row["line_id"]) for row in pages.rows("order_lines")] == [("1", "9"), ("5000", "8")]


def test_r12_an_orphan_fails_the_read(shop: ScriptedShop) -> None:
    serve(shop, jsonl(bulk_order(1), child(line(9), f"{ORDER}2")), objects=2, roots=1)
    with pytest.raises(StopError, match="parts of 2, which is not in it"):
        shop.read()


@pytest.mark.parametrize(("objects", "roots"), [(7, 3), (6, 4), (5, 3)])
def test_r1_rows_that_are_not_what_the_job_counted_fail_the_read(shop: ScriptedShop, objects: int, roots: int) -> None:
    """Failure mode 1: a result dropped whole, or cut off, and the state moved on."""
    serve(shop, file_of(3), objects=objects, roots=roots)
    reading = shop.source().read(shop.request())
    before = dict(reading.cursor)
    with pytest.raises(StopError, match="the file is not whole"):
        list(reading.pages)
    assert reading.cursor == before


def test_r1_a_vanished_file_of_a_job_with_rows_fails_the_read(shop: ScriptedShop) -> None:
    shop.answer("RunBulkQuery", started(job("COMPLETED", objects=6, roots=3)))
    with pytest.raises(StopError, match="holds 0 lines, and its job counted 6"):
        shop.read()


def test_a_record_that_comes_twice_fails_the_read(shop: ScriptedShop) -> None:
    serve(shop, jsonl(bulk_order(1), bulk_order(1)), objects=2, roots=2)
    with pytest.raises(StopError, match="twice"):
        shop.read()


@pytest.mark.parametrize(("rows", "objects"), [(file_of(2), 4), (jsonl(bulk_order(1), bulk_order(2)), 2)])
def test_a_line_that_broke_off_fails_the_read(shop: ScriptedShop, rows: bytes, objects: int) -> None:
    serve(shop, rows[:-30], objects=objects, roots=2)
    with pytest.raises(StopError, match="is no JSON"):
        shop.read()


def test_failed_jobs_are_run_again_and_their_partial_file_is_left_alone(shop: ScriptedShop) -> None:
    """Failure mode 2: a failed slice skipped."""
    shop.files["/orders.jsonl"] = [file_of(3)]
    shop.files["/partial.jsonl"] = [file_of(1)]
    failed = job(
        "FAILED", errorCode="INTERNAL_SERVER_ERROR", objects=2, roots=1, partialDataUrl=f"{shop.url}/partial.jsonl"
    )
    done = job("COMPLETED", url=f"{shop.url}/orders.jsonl", objects=6, roots=3)
    shop.answer("RunBulkQuery", started(job("CREATED")))
    shop.answer("BulkById", data(bulkOperation=failed), data(bulkOperation=done))
    _, _, pages = shop.read()
    assert pages.keys("orders") == ["1", "2", "3"]
    assert shop.count("RunBulkQuery") == 3


@pytest.mark.parametrize("state", [{"status": "FAILED", "errorCode": "TIMEOUT"}, {"status": "EXPIRED"}])
def test_where_jobs_keep_failing_the_list_is_walked_and_the_owner_told(shop: ScriptedShop, state: Json) -> None:
    shop.answer("RunBulkQuery", started(job(**state)))
    shop.answer("Orders", data(connection={"nodes": [order(1)], "pageInfo": {"hasNextPage": False}}))
    _, report, pages = shop.read()
    assert pages.keys("orders") == ["1"]
    assert "bulk_failed_orders" in [notice.code for notice in report.notices]


def test_a_cancelled_job_is_for_the_next_run(shop: ScriptedShop) -> None:
    shop.answer("RunBulkQuery", started(job("CANCELED")))
    with pytest.raises(RetryLaterError, match="cancelled"):
        shop.read()


def test_what_a_denied_job_may_not_see_is_told_by_the_lists_pages(shop: ScriptedShop) -> None:
    shop.answer("RunBulkQuery", started(job("FAILED", errorCode="ACCESS_DENIED")))
    denial = error("ACCESS_DENIED", path=["connection", "nodes", 0, "taxLines"], requiredAccess="`read_taxes`")
    shop.answer("Orders", errors(denial, connection={"nodes": [order(1)], "pageInfo": {"hasNextPage": False}}))
    with pytest.raises(MisconfiguredError, match="read_taxes"):
        shop.read()
    assert shop.count("RunBulkQuery") == 2


def test_a_refused_query_stops_with_shopifys_words(shop: ScriptedShop) -> None:
    words = "Bulk queries cannot contain more than 5 connections."
    shop.answer("RunBulkQuery", started(None, {"field": ["query"], "message": words, "code": "INVALID"}))
    with pytest.raises(StopError, match=words):
        shop.read()


def test_as_many_jobs_as_may_run_are_waited_for(shop: ScriptedShop) -> None:
    busy: Json = {"field": ["query"], "message": "already in progress", "code": "OPERATION_IN_PROGRESS"}
    shop.answer("RunBulkQuery", *[started(None, busy)] * 4, started(job("COMPLETED")))
    _, report, _ = shop.read()
    assert shop.count("RunBulkQuery") == 5
    assert report.wait_count >= 3


def test_waiting_for_a_job_has_an_end(shop: ScriptedShop) -> None:
    shop.answer("RunBulkQuery", started(job("RUNNING")))
    shop.answer("BulkById", data(bulkOperation=job("RUNNING")))
    with pytest.raises(RetryLaterError, match="bulk_wait_minutes"):
        shop.read(settings={"bulk_wait_minutes": 30})


def taken_up(shop: ScriptedShop, found: Json) -> Any:
    """The job's text as we sent it, on a job that a killed run left behind."""
    shop.answer("RunBulkQuery", started(job("COMPLETED")))
    shop.answer("Probe", shop.probe())
    texts: list[str] = []

    def note(variables: Json) -> Json:
        texts.append(variables["query"])
        return started(job("COMPLETED"))

    shop.answer("RunBulkQuery", note)
    shop.read()
    shop.asked.clear()
    shop.answer("RecentBulkQueries", data(bulkOperations={"nodes": [{**found, "query": texts[0]}]}))
    shop.answer("BulkById", data(bulkOperation={**found, "status": "COMPLETED", "query": texts[0]}))
    return shop.read()


@pytest.mark.parametrize("status", ["CREATED", "RUNNING", "COMPLETED"])
def test_r12_a_job_that_a_killed_run_left_is_taken_up(shop: ScriptedShop, status: str) -> None:
    shop.files["/orders.jsonl"] = [file_of(2)]
    left = job(status, number=5, url=f"{shop.url}/orders.jsonl", objects=4, roots=2)
    _, _, pages = taken_up(shop, left)
    assert pages.keys("orders") == ["1", "2"]
    assert shop.count("RunBulkQuery") == 0


def test_an_old_result_is_not_taken_up(shop: ScriptedShop) -> None:
    left = job("COMPLETED", number=5, completedAt="2026-08-01T05:00:00Z")
    taken_up(shop, left)
    assert shop.count("RunBulkQuery") >= 1


def test_a_result_of_other_permissions_is_not_taken_up(shop: ScriptedShop) -> None:
    """Failure mode 4: after read_all_orders was granted, the file of 60 days is no history."""
    shop.scopes = ["read_orders"]
    texts: list[str] = []

    def note(variables: Json) -> Json:
        texts.append(variables["query"])
        return started(job("COMPLETED"))

    shop.answer("RunBulkQuery", note)
    shop.read()
    shop.scopes = ["read_orders", "read_all_orders"]
    shop.read()
    assert len(set(texts)) == 2


def test_r12_an_expired_address_has_the_query_run_again(shop: ScriptedShop) -> None:
    expired = Reply(b"<Error><Code>ExpiredToken</Code></Error>", 400, "application/xml")
    shop.files["/old.jsonl"] = [expired]
    shop.files["/new.jsonl"] = [file_of(2)]
    shop.answer(
        "RunBulkQuery",
        started(job("COMPLETED", url=f"{shop.url}/old.jsonl", objects=4, roots=2)),
        started(job("COMPLETED", url=f"{shop.url}/old.jsonl", objects=4, roots=2)),
        started(job("COMPLETED", url=f"{shop.url}/new.jsonl", objects=4, roots=2)),
    )
    _, _, pages = shop.read()
    assert pages.keys("orders") == ["1", "2"]


def test_orders_changed_after_the_upper_bound_are_left_for_the_next_read(shop: ScriptedShop) -> None:
    """R2."""
    late = bulk_order(2, updatedAt="2026-08-01T12:00:05Z")
    serve(shop, jsonl(bulk_order(1), late, child(line(20), f"{ORDER}2")), objects=3, roots=2)
    cursor, _, pages = shop.read()
    assert pages.keys("orders") == ["1"]
    assert pages.rows("order_lines") == []
    assert cursor["newest"]["orders"] == "2026-07-02T00:00:00Z"


def test_a_bad_record_is_set_aside_with_its_parts(shop: ScriptedShop) -> None:
    bad = bulk_order(2, createdAt=None)
    worse = bulk_order(3, totalPriceSet=None)
    rows = jsonl(bulk_order(1), bad, worse, child(line(20), f"{ORDER}2"), child(line(10), f"{ORDER}1"))
    serve(shop, rows, objects=5, roots=3)
    _, _, pages = shop.read()
    assert pages.keys("orders") == ["1"]
    assert [row["line_id"] for row in pages.rows("order_lines")] == ["10"]
    assert [(r.stream, r.key, r.field) for r in pages.rejected()] == [
        ("orders", "2", "createdAt"),
        ("orders", "3", "totalPriceSet"),
    ]


def test_an_unknown_kind_of_line_fails_the_read(shop: ScriptedShop) -> None:
    odd = child({"__typename": "Metafield", "id": "gid://shopify/Metafield/1"}, f"{ORDER}1")
    serve(shop, jsonl(bulk_order(1), odd), objects=2, roots=1)
    with pytest.raises(StopError, match="Metafield"):
        shop.read()


def test_an_error_beside_the_job_is_no_job(shop: ScriptedShop) -> None:
    shop.answer("RunBulkQuery", errors(error("BAD_REQUEST", "Not like this.")))
    with pytest.raises(StopError, match="Not like this"):
        shop.read()
