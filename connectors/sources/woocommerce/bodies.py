"""What a WordPress site answers: JSON, JSON with a site's other output around it, an error in words, or a page.

A plugin's warning, a byte-order mark or a debugging comment around the JSON is common and harmless, so it is cut off;
what is left must be the JSON that was asked for.
"""

import json
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from connectors.messages import HttpResponse

T = TypeVar("T")

_MARK = b"\xef\xbb\xbf"
# Where JSON may begin after a warning: PHP ends its messages with a line end or a tag.
_BEGINNINGS = re.compile(r"[\[{]")
_MOST_BEGINNINGS = 200
# Of an answer that was cut off, the lists within its records must not be taken for the records.
_UNFINISHED = re.compile(r'\[?\s*\{\s*"[^"\\]{1,80}"\s*:')
# Such as of an emoji that a database column cut through; no text has it.
_HALF_A_PAIR = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)
_LOOSE = msgspec.json.Decoder(Any, float_hook=Decimal)


class NotJsonError(ValueError):
    """The answer holds no JSON of the kind that was asked for."""


@dataclass(frozen=True)
class ApiError:
    """How WordPress says no.

    Attributes:
        code: Its own word for it, such as `woocommerce_rest_cannot_view`; empty where the answer is not WordPress's.
        message: In words, in the shop's language.
        answer: What it was instead, in a few words, where it is no JSON.
    """

    code: str
    message: str
    answer: str = ""


class _ErrorBody(msgspec.Struct):
    code: str | int = ""
    message: str = ""


def json_part(content: bytes, opening: bytes) -> bytes:
    """The JSON within an answer, without what else the site printed.

    Args:
        content: The body.
        opening: `[` or `{`, as asked for.

    Raises:
        NotJsonError: There is none.
    """
    stripped = content.removeprefix(_MARK).strip()
    if not _is_json(stripped):
        stripped = _HALF_A_PAIR.sub(rb"\\ufffd", stripped)
    if not _is_json(stripped):
        stripped = _longest_json(stripped.decode("utf-8", errors="replace")).encode()
    if not stripped.startswith(opening):
        raise NotJsonError(in_words(content))
    return stripped


def _is_json(text: bytes) -> bool:
    try:
        msgspec.json.decode(text, type=msgspec.Raw)
    except msgspec.DecodeError:
        return False
    return True


def _longest_json(text: str) -> str:
    """The longest object, or list of objects, in a text that warnings may stand around; empty where one is cut off."""
    decoder = json.JSONDecoder(parse_float=str, strict=False)
    longest, position = "", 0
    for _ in range(_MOST_BEGINNINGS):
        match = _BEGINNINGS.search(text, position)
        if match is None:
            break
        position = match.end()
        try:
            value, end = decoder.raw_decode(text, match.start())
        except (ValueError, RecursionError):
            if _UNFINISHED.match(text, match.start()):
                return ""
            continue
        # `[0]` and `{main}` stand in PHP's messages too.
        if isinstance(value, dict) or all(isinstance(item, dict) for item in value):
            longest = max(text[match.start() : end], longest, key=len)
            position = end
    return longest


def raw_records(content: bytes) -> list[msgspec.Raw]:
    """The records of a list, each as its own text.

    PHP writes a list whose keys have gaps as an object; its values are the list.

    Raises:
        NotJsonError: The answer holds no list.
    """
    try:
        return msgspec.json.decode(content, type=list[msgspec.Raw])
    except msgspec.DecodeError:
        pass
    try:
        return msgspec.json.decode(json_part(content, b"["), type=list[msgspec.Raw])
    except NotJsonError:
        keyed = msgspec.json.decode(json_part(content, b"{"), type=dict[str, msgspec.Raw])
        if not all(key.isdigit() for key in keyed):
            raise NotJsonError(in_words(content)) from None
        return list(keyed.values())


def record(content: bytes, kind: type[T]) -> T:
    """An object of a declared shape.

    Raises:
        NotJsonError: The answer holds no such object.
    """
    try:
        return msgspec.json.decode(content, type=kind, strict=False)
    except msgspec.DecodeError:
        pass
    try:
        return msgspec.json.decode(json_part(content, b"{"), type=kind, strict=False)
    except msgspec.DecodeError as error:
        raise NotJsonError(str(error)) from error


def has_other_output(content: bytes) -> bool:
    """Whether the site printed something before its JSON."""
    return content[:1] not in {b"[", b"{"}


def api_error(response: HttpResponse) -> ApiError:
    """What a refusal says."""
    try:
        body = record(response.content, _ErrorBody)
    except NotJsonError:
        return ApiError("", "", in_words(response.content))
    return ApiError(str(body.code), _plain(body.message))


def in_words(content: bytes) -> str:
    """An answer that is no JSON, for messages: a page's title, or its beginning."""
    text = content[:20_000].decode("utf-8", errors="replace")
    if not text.strip():
        return "an empty answer"
    title = re.search(r"<title[^>]*>(.*?)</title>", text, re.IGNORECASE | re.DOTALL)
    if title:
        return f"a page titled {_plain(title[1])!r}"
    return f"a text that begins with {_plain(text)[:80]!r}"


def _plain(markup: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", markup).split())[:200]


def loose(content: bytes) -> Any:  # noqa: ANN401 - whatever JSON can hold
    """A record of any shape, numbers with a fraction as the `Decimal` of their own text.

    Raises:
        msgspec.DecodeError: It is no JSON.
    """
    return _LOOSE.decode(content)
