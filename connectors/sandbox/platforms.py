"""The three platforms side by side on this machine, each with the shop that a history describes.

They answer as the real ones do, with one exception: nobody shall have to wait for a demonstration, so the allowances
are the largest that a platform grants.
"""

import errno
import random
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connectors.sandbox import bigcommerce, shopify, woocommerce
from connectors.sandbox.access import STORE_HASH, SandboxAccess
from connectors.sandbox.filling import fill_bigcommerce, fill_shopify, fill_woocommerce
from connectors.sandbox.shop_history import ShopHistory

Clock = Callable[[], datetime]


@dataclass(frozen=True)
class RunningPlatform:
    """A platform that listens.

    Attributes:
        name: shopify, bigcommerce or woocommerce.
        step: Lets something happen at the shop, such as an order, an edit or a refund, and says what.
        net_revenue: What the shop's own books say that it has earned.
    """

    name: str
    step: Callable[[], str]
    net_revenue: Callable[[], Any]


class _ShopClock:
    """A shop's time: it stands still at the beginning of the shop's history until the shop opens.

    What a shop has from the start, such as its administrator, is then as old as its history, and each start the same.

    Args:
        history: The shop's past.
        clock: The time that goes on.
    """

    def __init__(self, history: ShopHistory, clock: Clock) -> None:
        self._clock = clock
        self._stands_at = history.purchases[0].ordered_at if history.purchases else clock()
        self.is_open = False

    def __call__(self) -> datetime:
        return self._clock() if self.is_open else self._stands_at


@contextmanager
def running_platforms(
    histories: Mapping[str, ShopHistory], access: SandboxAccess, clock: Clock, *, seed: int = 0
) -> Iterator[list[RunningPlatform]]:
    """The platforms, for as long as the block lasts.

    Args:
        histories: Each platform's shop.
        access: Ports and secrets.
        clock: The shops' time.
        seed: Of what happens at them.

    Yields:
        Those that listen now. One whose port is taken is left out: somebody has it up already.

    Raises:
        OSError: A port cannot be listened on for another reason.
    """
    opened = {"shopify": _shopify, "bigcommerce": _bigcommerce, "woocommerce": _woocommerce}
    activities: dict[str, Any] = {
        "shopify": shopify.Activity, "bigcommerce": bigcommerce.Activity, "woocommerce": woocommerce.Activity
    }  # fmt: skip
    running = []
    with ExitStack() as stack:
        for name, history in histories.items():
            if not _is_taken(access.ports[name]):
                shop_clock = _ShopClock(history, clock)
                shop, server = opened[name](history, access, shop_clock)
                shop_clock.is_open = True
                stack.enter_context(server)
                running.append(RunningPlatform(name, _steps(activities[name], shop, seed), shop.net_revenue))
        yield running


def _shopify(history: ShopHistory, access: SandboxAccess, clock: Clock) -> tuple[Any, AbstractContextManager[Any]]:
    shop = shopify.Shop(
        clock=clock, name=history.name, currency=history.currency_code, time_zone=history.time_zone, plan="enterprise"
    )
    fill_shopify(shop, history)
    app = shopify.Access(clock)
    app.issue_static_token(access.shopify_token)
    return shop, shopify.running_shopify(shop, port=access.shopify_port, access=app)


def _bigcommerce(history: ShopHistory, access: SandboxAccess, clock: Clock) -> tuple[Any, AbstractContextManager[Any]]:
    settings = bigcommerce.StoreSettings(
        store_hash=STORE_HASH, name=history.name, currency=history.currency_code, time_zone=history.time_zone
    )
    shop = bigcommerce.Shop(clock, settings, quota=None)
    shop.tokens = {access.bigcommerce_token: frozenset(bigcommerce.READ_SCOPES)}
    fill_bigcommerce(shop, history)
    return shop, bigcommerce.running_bigcommerce(shop, port=access.bigcommerce_port)


def _woocommerce(history: ShopHistory, access: SandboxAccess, clock: Clock) -> tuple[Any, AbstractContextManager[Any]]:
    settings = woocommerce.ShopSettings(name=history.name, currency=history.currency_code, time_zone=history.time_zone)
    shop = woocommerce.Shop(clock, settings)
    shop.keys = [woocommerce.ApiKey(access.woocommerce_key, access.woocommerce_secret)]
    fill_woocommerce(shop, history)
    # Without TLS, as everything on this machine: the source has to sign each request.
    return shop, woocommerce.running_woocommerce(shop, port=access.woocommerce_port, is_tls=False)


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            return True
    return False


def _steps(activity: Any, shop: Any, seed: int) -> Callable[[], str]:  # noqa: ANN401 - each platform has its own
    """What happens at a shop of itself; begun only when somebody asks for it."""
    begun: list[Any] = []

    def step() -> str:
        if not begun:
            begun.append(activity(shop, random.Random(seed)))  # noqa: S311 - orders, not secrets
        return str(begun[0].step())

    return step
