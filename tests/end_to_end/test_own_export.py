"""A person's own export, unlike CDNOW in every way, with nothing written but the perennial.yml of the document."""

import csv
import json
import re
import subprocess
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from hamburg_shop import BAD_FIELDS, BAD_ROWS, CUSTOMER_COUNT, net_by_customer, write_exports
from installations import Installation
from table_contents import RUN_ONLY, Contents, contents, rows

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "your-own-data.md"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

Net = dict[str, Decimal]


def blocks(language: str) -> list[str]:
    """The document's fenced blocks of a language, in order; the plain ones are samples of files."""
    fenced = re.findall(r"^```(\w*)\n(.*?)^```$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [text for name, text in fenced if name == language]


def documented(number: int) -> str:
    """A perennial.yml as the document shows it: 0 is the one in five lines, 1 the fuller one."""
    return blocks("yaml")[number]


@dataclass(frozen=True)
class OwnExport:
    """The shop's first run, then the correction of its rejected rows, then another plain run."""

    installation: Installation
    url: str
    orders_path: Path
    first_bad_line: int
    check: "subprocess.CompletedProcess[str]"
    run: "subprocess.CompletedProcess[str]"
    net_at_first: Net
    rejected: list[tuple[object, ...]]
    files_at_first: dict[str, list[dict[str, str]]]
    listed: list[dict[str, str]]
    replay: "subprocess.CompletedProcess[str]"
    net_after_replay: Net
    after_replay: Contents
    again: "subprocess.CompletedProcess[str]"


@pytest.fixture(scope="module")
def shop(module_folder: Path, standing_warehouse_url: str, parsed_project: Path) -> OwnExport:
    url = standing_warehouse_url
    installation = Installation(module_folder, url, parsed_project=parsed_project)
    first_bad_line = write_exports(module_folder / "exports")
    installation.config_path.write_text(documented(1), encoding="utf-8")
    check = installation.succeed("check-config")
    run = installation.succeed("run")
    net_at_first = net_of(url)
    rejected = rows(
        url,
        "select origin, line, field, reason, raw_text from ops.rejected_records "
        "where resolved_at is null order by line",
    )
    files_at_first = newsletters(module_folder)
    path = module_folder / "rejects.csv"
    installation.succeed("rejects", "--output", str(path))
    with path.open(newline="", encoding="utf-8") as file:
        listed = list(csv.DictReader(file))
    corrections = dict(BAD_ROWS)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(listed[0]))
        writer.writeheader()
        writer.writerows({**row, "corrected_text": corrections[row["raw_text"]] or ""} for row in listed)
    replay = installation.succeed("replay-rejects", str(path))
    net_after_replay = net_of(url)
    after_replay = contents(url, without=RUN_ONLY)
    return OwnExport(
        installation=installation,
        url=url,
        orders_path=module_folder / "exports" / "bestellungen.csv",
        first_bad_line=first_bad_line,
        check=check,
        run=run,
        net_at_first=net_at_first,
        rejected=rejected,
        files_at_first=files_at_first,
        listed=listed,
        replay=replay,
        net_after_replay=net_after_replay,
        after_replay=after_replay,
        again=installation.succeed("run"),
    )


def net_of(url: str) -> Net:
    query = "select customer_id, net_amount from marts.customer_360"
    return {str(customer_id): Decimal(str(amount)) for customer_id, amount in rows(url, query)}


def newsletters(folder: Path) -> dict[str, list[dict[str, str]]]:
    """What the file destination holds, by file."""
    found = {}
    for path in sorted((folder / "newsletter").rglob("*.csv")):
        with path.open(newline="", encoding="utf-8-sig") as file:
            found[path.name] = list(csv.DictReader(file))
    return found


def test_the_files_open_before_anything_runs(shop: OwnExport) -> None:
    [line] = [line for line in shop.check.stdout.splitlines() if "nordlicht/web" in line]
    assert line.endswith(f" and {len(BAD_ROWS)} bad rows")


def test_every_customer_has_a_value(shop: OwnExport) -> None:
    query = """
        select count(*), count(clv_amount), count(*) filter (where clv_amount > 0), count(distinct clv_amount),
            count(*) filter (where probability_alive between 0 and 1 and expected_purchases >= 0), min(currency_code)
        from marts.customer_360
    """
    [(customers, valued, positive, different, sound, currency)] = rows(shop.url, query)
    assert (customers, valued, sound, currency) == (CUSTOMER_COUNT, CUSTOMER_COUNT, CUSTOMER_COUNT, "EUR")
    assert positive > 0.9 * CUSTOMER_COUNT
    assert different > 0.5 * CUSTOMER_COUNT


def test_net_revenue_is_the_files_to_the_cent(shop: OwnExport) -> None:
    assert shop.net_at_first == net_by_customer(shop.orders_path, corrected=False)
    [(refunded, gross)] = rows(shop.url, "select sum(refund_amount), sum(gross_amount) from marts.customer_360")
    assert 0 < Decimal(str(refunded)) < Decimal(str(gross)) / 5
    currencies = rows(shop.url, "select original_currency_code, count(*) from marts.fct_orders group by 1 order by 1")
    assert [code for code, _ in currencies] == ["CHF", "EUR"]
    assert all(int(str(count)) > 300 for _, count in currencies)


