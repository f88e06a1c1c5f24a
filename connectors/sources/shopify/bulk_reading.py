"""A bulk file as records: one JSON line for each record and each part, streamed in constant memory.

Parts follow their record somewhere, not at once. The file counts as read only if every line was, and every part found
its record.
"""

from collections.abc import Iterator
from datetime import datetime

import msgspec
import numpy as np

from connectors.messages import HttpStatusError
from connectors.sources.shopify.answers import number
from connectors.sources.shopify.batches import Assembly
from connectors.sources.shopify.bulk import BulkQueries, BulkResult, count_mismatch
from connectors.sources.shopify.entity import Child, Entity, N, scrubbed
from connectors.sources.shopify.reading import ShopifyReading
from connectors.sources.shopify.seen_ids import SeenIds
from models.errors import RetryLaterError, StopError
from models.records import Page

_EXPIRED = frozenset({400, 403, 404, 410})
_LATE_PARTS_AT_ONCE = 500
# Shopify writes fields in the query's order, and ours begin with the type.
_TYPE_FIRST = b'{"__typename":"'


class _Head(msgspec.Struct):
    type: str = msgspec.field(name="__typename", default="")
    parent_id: str | None = msgspec.field(name="__parentId", default=None)


_head_decoder = msgspec.json.Decoder(_Head)


def read_bulk(reading: ShopifyReading, entity: Entity[N], jobs: BulkQueries) -> Iterator[Page]:
    """Read everything that a list holds, as one reading whatever its size.

    Raises:
        BulkFailedError: Shopify does not get it done; nothing was given out.
        RetryLaterError: The file's address expired while it was read.
        StopError: The file is not whole.
    """
    result = jobs.result(entity.bulk_document, stream=entity.name)
    lines = _opened(reading, result, entity)
    if lines is None:
        result = jobs.result(entity.bulk_document, stream=entity.name, takes_up=False)
        lines = _opened(reading, result, entity)
        if lines is None:
            raise RetryLaterError(
                f"Shopify's bulk file of {entity.name} is not at its address; the next run asks again"
            )
    reading.report.rows_expected = (reading.report.rows_expected or 0) + result.root_count
    # After a file that fills the reading nothing follows that would have to know what was in it.
    file = BulkFile(reading, entity, remembers=result.root_count < reading.left)
    yield from file.pages(lines)
    file.check(result)
    yield from file.late_pages()
    progress = reading.progress
    # An empty list is read to the upper bound: what comes later is after it.
    progress.saw(entity.name, file.newest or reading.until)
    progress.finish_step()
    reading.left -= file.parent_count
    if reading.left <= 0:
        reading.is_over = True


def _opened(reading: ShopifyReading, result: BulkResult, entity: Entity[N]) -> Iterator[bytes] | None:
    """The file's lines; None where its address has expired."""
    if result.url is None:
        return iter(())
    lines = reading.client.lines(result.url, stream=entity.name)
    try:
        first = next(lines, None)
    except HttpStatusError as error:
        if error.response.status in _EXPIRED:
            return None
        raise RetryLaterError(f"Shopify's bulk file of {entity.name}: {error}") from error
    return iter(()) if first is None else _continued(first, lines, entity)


def _continued(first: bytes, lines: Iterator[bytes], entity: Entity[N]) -> Iterator[bytes]:
    yield first
    try:
        yield from lines
    except HttpStatusError as error:
        raise RetryLaterError(
            f"Shopify's bulk file of {entity.name} broke off: {error}; the next run reads it"
        ) from error


