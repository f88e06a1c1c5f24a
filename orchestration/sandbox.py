"""`perennial sandbox`: a shop on each platform to try Perennial on, living if asked, and a Klaviyo account."""

import errno
import random
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import typer
import yaml

from connectors.sandbox.access import LIST_ID, STORE_HASH, SandboxAccess
from connectors.sandbox.demonstration import demonstration_histories
from connectors.sandbox.histories import generate
from connectors.sandbox.klaviyo import SCOPES, running_klaviyo
from connectors.sandbox.platforms import RunningPlatform, running_platforms
from connectors.sandbox.presets import preset_merchant
from connectors.sandbox.shop_history import Sale, ShopHistory, shared_out
from orchestration.deployment import Deployment
from orchestration.references import sandbox_access
from orchestration.sandbox_process import READY
from orchestration.settings import Settings

_MERCHANT_ID = "sandbox"
_PRESET = "model_following"


def serve_sandbox(
    settings: Settings,
    *,
    customers: int,
    seed: int,
    activity_seconds: float | None,
    is_demonstration: bool,
    ends_with_input: bool,
) -> None:
    """Serve the platforms until Ctrl-C, and print what stands in `perennial.yml` to read them.

    Args:
        settings: The deployment, whose ports and secrets they have.
        customers: How many people the made-up merchant has.
        seed: Another seed makes up others, and lets other things happen.
        activity_seconds: How often something happens at each shop; None for never.
        is_demonstration: Whether the shops are the demonstration's instead.
        ends_with_input: Whether to end with standard input too, for who started it.
    """
    clock = Deployment(settings, "").clock
    histories = demonstration_histories() if is_demonstration else made_up_histories(customers, seed, clock())
    access = sandbox_access(settings)
    with ExitStack() as stack:
        platforms = stack.enter_context(running_platforms(histories, access, clock, seed=seed))
        if not is_demonstration:
            # The demonstration sends to its receiver and needs no account.
            _open_klaviyo(stack, settings, access, clock)
        for name, history in histories.items():
            counts = f"{len(history.buyers):,} customers, {len(history.purchases):,} orders"
            is_ours = any(platform.name == name for platform in platforms)
            typer.echo(f"# {history.name}: {counts}" + ("" if is_ours else "; somebody has it up already"))
        typer.echo(yaml.safe_dump(declarations(is_demonstration=is_demonstration), sort_keys=False, width=120))
        typer.echo(f"{READY} Ctrl-C stops them, and what happened at them is forgotten.")
        sys.stdout.flush()
        with _activity(platforms, activity_seconds, seed):
            _wait(ends_with_input=ends_with_input)


def _open_klaviyo(stack: ExitStack, settings: Settings, access: SandboxAccess, clock: Callable[[], datetime]) -> None:
    """Serve an account with a list, unless its port is taken."""
    journal = settings.home / "sandbox-klaviyo.jsonl"
    account = running_klaviyo(
        journal, clock, keys={access.klaviyo_key: SCOPES}, lists=(LIST_ID,), port=access.klaviyo_port
    )
    try:
        stack.enter_context(account)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        typer.echo("# Klaviyo: somebody has it up already")
    else:
        typer.echo(f"# Klaviyo: a list, and everything that is done with it in {journal}")


def made_up_histories(customers: int, seed: int, now: datetime) -> Mapping[str, ShopHistory]:
    """The past of a made-up merchant, as three shops; its last order was placed on the day before."""
    merchant = preset_merchant(_PRESET, customer_count=customers, seed=seed)
    orders = [piece.rows for piece in generate(merchant) if piece.table == "orders"]
    columns = ("customer_id", "ordered_at", "quantity", "amount")
    rows = [row for frame in orders for row in frame.select(columns).iter_rows()]
    last = max((ordered_at for _, ordered_at, _, _ in rows), default=now)
    shift = timedelta(days=(now - timedelta(days=1)).toordinal() - last.toordinal())
    cent = Decimal("0.01")
    return shared_out(
        [Sale(customer_id, at + shift, quantity, amount.quantize(cent)) for customer_id, at, quantity, amount in rows],
        merchant_id=_MERCHANT_ID,
        name="Sandbox",
        currency_code=merchant.currency_code,
        time_zone=merchant.time_zone,
        seed=seed,
    )


def declarations(*, is_demonstration: bool) -> dict[str, Any]:
    """What stands in `perennial.yml` to read the shops and to send to the account.

    This deployment knows the addresses and secrets by name.
    """
    merchant = preset_merchant(_PRESET)
    closed = {"as_of_date": "1998-06-30"} if is_demonstration else {}
    account = {
        "name": "klaviyo",
        "type": "klaviyo",
        "url": "${PERENNIAL_SANDBOX_KLAVIYO_URL}",
        "private_key": "${PERENNIAL_SANDBOX_KLAVIYO_KEY}",
        "list_id": LIST_ID,
    }
    return {
        **({} if is_demonstration else {"destinations": [account]}),
        "merchants": [
            {
                "merchant_id": "cdnow" if is_demonstration else _MERCHANT_ID,
                "merchant_name": "CDNOW, 1997-1998" if is_demonstration else "Sandbox",
                "time_zone": merchant.time_zone,
                "currency_code": merchant.currency_code,
                **closed,
                "stores": [
                    {"store_id": type_, "source": {"type": type_, **keys}}
                    for type_, keys in {
                        "shopify": {
                            "url": "${PERENNIAL_SANDBOX_SHOPIFY_URL}",
                            "access_token": "${PERENNIAL_SANDBOX_SHOPIFY_TOKEN}",
                        },
                        "bigcommerce": {
                            "url": "${PERENNIAL_SANDBOX_BIGCOMMERCE_URL}",
                            "store_hash": STORE_HASH,
                            "access_token": "${PERENNIAL_SANDBOX_BIGCOMMERCE_TOKEN}",
                        },
                        "woocommerce": {
                            "url": "${PERENNIAL_SANDBOX_WOOCOMMERCE_URL}",
                            "consumer_key": "${PERENNIAL_SANDBOX_WOOCOMMERCE_KEY}",
                            "consumer_secret": "${PERENNIAL_SANDBOX_WOOCOMMERCE_SECRET}",
                        },
                    }.items()
                ],
            }
        ],
    }


@contextmanager
def _activity(platforms: Sequence[RunningPlatform], seconds: float | None, seed: int) -> Iterator[None]:
    """Let something happen at the shops, one after the other, while the block runs."""
    if seconds is None or not platforms:
        yield
        return
    has_ended, chance = threading.Event(), random.Random(seed)  # noqa: S311 - orders, not secrets

    def live() -> None:
        while not has_ended.wait(seconds / len(platforms)):
            platform = chance.choice(platforms)
            typer.echo(f"{platform.name}: {platform.step()}")

    thread = threading.Thread(target=live, name="activity", daemon=True)
    thread.start()
    try:
        yield
    finally:
        has_ended.set()
        thread.join()


def _wait(*, ends_with_input: bool) -> None:
    """Wait for Ctrl-C, a polite stop, or the end of what started us."""
    signal.signal(signal.SIGTERM, _as_interrupt)
    try:
        if ends_with_input:
            sys.stdin.read()
        else:
            signal.pause()
    except KeyboardInterrupt:
        return


def _as_interrupt(*_: object) -> None:
    raise KeyboardInterrupt
