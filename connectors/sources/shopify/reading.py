"""One reading under way: what its steps share."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic

import msgspec
import pyarrow as pa

from connectors.source import KnownRecords, ReadReport, ReadRequest, SourceRuntime
from connectors.sources.shopify.batches import Assembly
from connectors.sources.shopify.client import ShopifyClient
from connectors.sources.shopify.entity import Entity, N, key_of, scrubbed
from connectors.sources.shopify.permissions import check_denied
from connectors.sources.shopify.progress import Progress
from connectors.sources.shopify.settings import ShopifySettings
from models.errors import MisconfiguredError
from models.records import Deletions, Page

_NULL = b"null"


@dataclass(frozen=True, slots=True)
class Found(Generic[N]):
    """A record of an answer.

    Attributes:
        text: As it was sent.
        key: Its key, where even a record that is wrong has one.
        node: What it decodes to; None where it does not.
        updated_at: When it was last changed.
        error: Why it does not decode.
    """

    text: bytes
    key: str | None
    node: N | None = None
    updated_at: datetime | None = None
    error: Exception | None = None


@dataclass
class ShopifyReading:
    """One reading.

    Attributes:
        client: The shop.
        settings: How it is followed.
        runtime: Clock and waiting.
        request: What was asked for.
        report: What the read found out besides records.
        progress: Where it stands.
        until: The upper bound: what changed after it is left for the next chain.
        key: The settings' path in `perennial.yml`.
        has_all_orders: Whether orders older than 60 days can be seen.
        left: How many more parents this reading may take.
        is_over: Whether it ends here, though its steps do not.
        fetched_to: The last record that was asked for by its id.
        seen: Per stream, the records given out or known to be gone in this reading, with their time of change.
        order_customers: The orders given out in this reading, and their customers.
    """

    client: ShopifyClient
    settings: ShopifySettings
    runtime: SourceRuntime
    request: ReadRequest
    report: ReadReport
    progress: Progress
    until: datetime
    key: str
    has_all_orders: bool = True
    left: int = 0
    is_over: bool = False
    fetched_to: str = ""
    seen: dict[str, dict[str, datetime | None]] = field(default_factory=dict)
    order_customers: list[tuple["pa.Array[pa.StringScalar]", "pa.Array[pa.StringScalar]"]] = field(default_factory=list)

    @property
    def known(self) -> KnownRecords | None:
        """What the warehouse has of the store."""
        return self.request.known

    def seen_of(self, stream: str) -> dict[str, datetime | None]:
        """The records of a stream that this reading has done with."""
        return self.seen.setdefault(stream, {})

    def found(self, entity: Entity[N], raw: bytes | msgspec.Raw) -> "Found[N]":
        """A record of an answer, decoded where it can be."""
        text = scrubbed(raw)
        try:
            node = self._decoded(entity, text)
            return Found(text, entity.key(node), node, datetime.fromisoformat(entity.updated_at(node)))
        except (msgspec.DecodeError, ValueError) as error:
            return Found(text, key_of(text), error=error)

    def take(self, entity: Entity[N], found: "Found[N]", assembly: Assembly, *, remember: bool = True) -> bool:
        """Take a record with what stands in it; False where it is set aside, or left for the next chain."""
        if found.node is None or found.key is None:
            assembly.reject(entity.name, found.text, found.error or ValueError("holds no id"), found.key)
            return False
        if found.updated_at is not None and found.updated_at > self.until:
            return False
        assembly.add(entity.row(found.node), found.text)
        entity.add_inline(found.key, found.node, assembly)
        if remember:
            self.seen_of(entity.name)[found.key] = found.updated_at
        return True

    def take_whole(self, entity: Entity[N], records: Sequence["Found[N]"], assembly: Assembly) -> None:
        """Take records with all of their parts, wherever these have to be fetched from."""
        late_parts = []
        for found in records:
            if self.take(entity, found, assembly) and found.node is not None and found.key is not None:
                entity.add_connections(found.key, found.node, assembly, self.client)
                if entity.has_late_parts(found.node):
                    late_parts.append(found.key)
        if late_parts:
            entity.add_late_parts(late_parts, assembly, self.client)

    def _decoded(self, entity: Entity[N], text: bytes) -> N:
        try:
            return entity.decode(text)
        except msgspec.DecodeError:
            corrected = self._corrected(entity.name, text)
            if corrected is None:
                raise
            return entity.decode(corrected)

    def _corrected(self, stream: str, text: bytes) -> bytes | None:
        raw_text = text.decode("utf-8", "replace")
        found = [c for c in self.request.corrections if c.stream == stream and c.raw_text == raw_text]
        return max(found, key=lambda c: c.corrected_at).corrected_text.encode() if found else None

    def fetch(self, entity: Entity[N], keys: Sequence[str]) -> Iterator[Page | Deletions]:
        """Records by their ids, whole; what the platform says is not there is given out as gone.

        Records that this reading has done with are passed over. Ends early when the reading is full.
        """
        self.fetched_to = ""
        seen = self.seen_of(entity.name)
        assembly = Assembly(entity.stream, entity.parts)
        gone: list[str] = []
        gids = [entity.gid(key) for key in dict.fromkeys(keys) if key not in seen]
        for answer, places in self.client.by_ids(entity.by_id_document, gids, stream=entity.name):
            check_denied(answer.denied, self.report, self.key)
            there = [self.found(entity, raw) for _, raw in places if bytes(raw) != _NULL]
            gone.extend(gid.rpartition("/")[2] for gid, raw in places if bytes(raw) == _NULL)
            self.fetched_to = places[-1][0].rpartition("/")[2]
            self.take_whole(entity, there, assembly)
            if assembly.is_full:
                yield from assembly.pages()
            if assembly.parent_count >= self.left:
                self.is_over = True
                break
        yield from assembly.pages()
        self.left -= assembly.parent_count
        if gone:
            seen.update(dict.fromkeys(gone))
            yield deletions(entity, gone)

    def refuse_hidden(self, entity: Entity[N], raw: bytes | msgspec.Raw) -> None:
        """Look at a place in a list.

        Raises:
            MisconfiguredError: It is empty: something that a record cannot be without is hidden from us.
        """
        if bytes(raw) == _NULL:
            raise MisconfiguredError(
                self.key,
                f"Shopify hides some of its {entity.name} from this app; see docs/connect-shopify.md for the scopes",
            )


def deletions(entity: Entity[N], keys: Sequence[str]) -> Deletions:
    """Records that are gone."""
    field_of_key = entity.stream.schema.field(entity.stream.key[0])
    batch = pa.RecordBatch.from_arrays([pa.array(keys, pa.string())], schema=pa.schema([field_of_key]))
    return Deletions(entity.name, batch)
