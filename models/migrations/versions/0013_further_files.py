"""Create the raw tables of lines, products and marketing spend from files, and what files say of customers."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

_CUSTOMERS = (
    ("phone", sa.Text(), "The customer's telephone number."),
    ("country_code", sa.Text(), "ISO 3166 code of the country that they live in."),
    ("created_at", sa.DateTime(timezone=True), "When the customer was entered, in UTC."),
    ("email_consent_evidence", sa.Text(), "How the email consent is known."),
    ("has_sms_consent", sa.Boolean(), "Whether they agreed to text messages; null is unknown."),
    ("sms_consent_at", sa.DateTime(timezone=True), "When they agreed to those or withdrew, in UTC."),
    ("sms_consent_evidence", sa.Text(), "How the consent to text messages is known."),
)
_TABLES = ("order_items", "products", "marketing_spend")


def upgrade() -> None:
    for name, kind, comment in _CUSTOMERS:
        op.add_column("customers", sa.Column(name, kind, comment=comment), schema="raw_files")
    statements = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    op.get_bind().exec_driver_sql(statements)


def downgrade() -> None:
    for name in _TABLES:
        op.drop_table(name, schema="raw_files")
    for name, _, _ in _CUSTOMERS:
        op.drop_column("customers", name, schema="raw_files")
