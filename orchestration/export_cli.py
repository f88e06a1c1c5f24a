"""`perennial export`: parses and calls, as `orchestration.cli` does."""

from pathlib import Path
from typing import Annotated

import typer

from orchestration.settings import current_settings


def export(
    to: Annotated[Path, typer.Option("--to", help="The file: .parquet, .csv or .xlsx.")],
    mart: Annotated[str, typer.Argument(help="The mart; docs/tables.md has them all.")] = "customer_360",
    segment: Annotated[
        str | None, typer.Option("--segment", help="Only the customers who are in this segment now.")
    ] = None,
    merchant: Annotated[
        list[str] | None, typer.Option("--merchant", "-m", help="Only this merchant; may be given several times.")
    ] = None,
    columns: Annotated[
        str | None, typer.Option(help="Only these columns, in this order, with commas between them.")
    ] = None,
    file_format: Annotated[
        str | None, typer.Option("--format", help="parquet, csv or xlsx. Default: as the file is called.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")] = False,
    exact_text: Annotated[
        bool, typer.Option("--exact-text", help="CSV for programs: keep text that a spreadsheet would run as formulas.")
    ] = False,
) -> None:
    """Write a mart, or what it has of a segment, to a Parquet, CSV or XLSX file, whole or not at all."""
    from orchestration.exports import export_mart

    export_mart(
        current_settings(),
        mart,
        to,
        segment=segment,
        merchant_ids=merchant or [],
        column_names=columns,
        format_name=file_format,
        replaces=force,
        is_exact_text=exact_text,
    )
