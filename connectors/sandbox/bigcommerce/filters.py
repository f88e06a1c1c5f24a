"""What requests to BigCommerce's lists say: dates, ids, pages, and the errors that they get back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from email.utils import parsedate_to_datetime

MOST_ROWS = 250
_DEFAULT_ROWS = 50


class ApiError(Exception):
    """A refusal.

    Args:
        status: The HTTP status.
        message: In words.
        field: The parameter that it is about; empty for none.
    """

    def __init__(self, status: int, message: str, field: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.field = field


@dataclass(frozen=True)
class Paging:
    """A page of a list: from 1, and how many rows it has at most; more than 250 are never given."""

    page: int
    limit: int

    @property
    def start(self) -> int:
        """How many rows come before the page."""
        return (self.page - 1) * self.limit


def paging(params: Mapping[str, str]) -> Paging:
    """The page that a request asks for.

    Raises:
        ApiError: It is no number, or below 1.
    """
    page, limit = whole(params, "page"), whole(params, "limit")
    if page is not None and page < 1:
        raise ApiError(422, "The field 'page' is invalid.", "page")
    return Paging(page or 1, min(max(limit or _DEFAULT_ROWS, 1), MOST_ROWS))


def whole(params: Mapping[str, str], name: str) -> int | None:
    """A parameter's number; None if it wasn't given.

    Raises:
        ApiError: It is no number.
    """
    text = params.get(name, "")
    if not text:
        return None
    try:
        return int(text)
    except ValueError:
        message = f"The field '{name}' is invalid."
        raise ApiError(422, message, name) from None


def wholes(params: Mapping[str, str], name: str) -> frozenset[int] | None:
    """A list of numbers between commas; None if it wasn't given.

    Raises:
        ApiError: One of them is none.
    """
    if name not in params:
        return None
    try:
        return frozenset(int(part) for part in params[name].split(",") if part)
    except ValueError:
        message = f"The field '{name}' is invalid."
        raise ApiError(422, message, name) from None


def names(params: Mapping[str, str], name: str) -> frozenset[str]:
    """A list of words between commas; empty if it wasn't given."""
    return frozenset(part.strip() for part in params.get(name, "").split(",") if part.strip())


def moment(params: Mapping[str, str], name: str, zone: tzinfo) -> int | None:
    """A date in seconds, RFC 2822 or ISO 8601; None if it wasn't given.

    Args:
        params: The request's parameters.
        name: Which.
        zone: What a date without a zone is read in.

    Raises:
        ApiError: It is no date; a plus sign that was sent as such arrives as a space, and is none either.
    """
    text = params.get(name, "")
    if not text:
        return None
    for parse in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            parsed = parse(text)
        except (TypeError, ValueError):
            continue
        return int((parsed if parsed.tzinfo else parsed.replace(tzinfo=zone)).astimezone(UTC).timestamp())
    message = f"The field '{name}' is invalid."
    raise ApiError(422, message, name)
