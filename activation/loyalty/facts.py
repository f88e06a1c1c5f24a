"""A programme's facts as the warehouse has them: orders from the marts, and what the `loyalty` schema keeps beside.

What no order says is kept under the customer's id of then and read under the id of now. Decides nothing about points.
"""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import sqlalchemy as sa

from activation.loyalty.earning import LINES, ORDERS, REFUND_PARTS
from activation.loyalty.grants import ADJUSTMENTS, BIRTHDAYS, MEMBERS, REDEMPTIONS
from activation.loyalty.planning import Facts
from activation.loyalty.programme import Programme
from models.identity import current_ids, dim_customer_identities, ids_of
from models.loyalty import adjustments, birthdays, members, product_categories, redemptions
from models.reading import read_frame

# dbt's, which is why they are declared here to be read.
_reading = sa.MetaData()

fct_orders = sa.Table(
    "fct_orders",
    _reading,
    *(sa.Column(name, sa.Text) for name in ("merchant_id", "store_id", "order_id", "customer_id")),
    sa.Column("ordered_at", sa.DateTime(timezone=True)),
    sa.Column("order_date", sa.Date),
    *(sa.Column(name, sa.Numeric(18, 4)) for name in ("amount", "original_amount")),
    sa.Column("original_currency_code", sa.Text),
    schema="marts",
)
fct_order_lines = sa.Table(
    "fct_order_lines",
    _reading,
    *(sa.Column(name, sa.Text) for name in ("merchant_id", "store_id", "order_id", "line_id", "customer_id")),
    sa.Column("product_id", sa.Text),
    sa.Column("order_date", sa.Date),
    sa.Column("net_amount", sa.Numeric(18, 4)),
    schema="marts",
)
fct_refunds = sa.Table(
    "fct_refunds",
    _reading,
    *(sa.Column(name, sa.Text) for name in ("merchant_id", "store_id", "refund_id", "order_id")),
    sa.Column("refunded_at", sa.DateTime(timezone=True)),
    sa.Column("refund_date", sa.Date),
    *(sa.Column(name, sa.Numeric(18, 4)) for name in ("amount", "original_amount")),
    sa.Column("original_currency_code", sa.Text),
    schema="marts",
)
fct_refund_lines = sa.Table(
    "fct_refund_lines",
    _reading,
    *(sa.Column(name, sa.Text) for name in ("merchant_id", "store_id", "refund_id", "line_id", "line_kind")),
    sa.Column("net_amount", sa.Numeric(18, 4)),
    schema="marts",
)
dim_products = sa.Table(
    "dim_products",
    _reading,
    *(sa.Column(name, sa.Text) for name in ("merchant_id", "store_id", "product_id", "category_name", "product_type")),
    schema="marts",
)
dim_customers = sa.Table(
    "dim_customers", _reading, sa.Column("merchant_id", sa.Text), sa.Column("customer_id", sa.Text), schema="marts"
)


def read_facts(
    connection: sa.Connection, merchant_id: str, programme: Programme, *, customers: Collection[str] | None = None
) -> Facts:
    """Everything that the points of a merchant's programme follow from.

    Args:
        connection: The warehouse.
        merchant_id: The tenant.
        programme: The programme.
        customers: Only what the points of these follow from, by their ids of now; None for everybody's.
    """
    since = programme.rules[0].valid_from_date
    ids = None if customers is None else ids_of(connection, merchant_id, customers)

    def kept(table: sa.Table, schema: Mapping[str, Any]) -> pl.DataFrame:
        return _by_now(connection, merchant_id, programme, table, schema, ids)

    return Facts(
        orders=_orders(connection, merchant_id, since, customers),
        lines=_lines(connection, merchant_id, programme, since, customers),
        refund_parts=_refund_parts(connection, merchant_id, since, customers),
        members=kept(members, MEMBERS),
        birthdays=kept(birthdays, BIRTHDAYS),
        adjustments=kept(adjustments, ADJUSTMENTS),
        redemptions=kept(redemptions, REDEMPTIONS),
    )


def note_members(
    connection: sa.Connection, merchant_id: str, programme: str, *, as_of_date: date, zone: ZoneInfo
) -> None:
    """Enter the customers that were not seen before; founding ones are those who were customers before.

    All of the programme's first night are, and whoever's first order lies before it, or before the night in which
    their store was first read: a store that joins brings its old customers along. An account without an order that a
    store brought in its first night is an old customer's as well.
    """
    is_first = ~sa.exists().where(members.c.merchant_id == merchant_id, members.c.programme == programme)
    seen = sa.exists().where(
        members.c.merchant_id == merchant_id,
        members.c.programme == programme,
        members.c.customer_id == dim_customers.c.customer_id,
    )
    new = sa.select(
        dim_customers.c.merchant_id,
        sa.literal(programme),
        dim_customers.c.customer_id,
        sa.literal(as_of_date),
        sa.or_(is_first, _was_a_customer(merchant_id, programme, zone)),
    ).where(dim_customers.c.merchant_id == merchant_id, ~seen)
    connection.execute(sa.insert(members).from_select([column.name for column in members.columns], new))


