"""From predictions to given rewards: what a budget chooses from, and the points that carry its choice out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl
import sqlalchemy as sa

from activation.customers import customer_360
from activation.experiments.uplift import MeasuredUplift
from activation.loyalty.adjusting import adjust
from activation.loyalty.budget import VALUES, BudgetChoice, Offer, choose_rewards
from activation.loyalty.ledger import Ledger
from activation.loyalty.programme import Budget, Reward
from models.identity import current_ids
from models.loyalty import adjustments, balances
from models.reading import read_frame

_ACTOR = "perennial loyalty budget"
_YEAR = timedelta(days=365)


@dataclass(frozen=True)
class Proposal:
    """What a budget would give.

    Attributes:
        choice: Who gets which reward.
        outstanding: What points and rewards are owed already, in money.
        given_lately: Customers who were given one within the horizon, and are left out.
        offers: The rewards that were chosen from, with the uplifts that counted.
        sources: Where each reward's uplift comes from, by reward.
    """

    choice: BudgetChoice
    outstanding: float
    given_lately: int
    offers: tuple[Offer, ...]
    sources: Mapping[str, str]


def propose(
    connection: sa.Connection, ledger: Ledger, budget: Budget, *, measured: Mapping[str, MeasuredUplift] | None = None
) -> Proposal:
    """Choose rewards for everybody with a prediction, within what the cap leaves beside what is owed already.

    Args:
        connection: The warehouse, in one snapshot.
        ledger: The ledger.
        budget: What may be spent.
        measured: What campaigns were found to bring, by campaign; a reward that names another has its declared uplift.
    """
    people = customer_360
    predicted = sa.select(
        people.c.customer_id,
        people.c.clv_amount.label("clv"),
        people.c.clv_low_amount.label("clv_low"),
        people.c.clv_high_amount.label("clv_high"),
        people.c.clv_horizon_days,
    ).where(people.c.merchant_id == ledger.merchant_id, people.c.clv_amount.is_not(None))
    frame = read_frame(connection, predicted, decimals="float")
    longest = frame["clv_horizon_days"].max()
    horizon = timedelta(days=longest) if isinstance(longest, int) else _YEAR
    lately = _given_since(connection, ledger, ledger.recorded_at - horizon)
    values = frame.filter(~pl.col("customer_id").is_in(list(lately))).select(*VALUES).cast(dict(VALUES))  # type: ignore[arg-type] # a mapping of types
    owed = sa.select(
        sa.func.coalesce(sa.func.sum(balances.c.pending_points + balances.c.held_points), 0)
        + sa.func.coalesce(sa.func.sum(sa.func.greatest(balances.c.available_points, 0)), 0)
    ).where(balances.c.merchant_id == ledger.merchant_id, balances.c.programme == ledger.programme.name)
    outstanding = float(connection.execute(owed).scalar_one() * ledger.programme.point_value_amount)
    offers, sources = _offers(ledger.programme.rewards, measured or {}, horizon.days)
    left = max(float(budget.liability_cap_amount) - outstanding, 0.0)
    choice = choose_rewards(
        values, offers, margin_rate=budget.margin_rate, redemption_rate=budget.redemption_rate, cap=left
    )
    return Proposal(choice, outstanding, frame.height - values.height, tuple(offers), sources)


def _offers(
    rewards: Sequence[Reward], measured: Mapping[str, MeasuredUplift], horizon_days: int
) -> tuple[list[Offer], dict[str, str]]:
    """The rewards that may be given, and where their uplifts come from: measured, as soon as their campaign can say."""
    offers: list[Offer] = []
    sources: dict[str, str] = {}
    for reward in rewards:
        uplift = reward.uplift
        if uplift is None or reward.cost is None:
            continue
        known = measured.get(uplift.campaign or "")
        if known is None:
            offers.append(Offer(reward.name, float(reward.cost), uplift.low, uplift.rate, uplift.high))
            sources[reward.name] = f"declared: {uplift.source}"
            continue
        share = known.over(horizon_days)
        offers.append(Offer(reward.name, float(reward.cost), share.low, share.estimate, share.high))
        sources[reward.name] = (
            f"measured by campaign {known.campaign}: {known.share.estimate:+.1%} ({known.share.low:+.1%} to "
            f"{known.share.high:+.1%}) of {known.window_days} days' revenue, {known.customer_count:,} customers"
        )
    return offers, sources


def give(connection: sa.Connection, ledger: Ledger, choice: BudgetChoice) -> int:
    """Give everybody who was chosen the points that their reward costs; says to how many.

    Args:
        connection: The warehouse, in a transaction.
        ledger: The ledger.
        choice: What was proposed.
    """
    points = {reward.name: reward.points for reward in ledger.programme.rewards}
    chosen = choice.choices.filter(pl.col("reward").is_not_null())
    day = ledger.recorded_at.astimezone(ledger.zone).date()
    given = 0
    for customer_id, reward in chosen.select("customer_id", "reward").iter_rows():
        given += adjust(
            connection,
            ledger,
            customer_id=customer_id,
            points=points[reward],
            reason=f"worth the reward {reward}",
            actor=_ACTOR,
            reference=f"budget/{day}/{customer_id}",
        )
    return given


def _given_since(connection: sa.Connection, ledger: Ledger, since: datetime) -> set[str]:
    """Who was given a reward since then, by their ids of now."""
    table = adjustments
    given = (
        connection.execute(
            sa.select(table.c.customer_id).where(
                table.c.merchant_id == ledger.merchant_id,
                table.c.programme == ledger.programme.name,
                table.c.actor == _ACTOR,
                table.c.adjusted_at > since,
            )
        )
        .scalars()
        .all()
    )
    now = current_ids(connection, ledger.merchant_id, given)
    return {now.get(customer_id, customer_id) for customer_id in given}
