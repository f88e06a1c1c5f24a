"""Create the book of what each stage's tables were last built from."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "stage_builds",
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column(
            "inputs_digest",
            sa.Text(),
            nullable=False,
            comment="Digest of all that the stage's tables are made from.",
        ),
        sa.Column("run_id", sa.Text(), nullable=False, comment="The run that built them."),
        sa.Column("built_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("stage", name="stage_builds_pkey"),
        schema="ops",
        comment="One row per stage of the dbt project whose tables were last built and passed every test.",
    )


def downgrade() -> None:
    op.drop_table("stage_builds", schema="ops")
