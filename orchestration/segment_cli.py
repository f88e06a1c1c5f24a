"""`perennial segment` and its sub-commands: parses and calls, as `orchestration.cli` does."""

from pathlib import Path
from typing import Annotated

import typer

from orchestration.settings import current_settings

segment = typer.Typer(help="Segments: customers by criteria, and who is in them.", no_args_is_help=True)

_Merchant = Annotated[str | None, typer.Option("--merchant", "-m", help="Whose; needed where there are several.")]
_Criteria = Annotated[str | None, typer.Option("--criteria", help="The criteria as JSON.")]
_File = Annotated[
    Path | None, typer.Option("--file", help="A YAML or JSON file with the criteria, or with a segment as declared.")
]


@segment.command("list")
def list_segments(merchant: _Merchant = None) -> None:
    """List a merchant's segments with who is in them, and what is wrong with any."""
    from orchestration.segment_commands import list_segments as show_segments

    show_segments(current_settings(), merchant)


@segment.command("preview")
def preview(
    name: Annotated[str | None, typer.Argument(help="A segment's name, of one that is there already.")] = None,
    criteria: _Criteria = None,
    file: _File = None,
    merchant: _Merchant = None,
    sample: Annotated[int, typer.Option(min=0, max=1000, help="How many customers' ids to show.")] = 10,
) -> None:
    """Say who would be in a segment as of the last published night: how many, their value, and some of them."""
    from orchestration.segment_commands import preview_segment

    preview_segment(current_settings(), name, criteria, file, merchant, sample_size=sample)


@segment.command("save")
def save(
    name: Annotated[str, typer.Argument(help="What it is to be called: small letters, digits and _.")],
    criteria: _Criteria = None,
    file: _File = None,
    description: Annotated[str | None, typer.Option(help="Who is in it, for people.")] = None,
    merchant: _Merchant = None,
) -> None:
    """Define a segment in the warehouse, or define it anew; the next run follows it."""
    from orchestration.segment_commands import save_segment

    save_segment(current_settings(), name, criteria, file, merchant, description=description)


@segment.command("remove")
def remove(
    name: Annotated[str, typer.Argument(help="A segment that is defined in the warehouse.")], merchant: _Merchant = None
) -> None:
    """Remove a segment that is defined in the warehouse; its members leave it with the next run."""
    from orchestration.segment_commands import remove_segment

    remove_segment(current_settings(), name, merchant)
