"""Uplift: by what share a message raised revenue, from what it brought per customer and what the holdout spent anyhow.

Must not read a table.
"""

from dataclasses import dataclass
from math import sqrt

from scipy.special import ndtri

from activation.experiments.lift import ArmOutcomes, Interval, Lift, TooFewError


@dataclass(frozen=True)
class MeasuredUplift:
    """By what share a campaign raised its customers' revenue within its window.

    Attributes:
        campaign: The campaign.
        share: The share, with its interval.
        window_days: How long revenue was counted after each enrolment.
        customer_count: Customers of both arms whose windows are over.
    """

    campaign: str
    share: Interval
    window_days: int
    customer_count: int

    def over(self, horizon_days: int) -> Interval:
        """The share of what customers spend within a horizon.

        What a campaign brings after its window was not measured, and is taken for nothing.
        """
        return self.share.times(min(self.window_days / horizon_days, 1.0))


def relative_uplift(holdout: ArmOutcomes, found: Lift) -> Interval:
    """What a message brought as a share of what the held out spent, with its interval.

    The interval of the difference is widened by what is not known of the holdout's own mean (the delta method: the
    difference rises as that mean falls, so that both errors add up).

    Raises:
        TooFewError: The held out brought no revenue of which this could be a share.
    """
    mean = float(holdout.revenue.mean())
    if mean <= 0:
        raise TooFewError("the holdout arm brought no revenue of which the uplift could be a share")
    share = found.revenue.estimate / mean
    width = float(ndtri((1 + found.level) / 2)) * float(holdout.revenue.std(ddof=1)) / sqrt(holdout.customer_count)
    extra = max(share**2 + 2 * share, 0.0) * width**2
    below = sqrt((found.revenue.estimate - found.revenue.low) ** 2 + extra) / mean
    above = sqrt((found.revenue.high - found.revenue.estimate) ** 2 + extra) / mean
    return Interval(share, share - below, share + above)
