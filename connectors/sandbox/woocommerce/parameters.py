"""A list's parameters as WordPress reads and refuses them.

What a list does not know it ignores without a word, as it does with `modified_after` for customers.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any
from urllib.parse import parse_qsl

# Nested names become dictionaries, as PHP makes arrays of them.
PhpValue = str | dict[str, Any]

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?P<zone>[Zz]|[+-]\d{2}(?::\d{2})?)?")
_BOUNDS = ("after", "before", "modified_after", "modified_before")
_LEAST_OFFSET_FORM = 3


class InvalidParametersError(Exception):
    """A request that WordPress answers with 400.

    Args:
        problems: By parameter, its message and the code of that.
    """

    def __init__(self, problems: dict[str, tuple[str, str]]) -> None:
        super().__init__(", ".join(problems))
        self.problems = problems

    @property
    def body(self) -> dict[str, Any]:
        """What is answered."""
        return {
            "code": "rest_invalid_param",
            "message": f"Invalid parameter(s): {', '.join(self.problems)}",
            "data": {
                "status": 400,
                "params": {name: message for name, (message, _) in self.problems.items()},
                "details": {
                    name: {"code": code, "message": message, "data": None}
                    for name, (message, code) in self.problems.items()
                },
            },
        }


@dataclass(frozen=True)
class ListRules:
    """What a list takes.

    Attributes:
        orders: The values of `orderby`.
        default_order: The one that holds without it.
        default_direction: `asc` or `desc`.
        statuses: The values of `status`; empty where there is no such parameter.
        has_dates: Whether it can be filtered by dates.
        roles: The values of `role`; empty where there is no such parameter.
    """

    orders: tuple[str, ...] = ("date", "id", "include", "title", "slug", "modified")
    default_order: str = "date"
    default_direction: str = "desc"
    statuses: Sequence[str] = ()
    has_dates: bool = True
    roles: Sequence[str] = ()


@dataclass(frozen=True)
class Query:
    """A list's parameters, valid.

    Attributes:
        page: From 1.
        per_page: From 1 to 100.
        offset: Instead of pages; None where it wasn't given.
        order_by: A value of the list's `orders`.
        is_ascending: The direction.
        include: Only these ids; None for any.
        exclude: Not these.
        statuses: As given.
        bounds: By parameter, a moment in seconds.
        given: Everything as it came.
    """

    page: int
    per_page: int
    offset: int | None
    order_by: str
    is_ascending: bool
    include: list[int] | None
    exclude: frozenset[int]
    statuses: list[str]
    bounds: dict[str, int]
    given: dict[str, PhpValue] = field(default_factory=dict)

    @property
    def start(self) -> int:
        """How many rows come before the page."""
        return (self.page - 1) * self.per_page if self.offset is None else self.offset

    def text(self, name: str) -> str:
        """A parameter's text; empty if it wasn't given."""
        value = self.given.get(name, "")
        return value if isinstance(value, str) else ""

    def number(self, name: str) -> int | None:
        """A parameter's number; None if it wasn't given."""
        text = self.text(name)
        return int(text) if text.isdigit() else None


def php_arguments(query: str) -> dict[str, PhpValue]:
    """A query string as PHP's `$_GET`; of a name that comes twice the last counts, and `a[]=` makes a list."""
    arguments: dict[str, PhpValue] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        base, bracket, rest = name.partition("[")
        if not bracket:
            arguments[base] = value
            continue
        nested = arguments.get(base)
        if not isinstance(nested, dict):
            nested = {}
            arguments[base] = nested
        key = rest.partition("]")[0]
        nested[key or str(len(nested))] = value
    return arguments


def list_of(value: PhpValue | None) -> list[str]:
    """A list as WordPress takes it: repeated, or separated by commas."""
    if value is None:
        return []
    if isinstance(value, dict):
        return [str(item) for item in value.values()]
    return [item for item in re.split(r"[\s,]+", value) if item]


def ids_of(value: PhpValue | None) -> list[int]:
    """A list of ids; what is no number is 0, as PHP has it."""
    return [int(match.group()) if (match := re.match(r"\d+", item)) else 0 for item in list_of(value)]