class BulkFile:
    """One file being read.

    Attributes:
        newest: The newest modification in it that counts.
        parent_count: The records in it.

    Args:
        reading: The reading that it is part of.
        entity: What it holds.
        remembers: Whether the reading's later steps will have to know what was in it.
    """

    def __init__(self, reading: ShopifyReading, entity: Entity[N], *, remembers: bool = True) -> None:
        self.newest: datetime | None = None
        self.parent_count = 0
        self._reading = reading
        self._entity = entity
        self._assembly = Assembly(entity.stream, entity.parts)
        self._remembers = remembers
        self._line_count = 0
        self._late_parts: list[str] = []
        self._left_out: set[str] = set()
        self._parents = SeenIds()
        self._new_parents: list[int] = []
        self._new_owners: list[int] = []
        self._root_type = entity.gid_type.encode()
        self._child_types = {name.encode(): child for name, child in entity.children.items()}

    def pages(self, lines: Iterator[bytes]) -> Iterator[Page]:
        """The file's records and parts, as pages.

        Raises:
            StopError: A line is of no known kind, or a part has no record.
        """
        for line in lines:
            if not line or line.isspace():
                continue
            self._line_count += 1
            child = self._child(line)
            if child is None:
                self._take_parent(line)
            else:
                self._take_child(line, child)
            if self._assembly.is_full:
                yield from self._flushed()
        yield from self._flushed()

    def check(self, result: BulkResult) -> None:
        """Hold what was read against what the job counted.

        Raises:
            StopError: They differ.
        """
        if self._line_count != result.object_count:
            raise count_mismatch(self._entity.name, "lines", self._line_count, result.object_count)
        if self.parent_count != result.root_count:
            raise count_mismatch(self._entity.name, "records", self.parent_count, result.root_count)

    def late_pages(self) -> Iterator[Page]:
        """The parts that a bulk query cannot reach."""
        waiting = self._late_parts
        for start in range(0, len(waiting), _LATE_PARTS_AT_ONCE):
            keys = waiting[start : start + _LATE_PARTS_AT_ONCE]
            self._entity.add_late_parts(keys, self._assembly, self._reading.client)
            yield from self._assembly.pages()

    def _child(self, line: bytes) -> Child | None:
        """The kind of part that a line holds; None for a record."""
        if line.startswith(_TYPE_FIRST):
            type_ = line[len(_TYPE_FIRST) : line.find(b'"', len(_TYPE_FIRST))]
            if type_ == self._root_type:
                # A collection's products are of a type that is a record elsewhere; a record itself has no parent.
                return None
            if type_ in self._child_types:
                return self._child_types[type_]
        try:
            head = _head_decoder.decode(line)
        except msgspec.DecodeError as error:
            raise self._no_json(error) from error
        if head.parent_id is None:
            return None
        if head.type not in self._entity.children:
            raise StopError(
                f"line {self._line_count} of Shopify's bulk file of {self._entity.name} is of an unknown kind "
                f"{head.type!r}; nothing of it was kept"
            )
        return self._entity.children[head.type]

    def _take_parent(self, line: bytes) -> None:
        self.parent_count += 1
        reading, entity = self._reading, self._entity
        found = reading.found(entity, line)
        self._refuse_no_json(found.error)
        if found.key is not None:
            self._new_parents.append(int(found.key))
        if not reading.take(entity, found, self._assembly, remember=self._remembers):
            if found.key is not None:
                self._left_out.add(found.key)
            return
        if found.updated_at is not None and (self.newest is None or found.updated_at > self.newest):
            self.newest = found.updated_at
        if found.node is not None and found.key is not None and entity.has_late_parts(found.node):
            self._late_parts.append(found.key)

    def _take_child(self, line: bytes, child: Child) -> None:
        text = scrubbed(line)
        try:
            part = child.decoder.decode(text)
            owner = number(part.parent_id)
            row = child.row(owner, part)
        except (msgspec.DecodeError, ValueError) as error:
            self._refuse_no_json(error)
            self._assembly.reject(child.stream, text, error, None)
            return
        self._new_owners.append(int(owner))
        if owner not in self._left_out:
            self._assembly.add_part(child.stream, row)

    def _refuse_no_json(self, error: Exception | None) -> None:
        """Tell a line that broke off from one that is not what the schema says."""
        if isinstance(error, msgspec.DecodeError) and not isinstance(error, msgspec.ValidationError):
            raise self._no_json(error) from error

    def _no_json(self, error: Exception) -> StopError:
        return StopError(
            f"line {self._line_count} of Shopify's bulk file of {self._entity.name} is no JSON ({error}): the file is "
            "not whole; nothing of it was kept"
        )

    def _flushed(self) -> Iterator[Page]:
        parents = np.array(self._new_parents, dtype=np.int64)
        repeated = self._parents.holds(parents).any() or len(np.unique(parents)) < len(parents)
        if repeated:
            raise StopError(f"Shopify's bulk file of {self._entity.name} holds a record twice; nothing of it was kept")
        self._parents.add(parents)
        is_theirs = self._parents.holds(np.array(self._new_owners, dtype=np.int64))
        if not is_theirs.all():
            orphan = self._new_owners[int(np.argmin(is_theirs))]
            raise StopError(
                f"Shopify's bulk file of {self._entity.name} holds parts of {orphan}, which is not in it: the file is "
                "not whole; nothing of it was kept"
            )
        self._new_parents, self._new_owners = [], []
        yield from self._assembly.pages()
