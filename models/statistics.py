"""What the planner knows of the tables that a run has filled: measured before they are read, not minutes later.

PostgreSQL measures a table when its autovacuum comes by. A first night lands a million orders and reads them at once:
planned for a handful of rows, they are joined row by row.
"""

from typing import Any

import psycopg
from psycopg import sql

from models.statements import statement


def measure_grown_tables(connection: psycopg.Connection[Any]) -> tuple[str, ...]:
    """Refresh the planner's statistics of the tables that were never measured, or have grown by a tenth since.

    Args:
        connection: The owner's of the tables, in autocommit: each table is measured on its own, and what others hold
            locked for a while holds up no more than itself.

    Returns:
        The tables that were measured, as `schema.table`, in order.
    """
    found = connection.execute(statement("unmeasured_tables")).fetchall()
    for schema, table in found:
        connection.execute(sql.SQL("analyze {}").format(sql.Identifier(schema, table)))
    return tuple(f"{schema}.{table}" for schema, table in found)
