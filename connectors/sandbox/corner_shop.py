"""A shop on Shopify and a mail account, small enough to follow one customer through.

The shop's time stands still until it is moved on. What its customers do is given: who comes back, and who uses a code.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from connectors.sandbox import shopify
from connectors.sandbox.filling import fill_shopify
from connectors.sandbox.sendgrid import SendGridSandbox, running_sendgrid
from connectors.sandbox.shop_history import Buyer, ShopHistory


class StandingClock:
    """A time that stands still until it is set.

    Attributes:
        now: The time, aware.
    """

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """The time."""
        return self.now


@dataclass(frozen=True)
class CornerShop:
    """The shop and the mail account, both running.

    Attributes:
        shop: The shop, as its customers know it.
        clock: The time at both.
        url: Where the shop's interface listens.
        mail: The account, with its own log of what it delivered.
        history: What happened at the shop before.
    """

    shop: shopify.Shop
    clock: StandingClock
    url: str
    mail: SendGridSandbox
    history: ShopHistory

    def order(self, buyer: Buyer, *, lines: int = 1, codes: Sequence[str] = ()) -> Decimal:
        """A customer buys something; returns what they paid.

        Args:
            buyer: Who.
            lines: How many different things.
            codes: What they enter at the checkout.

        Raises:
            CodeRefusedError: The checkout does not take a code.
        """
        account = next(one for one in self.shop.customers if one.email == buyer.email)
        affordable = [one for one in self.shop.variants.values() if 1000 <= one.price <= 6000]
        start = sum(buyer.buyer_id.encode()) % len(affordable)
        chosen = [affordable[(start + 7 * number) % len(affordable)] for number in range(lines)]
        placed: Any = self.shop.buy_with_codes(
            codes, lines=[shopify.Item(variant.id) for variant in chosen], customer=account.id, fulfilled=True
        )
        return Decimal(placed.total).scaleb(-2)

    def emails_to(self, buyer: Buyer) -> list[dict[str, Any]]:
        """What the mail account's own log says was delivered to a customer."""
        return [row for row in self.mail.effects() if row.get("to") == buyer.email]


@contextmanager
def running_corner_shop(
    history: ShopHistory, folder: Path, *, opens_at: datetime, token: str, mail_key: str
) -> Iterator[CornerShop]:
    """The shop and its mail account on this machine, for as long as the block lasts.

    Args:
        history: The shop's past.
        folder: Where the mail account's log goes.
        opens_at: The time at both until it is moved on.
        token: What opens the shop's interface.
        mail_key: What opens the mail account.
    """
    clock = StandingClock(history.purchases[0].ordered_at)
    shop = shopify.Shop(
        clock=clock, name=history.name, currency=history.currency_code, time_zone=history.time_zone, plan="enterprise"
    )
    fill_shopify(shop, history)
    access = shopify.Access(clock)
    access.issue_static_token(token)
    clock.now = opens_at
    with ExitStack() as stack:
        running = stack.enter_context(shopify.running_shopify(shop, access=access))
        mail = stack.enter_context(running_sendgrid(folder / "mail.jsonl", mail_key, clock))
        yield CornerShop(shop, clock, running.url, mail, history)
