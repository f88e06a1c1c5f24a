"""Shopify's search syntax, with the habits that it has and its documentation does not tell.

`>` and `<` take the bound in, as `>=` and `<=` do. A timestamp is read to the second only in quotes and in UTC; without
quotes, or with an offset, what follows the day is cut. A term on an unknown field is left out, with a warning beside
the data.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import TypeAlias

from connectors.sandbox.shopify.shelves import Key

# A record, and the time of its last change that the index knows.
Seen: TypeAlias = tuple[object, datetime | None]
Predicate: TypeAlias = Callable[[Seen], bool]
# ("and" | "or", parts), ("not", part) or a term.
Expression: TypeAlias = "tuple[str, list[Expression]] | Term"

_TOKEN = re.compile(
    r"""\s*(?:(?P<open>\()|(?P<close>\))|(?P<minus>-)(?=[\w(])
    |(?:(?P<field>[A-Za-z_]\w*):(?P<operator>[<>]=?)?)?
     (?:"(?P<double>(?:[^"\\]|\\.)*)"|'(?P<single>(?:[^'\\]|\\.)*)'|(?P<bare>[^\s()]+)))""",
    re.VERBOSE,
)
_EXACT_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


class SearchError(Exception):
    """A query that Shopify refuses; its text is what it says."""


@dataclass(frozen=True)
class Term:
    """One condition.

    Attributes:
        field: The field's name; empty for a word to be found anywhere.
        operator: Empty, or >=, <=; strict ones are read so too.
        value: Without quotes.
        is_quoted: Whether it had them.
    """

    field: str
    operator: str
    value: str
    is_quoted: bool


@dataclass(frozen=True)
class Searched:
    """How a field is searched.

    Attributes:
        kind: time, id, flag, word or text.
        get: The field of a record; a list matches by any of its elements.
        values: The words that are accepted; empty for any.
    """

    kind: str
    get: Callable[..., object]
    values: frozenset[str] = frozenset()


@dataclass
class Search:
    """A query that is ready to be asked.

    Attributes:
        matches: Whether a record is among the results.
        bounds: By field, the lowest and the highest value that can match.
        warnings: What Shopify says about terms that it left out.
    """

    matches: Predicate
    bounds: dict[str, tuple[Key | None, Key | None]] = field(default_factory=dict)
    warnings: list[dict[str, str]] = field(default_factory=list)


def parsed(text: str) -> Expression:
    """A query's conditions; an empty query is an empty conjunction."""
    tokens: list[re.Match[str]] = []
    at = 0
    while at < len(text.rstrip()):
        token = _TOKEN.match(text, at)
        if token is None or token.end() == at:
            break
        tokens.append(token)
        at = token.end()
    expression, _ = _either(tokens, 0)
    return expression


def _either(tokens: list[re.Match[str]], at: int) -> tuple[Expression, int]:
    parts: list[Expression] = []
    part, at = _all(tokens, at)
    parts.append(part)
    while at < len(tokens) and _word(tokens[at]) == "OR":
        part, at = _all(tokens, at + 1)
        parts.append(part)
    return (parts[0] if len(parts) == 1 else ("or", parts)), at


def _all(tokens: list[re.Match[str]], at: int) -> tuple[Expression, int]:
    parts: list[Expression] = []
    while at < len(tokens) and not tokens[at]["close"] and _word(tokens[at]) != "OR":
        if _word(tokens[at]) == "AND":
            at += 1
            continue
        part, at = _one(tokens, at)
        parts.append(part)
    return (parts[0] if len(parts) == 1 else ("and", parts)), at


def _one(tokens: list[re.Match[str]], at: int) -> tuple[Expression, int]:
    token = tokens[at]
    if token["minus"] or _word(token) == "NOT":
        if at + 1 >= len(tokens):
            return ("and", []), at + 1
        part, at = _one(tokens, at + 1)
        return ("not", [part]), at
    if token["open"]:
        part, at = _either(tokens, at + 1)
        return part, at + 1
    quoted = token["double"] if token["double"] is not None else token["single"]
    value = token["bare"] if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
    operator = f"{token['operator'][0]}=" if token["operator"] else ""
    return Term(token["field"] or "", operator, value, quoted is not None), at + 1


def _word(token: re.Match[str]) -> str:
    return token["bare"] if token["bare"] and not token["field"] else ""


