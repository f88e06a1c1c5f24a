"""`perennial sync` and its sub-commands: parses and calls, as `orchestration.cli` does."""

from typing import Annotated

import typer

from orchestration.settings import current_settings

sync = typer.Typer(help="Syncs: what destinations would be told, and telling them.", no_args_is_help=True)

_Merchant = Annotated[str | None, typer.Option("--merchant", "-m", help="Only this merchant's.")]
_Audience = Annotated[str | None, typer.Option("--audience", "-a", help="Only this audience's, or this segment's.")]
_Destination = Annotated[str | None, typer.Option("--destination", "-d", help="Only those to this destination.")]


@sync.command("plan")
def plan(
    merchant: _Merchant = None,
    audience: _Audience = None,
    destination: _Destination = None,
    limit: Annotated[int, typer.Option(min=0, help="How many customers to show of each sync.")] = 20,
) -> None:
    """Show what each sync would send now, field by field, with the plan's digest; nothing is written or sent."""
    from orchestration.sync_commands import show_plans

    show_plans(current_settings(), merchant, audience, destination, limit=limit)


@sync.command("apply")
def apply(
    digest: Annotated[str, typer.Option("--digest", help="The digest that `perennial sync plan` showed.")],
    merchant: _Merchant = None,
    audience: _Audience = None,
    destination: _Destination = None,
) -> None:
    """Carry out the plan of that digest, unless what there is to send has changed since."""
    from orchestration.sync_commands import apply_plan

    apply_plan(current_settings(), digest, merchant, audience, destination)


@sync.command("backfill")
def backfill(
    destination: Annotated[str, typer.Option("--destination", "-d", help="What holds the customers already.")],
    audience: Annotated[str, typer.Option("--audience", "-a", help="The audience or the segment.")],
    merchant: _Merchant = None,
) -> None:
    """Take for known what a sync would send for the first time: nothing is sent, and only later changes will be."""
    from orchestration.sync_commands import backfill_sync

    backfill_sync(current_settings(), merchant, audience, destination)
