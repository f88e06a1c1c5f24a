"""The `ops` schema: who the merchants are, what ran, what was read, what was set aside, and what is withheld."""

import sqlalchemy as sa

from models.schema import OPS, Json, Timestamp, metadata

merchants = sa.Table(
    "merchants",
    metadata,
    sa.Column("merchant_id", sa.Text, primary_key=True),
    sa.Column("merchant_name", sa.Text, nullable=False),
    sa.Column("time_zone", sa.Text, nullable=False, comment="IANA zone that decides the merchant's days."),
    sa.Column("currency_code", sa.Text, nullable=False, comment="The currency of analysis."),
    sa.Column("as_of_date", sa.Date, nullable=False, comment="The last day that the current tables describe."),
    sa.Column(
        "counts_zero_amount_days",
        sa.Boolean,
        nullable=False,
        comment="Whether a day whose orders cost nothing is a purchase occasion.",
    ),
    sa.Column(
        "rfm_half_life_days",
        sa.Integer,
        nullable=False,
        server_default="180",
        comment="After how many days a purchase weighs half in the weighted scores.",
    ),
    sa.Column(
        "rfm_recent_score",
        sa.Integer,
        nullable=False,
        server_default="4",
        comment="From which recency score on a customer counts as recent.",
    ),
    sa.Column(
        "rfm_frequent_score",
        sa.Integer,
        nullable=False,
        server_default="4",
        comment="From which frequency score on a customer counts as frequent.",
    ),
    sa.Column(
        "rfm_big_score",
        sa.Integer,
        nullable=False,
        server_default="4",
        comment="From which monetary score on a customer counts as a big spender.",
    ),
    sa.Column("withheld_reasons", sa.ARRAY(sa.Text), nullable=False, server_default="{}"),
    sa.Column("identity_rules", Json, comment="What makes two records one person; null for what is usual."),
    sa.Column("run_id", sa.Text, comment="The run that last worked on the merchant."),
    sa.Column("updated_at", Timestamp, nullable=False),
    schema=OPS,
    comment="One row per merchant as declared in perennial.yml, with whether its publish is withheld.",
)

exchange_rates = sa.Table(
    "exchange_rates",
    metadata,
    sa.Column("merchant_id", sa.Text, primary_key=True),
    sa.Column("currency_code", sa.Text, primary_key=True, comment="The currency converted from."),
    sa.Column("valid_from_date", sa.Date, primary_key=True),
    sa.Column("rate", sa.Numeric(18, 8), nullable=False, comment="Merchant currency per unit of this one."),
    schema=OPS,
    comment="One row per merchant, currency and first day of validity: the rates that perennial.yml declares.",
)

stores = sa.Table(
    "stores",
    metadata,
    sa.Column("merchant_id", sa.Text, primary_key=True),
    sa.Column("store_id", sa.Text, primary_key=True),
    sa.Column(
        "accepted_difference_amount",
        sa.Numeric(18, 4),
        nullable=False,
        comment="How far any order's or refund's total may be from what its parts add up to, in its own currency.",
    ),
    sa.Column(
        "accepted_order_ids",
        sa.ARRAY(sa.Text),
        nullable=False,
        comment="Orders whose totals, and whose refunds' totals, may be anything.",
    ),
    schema=OPS,
    comment="One row per store as declared in perennial.yml, with the mismatches of totals that its owner accepts.",
)

identity_decisions = sa.Table(
    "identity_decisions",
    metadata,
    sa.Column("decision_id", sa.BigInteger, sa.Identity(always=False), primary_key=True),
    sa.Column("merchant_id", sa.Text, nullable=False),
    sa.Column("decision", sa.Text, nullable=False, comment="join, separate or undo."),
    sa.Column(
        "record_ids",
        sa.ARRAY(sa.Text),
        nullable=False,
        server_default="{}",
        comment="The records that are joined, or that are separated from the others.",
    ),
    sa.Column(
        "other_record_ids",
        sa.ARRAY(sa.Text),
        nullable=False,
        server_default="{}",
        comment="Of a separation, the customer's other records when it was decided.",
    ),
    sa.Column("undone_decision_id", sa.BigInteger, comment="Of an undoing, the decision that no longer stands."),
    sa.Column("actor", sa.Text, nullable=False, comment="Who decided, as they called themselves."),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("decided_at", Timestamp, nullable=False),
    sa.UniqueConstraint("merchant_id", "undone_decision_id"),
    schema=OPS,
    comment="One row per decision by hand on who is who: records joined or separated, or a decision undone.",
)

segment_definitions = sa.Table(
    "segment_definitions",
    metadata,
    sa.Column("merchant_id", sa.Text, primary_key=True),
    sa.Column("segment_name", sa.Text, primary_key=True, comment="Small letters, digits and _."),
    sa.Column("description", sa.Text, nullable=False, server_default="", comment="Who is in it, for people."),
    sa.Column("criteria", Json, nullable=False, comment="What its members meet."),
    sa.Column("updated_at", Timestamp, nullable=False, server_default=sa.func.now()),
    schema=OPS,
    comment="One row per segment that is defined beside perennial.yml; whoever may write here may add one.",
)

