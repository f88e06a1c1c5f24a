"""`perennial demo` on the shipped perennial.yml: real purchases, from three shops to the receiver's log; then again."""

import json
import re
import shutil
import subprocess
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest
from installations import Installation
from table_contents import RUN_ONLY, Contents, contents, rows

from connectors.sandbox.demonstration import cdnow_sales

PROJECT = Path(__file__).resolve().parents[2]
# Of CDNOW_master.txt: the sum of its last column, by awk.
CDNOW_TOTAL = Decimal("2500315.63")
# What each platform calls an order's total and when it was placed.
ORDERS = {
    "shopify": ("total_price_shop_amount", "processed_at"),
    "bigcommerce": ("total_inc_tax", "date_created"),
    "woocommerce": ("total", "date_created_gmt"),
}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]


@dataclass(frozen=True)
class Demo:
    """Two demonstrations in one home, and what each left behind."""

    installation: Installation
    url: str
    first: "subprocess.CompletedProcess[str]"
    after_first: Contents
    log_after_first: bytes
    second: "subprocess.CompletedProcess[str]"
    after_second: Contents


@pytest.fixture(scope="module")
def demo(module_folder: Path, module_database_url: str) -> Demo:
    installation = Installation(module_folder, module_database_url)
    shutil.copy(PROJECT / "perennial.yml", installation.config_path)
    log = installation.home / "receiver" / "log.jsonl"
    first = installation.perennial("demo")
    after_first = contents(module_database_url, without=RUN_ONLY)
    log_after_first = log.read_bytes()
    second = installation.perennial("demo")
    return Demo(
        installation,
        module_database_url,
        first,
        after_first,
        log_after_first,
        second,
        contents(module_database_url, without=RUN_ONLY),
    )


def printed(text: str) -> str:
    """What was printed, without the folding of lines."""
    return re.sub(r"\s+", " ", text)


def counts(summary: str, store: str) -> dict[str, int]:
    """What was read of a store, by what it is."""
    found = re.search(rf"read {store}: (.*?) other records in", summary)
    assert found is not None, summary
    return {name: int(count.replace(",", "")) for count, name in re.findall(r"(\d[\d,]*) ([a-z]+)", found.group(1))}


def test_it_exits_well_and_tells_what_it_found(demo: Demo) -> None:
    assert demo.first.returncode == 0, demo.first.stderr
    summary = printed(demo.first.stdout)
    read = {store: counts(summary, store) for store in ORDERS}
    assert sum(found["orders"] for found in read.values()) == 69_659
    assert all(20_000 < found["orders"] < 26_000 and found["customers"] > 7_000 for found in read.values())
    assert "69,659 by 23,570 customers, 1997-01-01 to 1998-06-30" in summary
    assert "2,500,316 USD net of refunds" in summary
    assert "held against the 39 weeks after it" in summary
    assert "bg_nbd MAE 0.819, RMSE 1.733" in summary
    assert "naive MAE 1.038, RMSE 2.158" in summary
    assert "19,684 came" in summary
    assert "champions" in summary
    assert "make ui" in summary
    [(clv, customers)] = rows(demo.url, "select sum(clv_amount), count(*) from marts.customer_360")
    assert customers == 23_570
    assert f"{clv:,.0f} USD over the next 365 days" in summary


def test_it_says_who_was_told_and_why_others_were_not(demo: Demo) -> None:
    summary = printed(demo.first.stdout)
    told = rows(
        demo.url,
        "select destination, outcome, count(*) from activation.deliveries where operation = 'upsert' group by 1, 2",
    )
    assert {(destination, outcome) for destination, outcome, _ in told} == {
        ("crm", "accepted"),
        ("crm", "withheld"),
        ("exports", "accepted"),
    }
    for destination, outcome, count in told:
        assert re.search(rf"{destination}: {count:,} upsert {outcome} \({count:,} in this run\)", summary)
    assert "did not agree to emails" in summary


def test_progress_is_shown_as_lines_in_a_log(demo: Demo) -> None:
    lines = [line.strip() for line in demo.first.stderr.splitlines()]
    for store in ORDERS:
        assert f"Reading cdnow/{store} ..." in lines
        assert any(re.fullmatch(rf"Reading cdnow/{store} \d0%, [\d,]+ of [\d,]+ records", line) for line in lines)
        assert any(re.fullmatch(rf"Reading cdnow/{store}: [\d,]+ records", line) for line in lines)
    assert any(re.fullmatch(r"Building \d+ transformed tables 80%", line) for line in lines)
    assert not any("\x1b" in line for line in lines)


