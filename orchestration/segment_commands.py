"""`perennial segment`: which segments a merchant has, who would be in one before it is saved, and saving it."""

from pathlib import Path
from typing import Any

import sqlalchemy as sa
import typer
import yaml

from activation.segments.criteria import Segment, read_segment
from activation.segments.preview import SegmentPreview
from activation.segments.preview import preview as preview_of
from models.errors import MisconfiguredError
from models.schema import is_there
from models.segments import remove_segment_definition, save_segment_definition
from orchestration.configuration import Merchant
from orchestration.deployment import open_deployment
from orchestration.segment_compilation import IN_CONFIGURATION, IN_TABLE, known_segments
from orchestration.settings import Settings
from orchestration.stored_forecasts import merchant_named

_UNNAMED = "unnamed"
# dbt's, which is why it is declared here to be read.
segment_sizes = sa.table(
    "segment_sizes",
    *(sa.column(name) for name in ("merchant_id", "segment_name", "as_of_date")),
    *(sa.column(name) for name in ("member_count", "entered_count", "left_count")),
    schema="marts",
)


def list_segments(settings: Settings, merchant: str | None) -> None:
    """Print a merchant's segments: where each is declared, its members as of the last night, and what is wrong with it.

    Raises:
        MisconfiguredError: It is not said which merchant is meant.
    """
    with open_deployment(settings) as deployment:
        found = merchant_named(deployment, merchant)
        with deployment.transformer.connect() as connection:
            known = known_segments(connection, found.merchant_id, found.segments)
            sizes = _sizes(connection, found.merchant_id)
    if not known:
        typer.echo(f"merchant {found.merchant_id} has no segments; docs/segments.md says how to declare one")
    for one in known:
        typer.echo(f"{one.name} ({one.declared_in}): {sizes.get(one.name, 'no night has worked it out yet')}")
        if one.description:
            typer.echo(f"  {one.description}")
        if one.is_doubled:
            typer.echo(f"  wrong: stands in {IN_CONFIGURATION}, too, which counts")
        if isinstance(one.segment, MisconfiguredError):
            typer.echo(f"  wrong: {one.segment}")


def save_segment(
    settings: Settings,
    name: str,
    criteria: str | None,
    file: Path | None,
    merchant: str | None,
    *,
    description: str | None,
) -> None:
    """Define a segment in `ops.segment_definitions`.

    Raises:
        MisconfiguredError: The criteria are wrong or missing, or the name is one of `perennial.yml`'s.
    """
    segment = written_segment(name, criteria, file)
    if segment is None:
        raise MisconfiguredError("--criteria", "is needed, or --file")
    with open_deployment(settings) as deployment:
        found = merchant_named(deployment, merchant)
        if name in {one.name for one in found.segments}:
            raise MisconfiguredError("NAME", f"segment {name!r} is declared in {IN_CONFIGURATION}; change it there")
        with deployment.loader.begin() as connection:
            was_known = save_segment_definition(
                connection,
                found.merchant_id,
                name,
                segment.description if description is None else description,
                segment.criteria.canonical(),
                updated_at=deployment.clock(),
            )
    typer.echo(f"segment {name} is {'changed' if was_known else 'saved'}; the next run works out who is in it")


def remove_segment(settings: Settings, name: str, merchant: str | None) -> None:
    """Remove a segment from `ops.segment_definitions`.

    Raises:
        MisconfiguredError: There is none of that name there.
    """
    with open_deployment(settings) as deployment:
        found = merchant_named(deployment, merchant)
        with deployment.loader.begin() as connection:
            if not remove_segment_definition(connection, found.merchant_id, name):
                raise MisconfiguredError("NAME", f"no segment {name!r} is defined in {IN_TABLE}")
    typer.echo(f"segment {name} is removed; the next run lets its members leave")


