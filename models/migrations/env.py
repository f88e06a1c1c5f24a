"""Where Alembic is told what to migrate: the connection that `models.migration` opened, and the tables of `models`."""

from alembic import context
from sqlalchemy import Connection

import models.activation
import models.campaigns
import models.loyalty
import models.ml
import models.ops
import models.raw  # noqa: F401 (each of these modules registers its tables in the metadata)
from models.schema import OPS, metadata


def run_migrations(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        include_schemas=True,
        version_table_schema=OPS,
        compare_type=True,
        compare_server_default=True,
    )
    with context.begin_transaction():
        context.run_migrations()


run_migrations(context.config.attributes["connection"])