def moment(text: str, zone: tzinfo, *, is_gmt: bool) -> int | None:
    """The moment that a date stands for in a query.

    A date without a zone is the column's own: UTC with `dates_are_gmt`, else the shop's. One with a zone is turned into
    the shop's local time first, and then compared with that same column: with `dates_are_gmt` that is wrong by the
    shop's offset.
    """
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    written = match["zone"] or ""
    try:
        parsed = datetime.fromisoformat(text.removesuffix(written).upper().replace(" ", "T"))
        if written:
            offset = "+00:00" if written in "Zz" else written if len(written) > _LEAST_OFFSET_FORM else f"{written}:00"
            parsed = datetime.fromisoformat(parsed.isoformat() + offset).astimezone(zone).replace(tzinfo=None)
    except ValueError:
        return None
    return int(parsed.replace(microsecond=0, tzinfo=UTC if is_gmt else zone).timestamp())


def parsed_query(arguments: dict[str, PhpValue], rules: ListRules, zone: tzinfo) -> Query:
    """A list's parameters.

    Raises:
        InvalidParametersError: WordPress would answer 400.
    """
    reading = _Reading(arguments)
    page = reading.integer("page", 1, least=1)
    per_page = reading.integer("per_page", 10, least=1, most=100)
    bounds = _bounds(reading, zone) if rules.has_dates else {}
    offset = reading.integer("offset", None)
    direction = reading.choice("order", rules.default_direction, ("asc", "desc"))
    order_by = reading.choice("orderby", rules.default_order, rules.orders)
    statuses = _statuses(reading, rules)
    if rules.roles:
        reading.choice("role", "customer", rules.roles)
    if reading.problems:
        raise InvalidParametersError(reading.problems)
    return Query(
        page=page or 1,
        per_page=per_page or 10,
        offset=offset or None,
        order_by=order_by,
        is_ascending=direction == "asc",
        include=ids_of(arguments.get("include")) or None,
        exclude=frozenset(ids_of(arguments.get("exclude"))),
        statuses=statuses,
        bounds=bounds,
        given=arguments,
    )


@dataclass
class _Reading:
    """Arguments, and what is wrong with them."""

    arguments: dict[str, PhpValue]
    problems: dict[str, tuple[str, str]] = field(default_factory=dict)

    def integer(
        self, name: str, default: int | None, *, least: int | None = None, most: int | None = None
    ) -> int | None:
        value = self.arguments.get(name)
        if value is None:
            return default
        try:
            number = int(str(value)) if isinstance(value, str) else None
        except ValueError:
            number = None
        if number is None:
            self.problems[name] = (f"{name} is not of type integer.", "rest_invalid_type")
            return default
        if least is not None and most is not None and not least <= number <= most:
            message = f"{name} must be between {least} (inclusive) and {most} (inclusive)"
            self.problems[name] = (message, "rest_out_of_bounds")
        elif least is not None and number < least:
            self.problems[name] = (f"{name} must be greater than or equal to {least}", "rest_out_of_bounds")
        return number

    def choice(self, name: str, default: str, values: Sequence[str]) -> str:
        value = self.arguments.get(name, default)
        if value not in values:
            self.problems[name] = (f"{name} is not one of {_enumerated(values)}.", "rest_not_in_enum")
            return default
        return str(value)

    def flag(self, name: str) -> bool:
        value = str(self.arguments.get(name, "false")).lower()
        if value not in ("true", "false", "1", "0", ""):
            self.problems[name] = (f"{name} is not of type boolean.", "rest_invalid_type")
        return value in ("true", "1")


def _bounds(reading: _Reading, zone: tzinfo) -> dict[str, int]:
    is_gmt = reading.flag("dates_are_gmt")
    bounds = {}
    for name in _BOUNDS:
        value = reading.arguments.get(name)
        if value is None:
            continue
        found = moment(value, zone, is_gmt=is_gmt) if isinstance(value, str) else None
        if found is None:
            reading.problems[name] = ("Invalid date.", "rest_invalid_date")
        else:
            bounds[name] = found
    return bounds


def _statuses(reading: _Reading, rules: ListRules) -> list[str]:
    if not rules.statuses:
        return []
    statuses = list_of(reading.arguments.get("status")) or ["any"]
    for place, status in enumerate(statuses):
        if status not in rules.statuses:
            message = f"status[{place}] is not one of {_enumerated(rules.statuses)}."
            reading.problems["status"] = (message, "rest_not_in_enum")
    return statuses


def _enumerated(values: Sequence[str]) -> str:
    return ", ".join(values[:-1]) + f", and {values[-1]}"