def _sizes(connection: sa.Connection, merchant_id: str) -> dict[str, str]:
    """How many are in each segment as of the last night that worked it out, in words."""
    table = segment_sizes
    if not is_there(connection, f"{table.schema}.{table.name}"):
        return {}
    latest = (
        sa.select(table)
        .where(table.c.merchant_id == merchant_id)
        .distinct(table.c.segment_name)
        .order_by(table.c.segment_name, table.c.as_of_date.desc())
    )
    return {
        row.segment_name: f"{row.member_count:,} customers as of {row.as_of_date}, "
        f"{row.entered_count:,} entered and {row.left_count:,} left"
        for row in connection.execute(latest)
    }


def preview_segment(
    settings: Settings,
    name: str | None,
    criteria: str | None,
    file: Path | None,
    merchant: str | None,
    *,
    sample_size: int,
) -> None:
    """Print who would be in a segment.

    Raises:
        MisconfiguredError: The criteria are wrong, or it is not said which segment or merchant is meant.
        StopError: Nothing is published of the merchant.
    """
    with open_deployment(settings) as deployment:
        found = merchant_named(deployment, merchant)
        with deployment.transformer.connect() as connection:
            segment = written_segment(name or _UNNAMED, criteria, file) or _known(connection, found, name)
            shown = preview_of(connection, segment, merchant_id=found.merchant_id, sample_size=sample_size)
    for line in _lines(segment, found, shown):
        typer.echo(line)


def written_segment(name: str, criteria: str | None, file: Path | None) -> Segment | None:
    """The segment whose criteria stand on the command line or in a file; None where they stand in neither.

    Raises:
        MisconfiguredError: They stand in both, cannot be read, or are wrong.
    """
    if criteria is not None and file is not None:
        raise MisconfiguredError("--criteria", "stands beside --file; give one of them")
    if criteria is not None:
        return read_segment(name, "", _parsed("--criteria", criteria))
    if file is None:
        return None
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise MisconfiguredError("--file", f"{file} cannot be read: {error}") from None
    found = _parsed("--file", text)
    if isinstance(found, dict) and "criteria" in found:
        unknown = found.keys() - {"name", "description", "criteria"}
        if unknown:
            raise MisconfiguredError("--file", f"unknown key {min(map(str, unknown))!r} beside criteria")
        own_name = name if name != _UNNAMED else str(found.get("name", name))
        return read_segment(own_name, str(found.get("description") or ""), found["criteria"])
    return read_segment(name, "", found)


def _parsed(key: str, text: str) -> Any:  # noqa: ANN401 - JSON holds anything
    """JSON, of which YAML is the larger half."""
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise MisconfiguredError(key, f"is neither JSON nor YAML: {error}") from None


def _known(connection: sa.Connection, merchant: Merchant, name: str | None) -> Segment:
    """The segment of that name, declared or defined."""
    if name is None:
        raise MisconfiguredError("NAME", "say which segment, or give its criteria: --criteria or --file")
    known = known_segments(connection, merchant.merchant_id, merchant.segments)
    for one in known:
        if one.name == name:
            if isinstance(one.segment, MisconfiguredError):
                raise one.segment
            return one.segment
    names = ", ".join(dict.fromkeys(one.name for one in known))
    raise MisconfiguredError("NAME", f"no segment {name!r}; there are: {names or 'none'}")


def _lines(segment: Segment, merchant: Merchant, shown: SegmentPreview) -> list[str]:
    title = f"segment {segment.name}" if segment.name != _UNNAMED else "this segment"
    lines = [
        f"{title} of merchant {merchant.merchant_id}, as of {shown.as_of_date}",
        f"  customers: {shown.member_count:,} of {shown.customer_count:,} ({shown.member_rate:.1%})",
    ]
    if shown.average_clv_amount is not None and shown.average_clv_of_all_amount is not None:
        lines.append(
            f"  average CLV: {shown.average_clv_amount:,.2f} {shown.currency_code}; of all customers "
            f"{shown.average_clv_of_all_amount:,.2f} {shown.currency_code}"
        )
        if without := shown.member_count - shown.predicted_count:
            lines.append(f"  without a prediction: {without:,}")
    if shown.sample:
        lines.append(f"  some of them: {', '.join(shown.sample)}")
    return lines
