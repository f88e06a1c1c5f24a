"""A shop whose exports are unlike CDNOW in every way: semicolons, decimal commas, days first, Latin-1, two currencies,
refunds as rows below zero, and some rows that nobody can read.

The shop's own books, by which the marts are judged, are kept here by plain decimal arithmetic on the text of the file.
"""

import csv
from collections import defaultdict
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

from connectors.sandbox.histories import generate
from connectors.sandbox.merchants import Refunds, SyntheticStore
from connectors.sandbox.presets import preset_merchant

ZONE = "Europe/Berlin"
CUSTOMER_COUNT = 600
# As docs/your-own-data.md declares them.
CHF_RATES = (("2024-01-01", Decimal("1.055")), ("2023-01-01", Decimal("1.0125")))
NAMES = (("Jörg", "Weiß"), ("Zoé", "Müller"), ("Søren", "Ångström"), ("Anna", "Günther"))

ORDER_HEADER = "Bestellnummer;Kundennummer;Datum;Betrag;Währung;Menge"
# Each with what it should have been; None where its owner leaves it.
BAD_ROWS = (
    ("B-1;c00000001;31.02.2024 10:00;50,00;EUR;1", "B-1;c00000001;29.02.2024 10:00;50,00;EUR;1"),
    ("B-2;c00000002;01.03.2024 10:00;zwölf;EUR;1", "B-2;c00000002;01.03.2024 10:00;12,00;EUR;1"),
    ("B-3;c00000003;02.03.2024 10:00;60,00;Franken;1", "B-3;c00000003;02.03.2024 10:00;60,00;CHF;1"),
    ("B-4;;03.03.2024 10:00;70,00;EUR;1", None),
    ("B-5;c00000005;04.03.2024 10:00;1.080,00;EUR;1;geschenkt", "B-5;c00000005;04.03.2024 10:00;1.080,00;EUR;1"),
    ("B-6;c00000006;05.03.2024 10:00;90,00;EUR;-3", None),
)
BAD_FIELDS = (
    "Datum (ordered_at)",
    "Betrag (amount)",
    "Währung (currency_code)",
    "Kundennummer (customer_id)",
    "*",
    "Menge (quantity)",
)


def write_exports(folder: Path) -> int:
    """Write the shop's files.

    Returns:
        The line of the first bad row in the orders file; the others follow it.
    """
    merchant = replace(
        preset_merchant("model_following", customer_count=CUSTOMER_COUNT, seed=11),
        time_zone=ZONE,
        currency_code="EUR",
        stores=(SyntheticStore("de", "EUR", 1.0, 0.7), SyntheticStore("ch", "CHF", 1.03, 0.3)),
        refunds=Refunds(0.08, 0.5, 9.0),
    )
    tables: dict[str, list[pl.DataFrame]] = defaultdict(list)
    for piece in generate(merchant):
        tables[piece.table].append(piece.rows)
    orders, refunds = pl.concat(tables["orders"]), pl.concat(tables["refunds"])
    written = [
        *(_row(order, "ordered_at", order["amount"], order["quantity"]) for order in orders.iter_rows(named=True)),
        *(_row(refund, "refunded_at", -refund["amount"], "") for refund in refunds.iter_rows(named=True)),
    ]
    half = len(written) // 2
    lines = [ORDER_HEADER, *written[:half], *(bad for bad, _ in BAD_ROWS), *written[half:]]
    folder.mkdir()
    (folder / "bestellungen.csv").write_text("\r\n".join(lines) + "\r\n", encoding="latin-1", newline="")
    customers = ["Kundennummer;Vorname;Nachname;E-Mail;Newsletter"]
    for number, customer_id in enumerate(sorted(orders["customer_id"].unique())):
        first, last = NAMES[number % len(NAMES)]
        customers.append(f"{customer_id};{first};{last};person{number}@example.org;{('1', '0', '')[number % 3]}")
    (folder / "kunden.csv").write_text("\n".join(customers) + "\n", encoding="latin-1")
    return half + 2


def _row(record: dict[str, object], when: str, amount: object, quantity: object) -> str:
    local = record[when].astimezone(ZoneInfo(ZONE))  # type: ignore[attr-defined]  # a datetime
    euros = f"{amount:,.2f}".translate(str.maketrans(",.", ".,"))
    values = (
        record["order_id"],
        record["customer_id"],
        f"{local:%d.%m.%Y %H:%M}",
        euros,
        record["currency_code"],
        quantity,
    )
    return ";".join(map(str, values))


def net_by_customer(path: Path, *, corrected: bool) -> dict[str, Decimal]:
    """What each customer has paid in euros, net of refunds, from the file's text.

    Args:
        path: The orders file.
        corrected: Whether the corrections of bad rows count in their place, or the bad rows count nothing.
    """
    bad = dict(BAD_ROWS)
    lines = path.read_text(encoding="latin-1").splitlines()[1:]
    good = [line for line in lines if line not in bad]
    read = good + ([correction for correction in bad.values() if correction] if corrected else [])
    net: dict[str, Decimal] = defaultdict(Decimal)
    for _, customer_id, when, amount, currency, _ in csv.reader(read, delimiter=";"):
        day = f"{when[6:10]}-{when[3:5]}-{when[:2]}"
        rate = Decimal(1) if currency == "EUR" else next(rate for since, rate in CHF_RATES if since <= day)
        value = Decimal(amount.replace(".", "").replace(",", ".")) * rate
        net[customer_id] += value.quantize(Decimal("0.01"), ROUND_HALF_UP)
    return dict(net)
