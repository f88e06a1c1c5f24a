"""Rejected records that a later reading reads well, or finds gone: they are resolved without anybody's doing.

At a platform a record is corrected where it is, and comes again because it changed.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

import pyarrow as pa

from models.records import Deletions, Page, Stream


class MendedRecords:
    """Finds the keys of rejected records among what is read.

    Args:
        streams: The source's streams.
        rejected_keys: Per stream, the keys of the store's open rejected records, joined with `/`.

    Attributes:
        keys: Per stream, those that were met.
    """

    def __init__(self, streams: Sequence[Stream], rejected_keys: Mapping[str, AbstractSet[str]]) -> None:
        self._key_columns = {stream.name: stream.key for stream in streams}
        self._rejected = {stream: keys for stream, keys in rejected_keys.items() if keys}
        self.keys: dict[str, set[str]] = {}

    def look_at(self, page: Page | Deletions) -> None:
        """Note the rejected records that are good, or gone, according to a page."""
        rejected = self._rejected.get(page.stream)
        if not rejected:
            return
        records: pa.RecordBatch = page.keys if isinstance(page, Deletions) else page.records
        parts = [records.column(name).to_pylist() for name in self._key_columns[page.stream]]
        met = rejected & {"/".join(str(part) for part in key) for key in zip(*parts, strict=True)}
        if met:
            self.keys.setdefault(page.stream, set()).update(met)
