"""A WooCommerce shop: everything that its buyers and its merchant do, and the truth about it."""

from datetime import date
from decimal import Decimal
from typing import Any

from connectors.sandbox.woocommerce import truth
from connectors.sandbox.woocommerce.refund_admin import RefundAdmin


class Shop(RefundAdmin):
    """A shop and its admin. Safe to use from several threads.

    Args:
        clock: The shop's own time, aware.
        settings: What the merchant set up.
        first_post_id: The id of the first product, coupon, order or refund, which share one sequence.
    """

    def truth(self) -> dict[str, list[dict[str, Any]]]:
        """The shop's tables as plain rows; what is in the trash is there with the status `trash`."""
        return truth.truth(self)

    def net_revenue(self, currency: str = "") -> Decimal:
        """What orders came to less what was given back, in the shop's currency or another one."""
        return truth.net_revenue(self, currency).total

    def net_revenue_by_day(self, currency: str = "") -> dict[date, Decimal]:
        """The same by the shop's own day."""
        return truth.net_revenue(self, currency).by_day
