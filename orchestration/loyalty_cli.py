"""`perennial loyalty` and its sub-commands: parses and calls, as `orchestration.cli` does."""

from pathlib import Path
from typing import Annotated

import typer

from orchestration.settings import current_settings

loyalty = typer.Typer(help="Points, tiers and rewards: look, correct, prove.", no_args_is_help=True)

_Merchant = Annotated[str | None, typer.Option("--merchant", "-m", help="Whose; needed where there are several.")]
_Customer = Annotated[str, typer.Argument(help="A customer's id; one that was merged, or a record's, will do.")]
_Reason = Annotated[str, typer.Option(help="Why, for whoever reads the ledger later.")]
_Actor = Annotated[str, typer.Option(help="Who says so.", envvar="USER")]


@loyalty.command("balance")
def balance(
    customer: _Customer,
    merchant: _Merchant = None,
    history: Annotated[int, typer.Option(min=0, max=1000, help="How many of the last postings to show.")] = 10,
) -> None:
    """Show what a customer has, and how it came about."""
    from orchestration.loyalty_commands import show_balance

    show_balance(current_settings(), customer, merchant, history=history)


@loyalty.command("adjust")
def adjust(
    customer: _Customer,
    points: Annotated[int, typer.Argument(help="How many to give; below zero takes. Write -- before a minus sign.")],
    reason: _Reason,
    actor: _Actor,
    reference: Annotated[
        str | None, typer.Option(help="Its own name; the same one given twice is one. Default: a new one.")
    ] = None,
    merchant: _Merchant = None,
) -> None:
    """Give a customer points or take some, with a reason that stays."""
    from orchestration.loyalty_commands import adjust_points

    adjust_points(current_settings(), customer, points, merchant, reason=reason, actor=actor, reference=reference)


@loyalty.command("birthdays")
def birthdays(
    file: Annotated[Path, typer.Argument(help="A CSV file with the columns customer_id and birthday (YYYY-MM-DD).")],
    merchant: _Merchant = None,
) -> None:
    """Keep birthdays, as month and day; points follow from the next one on."""
    from orchestration.loyalty_commands import keep_birthdays

    keep_birthdays(current_settings(), file, merchant)


@loyalty.command("redeem")
def redeem(
    customer: _Customer,
    reward: Annotated[str, typer.Argument(help="A reward of perennial.yml.")],
    merchant: _Merchant = None,
    reference: Annotated[
        str | None,
        typer.Option(help="Its own name; the same one given twice is one. Default: the unused one, else a new one."),
    ] = None,
    another: Annotated[
        bool, typer.Option("--another", help="One more, though the customer has one of the reward and did not use it.")
    ] = False,
) -> None:
    """Turn points into a reward: hold them, have the shop issue a code, and print it."""
    from orchestration.redemption_commands import redeem_reward

    raise typer.Exit(
        redeem_reward(current_settings(), customer, reward, merchant, reference=reference, another=another)
    )


@loyalty.command("redemptions")
def redemptions(
    merchant: _Merchant = None,
    customer: Annotated[str | None, typer.Option(help="Only this customer's.")] = None,
    state: Annotated[str | None, typer.Option(help="Only those in this state, such as held or issued.")] = None,
) -> None:
    """List the rewards that were asked for, and what became of them; never their codes."""
    from orchestration.redemption_commands import list_redemptions

    list_redemptions(current_settings(), merchant, customer=customer, state=state)


@loyalty.command("cancel")
def cancel(
    redemption: Annotated[str, typer.Argument(help="A redemption's name.")],
    reason: _Reason,
    actor: _Actor,
    merchant: _Merchant = None,
) -> None:
    """Give a reward's points back: at once if the shop never had the code, else once it took it back unused."""
    from orchestration.redemption_commands import cancel_redemption

    cancel_redemption(current_settings(), redemption, merchant, reason=reason, actor=actor)


@loyalty.command("settle")
def settle(
    redemption: Annotated[str, typer.Argument(help="A redemption's name.")],
    was_used: Annotated[bool, typer.Option("--used/--unused", help="Whether its code was used.")],
    reason: _Reason,
    actor: _Actor,
    merchant: _Merchant = None,
) -> None:
    """Say what became of a code that its shop does not find, or whose shop is gone."""
    from orchestration.redemption_commands import settle_redemption

    settle_redemption(current_settings(), redemption, merchant, was_used=was_used, reason=reason, actor=actor)


@loyalty.command("budget")
def budget(
    merchant: _Merchant = None,
    show: Annotated[int, typer.Option(min=0, max=1000, help="How many customers to name.")] = 10,
    give: Annotated[bool, typer.Option("--give", help="Give each the points that their reward costs.")] = False,
) -> None:
    """Show who is worth which reward, and why the others get none; within the cap of perennial.yml."""
    from orchestration.budget_commands import show_budget

    show_budget(current_settings(), merchant, show=show, give=give)


@loyalty.command("prove")
def prove(merchant: _Merchant = None) -> None:
    """Make every balance again from facts, and compare it with the one that is stored."""
    from orchestration.loyalty_commands import prove_balances

    raise typer.Exit(prove_balances(current_settings(), merchant))


@loyalty.command("revalue")
def revalue(merchant: _Merchant = None) -> None:
    """Let the next run value past orders by the rules as they are declared now."""
    from orchestration.loyalty_commands import revalue_points

    revalue_points(current_settings(), merchant)
