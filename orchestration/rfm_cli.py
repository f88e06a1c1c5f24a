"""`perennial rfm` and its sub-commands: parses and calls, as `orchestration.cli` does."""

from typing import Annotated

import typer

from models.errors import MisconfiguredError
from orchestration.settings import current_settings

rfm = typer.Typer(help="How customers are named by recency, frequency and spend.", no_args_is_help=True)


@rfm.command("simulate")
def rfm_simulate(
    merchant: Annotated[
        str | None, typer.Option("--merchant", "-m", help="Whose; needed where there are several.")
    ] = None,
    half_life: Annotated[int | None, typer.Option(min=1, max=3650, help="Another rfm.half_life_days.")] = None,
    recent: Annotated[int | None, typer.Option(min=2, max=5, help="Another rfm.recent_score.")] = None,
    frequent: Annotated[int | None, typer.Option(min=2, max=5, help="Another rfm.frequent_score.")] = None,
    big: Annotated[int | None, typer.Option(min=2, max=5, help="Another rfm.big_score.")] = None,
    weighted: Annotated[
        bool | None, typer.Option("--weighted/--classic", help="Default: weighted where a half-life is given.")
    ] = None,
    sample: Annotated[int, typer.Option(min=0, max=1000, help="How many customers to name of each move.")] = 5,
    output_format: Annotated[str, typer.Option("--format", help="text or json.")] = "text",
) -> None:
    """Say who would be in another segment under another half-life or other limits; changes nothing."""
    from orchestration.rfm_simulation import RfmChoice, simulate

    if output_format not in ("text", "json"):
        raise MisconfiguredError("--format", f"{output_format!r}; use text or json")
    simulate(
        current_settings(),
        merchant,
        RfmChoice(half_life, recent, frequent, big),
        is_weighted=half_life is not None if weighted is None else weighted,
        sample=sample,
        is_json=output_format == "json",
    )
