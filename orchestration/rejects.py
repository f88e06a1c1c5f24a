"""Rejected records for their owners: list them, write them to a file, take the corrections back and read again."""

import csv
import sys
from datetime import date, datetime
from pathlib import Path

import sqlalchemy as sa
import typer
from rich.console import Console
from rich.table import Table

from models import rejections
from models.errors import MisconfiguredError
from models.ops import rejected_records
from orchestration.deployment import Deployment, open_deployment
from orchestration.execution import run_pipeline
from orchestration.settings import Settings

_SHOWN = 50
_COLUMNS = ("reject_id", "merchant_id", "store_id", "stream", "origin", "line", "field", "reason", "raw_text")
_CORRECTED = "corrected_text"


def list_rejects(settings: Settings, merchant_ids: list[str], output: Path | None) -> None:
    """Print the open rejected records, or write them all to a CSV file with a column to correct them in.

    The terminal shows where a record is and why it was refused, not its text, which may hold personal data.
    """
    deployment = open_deployment(settings)
    rows = _open_rejects(deployment, merchant_ids)
    if output is not None:
        output.touch(mode=0o600)  # records as they were received, which may hold personal data
        with output.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow([*_COLUMNS, _CORRECTED])
            writer.writerows([*(getattr(row, name) for name in _COLUMNS), row.corrected_text or ""] for row in rows)
        typer.echo(
            f"{len(rows):,} rejected records in {output}; fill in {_CORRECTED}, then: perennial replay-rejects {output}"
        )
        return
    if not rows:
        typer.echo("No rejected records.")
        return
    table = Table(box=None)
    for heading in ("where", "line", "field", "reason"):
        table.add_column(heading, overflow="fold")
    for row in rows[:_SHOWN]:
        table.add_row(f"{row.merchant_id}/{row.store_id} {row.origin}", f"{row.line:,}", row.field, row.reason)
    Console().print(table)
    if len(rows) > _SHOWN:
        typer.echo(f"... and {len(rows) - _SHOWN:,} more; all of them: perennial rejects --output rejects.csv")


def _open_rejects(deployment: Deployment, merchant_ids: list[str]) -> list[sa.Row[tuple[object, ...]]]:
    table = rejected_records
    query = (
        sa.select(*(table.c[name] for name in (*_COLUMNS, _CORRECTED)))
        .where(table.c.resolved_at.is_(None))
        .order_by(table.c.merchant_id, table.c.store_id, table.c.origin, table.c.line)
    )
    if merchant_ids:
        query = query.where(table.c.merchant_id.in_(merchant_ids))
    with deployment.loader.connect() as connection:
        return list(connection.execute(query))


def replay(
    settings: Settings, merchant_ids: list[str], corrections: Path | None, as_of_date: date | None = None
) -> int:
    """Take corrections from a file, if there is one, and run the pipeline for the merchants with rejected records.

    Their sources are read again with the corrections in the place of the rejected text, and with the mapping as it is
    now; a correction stays in force for as long as the export holds the faulty text.

    Args:
        settings: The deployment.
        merchant_ids: Whose; none means everybody's.
        corrections: The file; None when only the mapping has changed.
        as_of_date: The day to describe; None leaves it to `perennial.yml`.

    Returns:
        0 when every merchant was published.
    """
    deployment = open_deployment(settings)
    if corrections is not None:
        count = _save_corrections(deployment, corrections, deployment.clock())
        typer.echo(f"{count:,} corrections taken.")
    concerned = sorted({str(row.merchant_id) for row in _open_rejects(deployment, merchant_ids)})
    if not concerned:
        typer.echo("No rejected records to replay.")
        return 0
    before = len(_open_rejects(deployment, concerned))
    code = run_pipeline(settings, concerned, as_of_date)
    after = len(_open_rejects(deployment, concerned))
    typer.echo(f"{before - after:,} of {before:,} rejected records are good now; {after:,} remain (perennial rejects).")
    return code


def _save_corrections(deployment: Deployment, path: Path, corrected_at: datetime) -> int:
    """Store the filled-in corrections of a file that `perennial rejects --output` wrote.

    Raises:
        MisconfiguredError: The file is missing, or is not such a file.
    """
    try:
        csv.field_size_limit(sys.maxsize)
        with path.open(newline="", encoding="utf-8-sig") as file, deployment.loader.begin() as connection:
            reader = csv.DictReader(file, strict=True)
            missing = {"reject_id", _CORRECTED} - set(reader.fieldnames or ())
            if missing:
                raise MisconfiguredError(
                    str(path), f"has no column {', '.join(sorted(missing))}; see perennial rejects"
                )
            count = 0
            for row in reader:
                if row[_CORRECTED]:
                    rejections.save_correction(connection, row["reject_id"], row[_CORRECTED], corrected_at=corrected_at)
                    count += 1
            return count
    except FileNotFoundError:
        raise MisconfiguredError(str(path), "no such file; perennial rejects --output writes one") from None
    except UnicodeDecodeError:
        raise MisconfiguredError(str(path), 'is not UTF-8; save it as "CSV UTF-8"') from None
    except csv.Error as error:
        raise MisconfiguredError(str(path), f"is not CSV after line {reader.line_num}: {error}") from None