def prepared(text: str, fields: Mapping[str, Searched], zone: tzinfo) -> Search:
    """A query made ready for the records that have these fields.

    Args:
        text: The query.
        fields: How each field is searched; the one without a name is searched by words.
        zone: The shop's zone, which decides when a day begins.

    Raises:
        SearchError: A timestamp is none.
    """
    search = Search(matches=lambda _: True)
    expression = parsed(text)
    search.matches = _predicate(expression, fields, zone, search)
    conjunction = expression[1] if isinstance(expression, tuple) and expression[0] == "and" else [expression]
    for part in conjunction:
        if isinstance(part, Term) and part.field in fields:
            _narrow(search, part, fields[part.field], zone)
    return search


def _predicate(expression: Expression, fields: Mapping[str, Searched], zone: tzinfo, search: Search) -> Predicate:
    if isinstance(expression, Term):
        return _term_predicate(expression, fields, zone, search)
    word, parts = expression
    made = [_predicate(part, fields, zone, search) for part in parts]
    if word == "not":
        return lambda seen: not made[0](seen)
    combine = any if word == "or" else all
    return lambda seen: combine(one(seen) for one in made)


def _term_predicate(term: Term, fields: Mapping[str, Searched], zone: tzinfo, search: Search) -> Predicate:
    searched = fields.get(term.field)
    if searched is None:
        message = "Invalid search field for this query."
        search.warnings.append({"field": term.field, "message": message, "code": "invalid_field"})
        return lambda _: True
    if searched.kind == "time":
        low, high = _time_bounds(term, zone)
        is_change = term.field == "updated_at"

        def is_within(seen: Seen) -> bool:
            moment = seen[1] if is_change else searched.get(seen[0])
            return isinstance(moment, datetime) and (low is None or moment >= low) and (high is None or moment <= high)

        return is_within
    if searched.kind == "id":
        lowest, highest = _id_bounds(term)
        return lambda seen: _is_id_within(searched.get(seen[0]), lowest, highest)
    wanted = term.value.lower()
    if searched.kind == "flag":
        return lambda seen: str(bool(searched.get(seen[0]))).lower() == wanted
    if searched.values and not set(wanted.split(",")) <= searched.values:
        message = f"Input `{term.value}` is not an accepted value."
        search.warnings.append({"field": term.field, "message": message, "code": "invalid_value"})
        return lambda _: False
    words = [_word_predicate(searched, word) for word in ([wanted] if term.is_quoted else wanted.split(","))]
    return lambda seen: any(is_there(seen) for is_there in words)


def _word_predicate(searched: Searched, wanted: str) -> Predicate:
    is_prefix = wanted.endswith("*")
    wanted = wanted.rstrip("*")

    def has_word(seen: Seen) -> bool:
        found = searched.get(seen[0])
        for each in found if isinstance(found, (list, tuple)) else (found,):
            text = str(each).lower() if each is not None else ""
            if text == wanted or (is_prefix and text.startswith(wanted)):
                return True
            if searched.kind == "text" and wanted in text:
                return True
        return False

    return has_word


def _narrow(search: Search, term: Term, searched: Searched, zone: tzinfo) -> None:
    bounds: tuple[Key | None, Key | None]
    if searched.kind == "time":
        bounds = _time_bounds(term, zone)
    elif searched.kind == "id":
        bounds = _id_bounds(term)
    else:
        return
    low, high = search.bounds.get(term.field, (None, None))
    low = bounds[0] if low is None or (bounds[0] is not None and bounds[0] > low) else low  # type: ignore[operator]
    high = bounds[1] if high is None or (bounds[1] is not None and bounds[1] < high) else high  # type: ignore[operator]
    search.bounds[term.field] = (low, high)


def _time_bounds(term: Term, zone: tzinfo) -> tuple[datetime | None, datetime | None]:
    if term.is_quoted and _EXACT_TIME.fullmatch(term.value):
        moment, length = datetime.fromisoformat(term.value), timedelta()
    elif day := _DAY.match(term.value):
        moment, length = datetime.fromisoformat(day[0]).replace(tzinfo=zone), timedelta(days=1, microseconds=-1)
    else:
        message = f"Invalid timestamp for query filter `{term.field}`."
        raise SearchError(message)
    if term.operator == ">=":
        return moment, None
    if term.operator == "<=":
        return None, moment
    return moment, moment + length


def _id_bounds(term: Term) -> tuple[int | None, int | None]:
    digits = term.value.rpartition("/")[2]
    number = int(digits) if digits.isdecimal() else -1
    if term.operator == ">=":
        return number, None
    return (None, number) if term.operator == "<=" else (number, number)


def _is_id_within(found: object, low: int | None, high: int | None) -> bool:
    return isinstance(found, int) and (low is None or found >= low) and (high is None or found <= high)