segments = sa.Table(
    "segments",
    metadata,
    sa.Column("merchant_id", sa.Text, primary_key=True),
    sa.Column("segment_name", sa.Text, primary_key=True),
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("declared_in", sa.Text, nullable=False, comment="perennial.yml or ops.segment_definitions."),
    sa.Column("criteria_hash", sa.Text, comment="Digest of the criteria; null when they are wrong."),
    sa.Column("error", sa.Text, comment="What is wrong with the criteria; its members then stay as they were."),
    sa.Column("run_id", sa.Text, nullable=False, comment="The run that compiled it."),
    schema=OPS,
    comment="One row per segment that the last run found, with what is wrong with it, if anything is.",
)

segment_queries = sa.Table(
    "segment_queries",
    metadata,
    sa.Column("merchant_id", sa.Text, primary_key=True),
    sa.Column("query_number", sa.BigInteger, primary_key=True),
    sa.Column("as_of_date", sa.Date, nullable=False, comment="The day that the query's windows end with."),
    sa.Column("segment_names", sa.ARRAY(sa.Text), nullable=False, comment="The segments that it is about."),
    sa.Column("query", sa.Text, comment="SQL for who is in them; null for a merchant without segments."),
    sa.Column("run_id", sa.Text, nullable=False, comment="The run that compiled it."),
    schema=OPS,
    comment="One row per query for who is in a merchant's segments; written by the compiler of criteria alone.",
)

cursors = sa.Table(
    "cursors",
    metadata,
    sa.Column("merchant_id", sa.Text, primary_key=True),
    sa.Column("store_id", sa.Text, primary_key=True),
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("state", Json, nullable=False),
    sa.Column("batch_id", sa.Text, nullable=False),
    sa.Column("updated_at", Timestamp, nullable=False),
    schema=OPS,
    comment="One row per store and source: how far it has been read, committed with the rows themselves.",
)

