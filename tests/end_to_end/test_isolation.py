"""One run over eight merchants, seven of them broken in a way of their own: the eighth never notices.

First a run in which everybody is whole, then new data for all and seven breakages, then everything mended.
"""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from installations import Installation, free_port
from synthetic_shops import new_orders, orders_path, sync, write_shop
from table_contents import rows

from connectors.sandbox.receiver import Receiver, running_receiver

SECRET = "a secret of the test's own"
CUSTOMERS = 150
WHOLE = "whole"
# Who is broken, and what the reason has to name: the key, the file or the table, and the way out.
BROKEN = {
    "missing_file": (r"merchants\[1\]\.stores\[0\]\.source\.path", r"web\.csv"),
    "wrong_mapping": (r"merchants\[2\]\.stores\[0\]\.source\.columns\.amount", "totl"),
    "many_rejects": ("max_rejected_rate", "perennial rejects"),
    "truncated": ("max_shrink_rate", "orders"),
    "no_rate": ("exchange_rates", "CHF"),
    "no_orders": ("nobody bought anything", "as_of_date"),
    "unreachable": ("newsletter", "could not be reached"),
}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]


@dataclass(frozen=True)
class Night:
    """One run, and how it left the world."""

    run: "subprocess.CompletedProcess[str]"
    published: dict[str, list[Any]]
    accepted: dict[str, int]
    effects: int
    verdicts: dict[str, tuple[str, list[str]]]


@dataclass(frozen=True)
class Nights:
    """Everybody whole, seven broken, everybody mended."""

    url: str
    before: Night
    broken: Night
    mended: Night
    effects: list[dict[str, Any]]


