"""Keep with each model run what the tables that it read were built from, so that it can be made again."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "built_merchants",
        sa.Column("merchant_id", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False, comment="The run that built them."),
        sa.Column("built_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "project_digest",
            sa.Text(),
            nullable=False,
            comment="Digest of the dbt project and of the dbt that built it.",
        ),
        sa.Column(
            "versions",
            postgresql.JSONB(),
            nullable=False,
            comment="What else built them: library or server to version.",
        ),
        sa.Column(
            "stores",
            postgresql.JSONB(),
            nullable=False,
            comment="Per store and source the number of the last batch that had landed, and how many had.",
        ),
        sa.Column(
            "declared",
            postgresql.JSONB(),
            nullable=False,
            comment="The merchant's rows of each table of declarations that the models read.",
        ),
        sa.PrimaryKeyConstraint("merchant_id", name="built_merchants_pkey"),
        schema="ops",
        comment="One row per merchant: what the tables before the predictions were last built from.",
    )
    op.add_column(
        "model_runs",
        sa.Column(
            "inputs",
            postgresql.JSONB(),
            comment="What the tables it read were built from, as in ops.built_merchants; null of runs before.",
        ),
        schema="ml",
    )
    # Tables that stay as they are would stay without an entry.
    op.execute("delete from ops.stage_builds")


def downgrade() -> None:
    op.drop_column("model_runs", "inputs", schema="ml")
    op.drop_table("built_merchants", schema="ops")
