"""Who would be in a segment, before it is saved: how many, what they are worth, and some of them.

Reads what is published of the merchant; changes nothing.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import sqlalchemy as sa

from activation.customers import customer_360
from activation.segments.compilation import segment_queries
from activation.segments.criteria import Segment
from models.errors import StopError
from models.schema import is_there


@dataclass(frozen=True)
class SegmentPreview:
    """What a segment comes to.

    Attributes:
        as_of_date: The last day that is described.
        customer_count: The merchant's customers.
        member_count: Those of them who meet the criteria.
        predicted_count: Those of the members who have a predicted value.
        average_clv_amount: Their mean predicted value; None when nobody has one.
        average_clv_of_all_amount: The same of all customers.
        currency_code: The merchant's currency.
        sample: The ids of some members, always the same ones of the same members.
    """

    as_of_date: date
    customer_count: int
    member_count: int
    predicted_count: int
    average_clv_amount: Decimal | None
    average_clv_of_all_amount: Decimal | None
    currency_code: str
    sample: tuple[str, ...]

    @property
    def member_rate(self) -> float:
        """The members' share of all customers."""
        return self.member_count / self.customer_count


def preview(connection: sa.Connection, segment: Segment, *, merchant_id: str, sample_size: int = 10) -> SegmentPreview:
    """Who is in a segment as of the merchant's last published night.

    Raises:
        StopError: Nothing is published of the merchant.
    """
    mine = customer_360.c.merchant_id == merchant_id
    if not is_there(connection, customer_360.fullname):
        raise StopError(_UNPUBLISHED.format(merchant_id))
    everybody = connection.execute(
        sa.select(
            sa.func.max(customer_360.c.as_of_date).label("as_of_date"),
            sa.func.max(customer_360.c.currency_code).label("currency_code"),
            sa.func.count().label("customer_count"),
            sa.func.avg(customer_360.c.clv_amount).label("average_clv_amount"),
        ).where(mine)
    ).one()
    if everybody.as_of_date is None:
        raise StopError(_UNPUBLISHED.format(merchant_id))
    [query] = segment_queries([segment], merchant_id=merchant_id, as_of_date=everybody.as_of_date)
    members = query.statement.cte("members").prefix_with("materialized", dialect="postgresql")
    sample = sa.select(members.c.customer_id).order_by(sa.func.md5(members.c.customer_id)).limit(sample_size)
    found = connection.execute(
        sa.select(
            sa.func.count().label("member_count"),
            sa.func.count(customer_360.c.clv_amount).label("predicted_count"),
            sa.func.avg(customer_360.c.clv_amount).label("average_clv_amount"),
            sa.func.array(sample.scalar_subquery(), type_=sa.ARRAY(sa.Text)).label("sample"),
        ).select_from(
            members.join(
                customer_360,
                sa.and_(
                    customer_360.c.merchant_id == members.c.merchant_id,
                    customer_360.c.customer_id == members.c.customer_id,
                ),
            )
        )
    ).one()
    return SegmentPreview(
        as_of_date=everybody.as_of_date,
        customer_count=everybody.customer_count,
        member_count=found.member_count,
        predicted_count=found.predicted_count,
        average_clv_amount=found.average_clv_amount,
        average_clv_of_all_amount=everybody.average_clv_amount,
        currency_code=everybody.currency_code,
        sample=tuple(found.sample),
    )


_UNPUBLISHED = "nothing is published of merchant '{0}' yet; run the pipeline once: perennial run --merchant {0}"