def test_what_was_sent_leads_back_to_the_rows_of_the_file(shop: OwnExport) -> None:
    [(number, customer_id, as_of, model_run_id)] = rows(
        shop.url,
        "select delivery_id, customer_id, details ->> 'as_of_date', model_run_id from activation.deliveries "
        "where outcome = 'accepted' and operation = 'upsert' order by delivery_id limit 1",
    )
    trace = json.loads(shop.installation.succeed("trace", str(number), "--json").stdout)
    assert (trace["delivery"]["customer_id"], trace["features"]["as_of_date"]) == (customer_id, as_of)
    assert trace["rule"]["audience"] == "best_customers"
    assert trace["rule"]["is_as_declared_now"] is True
    assert trace["model_run"]["model_run_id"] == model_run_id
    assert trace["model_run"]["as_of_date"] == as_of
    [(order_count,)] = rows(
        shop.url, "select order_count from marts.customer_360 where customer_id = %s", str(customer_id)
    )
    assert len(trace["source_orders"]) == order_count
    assert {order["platform"] for order in trace["source_orders"]} == {"files"}


def test_rejected_rows_are_kept_with_where_and_why(shop: OwnExport) -> None:
    assert [(line, field) for _, line, field, _, _ in shop.rejected] == [
        (shop.first_bad_line + number, field) for number, field in enumerate(BAD_FIELDS)
    ]
    assert [text for *_, text in shop.rejected] == [bad for bad, _ in BAD_ROWS]
    for origin, _, _, reason, _ in shop.rejected:
        assert str(origin).endswith("bestellungen.csv")
        assert reason
    reasons = [str(reason) for *_, reason, _ in shop.rejected]
    assert "31.02.2024 10:00" in reasons[0]
    assert "zwölf" in reasons[1]
    assert "Franken" in reasons[2]
    assert "7 values" in reasons[4]


def test_names_come_through_the_encoding(shop: OwnExport) -> None:
    names = rows(shop.url, "select distinct first_name, last_name from vault.customer_contacts order by 1")
    assert names == [("Anna", "Günther"), ("Jörg", "Weiß"), ("Søren", "Ångström"), ("Zoé", "Müller")]


def test_only_who_agreed_is_in_the_file_for_the_newsletter(shop: OwnExport) -> None:
    agreed = {
        customer_id
        for (customer_id,) in rows(shop.url, "select customer_id from vault.customer_contacts where has_email_consent")
    }
    told = [record for records in shop.files_at_first.values() for record in records]
    assert 0 < len(told) <= len(agreed)
    assert {record["customer_id"] for record in told} <= agreed
    held = rows(shop.url, "select count(*) from activation.deliveries where outcome = 'withheld'")
    assert int(str(held[0][0])) > len(told)  # of three people one agreed, one did not, one never said


def test_the_list_of_rejects_has_all_that_correcting_needs(shop: OwnExport) -> None:
    assert [row["raw_text"] for row in shop.listed] == [bad for bad, _ in BAD_ROWS]
    assert {row["corrected_text"] for row in shop.listed} == {""}


def test_corrected_rows_land(shop: OwnExport) -> None:
    assert "4 of 6 rejected records are good now; 2 remain" in shop.replay.stdout
    assert shop.net_after_replay == net_by_customer(shop.orders_path, corrected=True)
    added = sum(shop.net_after_replay.values()) - sum(shop.net_at_first.values())
    assert added == Decimal("50.00") + Decimal("12.00") + Decimal("63.30") + Decimal("1080.00")


def test_the_next_plain_run_keeps_them(shop: OwnExport) -> None:
    assert shop.after_replay.differences(contents(shop.url, without=RUN_ONLY)) == {}
    query = "select order_id, is_deleted from raw_files.orders where starts_with(order_id, 'B-') order by 1"
    assert rows(shop.url, query) == [("B-1", False), ("B-2", False), ("B-3", False), ("B-5", False)]
    assert rows(shop.url, "select count(*) from ops.rejected_records where resolved_at is null") == [(2,)]
    [(deleted,)] = rows(shop.url, "select count(*) from raw_files.orders where is_deleted")
    assert deleted == 0


def test_five_lines_are_enough(tmp_path: Path) -> None:
    """The document's short declaration, on the least that an export may hold."""
    installation = Installation(tmp_path)
    installation.config_path.write_text(documented(0), encoding="utf-8")
    (tmp_path / "exports").mkdir()
    lines = ["Customer,Date,Total", *(f"c{n % 7},2024-0{n % 9 + 1}-11,{n}.50" for n in range(40))]
    (tmp_path / "exports" / "orders.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    [line] = [line for line in installation.succeed("check-config").stdout.splitlines() if "my-shop/web" in line]
    assert "40 good orders and 0 bad rows" in line


def test_the_document_shows_what_the_shop_exports() -> None:
    """Its sample of the files has the columns that the declaration reads, row for row."""
    store = yaml.safe_load(documented(1))["merchants"][0]["stores"][0]["source"]
    for sample, columns in zip(blocks(""), (store["columns"], store["customers"]["columns"]), strict=True):
        header, *records = sample.splitlines()
        named = {column["column"] if isinstance(column, dict) else column for column in columns.values()}
        assert named == set(header.split(";"))
        assert Counter(record.count(";") for record in records) == {header.count(";"): len(records)}
