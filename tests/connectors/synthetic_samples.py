"""A synthetic merchant with something of everything, and its tables read whole."""

from datetime import date

import polars as pl

from connectors.sandbox.histories import generate
from connectors.sandbox.merchants import (
    Bots,
    Guests,
    Refunds,
    Resellers,
    SyntheticMerchant,
    SyntheticStore,
)
from connectors.sandbox.purchase_process import RegimeChange
from connectors.sandbox.tables import SCHEMAS, Table

# Everything at once, so that a test of all tables has something in each.
EVERYTHING = SyntheticMerchant(
    merchant_id="everything",
    customer_count=700,
    time_zone="Europe/Berlin",
    currency_code="EUR",
    month_paces=(0.5, 1, 1, 1, 1, 1, 0, 1, 1, 1, 2, 2),
    regime_change=RegimeChange(date(2024, 3, 15), 0.6),
    refunds=Refunds(0.3, 0.5, 20.0),
    guests=Guests(0.4, 0.5),
    stores=(SyntheticStore("a", "EUR", 1.0, 2.0), SyntheticStore("b", "JPY", 0.00625), SyntheticStore("c", "KWD", 3.0)),
    elsewhere_rate=0.2,
    bots=Bots(count=1, orders_per_day=200, days=20),
    resellers=Resellers(count=2),
)


def tables(merchant: SyntheticMerchant, *, piece_rows: int = 50_000) -> dict[Table, pl.DataFrame]:
    pieces: dict[Table, list[pl.DataFrame]] = {table: [schema.to_frame()] for table, schema in SCHEMAS.items()}
    for piece in generate(merchant, piece_rows=piece_rows):
        assert piece.rows.height <= piece_rows
        assert piece.rows.schema == SCHEMAS[piece.table]
        pieces[piece.table].append(piece.rows)
    return {table: pl.concat(frames) for table, frames in pieces.items()}


def with_people(made: dict[Table, pl.DataFrame]) -> pl.DataFrame:
    """Orders with the truth about the person behind each, whatever id it carries."""
    truth = made["truth"]
    ids = pl.concat(
        truth.select("person_id", customer_id=name).drop_nulls()
        for name in ("guest_customer_id", "account_customer_id")
    )
    return made["orders"].join(ids, on="customer_id", how="inner").join(truth, on="person_id")
