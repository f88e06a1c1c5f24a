"""Keep of everybody whom a destination holds that it does, also of those whose fields were never kept."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0025"
down_revision = "0024"

_KEY = ("merchant_id", "destination", "audience", "customer_id")
_deliveries = sa.table(
    "deliveries",
    *(sa.column(name, sa.Text()) for name in (*_KEY, "operation", "outcome")),
    sa.column("delivery_id", sa.BigInteger()),
    schema="activation",
)
_sent_fields = sa.table(
    "sent_fields",
    *(sa.column(name, sa.Text()) for name in (*_KEY, "payload_hash")),
    sa.column("fields", postgresql.JSONB()),
    schema="activation",
)


def upgrade() -> None:
    key = [_deliveries.c[name] for name in _KEY]
    last = (
        sa.select(*key, _deliveries.c.operation)
        .where(_deliveries.c.outcome == "accepted", _deliveries.c.audience.is_not(None))
        .distinct(*key)
        .order_by(*key, _deliveries.c.delivery_id.desc())
        .subquery("last")
    )
    is_its = sa.and_(*(_sent_fields.c[name] == last.c[name] for name in _KEY))
    op.execute(sa.delete(_sent_fields).where(is_its, last.c.operation == "remove"))
    unknown = [sa.literal("", sa.Text()), sa.literal({}, postgresql.JSONB())]
    held = sa.select(*(last.c[name] for name in _KEY), *unknown).where(last.c.operation != "remove")
    op.execute(
        postgresql.insert(_sent_fields).from_select([*_KEY, "payload_hash", "fields"], held).on_conflict_do_nothing()
    )


def downgrade() -> None:
    op.execute(sa.delete(_sent_fields).where(_sent_fields.c.payload_hash == ""))
