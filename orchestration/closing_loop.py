"""The end of `make demo`: one customer's way from an order to a message, points, a reward and its use, at a small shop.

The shop and its programme are a deployment of their own, below the home, and everything is done by the commands that a
merchant uses. What is told at the end is read from the tables, and from the logs of the shop and of the mail account.
"""

import os
import re
import secrets
import subprocess
import sys
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console

from activation.loyalty.programme import Reward
from connectors.sandbox.corner_shop import CornerShop, running_corner_shop
from connectors.sandbox.shop_history import Buyer
from models.errors import StopError
from models.whole_files import write_whole
from orchestration import progress
from orchestration.deployment import Deployment, embedded_server, open_deployment
from orchestration.sandbox import made_up_histories
from orchestration.settings import Settings
from orchestration.summary import query

CAMPAIGN = "welcome_back"
REWARD = "five_dollars"
ZONE = ZoneInfo("America/New_York")
_CUSTOMERS = 900  # of whom a third buy at this shop
_SEED = 11
_RETURNING = 15
_CODE = re.compile(r"^ +code (\S+),", re.MULTILINE)
_DECLARATIONS = Path(__file__).with_name("closing_loop.yml")


@dataclass(frozen=True)
class _Stage:
    """The deployment and its outside world."""

    settings: Settings
    shop: CornerShop
    references: Mapping[str, str]

    def command(self, *arguments: str) -> str:
        """What one of the project's commands prints.

        Raises:
            StopError: It failed.
        """
        done = subprocess.run(
            [Path(sys.executable).parent / "perennial", *arguments],
            env={**os.environ, **environment_of(self.settings), **self.references},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            said = (done.stderr or done.stdout).strip()[-2000:]
            raise StopError(f"perennial {' '.join(arguments)} ended with {done.returncode}: {said}")
        return done.stdout

    def night(self, day: date) -> None:
        """The nightly run after a day; whatever is younger than minutes is not yet read."""
        evening = datetime.combine(day, time(23), ZONE).astimezone(UTC)
        self.shop.clock.now = max(self.shop.clock.now + timedelta(hours=1), evening)
        with progress.current().task(f"The corner shop's night after {day}"):
            self.command("run", "--as-of", day.isoformat())


def environment_of(settings: Settings) -> dict[str, str]:
    """What tells a command which deployment is meant: never a warehouse that is somebody's own."""
    return {
        "PERENNIAL_HOME": str(settings.home),
        "PERENNIAL_CONFIG": str(settings.config_path),
        "PERENNIAL_WAREHOUSE_URL": "",
    }


def close_the_loop(settings: Settings, console: Console, clock: Callable[[], datetime]) -> None:
    """Enact the loop where that was not done yet, and tell it.

    Args:
        settings: The demonstration's own; the loop's deployment lies below its home.
        console: Where it is told.
        clock: Says what time it is, in UTC; the story ends now.

    Raises:
        StopError: A command failed.
    """
    home = settings.home.resolve() / "loop"
    told = home / "story.txt"
    if not told.exists():
        own = replace(settings, home=home, config_path=home / "perennial.yml", warehouse_url=None)
        home.mkdir(parents=True, exist_ok=True)
        write_whole(own.config_path, _DECLARATIONS.read_bytes())
        try:
            story = _enacted(own, clock)
        finally:
            embedded_server(own).stop()
        write_whole(told, story.encode())
    console.print(f"\n[bold]The loop, closed[/bold], at a corner shop in a deployment of its own ({told.parent})")
    console.print(told.read_text(encoding="utf-8"), markup=False, highlight=False, end="")


def _enacted(settings: Settings, clock: Callable[[], datetime]) -> str:
    today = clock().astimezone(ZONE).date()
    first, second = today - timedelta(days=2), today - timedelta(days=1)
    opens_at = datetime.combine(first, time(23), ZONE).astimezone(UTC)
    history = made_up_histories(_CUSTOMERS, _SEED, opens_at)["shopify"]
    token, mail_key = f"shpat_{secrets.token_hex(16)}", f"SG.{secrets.token_hex(16)}"
    with running_corner_shop(history, settings.home, opens_at=opens_at, token=token, mail_key=mail_key) as shop:
        references = {
            "CORNER_SHOP_URL": shop.url,
            "CORNER_SHOP_TOKEN": token,
            "CORNER_MAIL_URL": shop.mail.url,
            "CORNER_MAIL_KEY": mail_key,
            "CORNER_SECOND_DAY": second.isoformat(),
            "CORNER_UNSUBSCRIBE_URL": f"http://127.0.0.1:{settings.unsubscribe_port}",
        }
        settings = replace(settings, references={**settings.references, **references})
        stage = _Stage(settings, shop, references)
        stage.night(first)
        returning = _returning(shop)
        with _opened(stage) as deployment:
            before = {buyer.email: _row(deployment, buyer) for buyer in returning}
        shop.clock.now = datetime.combine(second, time(12), ZONE).astimezone(UTC)
        paid = {buyer.email: shop.order(buyer, lines=2) for buyer in returning}
        stage.night(second)
        with _opened(stage) as deployment:
            sent = query(deployment, "loop_deliveries", campaign=CAMPAIGN)
            written = {row.email: row.delivery_id for row in sent if row.outcome == "accepted"}
            buyer = next(one for one in returning if one.email in written)
            after = _row(deployment, buyer)
            reward = _reward(deployment)
        redeemed = stage.command("loyalty", "redeem", after.customer_id, REWARD)
        code = _CODE.search(redeemed)
        if code is None:
            raise StopError(f"the shop issued no code: {redeemed.strip()}")
        # Not before the code, which is as old as the command that asked for it.
        shop.clock.now = clock() + timedelta(minutes=1)
        third = shop.clock.now.astimezone(ZONE).date()
        paid_with_code = shop.order(buyer, lines=2, codes=[code.group(1)])
        stage.night(third)
        with _opened(stage) as deployment:
            last = _row(deployment, buyer)
        report = stage.command("campaign", "report", CAMPAIGN)
        trace = stage.command("trace", str(written[buyer.email]))
        emails = len(shop.emails_to(buyer))
    known, money = before[buyer.email], after.currency_code
    days = {
        first: f"Customer {known.customer_id} is worth {known.clv_amount:,.2f} {money} in the year to come, and gone "
        f"with a probability of {known.churn_probability:.0%}.",
        second: f"They order for {paid[buyer.email]:,.2f} {money} at the shop, as {len(returning) - 1} others do. The "
        f"night finds it: {after.clv_amount:,.2f} {money} and {after.churn_probability:.0%} now. They "
        f"{'are' if after.is_in_segment else 'are not'} in the segment 'bought_again', get {emails} email, as the mail "
        f"account's own log has it, and {after.available_points:,} points, of which {reward.points} become a code.",
        third: f"They order with the code, and pay {paid_with_code:,.2f} {money}. The night finds the reward "
        f"{last.redemption_state}; {last.available_points:,} points are theirs now, and they are worth "
        f"{last.clv_amount:,.2f} {money}.",
    }
    told = [_paragraph(f"{day}  ", text) for day, text in days.items()]
    told += ["", f"perennial campaign report {CAMPAIGN}", *_indented(report)]
    told += ["", f"perennial trace {written[buyer.email]}", *_indented(trace)]
    return "\n".join(told) + "\n"


def _paragraph(label: str, text: str) -> str:
    return textwrap.fill(text, 118, initial_indent=label, subsequent_indent=" " * len(label))


def _indented(text: str) -> list[str]:
    return [f"  {line}".rstrip() for line in text.strip().splitlines()]


def _opened(stage: _Stage) -> Deployment:
    return open_deployment(stage.settings)


def _reward(deployment: Deployment) -> Reward:
    """The reward that the declarations hold."""
    programme = deployment.configuration.merchants[0].loyalty
    found = programme.reward(REWARD) if programme else None
    if found is None:
        raise StopError(f"{_DECLARATIONS.name} declares no reward {REWARD!r}")
    return found


def _row(deployment: Deployment, buyer: Buyer) -> Any:  # noqa: ANN401 - a row of a query
    [row] = query(deployment, "loop_customer", email=buyer.email)
    return row


def _returning(shop: CornerShop) -> list[Buyer]:
    """Who comes back: customers of two orders or more who agreed to emails and have not been seen for the longest."""
    last, counts = {}, dict.fromkeys((one.buyer_id for one in shop.history.buyers), 0)
    for purchase in shop.history.purchases:
        last[purchase.buyer_id] = purchase.ordered_at
        counts[purchase.buyer_id] += 1
    repeat = [one for one in shop.history.buyers if counts[one.buyer_id] >= 2 and one.has_email_consent]
    return sorted(repeat, key=lambda one: last[one.buyer_id])[-_RETURNING * 3 :: 3]
