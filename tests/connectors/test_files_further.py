"""What stands beside orders in a merchant's files: customers, lines, products with their costs, marketing spend."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from files_reading import KEY, Everything, correction, read, source
from pydantic import ValidationError

from connectors.source import ReadMode
from connectors.sources.files import FilesSettings, FilesSource
from models.errors import MisconfiguredError

PRODUCTS: dict[str, Any] = {
    "path": "products.csv",
    "columns": {
        "product_id": "id",
        "valid_from": {"column": "since", "format": "%d.%m.%Y"},
        "product_name": "name",
        "category_name": "category",
        "sku": "sku",
        "price_amount": "price",
        "unit_cost_amount": "cost",
        "currency_code": {"constant": "EUR"},
    },
}
SPEND: dict[str, Any] = {
    "path": "spend.csv",
    "columns": {
        "spend_date": "day",
        "channel": "channel",
        "campaign": "campaign",
        "amount": "cost",
        "currency_code": "currency",
    },
}


def without_orders(folder: Path, **settings: Any) -> FilesSource:
    declared = FilesSettings.model_validate({"type": "files", **settings})
    return FilesSource(declared, base_folder=folder, time_zone="America/New_York", key=KEY)


def with_orders(folder: Path, **settings: Any) -> FilesSource:
    (folder / "orders.csv").write_text("id,customer,at,amount\n1,c1,2024-01-31,30\n2,c2,2024-02-01,9\n")
    return source(folder, path="orders.csv", **settings)


def records(everything: Everything, stream: str, *names: str) -> list[tuple[Any, ...]]:
    return list(zip(*(everything.column(name, stream) for name in names), strict=True))


def test_products_hold_from_their_day_on(tmp_path: Path) -> None:
    (tmp_path / "products.csv").write_text(
        "id,since,name,category,sku,price,cost\n"
        "p1,,Tea,Drinks,T-1,4.50,1.2345\n"
        "p1,01.03.2024,Tea,Drinks,T-1,4.90,1.4\n"
        "p1,01.03.2024,Tea,Drinks,T-1,4.90,1.5\n"
        "p2,31.02.2024,Cup,,,9,3\n"
        "p3,,Pot,,,9.999,3\n"
        "p4,,Tray,,,9,-3\n"
        ",,Lid,,,9,3\n"
        "p5,01.01.2030,Kettle,,,,30\n"
    )
    everything = read(without_orders(tmp_path, products=PRODUCTS))
    assert everything.reading.mode is ReadMode.SNAPSHOT
    assert set(everything.tables) == {"products"}
    assert records(everything, "products", "product_id", "valid_from", "unit_cost_amount", "source_line") == [
        ("p1", date(1900, 1, 1), Decimal("1.2345"), 2),
        ("p1", date(2024, 3, 1), Decimal("1.4000"), 3),
        # A cost that was announced is known before its day.
        ("p5", date(2030, 1, 1), Decimal("30.0000"), 9),
    ]
    assert everything.reasons == [
        (4, "product_id/valid_from", "is the id of line 3 too, which says something else"),
        (5, "since (valid_from)", "'31.02.2024' is not a date or time in the format %d.%m.%Y"),
        (6, "price (price_amount)", "'9.999' has more decimal places than EUR has"),
        (7, "cost (unit_cost_amount)", "'-3' is below zero"),
        (8, "id (product_id)", "is empty"),
    ]
    assert {record.stream for record in everything.rejected} == {"products"}


def test_marketing_spend_has_days_and_ids_that_do_not_depend_on_the_file(tmp_path: Path) -> None:
    rows = [
        "2024-01-31,search,brand,10.50,EUR\n",
        "2024-01-31,search,brand,10.50,EUR\n",
        "2024-02-01,social,,-2,USD\n",
        "2024-02-01,,x,1,EUR\n",
        "2024-02-30,search,x,1,EUR\n",
        "2024-02-01,search,x,1,Euro\n",
        "2030-02-01,search,x,1,EUR\n",
    ]
    files = without_orders(tmp_path, marketing_spend=SPEND)
    (tmp_path / "spend.csv").write_text("day,channel,campaign,cost,currency\n" + "".join(rows))
    first = read(files)
    names = ("spend_date", "channel", "campaign", "amount", "currency_code")
    assert records(first, "marketing_spend", *names) == [
        (date(2024, 1, 31), "search", "brand", Decimal("10.5000"), "EUR"),
        (date(2024, 1, 31), "search", "brand", Decimal("10.5000"), "EUR"),
        (date(2024, 2, 1), "social", None, Decimal("-2.0000"), "USD"),
    ]
    assert [(line, field) for line, field, _ in first.reasons] == [
        (5, "channel"), (6, "day (spend_date)"), (7, "currency (currency_code)"), (8, "day (spend_date)"),
    ]  # fmt: skip
    ids = first.column("spend_id", "marketing_spend")
    assert len(set(ids)) == 3
    (tmp_path / "spend.csv").write_text("day,channel,campaign,cost,currency\n" + "".join(reversed(rows)))
    assert sorted(read(files, page_rows=1).column("spend_id", "marketing_spend")) == sorted(ids)
    # What lay in the future comes by itself once its day has come.
    cursor = read(files).reading.cursor
    assert read(files, cursor=cursor).reading.mode is ReadMode.UNCHANGED
    later = read(files, cursor=cursor, requested_at=datetime(2030, 2, 2, tzinfo=UTC))
    assert len(later.column("spend_id", "marketing_spend")) == 4


def test_customers_bring_consent_with_its_proof(tmp_path: Path) -> None:
    (tmp_path / "customers.csv").write_text(
        "id,phone,land,since,mail ok,proof,sms,sms at\n"
        "c1,+49 30 123,de,2020-01-01,yes,form 7,yes,2024-01-01T10:00\n"
        "c2,,,,no,,perhaps,\n"
        "c3,,Germany,,yes,,,\n"
    )
    columns = {
        "customer_id": "id", "phone": "phone", "country_code": "land", "created_at": "since",
        "has_email_consent": "mail ok", "email_consent_evidence": "proof", "has_sms_consent": "sms",
        "sms_consent_at": "sms at", "sms_consent_evidence": {"constant": "import of 2024"},
    }  # fmt: skip
    everything = read(with_orders(tmp_path, customers={"path": "customers.csv", "columns": columns}))
    names = ("customer_id", "phone", "country_code", "email_consent_evidence", "has_sms_consent", "sms_consent_at")
    assert records(everything, "customers", *names) == [
        ("c1", "+49 30 123", "DE", "form 7", True, datetime(2024, 1, 1, 9, tzinfo=UTC)),
        ("c2", None, None, None, None, None),
    ]
    assert everything.column("created_at", "customers") == [datetime(2019, 12, 31, 23, tzinfo=UTC), None]
    assert everything.reasons == [
        (4, "land (country_code)", "'Germany' is not an ISO 3166 code of two letters, such as DE")
    ]


@pytest.mark.parametrize("line_id", [None, "line"])
def test_lines_of_orders_in_a_file_of_their_own(tmp_path: Path, line_id: str | None) -> None:
    (tmp_path / "lines.csv").write_text(
        "order,line,product,count,paid\n1,a,p1,2,20\n1,b,p2,1,10\n1,a,p1,2,20\n2,a,p1,-1,9\n,a,p1,1,9\n2,c,p9,,-1\n"
    )
    columns = {
        "order_id": "order", "product_id": "product", "quantity": "count", "amount": "paid",
        "currency_code": {"constant": "EUR"}, **({"line_id": line_id} if line_id else {}),
    }  # fmt: skip
    items = {"path": "lines.csv", "columns": columns}
    everything = read(with_orders(tmp_path, order_items=items))
    assert everything.column("order_id") == ["1", "2"]
    found = records(everything, "order_items", "order_id", "product_id", "quantity", "amount")
    repeated = [] if line_id else [("1", "p1", 2, Decimal("20.0000"))]
    assert sorted(found, key=str) == sorted(
        [
            ("1", "p1", 2, Decimal("20.0000")), ("1", "p2", 1, Decimal("10.0000")),
            ("2", "p9", None, Decimal("-1.0000")), *repeated,
        ], key=str,
    )  # fmt: skip
    assert len(set(everything.column("line_id", "order_items"))) == len(found)
    assert [(line, field) for line, field, _ in everything.reasons] == [
        (5, "count (quantity)"),
        (6, "order (order_id)"),
    ]
    # A corrected row comes in the place of the faulty one.
    fixed = read(
        with_orders(tmp_path, order_items=items), corrections=[correction("2,a,p1,-1,9", "2,a,p1,1,9", "order_items")]
    )
    assert ("2", "p1", 1, Decimal("9.0000")) in records(
        fixed, "order_items", "order_id", "product_id", "quantity", "amount"
    )


def test_the_same_files_are_not_read_again_and_changed_ones_are(tmp_path: Path) -> None:
    (tmp_path / "products.csv").write_text("id,since,name,category,sku,price,cost\np1,,Tea,Drinks,T-1,4.50,1\n")
    files = without_orders(tmp_path, products=PRODUCTS)
    cursor = read(files).reading.cursor
    assert read(files, cursor=cursor).reading.mode is ReadMode.UNCHANGED
    (tmp_path / "products.csv").write_text("id,since,name,category,sku,price,cost\np1,,Tea,Drinks,T-1,4.50,2\n")
    assert read(files, cursor=cursor).reading.mode is ReadMode.SNAPSHOT


def test_of_a_product_that_several_files_hold_the_last_counts_where_files_are_added(tmp_path: Path) -> None:
    for name, cost in (("1", "1"), ("2", "2")):
        (tmp_path / f"products{name}.csv").write_text(
            f"id,since,name,category,sku,price,cost\np1,,Tea,Drinks,T-1,4.50,{cost}\n"
        )
    everything = read(without_orders(tmp_path, mode="append", products={**PRODUCTS, "path": "products*.csv"}))
    assert everything.reading.mode is ReadMode.DELTA
    assert everything.column("unit_cost_amount", "products") == [Decimal("2.0000")]


def test_a_wrong_column_names_its_key(tmp_path: Path) -> None:
    (tmp_path / "spend.csv").write_text("day,channel\n2024-01-01,search\n")
    with pytest.raises(MisconfiguredError) as caught:
        read(without_orders(tmp_path, marketing_spend=SPEND))
    assert caught.value.key == f"{KEY}.marketing_spend.columns.amount"


ORDERS: dict[str, Any] = {"customer_id": "c", "ordered_at": "d", "amount": "a", "currency_code": "u"}
ITEMS: dict[str, Any] = {"path": "b.csv", "columns": {"order_id": "o", "amount": "a", "currency_code": "u"}}


def changed(files: dict[str, Any], **columns: Any) -> dict[str, Any]:
    return {**files, "columns": {**files["columns"], **columns}}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "names no file, and neither do"),
        ({"path": "a.csv"}, "columns: is needed with `path`"),
        ({"columns": ORDERS}, "names no file, though"),
        ({"customers": "generated", "products": PRODUCTS}, "can be generated only for those"),
        (
            {"path": "a.csv", "rows": "lines", "columns": {"order_id": "o", **ORDERS}, "order_items": ITEMS},
            "would say the lines again",
        ),
        ({"order_items": changed(ITEMS, line_id={"constant": "1"})}, "leave it out to have ids made"),
        ({"marketing_spend": changed(SPEND, spend_id={"constant": "1"})}, "leave it out to have ids made"),
        ({"products": changed(PRODUCTS, valid_from={"column": "s", "format": "d"})}, "no date format"),
    ],
)
def test_mistakes_are_named(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        FilesSettings.model_validate({"type": "files", **settings})
