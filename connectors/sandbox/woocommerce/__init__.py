"""A WooCommerce shop on this machine: its books, its admin, and the REST API that answers as the real one does."""

from collections.abc import Iterator
from contextlib import contextmanager

from connectors.sandbox.faults import Faults
from connectors.sandbox.serving import SandboxServer, running_server
from connectors.sandbox.woocommerce.activity import Activity
from connectors.sandbox.woocommerce.catalogue_admin import Item
from connectors.sandbox.woocommerce.rest import WooCommerceApi
from connectors.sandbox.woocommerce.shop import Shop
from connectors.sandbox.woocommerce.state import ApiKey, ShopSettings

__all__ = ["Activity", "ApiKey", "Item", "Shop", "ShopSettings", "WooCommerceApi", "running_woocommerce"]


@contextmanager
def running_woocommerce(
    shop: Shop, *, port: int = 0, faults: Faults | None = None, is_tls: bool = True, home: str = ""
) -> Iterator[SandboxServer]:
    """A shop's REST API on the loopback address, for as long as the block lasts.

    Args:
        shop: The shop.
        port: Where to listen on 127.0.0.1; 0 for any free port.
        faults: Rules of misbehaviour made beforehand.
        is_tls: Whether requests count as encrypted, as behind a proxy that ends TLS; without it they must be signed.
        home: The site's own address where it is not the one that clients use.

    Raises:
        OSError: The port is taken.
    """
    api = WooCommerceApi(shop, is_tls=is_tls, home=home)
    with running_server(api, shop.clock, port=port, faults=faults) as server:
        yield server
