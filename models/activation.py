"""The `activation` schema: who is in which audience, and the ledger of what was delivered."""

import sqlalchemy as sa

from models.schema import ACTIVATION, Json, Timestamp, metadata

audience_members = sa.Table(
    "audience_members",
    metadata,
    sa.Column("merchant_id", sa.Text, primary_key=True),
    sa.Column("audience", sa.Text, primary_key=True),
    sa.Column("customer_id", sa.Text, primary_key=True),
    sa.Column("entered_at", Timestamp, primary_key=True, comment="As-of time of the run that first found them in it."),
    sa.Column("left_at", Timestamp, comment="As-of time of the run that no longer did; null while they are in it."),
    sa.Column("rule_hash", sa.Text, nullable=False, comment="Digest of the audience's rule when they entered."),
    sa.Column("model_run_id", sa.Text, comment="The model run whose predictions the rule read."),
    schema=ACTIVATION,
    comment="One row per customer and stay in an audience.",
)

deliveries = sa.Table(
    "deliveries",
    metadata,
    sa.Column("delivery_id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("merchant_id", sa.Text, nullable=False),
    sa.Column("destination", sa.Text, nullable=False, comment="The destination's name in perennial.yml."),
    sa.Column("audience", sa.Text, nullable=False),
    sa.Column("customer_id", sa.Text, nullable=False),
    sa.Column("operation", sa.Text, nullable=False, comment="upsert or remove."),
    sa.Column("action_key", sa.Text, nullable=False, comment="Deterministic; the same action never has two keys."),
    sa.Column("payload_hash", sa.Text, nullable=False),
    sa.Column(
        "outcome",
        sa.Text,
        nullable=False,
        comment="reserved, accepted, rejected, retry, maybe_sent, superseded, or withheld by a gate.",
    ),
    sa.Column("reason", sa.Text, comment="Why, when it was not accepted."),
    sa.Column("attempt_count", sa.Integer, nullable=False, server_default="0"),
    sa.Column("provider_reference", sa.Text),
    sa.Column("retry_at", Timestamp),
    sa.Column("run_id", sa.Text, nullable=False),
    sa.Column("model_run_id", sa.Text),
    sa.Column("reserved_at", Timestamp, nullable=False),
    sa.Column("attempted_at", Timestamp),
    sa.Column("details", Json, comment="Facts about the decision; never payload values."),
    sa.UniqueConstraint("merchant_id", "action_key"),
    sa.Index(None, "merchant_id", "destination", "audience", "customer_id"),
    schema=ACTIVATION,
    comment="One row per action: reserved before the call, with its outcome after it.",
)
