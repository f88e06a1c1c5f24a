"""`perennial segment`: which segments a merchant has, and who would be in one before it is saved."""

from pathlib import Path
from typing import Any

import typer
import yaml

from activation.segments.criteria import Segment, read_segment
from activation.segments.preview import SegmentPreview
from activation.segments.preview import preview as preview_of
from models.errors import MisconfiguredError
from orchestration.configuration import Merchant
from orchestration.deployment import open_deployment
from orchestration.settings import Settings
from orchestration.stored_forecasts import merchant_named

_UNNAMED = "unnamed"


def list_segments(settings: Settings, merchant: str | None) -> None:
    """Print a merchant's segments.

    Raises:
        MisconfiguredError: It is not said which merchant is meant.
    """
    with open_deployment(settings) as deployment:
        found = merchant_named(deployment, merchant)
    if not found.segments:
        typer.echo(f"merchant {found.merchant_id} has no segments; docs/segments.md says how to declare one")
    for segment in found.segments:
        typer.echo("  ".join(part for part in (segment.name, segment.description) if part))


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
        segment = written_segment(name or _UNNAMED, criteria, file) or _declared(found, name)
        with deployment.transformer.connect() as connection:
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


def _declared(merchant: Merchant, name: str | None) -> Segment:
    names = [segment.name for segment in merchant.segments]
    if name is None:
        raise MisconfiguredError("NAME", "say which segment, or give its criteria: --criteria or --file")
    if name not in names:
        raise MisconfiguredError("NAME", f"no segment {name!r}; there are: {', '.join(names) or 'none'}")
    return merchant.segments[names.index(name)]


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
