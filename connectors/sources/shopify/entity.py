"""What there is to know of a kind of record: where its lists are, how it is decoded, and what its parts are."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

import msgspec

from connectors.sources.shopify.answers import Identity, identity_decoder, number
from connectors.sources.shopify.batches import Assembly, Row
from connectors.sources.shopify.client import ShopifyClient
from models.records import Stream

N = TypeVar("N")
_NUL_ESCAPE = b"\\u0000"


@dataclass(frozen=True)
class Child:
    """A kind of part, as it stands in a bulk file.

    Attributes:
        stream: The stream that it fills.
        decoder: Reads a line; what it gives has a `parent_id`.
        row: The row, from the parent's key and the part.
    """

    stream: str
    decoder: msgspec.json.Decoder[Any]
    row: Callable[[str, Any], Row]


class Entity(ABC, Generic[N]):
    """A kind of record.

    Attributes:
        stream: Its stream.
        parts: The streams of its parts.
        kind: What a record is decoded to.
        gid_type: The middle of its global ids.
        scope: The permission that its list needs.
        page_document: Its list, a page at a time.
        by_id_document: Records by their ids; empty for none.
        bulk_document: Its list as a bulk query; empty for none.
        ids_document: The ids of all, as a bulk query or a page at a time; empty where ids are not compared.
        base_filter: A filter that every page needs.
        is_newest_first: Whether its list comes by falling time of change, and takes no filter by it.
        is_reread_daily: Whether records change without showing it, so that all are read once a day.
        children: Its parts in a bulk file, by their type's name.
    """

    stream: ClassVar[Stream]
    parts: ClassVar[tuple[Stream, ...]] = ()
    kind: ClassVar[type[Any]]
    gid_type: ClassVar[str]
    scope: ClassVar[str]
    page_document: ClassVar[str]
    by_id_document: ClassVar[str] = ""
    bulk_document: ClassVar[str] = ""
    ids_document: ClassVar[str] = ""
    base_filter: ClassVar[str] = ""
    is_newest_first: ClassVar[bool] = False
    is_reread_daily: ClassVar[bool] = False
    children: ClassVar[Mapping[str, Child]] = {}

    def __init__(self) -> None:
        self._decoder: msgspec.json.Decoder[N] = msgspec.json.Decoder(self.kind, strict=True)

    @property
    def name(self) -> str:
        """The stream's name."""
        return self.stream.name

    def decode(self, raw: bytes | msgspec.Raw) -> N:
        """A record from its text.

        Raises:
            msgspec.DecodeError: It is not what the schema says.
        """
        return self._decoder.decode(raw)

    def gid(self, key: str) -> str:
        """The global id of a record."""
        return f"gid://shopify/{self.gid_type}/{key}"

    @abstractmethod
    def row(self, node: N) -> Row:
        """The record's row."""

    def key(self, node: N) -> str:
        """The record's key."""
        return number(getattr(node, "id"))  # noqa: B009 - every kind has it, and no base class does

    def updated_at(self, node: N) -> str:
        """When the record was last changed, as it was written."""
        written: str = getattr(node, "updated_at")  # noqa: B009 - every kind has it, and no base class does
        return written

    def add_inline(self, key: str, node: N, assembly: Assembly) -> None:
        """Take the parts that stand in the record itself."""

    def add_connections(self, key: str, node: N, assembly: Assembly, client: ShopifyClient) -> None:
        """Take the parts that come a page at a time, and fetch their further pages."""

    def has_late_parts(self, _node: N) -> bool:
        """Whether parts have to be asked for by the record's id."""
        return False

    def add_late_parts(self, keys: Sequence[str], assembly: Assembly, client: ShopifyClient) -> None:
        """Take those parts, of several records."""


class PartsPage(msgspec.Struct, Generic[N]):
    """An answer that holds a further page of one record's parts; null where the record is gone."""

    node: N | None = None


def scrubbed(raw: bytes | msgspec.Raw) -> bytes:
    """A record's text without the one character that PostgreSQL cannot hold."""
    text = bytes(raw)
    return text.replace(_NUL_ESCAPE, b"\\ufffd") if _NUL_ESCAPE in text else text


def key_of(raw: bytes) -> str | None:
    """The key of a record that is not what the schema says; None where not even the id can be read."""
    try:
        identity: Identity = identity_decoder.decode(raw)
        return number(identity.id)
    except (msgspec.DecodeError, ValueError):
        return None
