"""A Shopify shop on this machine: its books, its admin, and the Admin API that answers as the real one does."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from connectors.sandbox.faults import Exchange, Faults
from connectors.sandbox.serving import SandboxServer, running_server
from connectors.sandbox.shopify.activity import Activity
from connectors.sandbox.shopify.api import ShopifyApi
from connectors.sandbox.shopify.auth import Access
from connectors.sandbox.shopify.loading import load
from connectors.sandbox.shopify.ordering import Delivery, Item, Payment, Reduction
from connectors.sandbox.shopify.shop import Shop

__all__ = [
    "Access",
    "Activity",
    "Delivery",
    "Item",
    "Payment",
    "Reduction",
    "RunningShop",
    "Shop",
    "ShopifyApi",
    "load",
    "running_shopify",
]


@dataclass(frozen=True)
class RunningShop:
    """A shop that can be reached.

    Attributes:
        server: Its server, with the log of requests and the faults.
        api: Its API, with the app's access, the bulk operations and the points.
    """

    server: SandboxServer
    api: ShopifyApi

    @property
    def url(self) -> str:
        """Its address, without a path."""
        return self.server.url

    @property
    def access(self) -> Access:
        """The app's credentials, tokens and grants."""
        return self.api.access

    @property
    def faults(self) -> Faults:
        """What is done to requests."""
        return self.server.faults

    @property
    def log(self) -> list[Exchange]:
        """Every request and how it was answered, oldest first."""
        return self.server.log


@contextmanager
def running_shopify(
    shop: Shop, *, port: int = 0, faults: Faults | None = None, access: Access | None = None
) -> Iterator[RunningShop]:
    """A shop's Admin API on the loopback address, for as long as the block lasts.

    Named faults: throttled, internal_error, expired_url, and for a request that begins a bulk operation bulk_failed,
    bulk_timeout, bulk_denied, bulk_canceled, bulk_expired and bulk_stuck.

    Args:
        shop: The shop.
        port: Where to listen on 127.0.0.1; 0 for any free port.
        faults: Rules of misbehaviour made beforehand.
        access: The app's access; one that may see everything if it isn't given.

    Raises:
        OSError: The port is taken.
    """
    api = ShopifyApi(shop, access or Access(shop.clock))
    try:
        with running_server(api, shop.clock, port=port, faults=faults) as server:
            yield RunningShop(server, api)
    finally:
        api.bulk.close()