def _was_a_customer(merchant_id: str, programme: str, zone: ZoneInfo) -> sa.ColumnElement[bool]:
    """Whether a row of `dim_customers` is of somebody who bought before the programme, or before their store joined."""
    records, firsts = dim_customer_identities, dim_customer_identities.alias("firsts")
    stores = (
        sa.select(_store_of(firsts).label("store_id"), sa.func.min(firsts.c.since_date).label("joined_date"))
        .where(firsts.c.merchant_id == merchant_id)
        .group_by(sa.literal_column("1"))
        .subquery("stores")
    )
    begun_date = (
        sa.select(sa.func.min(members.c.joined_date))
        .where(members.c.merchant_id == merchant_id, members.c.programme == programme)
        .scalar_subquery()
    )
    first_order_date = sa.cast(sa.func.timezone(zone.key, records.c.first_seen_at), sa.Date)
    was_there = sa.case(
        (first_order_date.is_not(None), first_order_date < sa.func.greatest(stores.c.joined_date, begun_date)),
        else_=records.c.since_date <= stores.c.joined_date,
    )
    theirs = sa.select(records.c.customer_id).join(stores, stores.c.store_id == _store_of(records))
    return dim_customers.c.customer_id.in_(theirs.where(records.c.merchant_id == merchant_id, was_there))


def _store_of(records: Any) -> sa.ColumnElement[str]:  # noqa: ANN401 - a table or another name of it
    """The store of a record, whose name begins with it."""
    return sa.func.split_part(records.c.record_id, ":", 1)


def note_categories(connection: sa.Connection, merchant_id: str, programme: str, *, as_of_date: date) -> None:
    """Enter what products are that were something else before: orders up to the day keep the points they earned."""
    keys = ["store_id", "product_id"]
    table = product_categories
    latest = (
        sa.select(table.c.store_id, table.c.product_id, table.c.categories)
        .where(table.c.merchant_id == merchant_id, table.c.programme == programme)
        .distinct(table.c.store_id, table.c.product_id)
        .order_by(table.c.store_id, table.c.product_id, table.c.valid_from_date.desc())
    )
    known = {(row.store_id, row.product_id): row.categories for row in connection.execute(latest)}
    now = sa.select(
        *(dim_products.c[name] for name in keys), dim_products.c.category_name, dim_products.c.product_type
    ).where(dim_products.c.merchant_id == merchant_id)
    changed = []
    for row in connection.execute(now):
        categories = sorted({name.strip().lower() for name in (row.category_name, row.product_type) if name})
        before = known.get((row.store_id, row.product_id))
        if before != categories:
            first_day = date(1970, 1, 1) if before is None else as_of_date
            changed.append(
                {
                    "merchant_id": merchant_id,
                    "programme": programme,
                    "store_id": row.store_id,
                    "product_id": row.product_id,
                    "valid_from_date": first_day,
                    "categories": categories,
                }
            )
    if changed:
        insert = sa.dialects.postgresql.insert(table)
        key = [column.name for column in table.primary_key.columns]
        connection.execute(
            insert.on_conflict_do_update(index_elements=key, set_={"categories": insert.excluded.categories}), changed
        )


def _named(table: sa.Table, name: str) -> sa.ColumnElement[str]:
    """An id that holds the store, for platforms count from one each."""
    return (table.c.store_id + "/" + table.c[name]).label(name)


def _in_ten_thousandths(column: sa.ColumnElement[Any]) -> sa.ColumnElement[int]:
    return sa.cast(column * 10_000, sa.BigInteger).label(column.name)


def _of(table: sa.Table, customers: Collection[str] | None) -> sa.ColumnElement[bool]:
    if customers is None:
        return table.c.customer_id.is_not(None)
    return table.c.customer_id == sa.any_(sa.cast(sorted(customers), sa.ARRAY(sa.Text)))


def _orders(
    connection: sa.Connection, merchant_id: str, since: date, customers: Collection[str] | None
) -> pl.DataFrame:
    table = fct_orders
    query = sa.select(
        _named(table, "order_id"),
        table.c.customer_id,
        table.c.ordered_at,
        table.c.order_date,
        _in_ten_thousandths(table.c.amount),
    ).where(table.c.merchant_id == merchant_id, _of(table, customers), table.c.order_date >= since)
    return read_frame(connection, query).cast(dict(ORDERS))  # type: ignore[arg-type] # a mapping of types


