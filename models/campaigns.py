"""The `activation` schema's campaigns: who is in which arm since when, and who is not to be written to at all."""

import sqlalchemy as sa

from models.schema import ACTIVATION, Json, Money, Timestamp, metadata

campaign_versions = sa.Table(
    "campaign_versions",
    metadata,
    sa.Column("merchant_id", sa.Text, primary_key=True),
    sa.Column("campaign", sa.Text, primary_key=True),
    sa.Column("campaign_version", sa.Text, primary_key=True, comment="Digest of the declaration."),
    sa.Column("declaration", Json, nullable=False, comment="As perennial.yml had it; holds no secret."),
    sa.Column("first_as_of_date", sa.Date, nullable=False, comment="The first day that it was worked out for."),
    sa.Column("last_as_of_date", sa.Date, nullable=False, comment="The latest day that it was worked out for."),
    sa.Column("first_run_id", sa.Text, nullable=False),
    schema=ACTIVATION,
    comment="One row per version of a campaign that a run has worked out.",
)

campaign_enrolments = sa.Table(
    "campaign_enrolments",
    metadata,
    sa.Column("merchant_id", sa.Text, primary_key=True),
    sa.Column("campaign", sa.Text, primary_key=True),
    sa.Column("customer_id", sa.Text, primary_key=True),
    sa.Column("period", sa.Text, primary_key=True, comment="What the trigger is about, such as the day of an order."),
    sa.Column("campaign_version", sa.Text, nullable=False),
    sa.Column("arm", sa.Text, nullable=False, comment="message or holdout; written before anything is sent."),
    sa.Column("refusal", sa.Text, comment="Why they take no part, in either arm; null when they do."),
    sa.Column("as_of_date", sa.Date, nullable=False, comment="The day that the trigger was found for."),
    sa.Column("triggered_at", Timestamp, nullable=False, comment="When it happened, as far as the night knows."),
    sa.Column("window_days", sa.Integer, nullable=False, comment="Days after the as-of date whose revenue counts."),
    sa.Column("forecast_amount", Money, comment="Revenue expected in the window, before anything was sent."),
    sa.Column("currency_code", sa.Text),
    sa.Column("consent_at", Timestamp, comment="When they agreed to be written to, as the shop says."),
    sa.Column("consent_evidence", sa.Text, comment="How that is known: the store, and what it keeps as proof."),
    sa.Column("model_run_id", sa.Text),
    sa.Column("run_id", sa.Text, nullable=False),
    sa.Column("enrolled_at", Timestamp, nullable=False),
    sa.Index(None, "merchant_id", "customer_id"),
    schema=ACTIVATION,
    comment="One row per customer whom a campaign's trigger found, with the arm, or why they take no part.",
)

suppressions = sa.Table(
    "suppressions",
    metadata,
    sa.Column("suppression_id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("merchant_id", sa.Text, nullable=False),
    sa.Column("channel", sa.Text, nullable=False, comment="Such as email."),
    sa.Column("address_hash", sa.Text, comment="SHA-256 of the address in small letters; null for a customer."),
    sa.Column("customer_id", sa.Text, comment="The customer; null for an address."),
    sa.Column("reason", sa.Text, nullable=False, comment="bounce, complaint, unsubscribe, invalid or manual."),
    sa.Column("evidence", sa.Text, comment="Where it is known from, such as a provider or a campaign's link."),
    sa.Column("suppressed_at", Timestamp, nullable=False),
    sa.Column("lifted_at", Timestamp, comment="When a person lifted it; null while it stands."),
    sa.Column("lifted_because", sa.Text),
    sa.CheckConstraint("num_nonnulls(address_hash, customer_id) = 1", name="of_one"),
    sa.Index(
        "suppressions_standing_address_idx",
        "merchant_id",
        "channel",
        "address_hash",
        "reason",
        unique=True,
        postgresql_where=sa.text("lifted_at is null and address_hash is not null"),
    ),
    sa.Index(
        "suppressions_standing_customer_idx",
        "merchant_id",
        "channel",
        "customer_id",
        "reason",
        unique=True,
        postgresql_where=sa.text("lifted_at is null and customer_id is not null"),
    ),
    schema=ACTIVATION,
    comment="One row per address or customer who is not to be written to, and why.",
)

list_readings = sa.Table(
    "list_readings",
    metadata,
    sa.Column("merchant_id", sa.Text, primary_key=True),
    sa.Column("destination", sa.Text, primary_key=True, comment="The destination's name in perennial.yml."),
    sa.Column("read_at", Timestamp, comment="When its list was read last; null while it never was."),
    sa.Column("failed_at", Timestamp, comment="When it could not be read since; null while it can."),
    schema=ACTIVATION,
    comment="One row per mail provider of a merchant that keeps a suppression list: whether it could be read.",
)
