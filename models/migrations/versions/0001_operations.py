"""Create the books: merchants, runs, batches, cursors and rejected records."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "archive_batches",
        sa.Column(
            "batch_id", sa.Text(), nullable=False, comment="Digest of the store and its input: a repeat is the same."
        ),
        sa.Column("batch_number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("merchant_id", sa.Text(), nullable=False),
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False, comment="snapshot or delta."),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("cursor", postgresql.JSONB(), nullable=False, comment="The state to commit with the rows."),
        sa.Column("row_counts", postgresql.JSONB(), nullable=False, comment="Rows archived per stream."),
        sa.Column("rejected_count", sa.BigInteger(), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("contract_passed", sa.Boolean(), nullable=True, comment="Null until the data contract was checked."),
        sa.Column(
            "contract_report",
            postgresql.JSONB(),
            nullable=True,
            comment="What the data contract found.",
        ),
        sa.Column("landed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("batch_id", name="archive_batches_pkey"),
        sa.UniqueConstraint("batch_number", name="archive_batches_batch_number_key"),
        schema="ops",
        comment="One row per batch in the archive, and how far it got: archived, checked, landed.",
    )
    op.create_table(
        "cursors",
        sa.Column("merchant_id", sa.Text(), nullable=False),
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("state", postgresql.JSONB(), nullable=False),
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", "store_id", "source", name="cursors_pkey"),
        schema="ops",
        comment="One row per store and source: how far it has been read, committed with the rows themselves.",
    )
    op.create_table(
        "exchange_rates",
        sa.Column("merchant_id", sa.Text(), nullable=False),
        sa.Column("currency_code", sa.Text(), nullable=False, comment="The currency converted from."),
        sa.Column("valid_from_date", sa.Date(), nullable=False),
        sa.Column(
            "rate", sa.Numeric(precision=18, scale=8), nullable=False, comment="Merchant currency per unit of this one."
        ),
        sa.PrimaryKeyConstraint("merchant_id", "currency_code", "valid_from_date", name="exchange_rates_pkey"),
        schema="ops",
        comment="One row per merchant, currency and first day of validity: the rates that perennial.yml declares.",
    )
    op.create_table(
        "merchant_checks",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("merchant_id", sa.Text(), nullable=False),
        sa.Column("check_name", sa.Text(), nullable=False),
        sa.Column("has_passed", sa.Boolean(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "merchant_id", "check_name", name="merchant_checks_pkey"),
        schema="ops",
        comment="One row per run, merchant and check that can withhold the merchant's publish.",
    )
    op.create_table(
        "merchant_runs",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("merchant_id", sa.Text(), nullable=False),
        sa.Column("as_of_date", sa.Date(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False, comment="published or withheld."),
        sa.Column("reasons", sa.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "merchant_id", name="merchant_runs_pkey"),
        schema="ops",
        comment="One row per run and merchant: whether its numbers were published, and if not, why not.",
    )
    op.create_table(
        "merchants",
        sa.Column("merchant_id", sa.Text(), nullable=False),
        sa.Column("merchant_name", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False, comment="IANA zone that decides the merchant's days."),
        sa.Column("currency_code", sa.Text(), nullable=False, comment="The currency of analysis."),
        sa.Column("as_of_date", sa.Date(), nullable=False, comment="The last day that the current tables describe."),
        sa.Column(
            "counts_zero_amount_days",
            sa.Boolean(),
            nullable=False,
            comment="Whether a day whose orders cost nothing is a purchase occasion.",
        ),
        sa.Column("withheld_reasons", sa.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("run_id", sa.Text(), nullable=True, comment="The run that last worked on the merchant."),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("merchant_id", name="merchants_pkey"),
        schema="ops",
        comment="One row per merchant as declared in perennial.yml, with whether its publish is withheld.",
    )
    op.create_table(
        "rejected_records",
        sa.Column("reject_id", sa.Text(), nullable=False, comment="Digest of store, stream, raw text and occurrence."),
        sa.Column("merchant_id", sa.Text(), nullable=False),
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False, comment="The file, or the platform's endpoint."),
        sa.Column("line", sa.BigInteger(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("raw_text", sa.Text(), nullable=False),
        sa.Column("record_key", sa.Text(), nullable=True, comment="The natural key, where it could be read."),
        sa.Column("batch_id", sa.Text(), nullable=False, comment="The batch that last met the record."),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("corrected_text", sa.Text(), nullable=True, comment="What its owner wants read instead."),
        sa.Column("corrected_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True, comment="When it stopped being rejected."),
        sa.PrimaryKeyConstraint("reject_id", name="rejected_records_pkey"),
        schema="ops",
        comment="One row per record set aside, with file, line, field, reason and the raw text.",
    )
    op.create_index(
        "rejected_records_merchant_id_store_id_source_idx",
        "rejected_records",
        ["merchant_id", "store_id", "source"],
        unique=False,
        schema="ops",
    )
    op.create_table(
        "sync_runs",
        sa.Column("sync_run_id", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("merchant_id", sa.Text(), nullable=False),
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("batch_id", sa.Text(), nullable=True),
        sa.Column(
            "status", sa.Text(), nullable=False, comment="started, unchanged, archived, landed, withheld or failed."
        ),
        sa.Column("rows_read", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("rows_inserted", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("rows_updated", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("rows_unchanged", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("rows_deleted", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("rows_rejected", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("cursor", postgresql.JSONB(), nullable=True),
        sa.Column("message", sa.Text(), nullable=True, comment="What went wrong and what to do, when something did."),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("sync_run_id", name="sync_runs_pkey"),
        schema="ops",
        comment="One row per run, store and stream: what was read, landed, left alone and set aside.",
    )
    op.create_index(
        "sync_runs_merchant_id_store_id_source_stream_started_at_idx",
        "sync_runs",
        ["merchant_id", "store_id", "source", "stream", "started_at"],
        unique=False,
        schema="ops",
    )


def downgrade() -> None:
    op.drop_index("sync_runs_merchant_id_store_id_source_stream_started_at_idx", table_name="sync_runs", schema="ops")
    op.drop_table("sync_runs", schema="ops")
    op.drop_index("rejected_records_merchant_id_store_id_source_idx", table_name="rejected_records", schema="ops")
    op.drop_table("rejected_records", schema="ops")
    op.drop_table("merchants", schema="ops")
    op.drop_table("merchant_runs", schema="ops")
    op.drop_table("merchant_checks", schema="ops")
    op.drop_table("exchange_rates", schema="ops")
    op.drop_table("cursors", schema="ops")
    op.drop_table("archive_batches", schema="ops")
