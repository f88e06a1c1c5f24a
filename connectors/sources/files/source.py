"""The files source: a merchant's export, of any age and size, as the streams that every source fills.

Reads in constant memory but for what tells rows apart: 12 to 16 bytes per row. Never guesses: what cannot be read is
set aside with its line and its reason, and what is declared wrongly is one error that names the key.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

from connectors.source import Cursor, Reading, ReadMode, ReadRequest
from connectors.sources.files.assembly import OrderAssembly
from connectors.sources.files.columns import FieldMapping
from connectors.sources.files.kinds import KINDS
from connectors.sources.files.locations import FoundFile, find_files
from connectors.sources.files.numbers import NumberFormat
from connectors.sources.files.parsing import RowParser
from connectors.sources.files.reading import Assembly, FileSetRead, PeopleSeen, Tally, people_pages
from connectors.sources.files.settings import FileSet, FilesSettings
from models.records import Correction, Page, Stream
from models.records.files import STREAMS

PARSER_VERSION = 1
"""Raise it whenever the same files and settings come to give other records, so that they are read again."""

# What does not change a single record stands in no fingerprint.
_NOT_PARSED = {"path", "max_shrink_rate"}


class FilesSource:
    """Reads a store's orders, and whatever else its files hold, from files.

    Args:
        settings: What `perennial.yml` says of them.
        base_folder: What relative paths are relative to.
        time_zone: The merchant's zone, of times that carry no offset.
        key: The path of the settings in `perennial.yml`, such as `merchants[0].stores[0].source`.
    """

    system: ClassVar[str] = "files"
    streams: ClassVar[tuple[Stream, ...]] = STREAMS
    is_resumable: ClassVar[bool] = False

    def __init__(self, settings: FilesSettings, *, base_folder: Path, time_zone: str, key: str) -> None:
        self._settings = settings
        self._base_folder = base_folder
        self._time_zone = time_zone
        self._key = key

    def read(self, request: ReadRequest) -> Reading:
        """Fingerprint the files, open them as far as their columns, and return their pages.

        Every stream that the settings can fill comes with at least one page, of no records if there are none. A row
        that lies in the future is set aside, and read again when its time has come, though the files did not change.

        Raises:
            MisconfiguredError: A path matches nothing, a column is missing, or the files are not written as declared.
            StopError: A file is broken off or damaged, or changed while it was read; the latter two also while pages
                are consumed.
        """
        sets = self._file_sets()
        content = self._digest(sets, request)
        fingerprint = content
        cursor = request.cursor or {}
        recheck_at = cursor.get("recheck_at")
        is_due = recheck_at is not None and datetime.fromisoformat(recheck_at) <= request.requested_at
        files = [found for _, _, own in sets for found in own]
        notes: dict[str, Any] = {"files": {found.label: found.size for found in files}}
        if cursor.get("content") == content:
            if not is_due:
                return Reading(ReadMode.UNCHANGED, cursor["fingerprint"], iter(()), cursor, 0, notes)
            # The same files read later: rows that lay in the future may now be accepted.
            fingerprint = _sha256([content, recheck_at])
        tally = Tally()
        reads = [self._file_set_read(request, settings, key, own, tally) for settings, key, own in sets]
        for read in reads:
            read.check()
        next_cursor: Cursor = {"fingerprint": fingerprint, "content": content}
        mode = ReadMode.SNAPSHOT if self._settings.mode == "snapshot" else ReadMode.DELTA
        pages = self._pages(reads, request, tally, next_cursor, notes)
        return Reading(mode, fingerprint, pages, next_cursor, sum(found.size for found in files), notes)

    def _pages(
        self,
        reads: Sequence[FileSetRead],
        request: ReadRequest,
        tally: Tally,
        cursor: Cursor,
        notes: dict[str, Any],
    ) -> Iterator[Page]:
        people = PeopleSeen() if self._settings.customers == "generated" else None
        for read in reads:
            is_orders = isinstance(read.assembly, OrderAssembly)
            yield from read.pages(people if is_orders else None)
            if people is not None and is_orders:
                yield from people_pages(people, request.merchant_id, request.page_rows)
        notes["repeated_row_count"] = tally.repeated_count
        if tally.next_due_at is not None:
            cursor["recheck_at"] = tally.next_due_at.isoformat()

    def _file_sets(self) -> list[tuple[FileSet, str, list[FoundFile]]]:
        settings, key = self._settings, self._key
        declared: list[tuple[FileSet, str]] = [(settings, key)] if settings.columns is not None else []
        declared += [(own, f"{key}.{name}") for name, own in settings.further.items()]
        sets = [
            (own, own_key, find_files(own.path, base_folder=self._base_folder, key=f"{own_key}.path"))
            for own, own_key in declared
        ]
        if settings.mode == "append":
            # The newest first: of an id that several files hold, the first that is seen counts.
            return [(own, own_key, found[::-1]) for own, own_key, found in sets]
        return sets

    def _digest(self, sets: Sequence[tuple[FileSet, str, list[FoundFile]]], request: ReadRequest) -> str:
        """The digest of everything that the pages follow from, but for the passing of time."""
        # What is not declared is left out: a key that the source learns to know later makes no file be read again.
        settings = self._settings.model_dump(mode="json", exclude=_NOT_PARSED, exclude_none=True)
        for name in self._settings.further:
            settings[name].pop("path")
        files = [[(found.label, found.size, found.sha256) for found in own] for _, _, own in sets]
        corrections = sorted([c.stream, c.raw_text, c.corrected_text] for c in request.corrections)
        people = [request.merchant_id] if self._settings.customers == "generated" else []
        return _sha256([PARSER_VERSION, self._time_zone, settings, files, corrections, people])

    def _file_set_read(
        self, request: ReadRequest, settings: FileSet, key: str, files: list[FoundFile], tally: Tally
    ) -> FileSetRead:
        own = self._settings
        later_files_win = own.mode == "append"
        columns = getattr(settings, "columns")  # noqa: B009 - each kind of files has columns of its own
        mappings: Mapping[str, FieldMapping] = {
            name: mapping for name in type(columns).model_fields if (mapping := getattr(columns, name)) is not None
        }
        assembly: Assembly
        if settings is own and own.columns is not None:
            assembly = OrderAssembly(own, own.columns)
            required: tuple[str, ...] = ("customer_id", "ordered_at", "amount", "currency_code")
            ids: tuple[str, ...] = ("order_id", "line_id") if own.rows == "lines" else ("order_id",)
            accepts_negative = own.refunds == "negative_amounts"
        else:
            kind = KINDS[key.rpartition(".")[2]]
            assembly = kind.assembly(mappings, later_files_win=later_files_win)
            required, ids, accepts_negative = kind.required, kind.stream.key, True
        parser = RowParser(
            mappings,
            required=required,
            numbers=NumberFormat(settings.decimal_separator, settings.thousands_separator),
            null_markers=settings.null_markers,
            time_zone=self._time_zone,
            accepts_negative=accepts_negative,
            requested_at=request.requested_at,
            key=key,
        )
        key_columns = [parser.wanted[name] for name in ids if name in parser.wanted]
        stream = assembly.streams[0].name
        return FileSetRead(
            files=files,
            settings=settings,
            key=key,
            parser=parser,
            assembly=assembly,
            key_columns=key_columns if len(key_columns) == len(ids) else (),
            corrections=_latest(request.corrections, stream),
            page_rows=request.page_rows,
            tally=tally,
        )


def _latest(corrections: Sequence[Correction], stream: str) -> dict[str, str]:
    ordered = sorted((c for c in corrections if c.stream == stream), key=lambda correction: correction.corrected_at)
    return {correction.raw_text: correction.corrected_text for correction in ordered}


def _sha256(value: Any) -> str:  # noqa: ANN401 - whatever JSON can hold
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=True).encode()).hexdigest()
