"""What the campaigns that rewards name are known to have brought, for the reward budget."""

import sqlalchemy as sa

from activation.experiments.assignment import HOLDOUT, MESSAGE
from activation.experiments.lift import TooFewError, lift
from activation.experiments.uplift import MeasuredUplift, relative_uplift
from activation.loyalty.programme import Programme
from orchestration.campaign_commands import campaign_named
from orchestration.campaign_report import arms_of
from orchestration.configuration import Merchant


def measured_uplifts(
    connection: sa.Connection, merchant: Merchant, programme: Programme
) -> tuple[dict[str, MeasuredUplift], dict[str, str]]:
    """The measured uplifts by campaign, from what `perennial campaign report` is made of; and why others say nothing.

    Args:
        connection: The warehouse.
        merchant: The merchant, whose campaigns they are.
        programme: The programme, whose rewards name them.
    """
    names = {reward.uplift.campaign for reward in programme.rewards if reward.uplift is not None}
    found: dict[str, MeasuredUplift] = {}
    silent: dict[str, str] = {}
    for name in sorted(name for name in names if name is not None):
        campaign = campaign_named(merchant, name)
        arms = arms_of(connection, merchant.merchant_id, name)
        try:
            share = relative_uplift(arms[HOLDOUT], lift(arms[MESSAGE], arms[HOLDOUT]))
        except TooFewError as error:
            silent[name] = str(error)
        else:
            count = sum(arm.customer_count for arm in arms.values())
            found[name] = MeasuredUplift(name, share, campaign.window_days, count)
    return found, silent
