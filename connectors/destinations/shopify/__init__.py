"""A Shopify shop that is written to: customers' tags and metafields, and discount codes."""

import asyncio

from connectors.destination import Destination
from connectors.destinations.shopify.calls import ShopCalls, Sleep
from connectors.destinations.shopify.codes import ShopifyCodeDestination
from connectors.destinations.shopify.customers import ShopifyMetafieldDestination, ShopifyTagDestination
from connectors.destinations.shopify.settings import ShopifyActivationSettings
from connectors.directory import CustomerDirectory
from models.errors import MisconfiguredError

__all__ = ["ShopifyActivationSettings", "build_shopify"]


def build_shopify(
    settings: ShopifyActivationSettings, directory: CustomerDirectory | None = None, *, sleep: Sleep = asyncio.sleep
) -> Destination:
    """The destination for the object that the settings name.

    Args:
        settings: The shop, and what is written to it.
        directory: Which accounts customers have; tags and metafields cannot be written without.
        sleep: Waits for points; the real one unless a test gives another.

    Raises:
        MisconfiguredError: What sends something once was given what keeps customers' accounts.
    """
    calls = ShopCalls(settings, sleep)
    if settings.object == "discount_codes" or settings.store is None:
        return ShopifyCodeDestination(settings.name, settings.batch_size, calls)
    if directory is None:
        raise MisconfiguredError(
            f"destinations.{settings.name}.object", f"{settings.object} are kept by syncs; nothing can be sent by them"
        )
    place = (settings.name, settings.batch_size, settings.store, calls, directory)
    if settings.object == "tags":
        return ShopifyTagDestination(*place, prefix=settings.prefix)
    return ShopifyMetafieldDestination(*place, namespace=settings.namespace)
