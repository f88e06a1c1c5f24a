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
    sa.Column("audience", sa.Text, comment="The audience that is kept in step; null for what a campaign sends."),
    sa.Column("campaign", sa.Text, comment="The campaign that sends it; null for what keeps an audience in step."),
    sa.Column("campaign_version", sa.Text, comment="The campaign's version when it was reserved."),
    sa.Column("customer_id", sa.Text, nullable=False),
    sa.Column("arm", sa.Text, comment="The customer's arm in the campaign."),
    sa.Column("step", sa.Text, comment="Which of the campaign's messages it is."),
    sa.Column("period", sa.Text, comment="The occasion: the same message about another occasion is another one."),
    sa.Column(
        "operation", sa.Text, nullable=False, comment="upsert, insert, update or remove; send for what happens once."
    ),
    sa.Column("action_key", sa.Text, nullable=False, comment="Deterministic; the same action never has two keys."),
    sa.Column("payload_hash", sa.Text, nullable=False, comment="Of what was sent last; empty until it was rendered."),
    sa.Column(
        "outcome",
        sa.Text,
        nullable=False,
        comment="reserved, accepted, rejected, retry, dead, maybe_sent, superseded, or withheld by a gate.",
    ),
    sa.Column("reason", sa.Text, comment="Why, when it was not accepted."),
    sa.Column("attempt_count", sa.Integer, nullable=False, server_default="0"),
    sa.Column(
        "failed_run_count",
        sa.Integer,
        nullable=False,
        server_default="0",
        comment="Runs that tried it in vain; after the last one it is dead until a person replays it.",
    ),
    sa.Column("failed_run_id", sa.Text, comment="The last run that tried it in vain; its steps' repeats do not count."),
    sa.Column("provider", sa.Text, comment="Which of a destination's providers took it, where it has several."),
    sa.Column("provider_reference", sa.Text),
    sa.Column("retry_at", Timestamp),
    sa.Column("run_id", sa.Text, nullable=False),
    sa.Column("model_run_id", sa.Text),
    sa.Column("reserved_at", Timestamp, nullable=False),
    sa.Column("attempted_at", Timestamp),
    sa.Column("details", Json, comment="Facts about the decision; never payload values."),
    sa.UniqueConstraint("merchant_id", "action_key"),
    sa.CheckConstraint("num_nonnulls(audience, campaign) = 1", name="of_one_thing"),
    sa.Index(None, "merchant_id", "destination", "audience", "customer_id"),
    # What a customer was sent lately, over all campaigns.
    sa.Index(
        "deliveries_merchant_id_customer_id_attempted_at_idx",
        "merchant_id",
        "customer_id",
        "attempted_at",
        postgresql_where=sa.text("campaign is not null"),
    ),
    # What of an audience is still on its way, or waits for a person.
    sa.Index(
        "deliveries_unsettled_idx",
        "merchant_id",
        "destination",
        "audience",
        postgresql_where=sa.text("outcome in ('reserved', 'retry', 'maybe_sent', 'dead')"),
    ),
    # What of a campaign is still on its way.
    sa.Index(
        "deliveries_merchant_id_campaign_outcome_idx",
        "merchant_id",
        "campaign",
        "outcome",
        postgresql_where=sa.text("campaign is not null"),
    ),
    schema=ACTIVATION,
    comment="One row per action: reserved before the call, with its outcome after it.",
)

sent_fields = sa.Table(
    "sent_fields",
    metadata,
    sa.Column("merchant_id", sa.Text, primary_key=True),
    sa.Column("destination", sa.Text, primary_key=True, comment="The destination's name in perennial.yml."),
    sa.Column("audience", sa.Text, primary_key=True, comment="The audience or the segment."),
    sa.Column("customer_id", sa.Text, primary_key=True),
    sa.Column("payload_hash", sa.Text, nullable=False, comment="Of all that was sent last and accepted."),
    sa.Column(
        "fields",
        Json,
        nullable=False,
        comment="What was sent last, by the destination's names; of what can identify a person, a digest.",
    ),
    schema=ACTIVATION,
    comment="One row per customer whom a destination holds: the fields that it was sent last.",
)

customer_states = sa.Table(
    "customer_states",
    metadata,
    sa.Column("merchant_id", sa.Text, primary_key=True),
    sa.Column("customer_id", sa.Text, primary_key=True),
    sa.Column(
        "state_hash", sa.Text, nullable=False, comment="Of the customer's row, contact, suppression and memberships."
    ),
    sa.Column("change_number", sa.BigInteger, nullable=False, comment="Which reconciliation found it so first."),
    sa.Column("is_gone", sa.Boolean, nullable=False, comment="Whether the customer is there no more."),
    sa.Index(None, "merchant_id", "change_number"),
    schema=ACTIVATION,
    comment="One row per customer of marts.customer_360, now or once: when what can be sent of them changed.",
)

sync_cursors = sa.Table(
    "sync_cursors",
    metadata,
    sa.Column("merchant_id", sa.Text, primary_key=True),
    sa.Column("destination", sa.Text, primary_key=True),
    sa.Column("audience", sa.Text, primary_key=True, comment="The audience or the segment."),
    sa.Column("settings_hash", sa.Text, nullable=False, comment="Of the sync and of what says who is a member."),
    sa.Column("change_number", sa.BigInteger, nullable=False, comment="Everything up to it is in the ledger."),
    sa.Column("as_of_date", sa.Date, nullable=False, comment="The day that was planned for."),
    sa.Column("reconciled_at", Timestamp, nullable=False, comment="When all were looked at last."),
    schema=ACTIVATION,
    comment="One row per sync: up to which change of customers its ledger is in step.",
)
