"""`perennial loyalty redeem`, `redemptions`, `cancel`, `settle`: rewards for points, at the shop and in the ledger."""

import secrets
from datetime import date

import sqlalchemy as sa
import typer

from activation.loyalty.endings import Shop, cancel
from activation.loyalty.ledger import Ledger, balance_of
from activation.loyalty.redemptions import programme_of, redemption_of, request
from activation.loyalty.withdrawals import finish_withdrawals, settle
from connectors.codes import IssuesCodes
from connectors.destination import Destination
from models.errors import MisconfiguredError
from models.identity import find_customer
from models.loyalty import programmes
from models.loyalty import redemptions as table
from orchestration.configuration import Merchant
from orchestration.deployment import Deployment, open_deployment
from orchestration.loyalty_stage import issue, ledger_of, shop_of
from orchestration.settings import Settings
from orchestration.stored_forecasts import merchant_named

# Without letters and digits that are read for one another.
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_CODE_LENGTH = 12


def new_code() -> str:
    """A code that nobody can guess, and that can be read out."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_CODE_LENGTH))


def redeem_reward(
    settings: Settings, customer: str, name: str, merchant: str | None, *, reference: str | None, another: bool
) -> int:
    """Hold the points, have the code issued, and print it; returns the exit code.

    Without a reference, and unless it shall be another one, the customer's unused one of the reward is printed again:
    nobody knows the reference of what died before it was printed.

    Raises:
        MisconfiguredError: There is no such reward.
        StopError: The customer has not enough points.
    """
    with open_deployment(settings) as deployment:
        found, ledger, _ = _opened(deployment, merchant)
        reward = ledger.programme.reward(name)
        if reward is None:
            names = ", ".join(one.name for one in ledger.programme.rewards) or "none"
            raise MisconfiguredError("REWARD", f"no reward {name!r} is declared; there are: {names}")
        with deployment.transformer.begin() as connection:
            customer_id = find_customer(connection, ledger.merchant_id, customer).customer_id
            redemption = request(
                connection,
                ledger,
                reward,
                customer_id=customer_id,
                redemption_id=reference or secrets.token_hex(8),
                code=new_code(),
                is_another=another or reference is not None,
            )
        day = _posted_date(deployment, ledger)
        issue(deployment, found, ledger, as_of_date=day, pace=deployment.pace)
        with deployment.transformer.connect() as connection:
            row = connection.execute(sa.select(table).where(*redemption_of(ledger, redemption.redemption_id))).one()
            available = balance_of(connection, ledger, customer_id)["available"]
    typer.echo(f"redemption {row.redemption_id} of customer {customer_id}: {row.state}; {available:,} points are left")
    if not redemption.is_new:
        asked_on = f"{row.requested_at.astimezone(ledger.zone):%Y-%m-%d}"
        another_one = "" if reference else "; for one more: --another"
        typer.echo(f"  it was asked for on {asked_on} already, and no further points were held{another_one}")
    if row.state == "issued":
        typer.echo(f"  code {row.code}, until {row.ends_at.astimezone(ledger.zone):%Y-%m-%d}")
    elif row.state == "held":
        typer.echo("  the shop has not said that it has the code; the next run asks again, and no points are lost")
    elif row.reason:
        typer.echo(f"  {row.reason}")
    return 0 if row.state in ("issued", "used") else 1


def list_redemptions(settings: Settings, merchant: str | None, *, customer: str | None, state: str | None) -> None:
    """Print the redemptions, the latest first.

    Raises:
        StopError: There is no such customer.
    """
    with open_deployment(settings) as deployment, deployment.transformer.connect() as connection:
        _, ledger, _ = _opened(deployment, merchant)
        query = sa.select(table).where(*programme_of(ledger)).order_by(table.c.requested_at.desc())
        if customer is not None:
            resolved = find_customer(connection, ledger.merchant_id, customer)
            query = query.where(table.c.customer_id.in_([record.record_id for record in resolved.records]))
        if state is not None:
            query = query.where(table.c.state == state)
        rows = connection.execute(query).all()
    for row in rows:
        about = f" on order {row.order_id}" if row.order_id else f": {row.reason}" if row.reason else ""
        typer.echo(
            f"{row.redemption_id}  {row.requested_at.astimezone(ledger.zone):%Y-%m-%d}  customer {row.customer_id}  "
            f"{row.reward} for {row.points:,} points  {row.state}{about}"
        )
    if not rows:
        typer.echo("no reward was asked for")


def cancel_redemption(settings: Settings, redemption: str, merchant: str | None, *, reason: str, actor: str) -> None:
    """Give points back, now or once the shop has taken the code back.

    Raises:
        StopError: There is none of that name, it is over, or the shop cannot take codes back.
        RetryLaterError: The shop did not say; the next run goes on.
    """
    with open_deployment(settings) as deployment:
        _, ledger, shop = _opened(deployment, merchant)
        about = Shop(is_idempotent=True, takes_back=False) if shop is None else Shop.of(shop)
        with deployment.transformer.begin() as connection:
            cancel(connection, ledger, redemption, reason=f"{reason}, {actor}", shop=about)
        if isinstance(shop, IssuesCodes):
            finish_withdrawals(deployment.transformer, ledger, shop)
        with deployment.transformer.connect() as connection:
            state = connection.scalar(sa.select(table.c.state).where(*redemption_of(ledger, redemption)))
    told = {
        "cancelled": "its points are back",
        "used": "its code was used meanwhile; its points are spent",
        "withdrawing": "its code is closed; its points go back in a run at least an hour from now, if it was not used",
    }
    typer.echo(f"redemption {redemption}: {told.get(str(state), state)}")


def settle_redemption(
    settings: Settings, redemption: str, merchant: str | None, *, was_used: bool, reason: str, actor: str
) -> None:
    """Enter what a person knows of a code that no shop can be asked about.

    Raises:
        StopError: There is none of that name, it is over or may still be used, or the shop has the code.
        RetryLaterError: The shop that issued the code did not say whether it has it.
    """
    with open_deployment(settings) as deployment:
        _, ledger, shop = _opened(deployment, merchant)
        issuer = None
        if isinstance(shop, IssuesCodes):
            issuer = shop
        state = settle(
            deployment.transformer,
            ledger,
            redemption,
            was_used=was_used,
            reason=f"{reason}, {actor}",
            issuer=issuer,
        )
    typer.echo(f"redemption {redemption}: {state}")


def _opened(deployment: Deployment, merchant: str | None) -> tuple[Merchant, Ledger, Destination | None]:
    found = merchant_named(deployment, merchant)
    ledger = ledger_of(deployment, found, run_id="command", recorded_at=deployment.clock())
    return found, ledger, shop_of(deployment, found)


def _posted_date(deployment: Deployment, ledger: Ledger) -> date:
    with deployment.transformer.connect() as connection:
        day = connection.execute(
            sa.select(programmes.c.posted_as_of_date).where(
                programmes.c.merchant_id == ledger.merchant_id, programmes.c.programme == ledger.programme.name
            )
        ).scalar_one()
    assert isinstance(day, date)  # noqa: S101 - nothing is redeemed before it was posted
    return day
