"""Keep champions, intervals and calibration with each model run, and predictions in a partition per year."""

from pathlib import Path

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    connection = op.get_bind()
    connection.exec_driver_sql(Path(__file__).with_name("0010_champions_down.sql").read_text(encoding="utf-8"))
    connection.exec_driver_sql(Path(__file__).with_name("0003_customer_lifetime_value.sql").read_text(encoding="utf-8"))
