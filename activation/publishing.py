"""Whether a merchant's numbers may leave the warehouse at all. Must not know what is sent to whom."""

from datetime import date

import sqlalchemy as sa

from activation.customers import customer_360
from models.errors import StopError
from models.ops import merchants

# Stages that come after publishing: what failed there says nothing about the numbers, and is mended by sending again.
_AFTER_PUBLISHING = ("audiences: ", "campaigns: ", "deliveries: ")


def publishable_date(connection: sa.Connection, merchant_id: str) -> date | None:
    """The day that the merchant's published customers describe.

    Raises:
        StopError: The merchant is withheld, or has no row in `marts.customer_360`.
    """
    reasons = connection.execute(
        sa.select(merchants.c.withheld_reasons).where(merchants.c.merchant_id == merchant_id)
    ).scalar_one_or_none()
    withheld = [reason for reason in reasons or () if not reason.startswith(_AFTER_PUBLISHING)]
    if withheld:
        raise StopError(f"merchant '{merchant_id}' is withheld ({'; '.join(withheld)}); nothing is sent for it")
    row = connection.execute(
        sa.select(sa.func.count(), sa.func.max(customer_360.c.as_of_date)).where(
            customer_360.c.merchant_id == merchant_id
        )
    ).one()
    as_of_date: date | None = row[1]
    if not row[0]:
        raise StopError(
            f"marts.customer_360 holds no row of merchant '{merchant_id}'; a sync from it would take every customer "
            "out of the destination. Rebuild marts.customer_360."
        )
    return as_of_date
