"""Create the raw tables of the files source."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute(sa.schema.CreateSchema("raw_files"))
    op.create_table(
        "customers",
        sa.Column("merchant_id", sa.Text(), nullable=False, comment="The tenant."),
        sa.Column("store_id", sa.Text(), nullable=False, comment="The merchant's store that the record belongs to."),
        sa.Column("customer_id", sa.Text(), nullable=False, comment="The seller's customer id."),
        sa.Column("email", sa.Text(), nullable=True, comment="The customer's address."),
        sa.Column("first_name", sa.Text(), nullable=True, comment="Given name."),
        sa.Column("last_name", sa.Text(), nullable=True, comment="Family name."),
        sa.Column(
            "has_email_consent",
            sa.Boolean(),
            nullable=True,
            comment="Whether they agreed to marketing emails; null is unknown.",
        ),
        sa.Column(
            "email_consent_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="When they agreed or withdrew, in UTC.",
        ),
        sa.Column(
            "is_generated", sa.Boolean(), nullable=False, comment="Whether the person was made up for a demonstration."
        ),
        sa.Column(
            "source_file",
            sa.Text(),
            nullable=True,
            comment="The file that the record was read from, without its folder.",
        ),
        sa.Column("source_line", sa.BigInteger(), nullable=True, comment="The record's line in that file, 1-based."),
        sa.Column(
            "source_updated_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="When the source last changed it, where it says.",
        ),
        sa.Column("content_hash", sa.Text(), nullable=False, comment="Digest of the record's own columns."),
        sa.Column("batch_id", sa.Text(), nullable=False, comment="The archived batch that this version came with."),
        sa.Column(
            "loaded_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When this version of the record was landed.",
        ),
        sa.Column("is_deleted", sa.Boolean(), server_default=sa.false(), nullable=False, comment="Gone at the source."),
        sa.PrimaryKeyConstraint("merchant_id", "store_id", "customer_id", name="customers_pkey"),
        schema="raw_files",
        comment="One record per customer, with how and whether they may be written to.",
    )
    op.create_table(
        "order_lines",
        sa.Column("merchant_id", sa.Text(), nullable=False, comment="The tenant."),
        sa.Column("store_id", sa.Text(), nullable=False, comment="The merchant's store that the record belongs to."),
        sa.Column("order_id", sa.Text(), nullable=False, comment="The order that the line belongs to."),
        sa.Column(
            "line_id", sa.Text(), nullable=False, comment="The seller's line id, or one made of content and occurrence."
        ),
        sa.Column("customer_id", sa.Text(), nullable=False, comment="The seller's customer id."),
        sa.Column(
            "ordered_at", sa.DateTime(timezone=True), nullable=False, comment="When the order was placed, in UTC."
        ),
        sa.Column("sku", sa.Text(), nullable=True, comment="The product's code, where the source says."),
        sa.Column("product_name", sa.Text(), nullable=True, comment="The product's name, where the source says."),
        sa.Column("quantity", sa.BigInteger(), nullable=True, comment="Items in the line, where the source says."),
        sa.Column(
            "amount",
            sa.Numeric(precision=18, scale=4),
            nullable=False,
            comment="What the customer paid for the line, in the order's currency.",
        ),
        sa.Column("currency_code", sa.Text(), nullable=False, comment="ISO 4217 code of the order's currency."),
        sa.Column("channel", sa.Text(), nullable=True, comment="Where the order came from, where the source says."),
        sa.Column("email", sa.Text(), nullable=True, comment="The address given with the order."),
        sa.Column(
            "source_file",
            sa.Text(),
            nullable=True,
            comment="The file that the record was read from, without its folder.",
        ),
        sa.Column("source_line", sa.BigInteger(), nullable=True, comment="The record's line in that file, 1-based."),
        sa.Column(
            "source_updated_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="When the source last changed it, where it says.",
        ),
        sa.Column("content_hash", sa.Text(), nullable=False, comment="Digest of the record's own columns."),
        sa.Column("batch_id", sa.Text(), nullable=False, comment="The archived batch that this version came with."),
        sa.Column(
            "loaded_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When this version of the record was landed.",
        ),
        sa.Column("is_deleted", sa.Boolean(), server_default=sa.false(), nullable=False, comment="Gone at the source."),
        sa.PrimaryKeyConstraint("merchant_id", "store_id", "order_id", "line_id", name="order_lines_pkey"),
        schema="raw_files",
        comment="One record per line of an order, from files whose rows are lines.",
    )
    op.create_table(
        "orders",
        sa.Column("merchant_id", sa.Text(), nullable=False, comment="The tenant."),
        sa.Column("store_id", sa.Text(), nullable=False, comment="The merchant's store that the record belongs to."),
        sa.Column(
            "order_id", sa.Text(), nullable=False, comment="The seller's order id, or an id made of the row's content."
        ),
        sa.Column("customer_id", sa.Text(), nullable=False, comment="The seller's customer id."),
        sa.Column(
            "ordered_at", sa.DateTime(timezone=True), nullable=False, comment="When the order was placed, in UTC."
        ),
        sa.Column(
            "amount",
            sa.Numeric(precision=18, scale=4),
            nullable=False,
            comment="What the customer paid, in the order's currency.",
        ),
        sa.Column("currency_code", sa.Text(), nullable=False, comment="ISO 4217 code of the order's currency."),
        sa.Column("quantity", sa.BigInteger(), nullable=True, comment="Items in the order, where the source says."),
        sa.Column("channel", sa.Text(), nullable=True, comment="Where the order came from, where the source says."),
        sa.Column("email", sa.Text(), nullable=True, comment="The address given with the order."),
        sa.Column(
            "is_generated_id",
            sa.Boolean(),
            nullable=False,
            comment="Whether the id was made from content and occurrence.",
        ),
        sa.Column(
            "source_file",
            sa.Text(),
            nullable=True,
            comment="The file that the record was read from, without its folder.",
        ),
        sa.Column("source_line", sa.BigInteger(), nullable=True, comment="The record's line in that file, 1-based."),
        sa.Column(
            "source_updated_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="When the source last changed it, where it says.",
        ),
        sa.Column("content_hash", sa.Text(), nullable=False, comment="Digest of the record's own columns."),
        sa.Column("batch_id", sa.Text(), nullable=False, comment="The archived batch that this version came with."),
        sa.Column(
            "loaded_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When this version of the record was landed.",
        ),
        sa.Column("is_deleted", sa.Boolean(), server_default=sa.false(), nullable=False, comment="Gone at the source."),
        sa.PrimaryKeyConstraint("merchant_id", "store_id", "order_id", name="orders_pkey"),
        schema="raw_files",
        comment="One record per order, as its seller recorded it; refunds are records of their own.",
    )
    op.create_table(
        "refunds",
        sa.Column("merchant_id", sa.Text(), nullable=False, comment="The tenant."),
        sa.Column("store_id", sa.Text(), nullable=False, comment="The merchant's store that the record belongs to."),
        sa.Column(
            "refund_id",
            sa.Text(),
            nullable=False,
            comment="The seller's refund id, or one made of content and occurrence.",
        ),
        sa.Column("order_id", sa.Text(), nullable=True, comment="The order refunded, where the source says."),
        sa.Column("customer_id", sa.Text(), nullable=False, comment="The seller's customer id."),
        sa.Column(
            "refunded_at", sa.DateTime(timezone=True), nullable=False, comment="When the money went back, in UTC."
        ),
        sa.Column(
            "amount",
            sa.Numeric(precision=18, scale=4),
            nullable=False,
            comment="What went back, as a positive amount, in the order's currency.",
        ),
        sa.Column("currency_code", sa.Text(), nullable=False, comment="ISO 4217 code of the refund's currency."),
        sa.Column(
            "source_file",
            sa.Text(),
            nullable=True,
            comment="The file that the record was read from, without its folder.",
        ),
        sa.Column("source_line", sa.BigInteger(), nullable=True, comment="The record's line in that file, 1-based."),
        sa.Column(
            "source_updated_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="When the source last changed it, where it says.",
        ),
        sa.Column("content_hash", sa.Text(), nullable=False, comment="Digest of the record's own columns."),
        sa.Column("batch_id", sa.Text(), nullable=False, comment="The archived batch that this version came with."),
        sa.Column(
            "loaded_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When this version of the record was landed.",
        ),
        sa.Column("is_deleted", sa.Boolean(), server_default=sa.false(), nullable=False, comment="Gone at the source."),
        sa.PrimaryKeyConstraint("merchant_id", "store_id", "refund_id", name="refunds_pkey"),
        schema="raw_files",
        comment="One record per refund, booked on the refund's own date.",
    )


def downgrade() -> None:
    op.drop_table("refunds", schema="raw_files")
    op.drop_table("orders", schema="raw_files")
    op.drop_table("order_lines", schema="raw_files")
    op.drop_table("customers", schema="raw_files")
    op.execute(sa.schema.DropSchema("raw_files"))
