"""Records as files for other tools: one JSON object per line, or comma-separated values.

Must not know where the files go.
"""

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from connectors.destination import Delivery

FileFormat = Literal["jsonl", "csv"]

_IDENTITY = ("action_key", "merchant_id", "audience", "customer_id", "operation", "sent_at")
_DIGEST_LENGTH = 16
# What spreadsheets take for the start of a formula; the last four are the full-width forms of the first.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def file_name(records: Sequence[Delivery], file_format: FileFormat) -> str:
    """The name of a batch's file: a digest of its action keys, whatever their order."""
    keys = "\n".join(sorted(record.action_key for record in records))
    return f"{hashlib.sha256(keys.encode()).hexdigest()[:_DIGEST_LENGTH]}.{file_format}"


def written(records: Sequence[Delivery], sent_at: datetime, file_format: FileFormat) -> str:
    """The records as a file's text."""
    return _jsonl(records, sent_at) if file_format == "jsonl" else _csv(records, sent_at)


def keys_in(lines: Iterable[str], file_format: FileFormat) -> Iterator[str]:
    """The action keys of a file's records.

    Raises:
        ValueError: It is no such file.
        KeyError: A record has none.
        csv.Error: It is no such file.
    """
    records: Iterable[dict[str, Any]] = map(json.loads, lines) if file_format == "jsonl" else csv.DictReader(lines)
    for record in records:
        yield str(record["action_key"])


def _identity(delivery: Delivery, sent_at: datetime) -> dict[str, str]:
    values = (
        delivery.action_key,
        delivery.merchant_id,
        delivery.audience,
        delivery.customer_id,
        delivery.operation.value,
        sent_at.isoformat(),
    )
    return dict(zip(_IDENTITY, values, strict=True))


def _jsonl(records: Sequence[Delivery], sent_at: datetime) -> str:
    return "".join(
        json.dumps({**_identity(record, sent_at), "payload": record.payload}, ensure_ascii=False, allow_nan=False)
        + "\n"
        for record in records
    )


def _csv(records: Sequence[Delivery], sent_at: datetime) -> str:
    fields = dict.fromkeys(name for record in records for name in record.payload if name not in _IDENTITY)
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, [*_IDENTITY, *fields], restval="", extrasaction="ignore", lineterminator="\r\n")
    writer.writeheader()
    for record in records:
        # The identity wins over a payload field of the same name.
        values = {**record.payload, **_identity(record, sent_at)}
        writer.writerow({name: _csv_value(value) for name, value in values.items()})
    return text.getvalue()


def _csv_value(value: object) -> object:
    """The value as spreadsheets may read it: a text that they would run as a formula is made a text again."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS) and not _is_number(value):
        return f"'{value}"
    return value


def _is_number(text: str) -> bool:
    try:
        return Decimal(text).is_finite() and text == text.strip()
    except InvalidOperation:
        return False
