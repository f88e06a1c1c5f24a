"""`perennial identity` and its sub-commands: parses and calls, as `orchestration.cli` does."""

from typing import Annotated

import typer

from orchestration.settings import current_settings

identity = typer.Typer(help="Who is who: why records are one person, and decisions by hand.", no_args_is_help=True)

_Merchant = Annotated[str | None, typer.Option("--merchant", "-m", help="Whose; needed where there are several.")]
_Actor = Annotated[str, typer.Option("--actor", envvar="USER", help="Who decides.")]
_Reason = Annotated[str, typer.Option("--reason", help="Why, for whoever looks at it later.")]


@identity.command("show")
def show(
    customer: Annotated[str, typer.Argument(help="A customer's id, now or once, or one of its records.")],
    merchant: _Merchant = None,
) -> None:
    """Show what a customer is made of, the evidence of every link, and what was decided by hand."""
    from orchestration.identity_commands import show as show_customer

    show_customer(current_settings(), customer, merchant)


@identity.command("join")
def join(
    customers: Annotated[list[str], typer.Argument(help="Two or more customers or records that are one person.")],
    actor: _Actor,
    reason: _Reason,
    merchant: _Merchant = None,
) -> None:
    """Decide that customers are one person."""
    from orchestration.identity_commands import join as join_customers

    join_customers(current_settings(), customers, merchant, actor=actor, reason=reason)


@identity.command("separate")
def separate(
    records: Annotated[list[str], typer.Argument(help="Records that leave their customer together.")],
    actor: _Actor,
    reason: _Reason,
    merchant: _Merchant = None,
) -> None:
    """Decide that records are another person than their customer's other records."""
    from orchestration.identity_commands import separate as separate_records

    separate_records(current_settings(), records, merchant, actor=actor, reason=reason)


@identity.command("undo")
def undo(
    decision: Annotated[int, typer.Argument(help="The decision's number, as `identity show` prints it.")],
    actor: _Actor,
    reason: _Reason,
    merchant: _Merchant = None,
) -> None:
    """Decide that an earlier decision no longer stands."""
    from orchestration.identity_commands import undo as undo_decision

    undo_decision(current_settings(), decision, merchant, actor=actor, reason=reason)
