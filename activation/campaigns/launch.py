"""Before a launch: whom a campaign would find today, who would be held out, and what effect it could find at all.

Reads only.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import sqlalchemy as sa

from activation.arrays import among
from activation.campaigns.declarations import Campaign
from activation.campaigns.enrolment import Candidate, candidates
from activation.customers import customer_360
from activation.experiments.power import DetectableEffect, Spread, expected_spread, minimum_detectable_effect
from activation.segments.facts import fct_orders

_FEWEST_FOR_VARIATION = 30
_TYPICAL_VARIATION = 1.0


@dataclass(frozen=True)
class Launch:
    """What would follow if the campaign began today.

    Attributes:
        campaign: The campaign.
        as_of_date: Today, as far as the merchant's tables know.
        found: Everybody who meets the trigger, whether already or newly.
        spread: How their revenue is expected to differ; None where nobody is eligible or has a forecast.
        effect: The least effect that would be found; None where an arm would be empty.
        currency_code: Of amounts.
    """

    campaign: Campaign
    as_of_date: date
    found: Sequence[Candidate]
    spread: Spread | None
    effect: DetectableEffect | None
    currency_code: str | None

    @property
    def eligible(self) -> Sequence[Candidate]:
        """Those who would take part."""
        return [one for one in self.found if one.refusal is None]

    @property
    def arms(self) -> Mapping[str, int]:
        """Of them, how many in which arm."""
        return Counter(one.arm for one in self.eligible)

    @property
    def refusals(self) -> Mapping[str, int]:
        """The others, by reason."""
        return Counter(one.refusal for one in self.found if one.refusal is not None)


def launch_of(connection: sa.Connection, merchant_id: str, campaign: Campaign, *, as_of_date: date) -> Launch:
    """What the campaign would find if it began on the day that the merchant's tables describe."""
    begun = campaign.model_copy(
        update={
            "includes_present": True,
            "is_paused": False,
            "active_until": None,
            "active_from": min(campaign.active_from, as_of_date),
        }
    )
    found = candidates(connection, merchant_id, begun, as_of_date=as_of_date, is_rehearsal=True)
    eligible = [one.occasion.customer_id for one in found.candidates if one.refusal is None]
    currency_code = next((one.currency_code for one in found.candidates if one.currency_code), None)
    spread = _spread(connection, merchant_id, eligible, campaign.window_days)
    try:
        effect = minimum_detectable_effect(spread, campaign.holdout_share) if spread else None
    except ValueError:  # so few that an arm would be empty
        effect = None
    return Launch(campaign, as_of_date, found.candidates, spread, effect, currency_code)


def _spread(
    connection: sa.Connection, merchant_id: str, customer_ids: Sequence[str], window_days: int
) -> Spread | None:
    table = customer_360
    names = ("expected_purchases", "probability_alive", "expected_spend_amount", "clv_horizon_days")
    rows = connection.execute(
        sa.select(*(table.c[name] for name in names)).where(
            table.c.merchant_id == merchant_id,
            among(table.c.customer_id, customer_ids),
            *(table.c[name].is_not(None) for name in names),
        )
    ).all()
    if not rows:
        return None
    values = np.array([[float(value) for value in row] for row in rows], dtype=np.float64)
    purchases, alive, spend, horizon = values.T
    in_window = purchases * np.minimum(window_days / horizon, 1.0)
    order_amount = np.divide(spend, purchases, out=np.zeros_like(spend), where=purchases > 0)
    is_known = np.isfinite(values).all(axis=1)
    if not is_known.any():
        return None
    return expected_spread(
        in_window[is_known],
        alive[is_known],
        order_amount[is_known],
        order_variation=order_variation(connection, merchant_id),
    )


def order_variation(connection: sa.Connection, merchant_id: str) -> float:
    """How far a customer's orders lie from their own mean, over it; 1 where too few customers tell."""
    orders = fct_orders
    of_customer = (
        sa.select((sa.func.var_samp(orders.c.amount) / sa.func.pow(sa.func.avg(orders.c.amount), 2)).label("squared"))
        .where(orders.c.merchant_id == merchant_id, orders.c.customer_id.is_not(None), orders.c.amount > 0)
        .group_by(orders.c.customer_id)
        .having(sa.func.count() > 1)
        .subquery()
    )
    count, squared = connection.execute(sa.select(sa.func.count(), sa.func.avg(of_customer.c.squared))).one()
    return float(np.sqrt(float(squared))) if count >= _FEWEST_FOR_VARIATION else _TYPICAL_VARIATION
