import hashlib
import json
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

from connectors.sandbox.histories import generate
from connectors.sandbox.merchants import Bots, Guests, Refunds, SyntheticMerchant, SyntheticStore
from connectors.sandbox.writing import FORMATS, FileFormat, RefundLayout, write_merchant
from connectors.source import ReadRequest
from connectors.sources.files import FilesSettings, FilesSource
from models.errors import MisconfiguredError

MERCHANT = SyntheticMerchant(
    merchant_id="paper",
    customer_count=150,
    starts_on=date(2023, 10, 1),
    ends_on=date(2024, 4, 30),
    time_zone="Europe/Berlin",
    currency_code="EUR",
    refunds=Refunds(0.3, 0.5),
    guests=Guests(0.3),
    stores=(SyntheticStore("europe", "EUR"), SyntheticStore("japan", "JPY", 0.00625)),
    elsewhere_rate=0.1,
    bots=Bots(1, orders_per_day=20, days=3),
)


def digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize("file_format", FORMATS)
def test_the_same_merchant_gives_the_same_bytes(tmp_path: Path, file_format: FileFormat) -> None:
    first = write_merchant(MERCHANT, tmp_path / "one", file_format)
    write_merchant(MERCHANT, tmp_path / "two", file_format)
    before = digests(tmp_path / "one")
    write_merchant(MERCHANT, tmp_path / "one", file_format)
    assert before == digests(tmp_path / "one") == digests(tmp_path / "two")
    assert set(before) == {
        f"orders/europe.{file_format}",
        f"orders/japan.{file_format}",
        f"customers/europe.{file_format}",
        f"customers/japan.{file_format}",
        "truth/customers.parquet",
        "truth/merchant.json",
    }
    assert first.truth_path == tmp_path / "one" / "truth" / "customers.parquet"


@pytest.mark.parametrize("file_format", ["csv", "jsonl"])
def test_export_bytes_do_not_depend_on_how_many_rows_are_in_memory(tmp_path: Path, file_format: FileFormat) -> None:
    write_merchant(MERCHANT, tmp_path / "one", file_format, refund_layout="columns")
    write_merchant(MERCHANT, tmp_path / "two", file_format, refund_layout="columns", piece_rows=13)
    one, two = (
        {name: digest for name, digest in digests(tmp_path / folder).items() if not name.startswith("truth")}
        for folder in ("one", "two")
    )
    assert one == two


@pytest.mark.parametrize("refund_layout", ["rows", "columns"])
@pytest.mark.parametrize("file_format", FORMATS)
def test_the_files_source_reads_back_exactly_what_was_generated(
    tmp_path: Path, file_format: FileFormat, refund_layout: RefundLayout
) -> None:
    written = write_merchant(MERCHANT, tmp_path, file_format, refund_layout=refund_layout)
    read: dict[str, list[pa.RecordBatch]] = {"orders": [], "refunds": [], "customers": []}
    for store_id, settings in written.source.items():
        source = FilesSource(
            FilesSettings.model_validate(settings), base_folder=tmp_path, time_zone="UTC", key="merchants[0]"
        )
        request = ReadRequest("paper", store_id, None, datetime(2024, 6, 1, tzinfo=UTC))
        for page in source.read(request).pages:
            assert not page.rejected
            read[page.stream].append(page.records)
    orders, refunds, customers = (pl.DataFrame(pa.Table.from_batches(read[name])) for name in read)

    made = {
        table: pl.concat(piece.rows for piece in generate(MERCHANT) if piece.table == table)
        for table in ("orders", "refunds", "customers")
    }
    columns = ["order_id", "customer_id", "ordered_at", "amount", "currency_code", "quantity", "channel", "email"]
    assert set(orders.select(columns).iter_rows()) == set(made["orders"].select(columns).iter_rows())
    assert orders.height == made["orders"].height == written.counts["orders"]

    if refund_layout == "rows":
        columns = ["refund_id", "order_id", "customer_id", "refunded_at", "amount", "currency_code"]
        expected = made["refunds"].select(columns)
    else:
        columns = ["order_id", "customer_id", "refunded_at", "amount", "currency_code"]
        refunded = made["orders"].filter(pl.col("refunded_amount").is_not_null())
        expected = refunded.with_columns(amount="refunded_amount").select(columns)
    assert expected.height > 20
    assert set(refunds.select(columns).iter_rows()) == set(expected.iter_rows())
    assert refunds.height == expected.height

    columns = ["customer_id", "email", "first_name", "last_name", "has_email_consent", "email_consent_at"]
    assert set(customers.select(columns).iter_rows()) == set(made["customers"].select(columns).iter_rows())


def test_a_csv_looks_as_a_shop_writes_it(tmp_path: Path) -> None:
    written = write_merchant(MERCHANT, tmp_path)
    lines = written.order_paths["japan"].read_text(encoding="utf-8").splitlines()
    assert lines[0] == "order_id,customer_id,ordered_at,total,currency,items,channel,email,store,refund_id"
    values = [line.split(",") for line in lines[1:]]
    assert all("." not in value[3] for value in values)
    assert {value[2][-6:] for value in values} == {"+01:00", "+02:00"}
    euros = [line.split(",")[3] for line in written.order_paths["europe"].read_text(encoding="utf-8").splitlines()[1:]]
    assert all(amount[-3] == "." for amount in euros)


def test_the_truth_says_what_the_specification_was(tmp_path: Path) -> None:
    written = write_merchant(MERCHANT, tmp_path)
    stated = json.loads(written.parameters_path.read_text(encoding="utf-8"))
    assert stated["purchases"] == {"r": 0.8, "alpha_days": 60.0, "a": 0.9, "b": 3.0, "leaves_after_first": False}
    assert stated["starts_on"] == "2023-10-01"
    truth = pl.read_parquet(written.truth_path)
    assert truth.height == written.counts["truth"] == 151
    exported = pl.concat(pl.read_csv(path).select("customer_id") for path in written.order_paths.values())
    known = set(truth["guest_customer_id"]) | set(truth["account_customer_id"])
    assert set(exported["customer_id"]) <= known


def test_a_store_without_orders_has_a_file_with_a_header(tmp_path: Path) -> None:
    lonely = SyntheticMerchant(
        customer_count=1, stores=(SyntheticStore("a"), SyntheticStore("b", share=1e-12)), merchant_id="lonely"
    )
    written = write_merchant(lonely, tmp_path)
    assert len(written.order_paths["b"].read_text(encoding="utf-8").splitlines()) == 1


def test_a_failure_leaves_the_files_of_the_last_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_merchant(MERCHANT, tmp_path)
    before = digests(tmp_path)

    def broken(merchant: SyntheticMerchant, *, piece_rows: int) -> object:
        yield next(generate(merchant, piece_rows=piece_rows))
        raise OSError("no space left on device")

    monkeypatch.setattr("connectors.sandbox.writing.generate", broken)
    with pytest.raises(OSError, match="no space"):
        write_merchant(MERCHANT, tmp_path)
    assert digests(tmp_path) == before


def test_an_unknown_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MisconfiguredError, match="'xlsx' is not one of csv, jsonl, parquet"):
        write_merchant(MERCHANT, tmp_path, "xlsx")  # type: ignore[arg-type]  # what a user might type
    with pytest.raises(MisconfiguredError, match="refund_layout"):
        write_merchant(MERCHANT, tmp_path, refund_layout="none")  # type: ignore[arg-type]  # the same
    assert not list(tmp_path.iterdir())
