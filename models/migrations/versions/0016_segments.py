"""Keep segments: how they are defined, what became of each definition, and the queries that say who is in them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.create_table(
        "segment_definitions",
        sa.Column("merchant_id", sa.Text(), nullable=False),
        sa.Column("segment_name", sa.Text(), nullable=False, comment="Small letters, digits and _."),
        sa.Column("description", sa.Text(), nullable=False, server_default="", comment="Who is in it, for people."),
        sa.Column("criteria", postgresql.JSONB(), nullable=False, comment="What its members meet."),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.PrimaryKeyConstraint("merchant_id", "segment_name", name="segment_definitions_pkey"),
        schema="ops",
        comment="One row per segment that is defined beside perennial.yml; whoever may write here may add one.",
    )
    op.create_table(
        "segments",
        sa.Column("merchant_id", sa.Text(), nullable=False),
        sa.Column("segment_name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("declared_in", sa.Text(), nullable=False, comment="perennial.yml or ops.segment_definitions."),
        sa.Column("criteria_hash", sa.Text(), comment="Digest of the criteria; null when they are wrong."),
        sa.Column("error", sa.Text(), comment="What is wrong with the criteria; its members then stay as they were."),
        sa.Column("run_id", sa.Text(), nullable=False, comment="The run that compiled it."),
        sa.PrimaryKeyConstraint("merchant_id", "segment_name", name="segments_pkey"),
        schema="ops",
        comment="One row per segment that the last run found, with what is wrong with it, if anything is.",
    )
    op.create_table(
        "segment_queries",
        sa.Column("merchant_id", sa.Text(), nullable=False),
        sa.Column("query_number", sa.BigInteger(), nullable=False),
        sa.Column("as_of_date", sa.Date(), nullable=False, comment="The day that the query's windows end with."),
        sa.Column("segment_names", sa.ARRAY(sa.Text()), nullable=False, comment="The segments that it is about."),
        sa.Column("query", sa.Text(), comment="SQL for who is in them; null for a merchant without segments."),
        sa.Column("run_id", sa.Text(), nullable=False, comment="The run that compiled it."),
        sa.PrimaryKeyConstraint("merchant_id", "query_number", name="segment_queries_pkey"),
        schema="ops",
        comment="One row per query for who is in a merchant's segments; written by the compiler of criteria alone.",
    )


def downgrade() -> None:
    for name in ("segment_queries", "segments", "segment_definitions"):
        op.drop_table(name, schema="ops")
