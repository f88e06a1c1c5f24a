"""Let a redemption's code be taken back at the shop before its points go back."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

_BEFORE = ("held", "issued", "used", "expired", "cancelled", "refused")
_SINCE = ("held", "issued", "withdrawing", "used", "expired", "cancelled", "refused")


def upgrade() -> None:
    comment = "When the shop had closed the code of a cancelled one."
    op.add_column(
        "redemptions", sa.Column("withdrawn_at", sa.DateTime(timezone=True), comment=comment), schema="loyalty"
    )
    _allow(_SINCE, _BEFORE)


def downgrade() -> None:
    redemptions = sa.table("redemptions", sa.column("state"), schema="loyalty")
    # What is being taken back was issued; whoever cancelled it can do so again.
    op.execute(redemptions.update().where(redemptions.c.state == "withdrawing").values(state="issued"))
    _allow(_BEFORE, _SINCE)
    op.drop_column("redemptions", "withdrawn_at", schema="loyalty")


def _allow(states: tuple[str, ...], before: tuple[str, ...]) -> None:
    op.drop_constraint(op.f("redemptions_state_check"), "redemptions", schema="loyalty", type_="check")
    names = ", ".join(f"'{name}'" for name in states)
    op.create_check_constraint(op.f("redemptions_state_check"), "redemptions", f"state in ({names})", schema="loyalty")
    op.alter_column(
        "redemptions",
        "state",
        comment=", ".join(states),
        existing_comment=", ".join(before),
        existing_type=sa.Text(),
        existing_nullable=False,
        schema="loyalty",
    )
