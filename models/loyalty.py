"""The `loyalty` schema: a ledger of points, what it is made of beside orders, and what follows from it.

A posting moves points from one account of a customer to another, so that every transaction is balanced by what it is;
the database refuses to change or to delete one. What no order says (adjustments, members, birthdays, redemptions) is
kept here as facts, so that every balance can be made again from facts alone.
"""

import sqlalchemy as sa

from models.schema import LOYALTY, Json, Money, Timestamp, metadata

ACCOUNTS = ("issued", "pending", "available", "held", "spent", "expired")
"""A customer's accounts: where points come from, where they wait, where they are the customer's, and where they end."""

REDEMPTION_STATES = ("held", "issued", "withdrawing", "used", "expired", "cancelled", "refused")

_accounts = ", ".join(f"'{name}'" for name in ACCOUNTS)


def _programme() -> tuple[sa.Column[str], sa.Column[str]]:
    return (
        sa.Column("merchant_id", sa.Text, primary_key=True),
        sa.Column("programme", sa.Text, primary_key=True, comment="The programme's name in perennial.yml."),
    )


programmes = sa.Table(
    "programmes",
    metadata,
    *_programme(),
    sa.Column("point_value_amount", Money, nullable=False, comment="What a point is worth to a customer."),
    sa.Column("currency_code", sa.Text, nullable=False),
    sa.Column("rule_hashes", Json, nullable=False, comment="Digest of each set of rules, by its first day."),
    sa.Column("posted_as_of_date", sa.Date, comment="The last day whose facts were posted; null before the first."),
    sa.Column("posted_at", Timestamp),
    sa.Column("proven_at", Timestamp, comment="When every balance was last found to follow from facts."),
    schema=LOYALTY,
    comment="One row per loyalty programme that has been posted.",
)

