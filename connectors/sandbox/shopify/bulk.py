"""Bulk operations: queries over everything, whose results are written to a file while a client asks how far they are.

An operation gets on by being asked about, so that what a test sees does not depend on how fast the machine is. What it
has not reached yet can still change under it.
"""

import shutil
import tempfile
import weakref
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from connectors.sandbox.shopify.bulk_validation import bulk_document
from connectors.sandbox.shopify.context import Context, Grants
from connectors.sandbox.shopify.documents import Document
from connectors.sandbox.shopify.execution import Compiler, Level
from connectors.sandbox.shopify.schema import Listed, Node, Schema
from connectors.sandbox.shopify.variables import literal

MOST_AT_ONCE = 5
_UNDERWAY = frozenset({"CREATED", "RUNNING", "CANCELING"})
_URL_DAYS = 7
# Roots whose lines are written before the lines of their connections: children follow, but are not adjacent.
_BATCH = 40
# A poll writes a tenth of the shop's orders, or so many.
_ROOTS_A_POLL = 5_000
_CHUNK = 1 << 18
_ENDINGS = {
    "bulk_failed": ("FAILED", "INTERNAL_SERVER_ERROR"),
    "bulk_timeout": ("FAILED", "TIMEOUT"),
    "bulk_denied": ("FAILED", "ACCESS_DENIED"),
    "bulk_canceled": ("CANCELED", None),
    "bulk_expired": ("EXPIRED", None),
}
_DONE = object()
_encode = msgspec.json.Encoder().encode


@dataclass(eq=False)
class BulkOperation:
    """One operation.

    Attributes:
        fault: How it ends badly; empty if it doesn't.
        polls: How often it was asked about.
        work: Writes its file, a part at a time.
    """

    id: int
    query: str
    created_at: datetime
    path: Path
    is_grouped: bool = False
    fault: str = ""
    status: str = "CREATED"
    type: str = "QUERY"
    error_code: str | None = None
    completed_at: datetime | None = None
    object_count: int = 0
    root_count: int = 0
    file_size: int | None = None
    polls: int = 0
    work: Iterator[None] | None = None

    @property
    def is_underway(self) -> bool:
        """Whether it counts among those that run at once."""
        return self.status in _UNDERWAY

    @cached_property
    def token(self) -> str:
        """What makes its file's address unguessable."""
        return blake2b(f"{self.id} {self.query}".encode(), digest_size=20).hexdigest()