def test_every_purchase_has_landed(demo: Demo) -> None:
    query = (
        "select count(*), count(distinct order_id), sum({}), min({}), count(*) filter (where is_deleted) from {}.orders"
    )
    found = [rows(demo.url, query.format(total, at, f"raw_{platform}"))[0] for platform, (total, at) in ORDERS.items()]
    count, distinct, total, first, deleted = zip(*found, strict=True)
    assert (sum(count), sum(distinct), sum(total), sum(deleted)) == (69_659, 69_659, CDNOW_TOTAL, 0)  # type: ignore[arg-type]  # numbers
    assert {str(at) for at in first} == {"1997-01-01 17:00:00+00:00"}  # noon in New York
    assert rows(demo.url, "select count(*) from ops.rejected_records") == [(0,)]


def test_each_customer_buys_at_one_shop_what_the_published_data_says(demo: Demo) -> None:
    """Customers are told apart by their generated addresses, which follow from the published data's own ids."""
    purchases = {}
    for sale in cdnow_sales():
        purchases.setdefault(sale.buyer_id, []).append((sale.ordered_at.date(), sale.amount))
    expected = Counter(tuple(sorted(of_one)) for of_one in purchases.values())
    query = "select customer_id, order_date, amount from marts.fct_orders"
    landed: dict[object, list[tuple[object, object]]] = {}
    for customer_id, day, amount in rows(demo.url, query):
        landed.setdefault(customer_id, []).append((day, amount))
    assert Counter(tuple(sorted(of_one)) for of_one in landed.values()) == expected  # type: ignore[type-var]  # dates


def test_money_reconciles_for_every_store_and_day(demo: Demo) -> None:
    query = """
        select store_id, sum(order_count), sum(total_amount), sum(abs(difference_amount)), min(shipping_amount) > 0
        from marts.store_day_reconciliation group by 1 order by 1
    """
    stores, orders, totals, differences, has_shipping = zip(*rows(demo.url, query), strict=True)
    assert stores == tuple(sorted(ORDERS))
    assert (sum(orders), sum(totals), sum(differences)) == (69_659, CDNOW_TOTAL, 0)  # type: ignore[arg-type]  # numbers
    assert all(has_shipping)


def test_the_books_say_what_was_asked_of_each_platform(demo: Demo) -> None:
    query = """
        select source, sum(request_count), max(status), sum(rows_read), sum(rows_inserted)
        from ops.sync_runs where run_id = (select run_id from ops.sync_runs order by started_at limit 1) group by 1
    """
    for source, requests, status, read, inserted in rows(demo.url, query):
        assert (status, read) == ("landed", inserted), source
        assert int(str(requests)) > 5, source
    budgets = rows(demo.url, "select distinct source, budget_name from ops.api_budget order by 1")
    assert budgets == [("bigcommerce", "store_quota"), ("shopify", "admin_api_points")]
    assert "note " not in demo.first.stdout, "nothing is missing from a demonstration"


def test_tables_hold_a_row_per_customer_and_order(demo: Demo) -> None:
    counts = demo.after_first.row_counts()
    for table in (
        "marts.dim_customers",
        "marts.customer_rfm",
        "marts.customer_360",
        "ml.predictions",
        "ml.customer_lifetime_value",
        "ml.purchase_summaries",
        "vault.customer_contacts",
    ):
        assert counts[table] == 23_570, table
    assert counts["marts.fct_orders"] == 69_659
    assert counts["ml.model_runs"] == 1
    assert counts["ml.holdout_weeks"] == 39
    assert rows(demo.url, "select status, reasons from ops.merchant_runs order by finished_at limit 1") == [
        ("published", [])
    ]


