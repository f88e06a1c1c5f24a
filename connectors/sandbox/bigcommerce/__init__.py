"""A BigCommerce store on this machine: its books, its control panel, and the API that answers as the real one does."""

from collections.abc import Iterator
from contextlib import contextmanager

from connectors.sandbox.bigcommerce.activity import Activity
from connectors.sandbox.bigcommerce.api import BigCommerceApi
from connectors.sandbox.bigcommerce.catalogue_admin import Item
from connectors.sandbox.bigcommerce.shop import Shop
from connectors.sandbox.bigcommerce.state import READ_SCOPES, StoreSettings
from connectors.sandbox.faults import Faults
from connectors.sandbox.serving import SandboxServer, running_server

__all__ = ["READ_SCOPES", "Activity", "BigCommerceApi", "Item", "Shop", "StoreSettings", "running_bigcommerce"]


@contextmanager
def running_bigcommerce(shop: Shop, *, port: int = 0, faults: Faults | None = None) -> Iterator[SandboxServer]:
    """A store's API on the loopback address, under /stores/<store hash>, for as long as the block lasts.

    Args:
        shop: The store.
        port: Where to listen on 127.0.0.1; 0 for any free port.
        faults: Rules of misbehaviour made beforehand.

    Raises:
        OSError: The port is taken.
    """
    with running_server(BigCommerceApi(shop), shop.clock, port=port, faults=faults) as server:
        yield server
