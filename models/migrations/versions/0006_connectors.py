"""Keep what syncs asked of platforms: requests, waits, and how much of their allowances."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "api_budget",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("merchant_id", sa.Text(), nullable=False),
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("budget_name", sa.Text(), nullable=False, comment="The allowance, in the source's own terms."),
        sa.Column(
            "budget_limit",
            sa.Double(),
            nullable=True,
            comment="How much there is at most at one time, as the platform said last.",
        ),
        sa.Column("used_total", sa.Double(), nullable=False, comment="What the run used of it in all."),
        sa.Column(
            "peak_rate",
            sa.Double(),
            nullable=False,
            comment="Largest share of the limit in use after any reply, 0 to 1.",
        ),
        sa.Column("wait_count", sa.BigInteger(), nullable=False, comment="How often the run waited for the platform."),
        sa.Column("wait_seconds", sa.Double(), nullable=False, comment="How long in all."),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "merchant_id", "store_id", "source", "budget_name", name="api_budget_pkey"),
        schema="ops",
        comment="One row per run, store and allowance of its platform: how much of the allowance the run used.",
    )
    op.add_column(
        "archive_batches",
        sa.Column(
            "rows_changed",
            sa.BigInteger(),
            nullable=True,
            comment="Rows that landing it inserted, updated or marked as gone; null where that is not known.",
        ),
        schema="ops",
    )
    op.add_column(
        "sync_runs",
        sa.Column(
            "request_count",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="Requests made for the stream.",
        ),
        schema="ops",
    )
    op.add_column(
        "sync_runs",
        sa.Column(
            "wait_count",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="How often the store's read waited for the platform, for whichever stream.",
        ),
        schema="ops",
    )
    op.add_column(
        "sync_runs",
        sa.Column("wait_seconds", sa.Double(), server_default="0", nullable=False, comment="How long in all."),
        schema="ops",
    )


def downgrade() -> None:
    op.drop_column("archive_batches", "rows_changed", schema="ops")
    for name in ("wait_seconds", "wait_count", "request_count"):
        op.drop_column("sync_runs", name, schema="ops")
    op.drop_table("api_budget", schema="ops")