def test_names_that_others_rely_on(demo: Demo) -> None:
    needed = {
        "marts.dim_customers": {"merchant_id", "customer_id"},
        "marts.fct_orders": {"merchant_id", "customer_id", "currency_code"},
        "marts.customer_rfm": {"merchant_id", "customer_id", "rfm_segment"},
        "marts.cohort_retention": {"merchant_id"},
        "marts.cohort_revenue": {"merchant_id", "currency_code"},
        "marts.customer_360": {
            "merchant_id",
            "customer_id",
            "expected_purchases",
            "clv_amount",
            "clv_horizon_days",
            "churn_probability",
            "churn_horizon_days",
            "currency_code",
        },
        "ml.predictions": {"merchant_id", "customer_id", "clv_amount"},
        "ml.customer_lifetime_value": {"merchant_id", "customer_id", "clv_amount"},
        "ml.backtests": {"merchant_id", "metric", "value"},
        "ml.model_runs": {"merchant_id", "model_run_id", "model_card"},
        "activation.deliveries": {
            "delivery_id",
            "merchant_id",
            "destination",
            "action_key",
            "outcome",
            "payload_hash",
            "attempted_at",
        },
        "ops.rejected_records": {"merchant_id", "origin", "line", "field", "reason", "raw_text"},
        "ops.sync_runs": {"merchant_id", "store_id", "stream", "rows_read"},
    }
    query = "select table_schema || '.' || table_name, column_name from information_schema.columns"
    present: dict[object, set[object]] = {}
    for table, column in rows(demo.url, query):
        present.setdefault(table, set()).add(column)
    assert {table: columns - present.get(table, set()) for table, columns in needed.items()} == {
        table: set() for table in needed
    }


def test_the_receiver_took_what_the_ledger_says_was_accepted(demo: Demo) -> None:
    accepted = rows(
        demo.url,
        "select action_key, customer_id, operation from activation.deliveries "
        "where destination = 'crm' and outcome = 'accepted'",
    )
    effects = demo.installation.receiver().effects()
    assert len(effects) == len(accepted) > 100
    assert {(effect["action_key"], effect["customer_id"], effect["operation"]) for effect in effects} == set(accepted)
    assert all(request["is_signed"] for request in demo.installation.receiver().requests())


def test_nobody_was_told_without_consent(demo: Demo) -> None:
    without = rows(demo.url, "select customer_id from vault.customer_contacts where has_email_consent is not true")
    told = {effect["customer_id"] for effect in demo.installation.receiver().effects()}
    assert len(without) > 1000
    assert told.isdisjoint(customer_id for (customer_id,) in without)


def test_the_export_is_a_file_beside_the_declarations(demo: Demo) -> None:
    files = [path for path in (demo.installation.folder / ".perennial" / "exports").rglob("*.jsonl") if path.is_file()]
    [(accepted,)] = rows(
        demo.url, "select count(*) from activation.deliveries where destination = 'exports' and outcome = 'accepted'"
    )
    assert sum(path.read_text(encoding="utf-8").count("\n") for path in files) == accepted


def test_a_second_demo_changes_nothing(demo: Demo) -> None:
    assert demo.second.returncode == 0, demo.second.stderr
    assert demo.after_first.differences(demo.after_second) == {}
    summary = printed(demo.second.stdout)
    assert len(re.findall(r"requests; 0 new, 0 changed, [\d,]+ as before, 0 gone, 0 rejected", summary)) == len(ORDERS)
    assert len(re.findall("Keeping (?:transformed|published) tables: nothing has changed", demo.second.stderr)) == 2
    assert "none in this run" in demo.second.stdout


def test_the_loop_is_closed(demo: Demo) -> None:
    story = printed(demo.first.stdout).partition("The loop, closed")[2]
    assert story, demo.first.stderr
    assert "They are in the segment 'bought_again', get 1 email, as the mail account's own log has it" in story
    assert "The night finds the reward used" in story
    worth = re.findall(r"is worth ([\d,.]+) USD|finds it: ([\d,.]+) USD|they are worth ([\d,.]+) USD", story)
    before, after, last = ("".join(found) for found in worth)
    assert len({before, after, last}) == 3
    assert "perennial campaign report welcome_back" in story
    assert "perennial trace" in story
    assert printed(demo.second.stdout).partition("The loop, closed")[2] == story


def test_nobody_got_two_emails_from_the_loop(demo: Demo) -> None:
    log = (demo.installation.home / "loop" / "mail.jsonl").read_text(encoding="utf-8")
    entries = [json.loads(line) for line in log.splitlines()]
    addresses = Counter(entry["to"] for entry in entries if entry["kind"] == "effect")
    assert addresses
    assert set(addresses.values()) == {1}


def test_a_second_demo_sends_nothing(demo: Demo) -> None:
    assert (demo.installation.home / "receiver" / "log.jsonl").read_bytes() == demo.log_after_first


def test_a_reader_sees_the_marts_and_nothing_else(demo: Demo) -> None:
    with psycopg.connect(demo.url, autocommit=True) as connection:
        connection.execute("set role perennial_reader")
        assert connection.execute("select count(*) from marts.customer_360").fetchone() == (23_570,)
        for table in demo.after_first.tables:
            if not table.startswith("marts."):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(f"select 1 from {table}".encode())