archive_batches = sa.Table(
    "archive_batches",
    metadata,
    sa.Column(
        "batch_id", sa.Text, primary_key=True, comment="Digest of the store and its input: a repeat is the same."
    ),
    sa.Column("batch_number", sa.BigInteger, sa.Identity(always=True), nullable=False, unique=True),
    sa.Column("merchant_id", sa.Text, nullable=False),
    sa.Column("store_id", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("mode", sa.Text, nullable=False, comment="snapshot or delta."),
    sa.Column("fingerprint", sa.Text, nullable=False),
    sa.Column("cursor", Json, nullable=False, comment="The state to commit with the rows."),
    sa.Column("row_counts", Json, nullable=False, comment="Rows archived per stream."),
    sa.Column("rejected_count", sa.BigInteger, nullable=False),
    sa.Column("archived_at", Timestamp, nullable=False),
    sa.Column("contract_passed", sa.Boolean, comment="Null until the data contract was checked."),
    sa.Column("contract_report", Json, comment="What the data contract found."),
    sa.Column("landed_at", Timestamp),
    sa.Column(
        "rows_changed",
        sa.BigInteger,
        comment="Rows that landing it inserted, updated or marked as gone; null where that is not known.",
    ),
    schema=OPS,
    comment="One row per batch in the archive, and how far it got: archived, checked, landed.",
)

rejected_records = sa.Table(
    "rejected_records",
    metadata,
    sa.Column("reject_id", sa.Text, primary_key=True, comment="Digest of store, stream, raw text and occurrence."),
    sa.Column("merchant_id", sa.Text, nullable=False),
    sa.Column("store_id", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("stream", sa.Text, nullable=False),
    sa.Column("origin", sa.Text, nullable=False, comment="The file, or the platform's endpoint."),
    sa.Column("line", sa.BigInteger, nullable=False),
    sa.Column("field", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("raw_text", sa.Text, nullable=False),
    sa.Column("record_key", sa.Text, comment="The natural key, where it could be read."),
    sa.Column("batch_id", sa.Text, nullable=False, comment="The batch that last met the record."),
    sa.Column("first_seen_at", Timestamp, nullable=False),
    sa.Column("last_seen_at", Timestamp, nullable=False),
    sa.Column("corrected_text", sa.Text, comment="What its owner wants read instead."),
    sa.Column("corrected_at", Timestamp),
    sa.Column("resolved_at", Timestamp, comment="When it stopped being rejected."),
    sa.Index(None, "merchant_id", "store_id", "source"),
    schema=OPS,
    comment="One row per record set aside, with file, line, field, reason and the raw text.",
)

sync_runs = sa.Table(
    "sync_runs",
    metadata,
    sa.Column("sync_run_id", sa.Text, primary_key=True),
    sa.Column("run_id", sa.Text, nullable=False),
    sa.Column("merchant_id", sa.Text, nullable=False),
    sa.Column("store_id", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("stream", sa.Text, nullable=False),
    sa.Column("batch_id", sa.Text),
    sa.Column("status", sa.Text, nullable=False, comment="started, unchanged, archived, landed, withheld or failed."),
    sa.Column("rows_read", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("rows_inserted", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("rows_updated", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("rows_unchanged", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("rows_deleted", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("rows_rejected", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column(
        "request_count", sa.BigInteger, nullable=False, server_default="0", comment="Requests made for the stream."
    ),
    sa.Column(
        "wait_count",
        sa.BigInteger,
        nullable=False,
        server_default="0",
        comment="How often the store's read waited for the platform, for whichever stream.",
    ),
    sa.Column("wait_seconds", sa.Double, nullable=False, server_default="0", comment="How long in all."),
    sa.Column("cursor", Json),
    sa.Column("message", sa.Text, comment="What went wrong and what to do, when something did."),
    sa.Column("started_at", Timestamp, nullable=False),
    sa.Column("finished_at", Timestamp),
    sa.Index(None, "merchant_id", "store_id", "source", "stream", "started_at"),
    schema=OPS,
    comment="One row per run, store and stream: what was read, landed, left alone and set aside.",
)

api_budget = sa.Table(
    "api_budget",
    metadata,
    sa.Column("run_id", sa.Text, primary_key=True),
    sa.Column("merchant_id", sa.Text, primary_key=True),
    sa.Column("store_id", sa.Text, primary_key=True),
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("budget_name", sa.Text, primary_key=True, comment="The allowance, in the source's own terms."),
    sa.Column("budget_limit", sa.Double, comment="How much there is at most at one time, as the platform said last."),
    sa.Column("used_total", sa.Double, nullable=False, comment="What the run used of it in all."),
    sa.Column(
        "peak_rate", sa.Double, nullable=False, comment="Largest share of the limit in use after any reply, 0 to 1."
    ),
    sa.Column("wait_count", sa.BigInteger, nullable=False, comment="How often the run waited for the platform."),
    sa.Column("wait_seconds", sa.Double, nullable=False, comment="How long in all."),
    sa.Column("recorded_at", Timestamp, nullable=False),
    schema=OPS,
    comment="One row per run, store and allowance of its platform: how much of the allowance the run used.",
)

merchant_checks = sa.Table(
    "merchant_checks",
    metadata,
    sa.Column("run_id", sa.Text, primary_key=True),
    sa.Column("merchant_id", sa.Text, primary_key=True),
    sa.Column("check_name", sa.Text, primary_key=True),
    sa.Column("has_passed", sa.Boolean, nullable=False),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("checked_at", Timestamp, nullable=False),
    schema=OPS,
    comment="One row per run, merchant and check that can withhold the merchant's publish.",
)

merchant_runs = sa.Table(
    "merchant_runs",
    metadata,
    sa.Column("run_id", sa.Text, primary_key=True),
    sa.Column("merchant_id", sa.Text, primary_key=True),
    sa.Column("as_of_date", sa.Date, nullable=False),
    sa.Column("status", sa.Text, nullable=False, comment="published or withheld."),
    sa.Column("reasons", sa.ARRAY(sa.Text), nullable=False, server_default="{}"),
    sa.Column("finished_at", Timestamp, nullable=False),
    schema=OPS,
    comment="One row per run and merchant: whether its numbers were published, and if not, why not.",
)

stage_builds = sa.Table(
    "stage_builds",
    metadata,
    sa.Column("stage", sa.Text, primary_key=True),
    sa.Column("inputs_digest", sa.Text, nullable=False, comment="Digest of all that the stage's tables are made from."),
    sa.Column("run_id", sa.Text, nullable=False, comment="The run that built them."),
    sa.Column("built_at", Timestamp, nullable=False),
    schema=OPS,
    comment="One row per stage of the dbt project whose tables were last built and passed every test.",
)

built_merchants = sa.Table(
    "built_merchants",
    metadata,
    sa.Column("merchant_id", sa.Text, primary_key=True),
    sa.Column("run_id", sa.Text, nullable=False, comment="The run that built them."),
    sa.Column("built_at", Timestamp, nullable=False),
    sa.Column(
        "project_digest", sa.Text, nullable=False, comment="Digest of the dbt project and of the dbt that built it."
    ),
    sa.Column("versions", Json, nullable=False, comment="What else built them: library or server to version."),
    sa.Column(
        "stores",
        Json,
        nullable=False,
        comment="Per store and source the number of the last batch that had landed, and how many had.",
    ),
    sa.Column(
        "declared",
        Json,
        nullable=False,
        comment="The merchant's rows of each table of declarations that the models read.",
    ),
    schema=OPS,
    comment="One row per merchant: what the tables before the predictions were last built from.",
)
