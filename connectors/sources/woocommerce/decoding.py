"""JSON into the declared shapes: quickly where it is as it should be, patiently where PHP wrote other types.

WordPress knows few types: an empty object is written as an empty list, a list with gaps as an object, nothing as an
empty text, numbers as texts and texts as numbers. All of that has one meaning and is understood. What has none is
refused with the name of the field.
"""

import types
from collections.abc import Callable, Hashable, Sequence
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, Generic, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import msgspec

from connectors.sources.woocommerce.bodies import loose
from models.errors import RejectedRecordError

S = TypeVar("S", bound=msgspec.Struct)

_LARGEST_ID = 2**63
_TRUE = {"1", "true", "yes", "on", "y"}
_FALSE = {"0", "false", "no", "off", "n", ""}
# PostgreSQL's texts cannot hold it, and no name or address means it.
_NUL = b"\\u0000"


class Decoder(Generic[S]):
    """Reads records of one kind.

    Args:
        kind: Their shape.
    """

    def __init__(self, kind: type[S]) -> None:
        self._kind = kind
        self._quick = msgspec.json.Decoder(kind, strict=False)

    def decode_all(self, texts: Sequence[bytes]) -> list[tuple[S, bytes]] | None:
        """Records that are all as they should be, with their texts; None where one has to be looked at by itself."""
        if any(_NUL in text for text in texts):
            return None
        quick = self._quick.decode
        try:
            return [(quick(text), text) for text in texts]
        except msgspec.DecodeError:
            return None

    def decode(self, text: bytes) -> S:
        """One record.

        Raises:
            RejectedRecordError: A field that it needs is missing, or holds something without meaning.
        """
        if _NUL not in text:
            try:
                return self._quick.decode(text)
            except msgspec.DecodeError:
                pass
        try:
            value = loose(text)
        except msgspec.DecodeError as error:
            raise RejectedRecordError("*", f"cannot be read as JSON: {error}") from None
        understood: S = _struct(value, self._kind, "")
        return understood


def _struct(value: Any, kind: type[Any], path: str) -> Any:  # noqa: ANN401 - whatever JSON can hold
    if value is None or value in ([], ""):
        value = {}
    if not isinstance(value, dict):
        raise RejectedRecordError(path or "*", f"is {_kind_of(value)} where WooCommerce has an object")
    given: dict[str, Any] = {}
    for field, reads in _fields(cast("Hashable", kind)):
        own_path = f"{path}.{field.name}" if path else field.name
        found = value.get(field.encode_name)
        if found is None:
            if field.required:
                raise RejectedRecordError(own_path, "is missing; a plugin leaves it out of WooCommerce's answer")
            continue
        given[field.name] = reads(found, own_path)
    return kind(**given)


@cache
def _fields(kind: Hashable) -> list[tuple[Any, Callable[[Any, str], Any]]]:
    shape = cast("type[msgspec.Struct]", kind)
    hints = get_type_hints(shape)
    return [(field, _reader(hints[field.name])) for field in msgspec.structs.fields(shape)]


def _reader(hint: Any) -> Callable[[Any, str], Any]:  # noqa: ANN401 - any annotation of the shapes
    is_optional = False
    if get_origin(hint) in {Union, types.UnionType}:
        (hint,) = (option for option in get_args(hint) if option is not type(None))
        is_optional = True
    if hint is Any:
        return lambda value, _path: value
    if get_origin(hint) in {list, tuple}:
        item, kind = _reader(get_args(hint)[0]), get_origin(hint)
        return lambda value, path: kind(item(entry, f"{path}[{i}]") for i, entry in enumerate(_listed(value, path)))
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return lambda value, path: _struct(value, hint, path)
    simple = _SIMPLE[hint]

    def read(value: Any, path: str) -> Any:  # noqa: ANN401 - as declared
        try:
            return simple(value)
        except (ValueError, ArithmeticError):
            if is_optional and value in ("", [], {}):
                return None
            raise RejectedRecordError(path, f"{_shown(value)} is not {_EXPECTED[hint]}") from None

    return read


def _listed(value: Any, path: str) -> list[Any]:  # noqa: ANN401 - whatever JSON can hold
    if isinstance(value, list):
        return value
    if isinstance(value, dict):
        return list(value.values())
    if value == "" or value is False:
        return []
    raise RejectedRecordError(path, f"is {_kind_of(value)} where WooCommerce has a list")


def _text(value: Any) -> str:  # noqa: ANN401 - whatever JSON can hold
    if isinstance(value, bool):
        return "1" if value else ""
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, int | Decimal):
        return f"{value:f}" if isinstance(value, Decimal) else str(value)
    return msgspec.json.encode(value).decode().replace("\\u0000", "") if value else ""


def _whole(value: Any) -> int:  # noqa: ANN401 - whatever JSON can hold
    number = _decimal(value)
    if number != number.to_integral_value() or abs(number) >= _LARGEST_ID:
        raise ValueError(value)
    return int(number)


def _decimal(value: Any) -> Decimal:  # noqa: ANN401 - whatever JSON can hold
    if not isinstance(value, int | str | Decimal):
        raise ValueError(value)  # noqa: TRY004 - one kind of failure for every value that is none
    try:
        number = Decimal(int(value) if isinstance(value, bool) else value.strip() if isinstance(value, str) else value)
    except InvalidOperation:
        raise ValueError(value) from None
    if not number.is_finite():
        raise ValueError(value)
    return number


def _flag(value: Any) -> bool:  # noqa: ANN401 - whatever JSON can hold
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word in _TRUE:
        return True
    if word in _FALSE or value in ([], {}):
        return False
    raise ValueError(value)


_SIMPLE: dict[Any, Callable[[Any], Any]] = {str: _text, int: _whole, Decimal: _decimal, bool: _flag}
_EXPECTED = {str: "a text", int: "a whole number", Decimal: "a number", bool: "yes or no"}


def _kind_of(value: Any) -> str:  # noqa: ANN401 - whatever JSON can hold
    return {list: "a list", dict: "an object", str: "a text", bool: "yes or no"}.get(type(value), "a number")


def _shown(value: Any) -> str:  # noqa: ANN401 - whatever JSON can hold
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
