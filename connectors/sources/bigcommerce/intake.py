"""Decodes records one by one, so that a record that cannot be read is set aside and the rest of its page goes on."""

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from connectors.sources.bigcommerce.values import NOTHING
from models.errors import RejectedRecordError
from models.records import Correction, RejectedRecord

T = TypeVar("T")

_LOOSE = msgspec.json.Decoder(float_hook=Decimal)
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")
_DECODERS: dict[type[Any], msgspec.json.Decoder[Any]] = {}


class Identity(msgspec.Struct, gc=False):
    """As much of a record as tells it apart."""

    id: int | str | None = None
    order_id: int | str | None = None


class Intake:
    """What a reading takes in: decoded records, with their owner's corrections in place of what was rejected.

    Args:
        corrections: Texts to read instead of others.

    Attributes:
        rejected: What was set aside since it was last taken out.
    """

    def __init__(self, corrections: Iterable[Correction] = ()) -> None:
        self._corrected = {(c.stream, c.raw_text): c.corrected_text for c in corrections}
        self.rejected: list[RejectedRecord] = []

    def decoded(self, kind: type[T], raw: msgspec.Raw, stream: str) -> T:
        """A record, in its owner's words where it was corrected.

        Args:
            kind: What to decode it as.
            raw: The record's JSON.
            stream: The stream that it would be rejected under.

        Raises:
            RejectedRecordError: It is not of that kind.
        """
        content: bytes | memoryview = memoryview(raw)
        if self._corrected:
            content = self._corrected.get((stream, written(raw)), "").encode() or content
        decoder = _DECODERS.get(kind)
        if decoder is None:
            decoder = _DECODERS[kind] = msgspec.json.Decoder(kind, strict=False)
        try:
            record: T = decoder.decode(content)
        except msgspec.MsgspecError:
            return _decoded_without_nothings(kind, content)
        return record

    def reject(self, stream: str, origin: str, line: int, raw: msgspec.Raw, error: RejectedRecordError) -> None:
        """Set a record aside.

        Args:
            stream: The stream that it was meant for.
            origin: The endpoint that it came from.
            line: Its position in the answer, from 1.
            raw: The record's JSON.
            error: Why.
        """
        key = identity(raw)
        parts = (key.order_id, key.id) if stream in _PARTS_BY_ID else (key.id,)
        known = [str(part) for part in parts if part is not None]
        self.rejected.append(
            RejectedRecord(stream, origin, line, error.field, error.reason, written(raw), "/".join(known) or None)
        )

    def take_rejected(self) -> list[RejectedRecord]:
        """What was set aside, for the page that tells of it."""
        taken, self.rejected = self.rejected, []
        return taken


_PARTS_BY_ID = {"refunds", "transactions", "order_taxes", "order_discounts", "order_lines", "order_shipping_lines"}


def identity(raw: msgspec.Raw | bytes) -> Identity:
    """As much of a record as tells it apart; empty if it holds no ids."""
    try:
        return msgspec.json.decode(raw, type=Identity)
    except msgspec.MsgspecError:
        return Identity()


def written(raw: msgspec.Raw) -> str:
    """The record's text as the platform sent it."""
    return bytes(raw).decode("utf-8", "replace")


def _decoded_without_nothings(kind: type[T], content: bytes | memoryview) -> T:
    """Decode once more, without what stands for null where a typed field refuses it."""
    try:
        loose = _LOOSE.decode(content)
    except msgspec.DecodeError as error:
        raise _rejection("*", str(error)) from error
    while True:
        try:
            return msgspec.convert(loose, kind, strict=False)
        except msgspec.ValidationError as error:
            reason, _, path = str(error).partition(" - at `$")
            if not _removed_nothing(loose, _STEP.findall(path)):
                raise _rejection(path.strip("`.") or "*", reason) from error


def _removed_nothing(value: Any, path: list[tuple[str, str]]) -> bool:  # noqa: ANN401 - JSON of any shape
    """Take the member that a path leads to out of its object if it stands for null; False if it does not."""
    for name, index in path[:-1]:
        value = value[name] if name else value[int(index)]
    name = path[-1][0] if path else ""
    if not isinstance(value, dict) or name not in value or value[name] not in NOTHING:
        return False
    del value[name]
    return True


def _rejection(field: str, reason: str) -> RejectedRecordError:
    return RejectedRecordError(
        field,
        f"{reason}: BigCommerce sent something else than it documents; "
        "correct the record in the control panel, or its text (`perennial rejects`)",
    )
