"""`perennial deliveries` and its sub-commands: parses and calls, as `orchestration.cli` does."""

from typing import Annotated

import typer

from activation.actions import LedgerOutcome
from orchestration.settings import current_settings

deliveries = typer.Typer(help="Deliveries: what waits for a person, and deciding it.", no_args_is_help=True)

_Merchant = Annotated[str | None, typer.Option("--merchant", "-m", help="Whose; needed where there are several.")]
_Destination = Annotated[str | None, typer.Option("--destination", "-d", help="Only those to this destination.")]


@deliveries.command("list")
def list_deliveries(
    merchant: _Merchant = None,
    destination: _Destination = None,
    outcome: Annotated[
        list[LedgerOutcome] | None,
        typer.Option("--outcome", help="Only these; without it, those that wait for a person or were rejected."),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many to show, the newest first.")] = 100,
) -> None:
    """List deliveries that wait for a person: tried in vain too often, rejected, or perhaps sent."""
    from orchestration.deliveries_commands import show_deliveries

    show_deliveries(current_settings(), merchant, destination, outcome or [], limit=limit)


@deliveries.command("replay")
def replay(
    ids: Annotated[list[int] | None, typer.Argument(help="The deliveries' numbers; without any, all.")] = None,
    merchant: _Merchant = None,
    destination: _Destination = None,
    rejected: Annotated[
        bool, typer.Option("--rejected", help="Those that the destination rejected, too, once it takes them.")
    ] = False,
) -> None:
    """Let dead deliveries be tried again by the next run, with what is so by then."""
    from orchestration.deliveries_commands import replay_deliveries

    replay_deliveries(current_settings(), merchant, destination, ids or [], with_rejected=rejected)


@deliveries.command("resolve")
def resolve(
    delivery_id: Annotated[int, typer.Argument(help="The delivery's number.")],
    taken: Annotated[
        bool, typer.Option("--taken/--not-taken", help="Whether the destination has it.", show_default=False)
    ],
    merchant: _Merchant = None,
) -> None:
    """Say of a delivery that may have been sent whether it was: one that was not is sent by the next run."""
    from orchestration.deliveries_commands import resolve_delivery

    resolve_delivery(current_settings(), merchant, delivery_id, was_taken=taken)
