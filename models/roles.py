"""Who may do what in the warehouse: one role loads, one transforms, one reads the marts.

The roles cannot log in by themselves; the owner's connections take them on (`engine.connect(..., role=...)`), and the
embedded server lets the reader log in for BI tools. Holds no table definitions.
"""

from typing import Any

import psycopg
from psycopg import sql

from models.engine import WAREHOUSE_KEY
from models.errors import MisconfiguredError
from models.schema import DBT_SCHEMAS
from models.statements import statement

LOADER = "perennial_loader"
TRANSFORMER = "perennial_transformer"
READER = "perennial_reader"
ROLES = (LOADER, TRANSFORMER, READER)

Connection = psycopg.Connection[tuple[Any, ...]]


def create_roles(connection: Connection) -> None:
    """Create the roles that are absent, and let the connected user take each of them on.

    Raises:
        MisconfiguredError: The user may not create roles, or may not be granted one that exists.
    """
    try:
        connection.execute(statement("create_roles").format(roles=sql.Literal(list(ROLES))))
    except psycopg.errors.InsufficientPrivilege as error:
        user = connection.info.user
        raise MisconfiguredError(
            WAREHOUSE_KEY,
            f"user {user!r} cannot set up the roles {', '.join(ROLES)} ({str(error).strip()}); connect as a user with "
            f'CREATEROLE, or have an administrator create them and run: grant {", ".join(ROLES)} to "{user}"',
        ) from None


def create_dbt_schemas(connection: Connection) -> None:
    """Create the schemas that dbt fills, owned by the transforming role; needs the roles."""
    connection.execute(
        statement("create_dbt_schemas").format(
            schemas=sql.Literal(list(DBT_SCHEMAS)), transformer=sql.Literal(TRANSFORMER)
        )
    )


def grant_privileges(connection: Connection) -> None:
    """Give each role what it needs on the tables that exist, and the reader what dbt will create in the marts."""
    connection.execute(
        statement("grant_privileges").format(
            loader=sql.Identifier(LOADER), transformer=sql.Identifier(TRANSFORMER), reader=sql.Identifier(READER)
        )
    )


def enable_login(connection: Connection, role: str, password: str) -> None:
    """Let a role log in with a password; repeating it sets the password anew.

    Args:
        connection: The owner's.
        role: One of `ROLES`.
        password: The password; it reaches the server's statement log only if the server logs DDL.
    """
    connection.execute(
        statement("enable_login").format(role=sql.Identifier(role), password=sql.Literal(password)),
    )
