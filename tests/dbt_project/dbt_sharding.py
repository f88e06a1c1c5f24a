"""The sharding rules, as a reading of SQL text: what in a statement would not stay within one merchant."""

import re
from collections.abc import Iterator

# Past PostgreSQL 15, or not in its core.
FOREIGN_FUNCTIONS = (
    "any_value",
    "array_sample",
    "array_shuffle",
    "crosstab",
    "crypt",
    "date_add",
    "digest",
    "dmetaphone",
    "gen_salt",
    "hstore",
    "json_array",
    "json_exists",
    "json_object",
    "json_query",
    "json_scalar",
    "json_table",
    "json_value",
    "levenshtein",
    "random_normal",
    "similarity",
    "soundex",
    "unaccent",
    "uuid_generate_v4",
    "uuidv7",
    "word_similarity",
)
_END_OF_JOIN = (
    r"\b(?:(?:left|right|full|inner|cross)\s+(?:outer\s+)?join|join|where|group by|order by|having|union|limit)\b"
)
_END_OF_GROUP = r"\b(?:having|order by|union|limit|window)\b"
_KEY_EQUALITY = re.compile(r"\b\w+\.merchant_id = \w+\.merchant_id\b")


def bare_sql(text: str) -> str:
    """SQL without its templating, comments and strings, on one line, lower-case; a ref becomes a table's name."""
    text = re.sub(r"\{#.*?#\}|\{%.*?%\}", " ", text, flags=re.DOTALL)
    text = re.sub(r"\{\{\s*(?:ref|source)\(([^)]*)\)\s*\}\}", "some_table", text)
    text = re.sub(r"\{\{.*?\}\}", "some_expression", text, flags=re.DOTALL)
    text = re.sub(r"--[^\n]*", " ", text)
    text = re.sub(r"'[^']*'", "''", text)
    return re.sub(r"\s+", " ", text).lower().strip()


def violations(text: str) -> list[str]:
    """What in a model's or macro's text breaks a rule, one sentence each; empty when nothing does."""
    sql = bare_sql(text)
    rules = (_words, _windows, _groupings, _joins, _subqueries)
    return [sentence for rule in rules for sentence in rule(sql)]


def _words(sql: str) -> Iterator[str]:
    for word in re.findall(r"\b(?:merge into|grouping sets|rollup|cube)\b", sql):
        yield f"{word} is not to be used"
    for name in FOREIGN_FUNCTIONS:
        if re.search(rf"\b{name} ?\(", sql):
            yield f"{name} is not in PostgreSQL 15's core"


def _windows(sql: str) -> Iterator[str]:
    for match in re.finditer(r"\bover \(", sql):
        window = _inside(sql, match.end())
        if not re.match(r"\s*partition by (?:\w+\.)?merchant_id\b", window):
            yield f"a window without merchant_id: over ({window})"


def _groupings(sql: str) -> Iterator[str]:
    for match in re.finditer(r"\bgroup by\b", sql):
        columns = _until(sql, match.end(), _END_OF_GROUP)
        if not re.search(r"\bmerchant_id\b", columns):
            yield f"a grouping without merchant_id:{columns}"
    for match in re.finditer(r"\bdistinct on \(", sql):
        columns = _inside(sql, match.end())
        if not re.search(r"\bmerchant_id\b", columns):
            yield f"a distinct on without merchant_id: {columns}"


def _joins(sql: str) -> Iterator[str]:
    for match in re.finditer(r"(\w+)? ?\bjoin\b", sql):
        condition = _until(sql, match.end(), _END_OF_JOIN)
        is_series = match.group(1) == "cross" and condition.startswith(" lateral generate_series(")
        if not is_series and not _KEY_EQUALITY.search(condition):
            yield f"a join without merchant_id: {match.group(0)}{condition}"
    if re.search(r"\bfrom some_table(?: as \w+)?,", sql):
        yield "a join by comma"


def _subqueries(sql: str) -> Iterator[str]:
    for match in re.finditer(r"\bexists \(", sql):
        subquery = _inside(sql, match.end())
        if not _KEY_EQUALITY.search(subquery):
            yield f"a subquery without merchant_id: {subquery}"
    for match in re.finditer(r"(\w+) (?:not )?in \( ?select\b", sql):
        if match.group(1) != "merchant_id":
            yield f"a membership that is not a merchant's: {match.group(0)}"


def _inside(sql: str, start: int) -> str:
    """The text from a position up to the bracket that closes there."""
    depth = 1
    for position in range(start, len(sql)):
        depth += {"(": 1, ")": -1}.get(sql[position], 0)
        if depth == 0:
            return sql[start:position]
    return sql[start:]


def _until(sql: str, start: int, end: str) -> str:
    """The text from a position up to a keyword, or the closing bracket, of the same depth."""
    text, depth = _inside(sql, start), 0
    for match in re.finditer(rf"\(|\)|{end}", text):
        depth += {"(": 1, ")": -1}.get(match.group(0), 0)
        if depth == 0 and match.group(0) not in "()":
            return text[: match.start()]
    return text