postings = sa.Table(
    "postings",
    metadata,
    sa.Column("posting_id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    sa.Column("merchant_id", sa.Text, nullable=False),
    sa.Column("programme", sa.Text, nullable=False),
    sa.Column("customer_id", sa.Text, nullable=False, comment="Whose points; both accounts are theirs."),
    sa.Column(
        "source_kind", sa.Text, nullable=False, comment="What moved them: order, refund, maturity, expiry and so on."
    ),
    sa.Column("source_id", sa.Text, nullable=False, comment="Which of its kind, such as store/order."),
    sa.Column("revision", sa.Integer, nullable=False, comment="1, and higher for corrections of the same source."),
    sa.Column("debit_account", sa.Text, nullable=False, comment="Where the points come from."),
    sa.Column("credit_account", sa.Text, nullable=False, comment="Where they go."),
    sa.Column("points", sa.BigInteger, nullable=False),
    sa.Column("effective_at", Timestamp, nullable=False, comment="When it happened."),
    sa.Column("recorded_at", Timestamp, nullable=False, comment="When it was known."),
    sa.Column("run_id", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, comment="Why, of adjustments and corrections."),
    sa.Column("actor", sa.Text, comment="Who adjusted them; null for what follows from facts."),
    # One fact, one posting: whoever posts the same thing twice, or at the same time, posts it once.
    sa.UniqueConstraint("merchant_id", "programme", "source_kind", "source_id", "customer_id", "revision"),
    sa.CheckConstraint("points > 0", name="points"),
    sa.CheckConstraint("debit_account <> credit_account", name="two_accounts"),
    sa.CheckConstraint(f"debit_account in ({_accounts})", name="debit_account"),
    sa.CheckConstraint(f"credit_account in ({_accounts})", name="credit_account"),
    sa.Index(None, "merchant_id", "programme", "customer_id"),
    schema=LOYALTY,
    comment="One row per movement of a customer's points from one account to another; never changed, never deleted.",
)

balances = sa.Table(
    "balances",
    metadata,
    *_programme(),
    sa.Column("customer_id", sa.Text, primary_key=True),
    sa.Column(
        "issued_points",
        sa.BigInteger,
        nullable=False,
        comment="Issued to them less taken back, as what the programme owes: 0 or below.",
    ),
    sa.Column("pending_points", sa.BigInteger, nullable=False, comment="Earned and not theirs to spend yet."),
    sa.Column("available_points", sa.BigInteger, nullable=False, comment="Theirs to spend; below zero when owed."),
    sa.Column("held_points", sa.BigInteger, nullable=False, comment="Held for rewards that were asked for."),
    sa.Column("spent_points", sa.BigInteger, nullable=False, comment="Turned into rewards that were used."),
    sa.Column("expired_points", sa.BigInteger, nullable=False, comment="Run out, as points or as unused rewards."),
    sa.Column("updated_at", Timestamp, nullable=False),
    sa.CheckConstraint(
        "issued_points + pending_points + available_points + held_points + spent_points + expired_points = 0",
        name="balanced",
    ),
    schema=LOYALTY,
    comment="One row per customer of a programme, with the balance of each of their accounts.",
)

adjustments = sa.Table(
    "adjustments",
    metadata,
    *_programme(),
    sa.Column("reference", sa.Text, primary_key=True, comment="Its own name; the same one given twice is one."),
    sa.Column("customer_id", sa.Text, nullable=False),
    sa.Column("points", sa.BigInteger, nullable=False, comment="Given, or taken where below zero."),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("adjusted_at", Timestamp, nullable=False),
    sa.CheckConstraint("points <> 0", name="points"),
    schema=LOYALTY,
    comment="One row per adjustment of somebody's points by hand; never changed, never deleted.",
)

members = sa.Table(
    "members",
    metadata,
    *_programme(),
    sa.Column("customer_id", sa.Text, primary_key=True, comment="Their id when they were first seen."),
    sa.Column("joined_date", sa.Date, nullable=False, comment="The first night that knew them."),
    sa.Column("is_founding", sa.Boolean, nullable=False, comment="Known before the programme was; no points for it."),
    schema=LOYALTY,
    comment="One row per customer that a programme has seen, with the day.",
)

birthdays = sa.Table(
    "birthdays",
    metadata,
    sa.Column("merchant_id", sa.Text, primary_key=True),
    sa.Column("customer_id", sa.Text, primary_key=True),
    sa.Column("month", sa.Integer, nullable=False),
    sa.Column("day", sa.Integer, nullable=False),
    sa.Column("recorded_date", sa.Date, nullable=False, comment="Birthdays from the day after on count."),
    schema=LOYALTY,
    comment="One row per customer whose birthday is known: month and day, never the year.",
)

product_categories = sa.Table(
    "product_categories",
    metadata,
    *_programme(),
    sa.Column("store_id", sa.Text, primary_key=True),
    sa.Column("product_id", sa.Text, primary_key=True),
    sa.Column("valid_from_date", sa.Date, primary_key=True),
    sa.Column("categories", sa.ARRAY(sa.Text), nullable=False, comment="In small letters; what multipliers name."),
    schema=LOYALTY,
    comment="One row per product and change of its categories, so that a past order keeps its points.",
)

redemptions = sa.Table(
    "redemptions",
    metadata,
    *_programme(),
    sa.Column("redemption_id", sa.Text, primary_key=True),
    sa.Column("customer_id", sa.Text, nullable=False, comment="Their id when they asked for it."),
    sa.Column("reward", sa.Text, nullable=False),
    sa.Column("points", sa.BigInteger, nullable=False, comment="What it costs."),
    sa.Column("state", sa.Text, nullable=False, comment=", ".join(REDEMPTION_STATES)),
    sa.Column("code", sa.Text, nullable=False, comment="What the customer types; whoever has it may use it."),
    sa.Column("offer", Json, nullable=False, comment="What the code is worth, as it was when it was asked for."),
    sa.Column("requested_at", Timestamp, nullable=False),
    sa.Column("ends_at", Timestamp, nullable=False, comment="Until when the shop takes the code."),
    sa.Column("issued_at", Timestamp, comment="When the shop was known to have the code."),
    sa.Column("used_at", Timestamp, comment="When it was seen on an order."),
    sa.Column("withdrawn_at", Timestamp, comment="When the shop had closed the code of a cancelled one."),
    sa.Column("closed_at", Timestamp, comment="When it was used, ran out, or its points went back."),
    sa.Column("order_id", sa.Text, comment="store/order that used it."),
    sa.Column("returns_points", sa.Boolean, nullable=False, comment="Whether points go back when it is unused."),
    sa.Column("reason", sa.Text, comment="Why it was cancelled or refused."),
    sa.CheckConstraint("points > 0", name="points"),
    sa.CheckConstraint(f"state in ({', '.join(repr(s) for s in REDEMPTION_STATES)})", name="state"),
    sa.UniqueConstraint("merchant_id", "code"),
    schema=LOYALTY,
    comment="One row per reward that a customer asked for, and what became of it.",
)

tier_memberships = sa.Table(
    "tier_memberships",
    metadata,
    *_programme(),
    sa.Column("customer_id", sa.Text, primary_key=True),
    sa.Column("entered_date", sa.Date, primary_key=True),
    sa.Column("tier", sa.Text, nullable=False),
    sa.Column("left_date", sa.Date, comment="Null while they are in it."),
    sa.Column("below_since_date", sa.Date, comment="Since when they have not deserved it; they keep it during grace."),
    schema=LOYALTY,
    comment="One row per customer and stay in a tier.",
)
