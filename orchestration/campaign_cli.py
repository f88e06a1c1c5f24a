"""`perennial campaign` and its sub-commands: parses and calls, as `orchestration.cli` does."""

from pathlib import Path
from typing import Annotated

import typer

from orchestration.settings import current_settings

campaign = typer.Typer(help="Campaigns: who would get which message, and what it brought.", no_args_is_help=True)

_Merchant = Annotated[str | None, typer.Option("--merchant", "-m", help="Whose; needed where there are several.")]
_Name = Annotated[str, typer.Argument(help="The campaign's name.")]


@campaign.command("list")
def list_campaigns(merchant: _Merchant = None) -> None:
    """List a merchant's campaigns with who takes part, and what became of their messages."""
    from orchestration.campaign_commands import print_campaigns

    print_campaigns(current_settings(), merchant)


@campaign.command("plan")
def plan(
    name: _Name,
    merchant: _Merchant = None,
    sample: Annotated[int, typer.Option(min=0, max=1000, help="How many customers' ids to show of each arm.")] = 5,
) -> None:
    """Say whom it would find today, who would be held out, and what effect it could find; changes nothing."""
    from orchestration.campaign_commands import print_plan

    print_plan(current_settings(), name, merchant, sample=sample)


@campaign.command("preview")
def preview(
    name: _Name,
    output: Annotated[Path, typer.Option(help="Where the page goes, such as mail.html; the text goes beside it.")],
    customer: Annotated[str | None, typer.Option(help="To whom; default: an invented customer.")] = None,
    merchant: _Merchant = None,
) -> None:
    """Write the message to a customer as a page and as plain text; sends nothing."""
    from orchestration.campaign_commands import write_preview

    write_preview(current_settings(), name, output, customer, merchant)


@campaign.command("report")
def report(
    name: _Name,
    merchant: _Merchant = None,
    output: Annotated[Path | None, typer.Option(help="Where the page goes. Default: reports, in the home.")] = None,
) -> None:
    """Say what a campaign brought, against those held out, and write a page about it."""
    from orchestration.campaign_report import write_report

    write_report(current_settings(), name, merchant, output)
