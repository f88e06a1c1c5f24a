"""A Shopify shop that is written to: customers' tags and metafields, and discount codes."""

import asyncio

from connectors.destination import Destination
from connectors.destinations.shopify.calls import ShopCalls, Sleep
from connectors.destinations.shopify.codes import ShopifyCodeDestination
from connectors.destinations.shopify.settings import ShopifyActivationSettings

__all__ = ["ShopifyActivationSettings", "build_shopify"]


def build_shopify(settings: ShopifyActivationSettings, *, sleep: Sleep = asyncio.sleep) -> Destination:
    """The destination for the object that the settings name.

    Args:
        settings: The shop, and what is written to it.
        sleep: Waits for points; the real one unless a test gives another.
    """
    calls = ShopCalls(settings, sleep)
    return ShopifyCodeDestination(settings.name, settings.batch_size, calls)
