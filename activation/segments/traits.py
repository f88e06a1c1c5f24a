"""What criteria may ask of a customer: columns of `marts.customer_360` and of `marts.dim_customers`.

dbt owns both tables; they are declared to be read. Must not decide anything about a customer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from activation.customers import CUSTOMER_COLUMNS, ColumnKind, customer_360, kind_of

# Never given to Alembic: dbt creates and rebuilds these tables.
reading = sa.MetaData()

dim_customers = sa.Table(
    "dim_customers",
    reading,
    sa.Column("merchant_id", sa.Text, primary_key=True),
    sa.Column("customer_id", sa.Text, primary_key=True),
    sa.Column("acquisition_month", sa.Date),
    sa.Column("first_purchase_date", sa.Date),
    sa.Column("last_purchase_date", sa.Date),
    sa.Column("acquisition_channel", sa.Text),
    sa.Column("country_code", sa.Text),
    sa.Column("has_acquisition_discount", sa.Boolean),
    sa.Column("acquisition_discount_name", sa.Text),
    sa.Column("acquisition_product_id", sa.Text),
    sa.Column("acquisition_product_name", sa.Text),
    sa.Column("acquisition_category_name", sa.Text),
    schema="marts",
)

customers = customer_360.alias("customers")
described = dim_customers.alias("described")


@dataclass(frozen=True)
class Trait:
    """A column of a customer that criteria may test.

    Attributes:
        column: The column, of `customers` or of `described`.
        kind: What its values can be compared with.
    """

    column: sa.ColumnElement[Any]
    kind: ColumnKind


TRAITS: Mapping[str, Trait] = {
    **{name: Trait(customers.c[name], kind) for name, kind in CUSTOMER_COLUMNS.items()},
    **{
        column.name: Trait(described.c[column.name], kind_of(column))
        for column in dim_customers.columns
        if not column.primary_key and column.name not in CUSTOMER_COLUMNS
    },
}
"""Every trait by its name, which is its column's; the merchant is always given, never one."""
