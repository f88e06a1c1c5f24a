"""Generates what a synthetic merchant's customers did, and the truth about them, as a stream of pieces.

The rows do not depend on how large the pieces are; memory does, and on nothing else. Must not write files.
"""

from collections.abc import Iterator
from datetime import datetime

import numpy as np
import polars as pl

from connectors.sandbox.consumers import consumers
from connectors.sandbox.merchants import SyntheticMerchant
from connectors.sandbox.shop import Shop
from connectors.sandbox.tables import Piece, Tables
from connectors.sandbox.traders import traders


def generate(merchant: SyntheticMerchant, *, piece_rows: int = 100_000) -> Iterator[Piece]:
    """Everything that happened at this merchant, and the truth behind it.

    Args:
        merchant: What to generate.
        piece_rows: The most rows of a piece; bounds memory. The rows of a table are the same for any number.

    Yields:
        Pieces of all tables in turn; orders and refunds by customer and then by time.
    """
    if piece_rows < 1:
        message = f"piece_rows is {piece_rows}; it must be 1 or more"
        raise ValueError(message)
    shop = Shop(merchant)
    size = max(int(piece_rows / shop.expected_orders), 1)
    for first in range(0, merchant.customer_count, size):
        customers = np.arange(first, min(first + size, merchant.customer_count), dtype=np.int64)
        yield from _pieces(consumers(shop, customers), piece_rows)
    for tables in traders(shop):
        yield from _pieces(tables, piece_rows)


def is_alive(truth: pl.DataFrame, as_of: datetime) -> pl.Series:
    """Whether each customer of a truth table is truly active at a moment within the window."""
    alive = (pl.col("acquired_at") <= as_of) & (pl.col("died_at").is_null() | (pl.col("died_at") > as_of))
    return truth.select(alive.alias("is_alive"))["is_alive"]


def _pieces(tables: Tables, piece_rows: int) -> Iterator[Piece]:
    for table, rows in tables.items():
        for piece in rows.iter_slices(piece_rows):
            if not piece.is_empty():
                yield Piece(table, piece)