@pytest.fixture(scope="module")
def nights(module_folder: Path, standing_warehouse_url: str, parsed_project: Path) -> Iterator[Nights]:
    url, folder = standing_warehouse_url, module_folder
    installation = Installation(folder, url, parsed_project=parsed_project)
    merchants = [
        write_shop(folder, merchant_id, customer_count=CUSTOMERS, seed=number)
        for number, merchant_id in enumerate((WHOLE, *BROKEN))
    ]
    declared = {merchant["merchant_id"]: merchant for merchant in merchants}
    for merchant in merchants:
        merchant["syncs"] = [sync("newsletter" if merchant["merchant_id"] == "unreachable" else "crm")]
    declared["no_orders"]["stores"][0]["source"]["max_shrink_rate"] = 1.0
    with running_receiver(folder / "receiver.jsonl", SECRET) as receiver:
        crm = {"name": "crm", "type": "webhook", "url": receiver.url, "secret": SECRET, "idempotency": "action_key"}
        newsletter = {**crm, "name": "newsletter"}
        installation.declare({"merchants": merchants, "destinations": [crm, newsletter]})
        before = night(installation, receiver)

        for merchant_id in declared:
            with orders_path(folder, merchant_id).open("a", encoding="utf-8") as file:
                file.write(new_orders(20))
        mended_files = {m: orders_path(folder, m).read_text(encoding="utf-8") for m in declared}
        orders_path(folder, "missing_file").unlink()
        declared["wrong_mapping"]["stores"][0]["source"]["columns"]["amount"] = "totl"
        write_orders(folder, "many_rejects", mended_files["many_rejects"].replace(",USD,", ",XXU,", 40))
        write_orders(folder, "truncated", mended_files["truncated"][: len(mended_files["truncated"]) // 2])
        write_orders(folder, "no_rate", mended_files["no_rate"] + new_orders(3, currency_code="CHF", first=20))
        write_orders(folder, "no_orders", mended_files["no_orders"].splitlines(keepends=True)[0])
        newsletter["url"] = f"http://127.0.0.1:{free_port()}/deliveries"
        installation.declare({"merchants": merchants, "destinations": [crm, newsletter]})
        broken = night(installation, receiver)

        for merchant_id, text in mended_files.items():
            write_orders(folder, merchant_id, text)
        declared["wrong_mapping"]["stores"][0]["source"]["columns"]["amount"] = "total"
        newsletter["url"] = receiver.url
        installation.declare({"merchants": merchants, "destinations": [crm, newsletter]})
        mended = night(installation, receiver)
        yield Nights(url, before, broken, mended, receiver.effects())


def write_orders(folder: Path, merchant_id: str, text: str) -> None:
    orders_path(folder, merchant_id).write_text(text, encoding="utf-8")


def night(installation: Installation, receiver: Receiver) -> Night:
    run = installation.perennial("run")
    url = str(installation.warehouse_url)
    published: dict[str, list[Any]] = {}
    for merchant_id, row in rows(url, "select merchant_id, row(c)::text from marts.customer_360 as c order by 1, 2"):
        published.setdefault(str(merchant_id), []).append(row)
    accepted = rows(
        url, "select merchant_id, count(*) from activation.deliveries where outcome = 'accepted' group by 1"
    )
    verdicts = rows(
        url,
        "select distinct on (merchant_id) merchant_id, status, reasons from ops.merchant_runs "
        "order by merchant_id, finished_at desc",
    )
    return Night(
        run=run,
        published=published,
        accepted={str(merchant_id): int(str(count)) for merchant_id, count in accepted},
        effects=len(receiver.effects()),
        verdicts={str(merchant_id): (str(status), list(reasons)) for merchant_id, status, reasons in verdicts},  # type: ignore[call-overload]  # an array
    )


def test_at_first_everybody_is_published(nights: Nights) -> None:
    assert nights.before.run.returncode == 0, nights.before.run.stderr
    assert {m: len(customers) for m, customers in nights.before.published.items()} == dict.fromkeys(
        (WHOLE, *BROKEN), CUSTOMERS
    )
    assert all(nights.before.accepted[merchant_id] > 10 for merchant_id in (WHOLE, *BROKEN))


def test_the_run_fails_and_says_whom_it_withheld(nights: Nights) -> None:
    assert nights.broken.run.returncode == 1
    assert set(nights.broken.verdicts) == {WHOLE, *BROKEN}
    assert f"{len(BROKEN)} of {len(BROKEN) + 1} merchants withheld" in nights.broken.run.stderr
    assert {m for m, (status, _) in nights.broken.verdicts.items() if status == "withheld"} == set(BROKEN)
    assert nights.broken.verdicts[WHOLE] == ("published", [])


@pytest.mark.parametrize("merchant_id", BROKEN)
def test_the_reason_names_what_to_mend(nights: Nights, merchant_id: str) -> None:
    _, reasons = nights.broken.verdicts[merchant_id]
    assert len(reasons) == 1, reasons
    for named in BROKEN[merchant_id]:
        assert re.search(named, reasons[0]), reasons[0]
    assert reasons[0] in nights.broken.run.stderr


def test_the_whole_merchant_is_published_and_sent_to(nights: Nights) -> None:
    assert nights.broken.published[WHOLE] != nights.before.published[WHOLE]
    query = "select count(*) from marts.fct_orders where merchant_id = %s and starts_with(order_id, 'new-')"
    assert rows(nights.url, query, WHOLE) == [(20,)]
    assert nights.broken.accepted[WHOLE] > nights.before.accepted[WHOLE]


@pytest.mark.parametrize("merchant_id", [merchant_id for merchant_id in BROKEN if merchant_id != "unreachable"])
def test_a_broken_merchant_keeps_what_was_published(nights: Nights, merchant_id: str) -> None:
    assert nights.broken.published[merchant_id] == nights.before.published[merchant_id]
    assert nights.broken.accepted[merchant_id] == nights.before.accepted[merchant_id]


def test_only_the_whole_merchant_was_heard_of(nights: Nights) -> None:
    heard = nights.effects[nights.before.effects : nights.broken.effects]
    assert {effect["merchant_id"] for effect in heard} == {WHOLE}
    assert nights.broken.accepted["unreachable"] == nights.before.accepted["unreachable"]


def test_mended_merchants_are_published_and_sent_to(nights: Nights) -> None:
    assert nights.mended.run.returncode == 0, nights.mended.run.stderr
    assert {status for status, _ in nights.mended.verdicts.values()} == {"published"}
    for merchant_id in BROKEN:
        assert nights.mended.published[merchant_id] != nights.before.published[merchant_id]
        assert nights.mended.accepted[merchant_id] > nights.before.accepted[merchant_id], merchant_id


def test_the_whole_merchant_is_not_sent_to_again(nights: Nights) -> None:
    assert nights.mended.accepted[WHOLE] == nights.broken.accepted[WHOLE]
    assert WHOLE not in {effect["merchant_id"] for effect in nights.effects[nights.broken.effects :]}


def test_nothing_was_taken_twice(nights: Nights) -> None:
    keys = [effect["action_key"] for effect in nights.effects]
    assert len(keys) == len(set(keys))
