"""A BigCommerce store: everything that its shoppers and its merchant do, and the truth about it."""

from datetime import date
from decimal import Decimal
from typing import Any

from connectors.sandbox.bigcommerce import truth
from connectors.sandbox.bigcommerce.refund_admin import RefundAdmin


class Shop(RefundAdmin):
    """A store and its control panel. Safe to use from several threads.

    Args:
        clock: The store's own time, aware.
        settings: What the merchant set up.
        quota: Requests in 30 seconds; None for no limit.
    """

    def truth(self) -> dict[str, list[dict[str, Any]]]:
        """The store's tables as plain rows; archived orders are there and say so."""
        return truth.truth(self)

    def net_revenue(self, currency: str = "") -> Decimal:
        """What orders came to less what was given back, in the store's currency or another one."""
        return truth.net_revenue(self, currency).total

    def net_revenue_by_day(self, currency: str = "") -> dict[date, Decimal]:
        """The same by the store's own day."""
        return truth.net_revenue(self, currency).by_day