def _lines(
    connection: sa.Connection,
    merchant_id: str,
    programme: Programme,
    since: date,
    customers: Collection[str] | None,
) -> pl.DataFrame:
    table = fct_order_lines
    query = sa.select(
        _named(table, "order_id"),
        table.c.line_id,
        table.c.store_id,
        table.c.product_id,
        table.c.order_date,
        _in_ten_thousandths(table.c.net_amount),
    ).where(table.c.merchant_id == merchant_id, _of(table, customers), table.c.order_date >= since)
    lines = read_frame(connection, query)
    if programme.has_multipliers:
        kept = product_categories
        known = read_frame(
            connection,
            sa.select(kept.c.store_id, kept.c.product_id, kept.c.valid_from_date, kept.c.categories).where(
                kept.c.merchant_id == merchant_id, kept.c.programme == programme.name
            ),
        )
        lines = lines.sort("order_date").join_asof(
            known.sort("valid_from_date"),
            left_on="order_date",
            right_on="valid_from_date",
            by=["store_id", "product_id"],
            strategy="backward",
            check_sortedness=False,
        )
    else:
        lines = lines.with_columns(categories=pl.lit(None, pl.List(pl.String)))
    return lines.select(*LINES).cast(dict(LINES))  # type: ignore[arg-type] # a mapping of types


def _refund_parts(
    connection: sa.Connection, merchant_id: str, since: date, customers: Collection[str] | None
) -> pl.DataFrame:
    refunds, parts, orders = fct_refunds, fct_refund_lines, fct_orders
    is_of = sa.and_(*(orders.c[name] == refunds.c[name] for name in ("merchant_id", "store_id", "order_id")))
    is_its = sa.and_(*(refunds.c[name] == parts.c[name] for name in ("merchant_id", "store_id", "refund_id")))
    query = (
        sa.select(
            _named(refunds, "refund_id"),
            _named(refunds, "order_id"),
            parts.c.line_id,
            parts.c.line_kind,
            refunds.c.refunded_at,
            refunds.c.refund_date,
            _in_ten_thousandths(_at_the_orders_rate(parts.c.net_amount)),
        )
        .select_from(refunds.join(parts, is_its).outerjoin(orders, is_of))
        # A refund is never older than what it takes back, so older ones are of orders that earned nothing.
        .where(refunds.c.merchant_id == merchant_id, refunds.c.order_id.is_not(None), refunds.c.refund_date >= since)
    )
    if customers is not None:  # whoever the refund was booked on: what it takes back is the buyer's
        query = query.where(_of(orders, customers))
    return read_frame(connection, query).cast(dict(REFUND_PARTS))  # type: ignore[arg-type] # a mapping of types


def _at_the_orders_rate(amount: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """A part of a refund as it would be at the rate of its order's day.

    The tables have it at the rate of the refund's day, at which a refund of everything would take back more or less
    than the order earned. What was paid back in another currency than was paid stays as it is.
    """
    refunds, orders = fct_refunds, fct_orders
    is_comparable = sa.and_(
        orders.c.original_currency_code == refunds.c.original_currency_code,
        orders.c.original_amount > 0,
        orders.c.amount > 0,
        refunds.c.original_amount > 0,
        refunds.c.amount > 0,
    )
    paid_back = refunds.c.original_amount * orders.c.amount / (orders.c.original_amount * refunds.c.amount)
    return sa.case((is_comparable, sa.func.round(amount * paid_back, 4)), else_=amount).label("net_amount")


def _by_now(
    connection: sa.Connection,
    merchant_id: str,
    programme: Programme,
    table: sa.Table,
    schema: Mapping[str, Any],
    ids: Collection[str] | None,
) -> pl.DataFrame:
    """The rows of a table of facts, of some ids or of all, under the customers' ids of now."""
    query = sa.select(*(table.c[name] for name in schema)).where(table.c.merchant_id == merchant_id)
    if "programme" in table.c:
        query = query.where(table.c.programme == programme.name)
    if ids is not None:
        query = query.where(table.c.customer_id == sa.any_(sa.cast(sorted(ids), sa.ARRAY(sa.Text))))
    found = read_frame(connection, query).cast(dict(schema))  # type: ignore[arg-type] # a mapping of types
    if found.is_empty():
        return found
    known = current_ids(connection, merchant_id, found["customer_id"].unique().to_list())
    if table is birthdays:  # told by a list of somebody's; an id of nobody earns nothing
        found = found.filter(pl.col("customer_id").is_in(list(known)))
    return found.with_columns(
        pl.col("customer_id").replace_strict(list(known), list(known.values()), default=pl.col("customer_id"))
        if known
        else pl.col("customer_id")
    )
