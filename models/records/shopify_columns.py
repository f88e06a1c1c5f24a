"""How the Shopify streams' columns are written down."""

import pyarrow as pa

from models.records import MONEY, TIMESTAMP, Column, Stream

# Tax rates such as 0.08875, exact.
RATE = pa.decimal128(18, 8)


def text(name: str, description: str, *, required: bool = False, is_personal: bool = False) -> Column:
    """A text."""
    return Column(name, pa.string(), description, required, is_personal)


def time(name: str, description: str, *, required: bool = False) -> Column:
    """A point in time, in UTC."""
    return Column(name, TIMESTAMP, description, required)


def flag(name: str, description: str, *, required: bool = False) -> Column:
    """A yes or no."""
    return Column(name, pa.bool_(), description, required)


def count(name: str, description: str, *, required: bool = False) -> Column:
    """A whole number."""
    return Column(name, pa.int64(), description, required)


def money(name: str, description: str, *, required: bool = False) -> Column:
    """An amount in a currency that stands beside it."""
    return Column(name, MONEY, description, required)


def bag(name: str, description: str, *, required: bool = False) -> tuple[Column, Column]:
    """An amount in both currencies, as Shopify's money bags hold it."""
    return (
        Column(f"{name}_shop_amount", MONEY, f"{description}, in the shop's currency.", required),
        Column(f"{name}_presentment_amount", MONEY, f"{description}, in the buyer's currency.", required),
    )


CURRENCIES = (
    text("currency_code", "ISO 4217 code of the shop's currency.", required=True),
    text("presentment_currency_code", "ISO 4217 code of the buyer's currency.", required=True),
)


def part(parent: Stream, name: str, key: str, description: str, *columns: Column) -> Stream:
    """Records that come and go with their parent, such as an order's lines."""
    parent_key = next(column for column in parent.columns if column.name == parent.key[0])
    return Stream(
        name=name,
        key=(*parent.key, key),
        columns=(parent_key, *columns),
        description=description,
        parent=parent.name,
        parent_key=parent.key,
    )
