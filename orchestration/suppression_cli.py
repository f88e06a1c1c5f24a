"""`perennial suppress` and its sub-commands: parses and calls, as `orchestration.cli` does."""

from pathlib import Path
from typing import Annotated

import typer

from orchestration.settings import current_settings

suppress = typer.Typer(help="Who is not to be written to, whatever their consent says.", no_args_is_help=True)

_Merchant = Annotated[str | None, typer.Option("--merchant", "-m", help="Whose; needed where there are several.")]
_Address = Annotated[str | None, typer.Option(help="The email address; only its digest is kept.")]
_Customer = Annotated[str | None, typer.Option(help="Or the customer, by their id.")]


@suppress.command("add")
def add(
    address: _Address = None,
    customer: _Customer = None,
    file: Annotated[Path | None, typer.Option(help="Or a text file with an address per line.")] = None,
    reason: Annotated[str, typer.Option(help="bounce, complaint, unsubscribe, invalid or manual.")] = "manual",
    evidence: Annotated[str | None, typer.Option(help="Where it is known from.")] = None,
    merchant: _Merchant = None,
) -> None:
    """Let nothing be sent any more to an address or a customer."""
    from orchestration.suppression_commands import add_to_list

    add_to_list(current_settings(), merchant, address, customer, file, reason=reason, evidence=evidence)


@suppress.command("list")
def show(
    merchant: _Merchant = None,
    lifted: Annotated[bool, typer.Option("--lifted", help="Those that no longer stand, too.")] = False,
) -> None:
    """List who is not written to, since when, why, and where that is known from."""
    from orchestration.suppression_commands import print_list

    print_list(current_settings(), merchant, includes_lifted=lifted)


@suppress.command("remove")
def remove(
    because: Annotated[str, typer.Option(help="Why; is kept beside the entry.")],
    address: _Address = None,
    customer: _Customer = None,
    merchant: _Merchant = None,
) -> None:
    """Take an address or a customer off the list; the entry and the reason stay on record."""
    from orchestration.suppression_commands import take_off_list

    take_off_list(current_settings(), merchant, address, customer, because=because)


@suppress.command("pull")
def pull(
    days: Annotated[int, typer.Option(min=1, max=3650, help="How far back to read.")] = 30,
    merchant: _Merchant = None,
) -> None:
    """Read whom the mail providers no longer deliver to, and put them on the list."""
    from orchestration.suppression_commands import pull_lists

    pull_lists(current_settings(), merchant, days=days)
