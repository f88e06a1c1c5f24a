"""Rejected records on their way to the warehouse, spooled to a file: an export of nothing but bad rows fits too."""

import json
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from types import TracebackType
from typing import Self

from models.records import RejectedRecord


class RejectSpool:
    """Collects rejected records in a temporary file and gives them back in order.

    Use as a context manager; the file is gone afterwards. It is readable by its owner only, for it holds records as
    they were received.
    """

    def __enter__(self) -> Self:
        self._file = tempfile.TemporaryFile("w+", encoding="utf-8", errors="surrogatepass")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, rejected: Iterable[RejectedRecord]) -> None:
        """Add records."""
        for record in rejected:
            self._file.write(json.dumps(asdict(record), ensure_ascii=True) + "\n")

    def __iter__(self) -> Iterator[RejectedRecord]:
        self._file.flush()
        self._file.seek(0)
        for line in self._file:
            yield RejectedRecord(**json.loads(line))
