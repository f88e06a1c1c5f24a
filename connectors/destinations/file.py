"""The file destination: each batch becomes a file of its own, for tools that import files.

`<folder>/<merchant_id>/<audience>/<digest of the batch>.jsonl` or `.csv`, whole or not there at all. A record that an
earlier file holds is not written again. Files hold what the sync declares, personal fields included: they are readable
by their owner only. Must not decide who receives what.
"""

import csv
import errno
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import ClassVar, Literal
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field

from connectors.destination import Delivery, DeliveryResult, Operation, Outcome, require_batch
from connectors.destinations.exported import FileFormat, file_name, keys_in, written
from models.whole_files import write_whole


class FileSettings(BaseModel):
    """A folder of files in `perennial.yml`.

    Attributes:
        type: `file`.
        name: What syncs call it.
        folder: Where the files go, relative to the folder of `perennial.yml`.
        format: One JSON object per line, or comma-separated values with a header.
        batch_size: The most records in one file.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["file"]
    name: str = Field(min_length=1, max_length=100)
    folder: Path
    format: FileFormat = "jsonl"
    batch_size: int = Field(default=10_000, ge=1, le=1_000_000)


class FileDestination:
    """Writes batches into a folder.

    Sending an action key again has no effect as long as the file that holds it is still in the folder; every record
    carries its key, by which whoever moves files away can tell a repeat.
    """

    kind: ClassVar[str] = "file"

    def __init__(self, settings: FileSettings, base_folder: Path) -> None:
        self.name = settings.name
        self.batch_size = settings.batch_size
        self.operations = frozenset(Operation)
        self.is_idempotent = True
        self._folder = base_folder / settings.folder
        self._format = settings.format

    def send(self, deliveries: Sequence[Delivery], *, sent_at: datetime) -> list[DeliveryResult]:
        """Write a batch, one file per merchant and audience in it."""
        require_batch(self.name, self.batch_size, deliveries)
        results: dict[str, DeliveryResult] = {}
        for (merchant_id, audience), group in groupby(sorted(deliveries, key=_place), key=_place):
            records = list(group)
            folder = self._folder / _safe_name(merchant_id) / _safe_name(audience)
            try:
                held = self._write(folder, records, sent_at)
            except (OSError, ValueError, KeyError, csv.Error) as error:
                reason = "an earlier file in the folder cannot be read; move it away"
                if isinstance(error, OSError):
                    reason = f"the file could not be written ({errno.errorcode.get(error.errno or 0, 'error')})"
                results |= {r.action_key: DeliveryResult(r.action_key, Outcome.RETRY, reason) for r in records}
            else:
                results |= {
                    key: DeliveryResult(key, Outcome.ACCEPTED, provider_reference=name) for key, name in held.items()
                }
        return [results[delivery.action_key] for delivery in deliveries]

    def _write(self, folder: Path, records: Sequence[Delivery], sent_at: datetime) -> dict[str, str]:
        """The file that each record is in, after the new ones were written."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        wanted = {record.action_key: record for record in records}
        held = {key: name for key, name in self._held(folder) if key in wanted}
        new = [record for key, record in wanted.items() if key not in held]
        if new:
            name = file_name(new, self._format)
            write_whole(folder / name, written(new, sent_at, self._format).encode(), is_only_writer=True)
            held |= dict.fromkeys((record.action_key for record in new), name)
        return held

    def _held(self, folder: Path) -> Iterator[tuple[str, str]]:
        """The action keys of the folder's files, each with its file's name.

        A batch that is sent again after a crash need not hold the same records as before, so that its name alone does
        not show which of them were written.
        """
        for path in sorted(folder.glob(f"*.{self._format}")):
            with path.open(encoding="utf-8", newline="") as lines:
                for key in keys_in(lines, self._format):
                    yield key, path.name


def _place(delivery: Delivery) -> tuple[str, str]:
    return delivery.merchant_id, delivery.audience


def _safe_name(name: str) -> str:
    """A folder's name that is one name, whatever a merchant calls itself: no separators, no dots in front."""
    quoted = quote(name, safe=" ()")
    return f"%2E{quoted[1:]}" if quoted.startswith(".") else quoted
