"""The warehouse's schemas, and how a stream becomes a raw table.

Tables are SQLAlchemy Core, one module per schema (`raw`, `ops`, `ml`, `activation`, `loyalty`); Alembic's
migrations create them. dbt owns `staging`, `intermediate`, `marts` and `vault`.
"""

from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from models.records import Stream

NAMING_CONVENTION = {
    "pk": "%(table_name)s_pkey",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    "ck": "%(table_name)s_%(constraint_name)s_check",
    "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
}

metadata = sa.MetaData(naming_convention=NAMING_CONVENTION)

# Written by migrations; the rest belong to dbt, which creates them itself.
OPS = "ops"
ML = "ml"
ACTIVATION = "activation"
LOYALTY = "loyalty"
DBT_SCHEMAS = ("staging", "intermediate", "marts", "vault", "dbt_checks")

Money = sa.Numeric(18, 4)
Timestamp = sa.DateTime(timezone=True)
Json = postgresql.JSONB

_POSTGRES_TYPES: dict[pa.DataType, sa.types.TypeEngine[Any]] = {
    pa.string(): sa.Text(),
    pa.int64(): sa.BigInteger(),
    pa.bool_(): sa.Boolean(),
    pa.date32(): sa.Date(),
    pa.float64(): sa.Double(),
    pa.timestamp("us", tz="UTC"): Timestamp,
}


def is_there(connection: sa.Connection, name: str) -> bool:
    """Whether a table or a view of this name, with its schema, is there; what dbt makes is not before the first run."""
    return connection.scalar(sa.select(sa.func.to_regclass(name))) is not None


def postgres_type(arrow_type: pa.DataType) -> sa.types.TypeEngine[Any]:
    """The PostgreSQL column type that holds an Arrow type without loss.

    Raises:
        KeyError: The type is not one that record contracts use.
    """
    if pa.types.is_decimal(arrow_type):
        return sa.Numeric(arrow_type.precision, arrow_type.scale)
    return _POSTGRES_TYPES[arrow_type]


def raw_table(source: str, stream: Stream) -> sa.Table:
    """The raw table of a stream: tenant columns, the stream's own, and the warehouse's bookkeeping.

    Args:
        source: The source's system name; the table's schema is `raw_<source>`.
        stream: The record contract.

    Returns:
        A table registered in `metadata`, with the natural key `(merchant_id, store_id, *stream.key)`.
    """
    return sa.Table(
        stream.name,
        metadata,
        sa.Column("merchant_id", sa.Text, nullable=False, comment="The tenant."),
        sa.Column("store_id", sa.Text, nullable=False, comment="The merchant's store that the record belongs to."),
        *(
            sa.Column(
                column.name,
                postgres_type(column.type),
                nullable=not column.required,
                comment=column.description,
            )
            for column in stream.columns
        ),
        sa.Column("source_updated_at", Timestamp, comment="When the source last changed it, where it says."),
        sa.Column("content_hash", sa.Text, nullable=False, comment="Digest of the record's own columns."),
        sa.Column("batch_id", sa.Text, nullable=False, comment="The archived batch that this version came with."),
        sa.Column("loaded_at", Timestamp, nullable=False, comment="When this version of the record was landed."),
        sa.Column("is_deleted", sa.Boolean, nullable=False, server_default=sa.false(), comment="Gone at the source."),
        # In the key's own order, not the columns': the parts of a parent are found by the key's first columns.
        sa.PrimaryKeyConstraint("merchant_id", "store_id", *stream.key),
        schema=f"raw_{source}",
        comment=stream.description,
    )