class BulkOperations:
    """The bulk operations of one app at one shop.

    Attributes:
        created_polls: How often an operation is found still waiting.
        running_polls: How often it is found running, at least.
        base_url: What the addresses of files begin with.
    """

    def __init__(self, schema: Schema, *, created_polls: int = 1, running_polls: int = 1) -> None:
        self.created_polls, self.running_polls = created_polls, running_polls
        self.base_url = ""
        self.operations: dict[int, BulkOperation] = {}
        self._schema = schema
        self._next_id = 7_000_000_000_001

    @cached_property
    def _directory(self) -> Path:
        made = Path(tempfile.mkdtemp(prefix="sandbox-shopify-"))
        weakref.finalize(self, shutil.rmtree, made, ignore_errors=True)
        return made

    def close(self) -> None:
        """Remove all files."""
        if "_directory" in self.__dict__:
            shutil.rmtree(self._directory, ignore_errors=True)

    def run(self, context: Context, query: str, *, is_grouped: bool) -> BulkOperation | str:
        """Begin an operation.

        Returns:
            It, or why none can begin now.

        Raises:
            DocumentError: The query is refused.
        """
        asked = bulk_document(self._schema, query)
        busy = [operation for operation in self.operations.values() if operation.is_underway]
        if len(busy) >= MOST_AT_ONCE:
            ids = ", ".join(f"gid://shopify/BulkOperation/{operation.id}" for operation in busy)
            return f"A bulk query operation for this app and shop is already in progress: {ids}."
        number = self._next_id
        self._next_id += 32_768
        operation = BulkOperation(
            number, query, context.now, self._directory / f"bulk-{number}.jsonl", is_grouped, context.fault
        )
        operation.work = self._work(operation, context, asked)
        self.operations[number] = operation
        return operation

    def cancel(self, operation: BulkOperation) -> None:
        """Begin to cancel an operation."""
        operation.status, operation.work = "CANCELING", None

    def poll(self, operation: BulkOperation, now: datetime) -> BulkOperation:
        """Let an operation get on a little, as one that is asked about."""
        operation.polls += 1
        if operation.status == "CANCELING":
            operation.status = "CANCELED"
        elif operation.status == "CREATED" and operation.polls > self.created_polls:
            operation.status = "RUNNING"
            self._advance(operation, now)
        elif operation.status == "RUNNING":
            self._advance(operation, now)
        return operation

    def _advance(self, operation: BulkOperation, now: datetime) -> None:
        if operation.fault == "bulk_stuck" or operation.work is None:
            return
        if next(operation.work, _DONE) is not _DONE or operation.polls <= self.created_polls + self.running_polls:
            return
        operation.completed_at, operation.work = now, None
        operation.status, operation.error_code = _ENDINGS.get(operation.fault, ("COMPLETED", None))
        operation.file_size = operation.path.stat().st_size if operation.path.exists() else 0
        if operation.status == "EXPIRED" or operation.error_code == "ACCESS_DENIED":
            operation.path.unlink(missing_ok=True)
            operation.file_size = None

    def _work(self, operation: BulkOperation, asked: Context, query: Document) -> Iterator[None]:
        """Write the file, a part for each poll."""
        context = Context(asked.shop, asked.grants, self, asked.now)
        share = max(_ROOTS_A_POLL, len(asked.shop.orders) // 10)
        with operation.path.open("wb") as file:
            for rows, level in self._roots(context, query, asked.grants):
                roots = iter(rows)
                while part := list(islice(roots, share)):
                    if operation.fault in _ENDINGS:
                        # What fails does so in the middle of its data.
                        part = part[: (len(part) + 1) // 2]
                    self._write(operation, context, level, part, file)
                    file.flush()
                    if operation.fault in _ENDINGS:
                        return
                    yield

    def _roots(self, context: Context, query: Document, grants: Grants) -> Iterator[tuple[Iterable[Node], Level]]:
        compiler = Compiler(self._schema, query.fragments, {}, grants, is_bulk=True)
        root = self._schema.types["QueryRoot"]
        for nodes in compiler.top(root, query.operation.selection_set).values():
            found = root.fields[nodes[0].name.value]
            if isinstance(found.find, Listed):
                arguments = {name: parameter.default for name, parameter in found.parameters.items()}
                arguments |= {a.name.value: literal(a.value, {}) for a in nodes[0].arguments}
                _, level = compiler.child(found, nodes)
                yield found.find.everything(None, context, arguments), level

    def _write(
        self, operation: BulkOperation, context: Context, level: Level, roots: list[Node], file: BinaryIO
    ) -> None:
        size = 1 if operation.is_grouped else _BATCH
        for start in range(0, len(roots), size):
            lines: list[bytes] = []
            batch = roots[start : start + size]
            _lines(level, [(root, None) for root in batch], context, lines)
            file.writelines(lines)
            operation.object_count += len(lines)
            operation.root_count += len(batch)

    def url(self, operation: BulkOperation) -> str | None:
        """Where an operation's results are; None if there are none."""
        return self._address(operation) if operation.status == "COMPLETED" else None

    def partial_url(self, operation: BulkOperation) -> str | None:
        """Where the results are of an operation that didn't get to its end."""
        return self._address(operation) if operation.status in {"FAILED", "CANCELED"} else None

    def _address(self, operation: BulkOperation) -> str | None:
        if not operation.file_size:
            return None
        seconds = _URL_DAYS * 86_400
        query = f"X-Goog-Algorithm=GOOG4-RSA-SHA256&X-Goog-Expires={seconds}&X-Goog-Signature={operation.token}"
        return f"{self.base_url}/bulk-operation-outputs/{operation.path.name}?{query}"

    def file(self, name: str, token: str, now: datetime) -> Path | None:
        """The file of an address; None if the address is wrong or too old."""
        for operation in self.operations.values():
            if operation.path.name == name and operation.token == token and operation.completed_at is not None:
                is_fresh = now < operation.completed_at + timedelta(days=_URL_DAYS)
                return operation.path if is_fresh and operation.path.exists() else None
        return None


def _lines(level: Level, nodes: Sequence[tuple[Node, str | None]], context: Context, into: list[bytes]) -> None:
    """The lines of some nodes, and after them those of their connections, one connection after the other."""
    ids: list[str] = []
    for node, parent_id in nodes:
        line: dict[str, Any] = level.run(node, context)
        ids.append(line.get("id", ""))
        if parent_id is not None:
            line["__parentId"] = parent_id
        into.append(_encode(line).replace(b"/", b"\\/") + b"\n")
    for rows, child in level.children:
        below = [(row, own_id) for (node, _), own_id in zip(nodes, ids, strict=True) for row in rows(node, context)]
        if below:
            _lines(child, below, context, into)


def pieces(path: Path, start: int, end: int) -> Iterator[bytes]:
    """A part of a file, in pieces."""
    with path.open("rb") as file:
        file.seek(start)
        left = end - start
        while left > 0:
            piece = file.read(min(_CHUNK, left))
            if not piece:
                return
            left -= len(piece)
            yield piece
