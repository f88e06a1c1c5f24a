"""A whole shop: its books with everything that can happen to them, and what they come to."""

from datetime import date
from decimal import Decimal
from typing import Any

from connectors.sandbox.shopify.customers import CustomerDesk
from connectors.sandbox.shopify.editing import EditDesk
from connectors.sandbox.shopify.promoting import PromotionDesk
from connectors.sandbox.shopify.truth import net_revenue_by_day, truth


class Shop(EditDesk, CustomerDesk, PromotionDesk):
    """A shop as its merchant and its buyers know it."""

    def truth(self) -> dict[str, list[dict[str, Any]]]:
        """Every record as the shop's own books have it, by entity; see `truth.truth`."""
        with self.lock:
            return truth(self)

    def net_revenue_by_day(self) -> dict[date, Decimal]:
        """What the shop earned on each of its days; see `truth.net_revenue_by_day`."""
        with self.lock:
            return net_revenue_by_day(self)

    def net_revenue(self) -> Decimal:
        """What the shop earned in all."""
        return sum(self.net_revenue_by_day().values(), Decimal(0))
