"""Let the ledger of deliveries hold what a campaign sends once, and what a destination refused too often."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

_COLUMNS = (
    ("campaign", "The campaign that sends it; null for what keeps an audience in step."),
    ("campaign_version", "The campaign's version when it was reserved."),
    ("arm", "The customer's arm in the campaign."),
    ("step", "Which of the campaign's messages it is."),
    ("period", "The occasion: the same message about another occasion is another one."),
    ("provider", "Which of a destination's providers took it, where it has several."),
)
_COMMENTS = {
    "audience": "The audience that is kept in step; null for what a campaign sends.",
    "operation": "upsert, insert, update or remove; send for what happens once.",
    "payload_hash": "Of what was sent last; empty until it was rendered.",
    "outcome": "reserved, accepted, rejected, retry, dead, maybe_sent, superseded, or withheld by a gate.",
}
_COMMENTS_BEFORE = {
    "audience": None,
    "operation": "upsert or remove.",
    "payload_hash": None,
    "outcome": "reserved, accepted, rejected, retry, maybe_sent, superseded, or withheld by a gate.",
}
_INDEXES = {
    "deliveries_merchant_id_customer_id_attempted_at_idx": ["merchant_id", "customer_id", "attempted_at"],
    "deliveries_merchant_id_campaign_outcome_idx": ["merchant_id", "campaign", "outcome"],
}


def upgrade() -> None:
    for name, comment in _COLUMNS:
        op.add_column("deliveries", sa.Column(name, sa.Text(), comment=comment), schema="activation")
    op.add_column(
        "deliveries",
        sa.Column(
            "failed_run_count",
            sa.Integer(),
            nullable=False,
            server_default="0",
            comment="Runs that tried it in vain; after the last one it is dead until a person replays it.",
        ),
        schema="activation",
    )
    op.alter_column("deliveries", "audience", nullable=True, schema="activation")
    for name, comment in _COMMENTS.items():
        op.alter_column("deliveries", name, comment=comment, schema="activation")
    op.create_check_constraint(
        op.f("deliveries_of_one_thing_check"), "deliveries", "num_nonnulls(audience, campaign) = 1", schema="activation"
    )
    for name, columns in _INDEXES.items():
        op.create_index(
            name, "deliveries", columns, schema="activation", postgresql_where=sa.text("campaign is not null")
        )


def downgrade() -> None:
    for name in _INDEXES:
        op.drop_index(name, table_name="deliveries", schema="activation")
    op.drop_constraint(op.f("deliveries_of_one_thing_check"), "deliveries", schema="activation")
    # What no audience is kept in step by has no place in the ledger of then.
    deliveries = sa.table("deliveries", sa.column("audience"), schema="activation")
    op.execute(sa.delete(deliveries).where(deliveries.c.audience.is_(None)))
    for name, comment in _COMMENTS_BEFORE.items():
        op.alter_column("deliveries", name, comment=comment, schema="activation")
    op.alter_column("deliveries", "audience", nullable=False, schema="activation")
    for name in ("failed_run_count", *(name for name, _ in reversed(_COLUMNS))):
        op.drop_column("deliveries", name, schema="activation")
