"""The kinds of columns that BigCommerce's streams are made of."""

import pyarrow as pa

from models.records import MONEY, TIMESTAMP, Column

# Exchange rates and tax rates come with up to ten decimal places.
RATE = pa.decimal128(24, 10)


def text(name: str, description: str, *, required: bool = False) -> Column:
    """A column of text; ids are text too."""
    return Column(name, pa.string(), description, required=required)


def personal(name: str, description: str) -> Column:
    """A column that can identify a person."""
    return Column(name, pa.string(), description, is_personal=True)


def whole(name: str, description: str, *, required: bool = False) -> Column:
    """A column of whole numbers."""
    return Column(name, pa.int64(), description, required=required)


def money(name: str, description: str, *, required: bool = False) -> Column:
    """A column of amounts."""
    return Column(name, MONEY, description, required=required)


def time(name: str, description: str, *, required: bool = False) -> Column:
    """A column of moments."""
    return Column(name, TIMESTAMP, description, required=required)


def flag(name: str, description: str) -> Column:
    """A column of truths."""
    return Column(name, pa.bool_(), description)


def taxed(name: str, what: str) -> tuple[Column, ...]:
    """The three columns in which BigCommerce gives an amount: without tax, with it, and the tax."""
    return (
        money(f"{name}_ex_tax", f"{what}, without tax."),
        money(f"{name}_inc_tax", f"{what}, with tax."),
        money(f"{name}_tax", f"The tax in it: {what[0].lower()}{what[1:]}."),
    )


ORDER_ID = text("order_id", "The order that it belongs to.", required=True)
