"""Texts become typed columns; rows that break the contract are set aside with the field and the reason.

Judges each row by itself. Whether two rows go together (repeats, ids, refunds) is judged later.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import polars as pl

from connectors.currencies import MINOR_DIGITS
from connectors.sources.files.columns import DateMapping, DayMapping, FieldMapping
from connectors.sources.files.dates import DateReader
from connectors.sources.files.numbers import NumberFormat, Reasons, shown
from connectors.sources.files.rows import RowBlock
from models.errors import MisconfiguredError

_LONGEST_ID = 255
_LONGEST_TEXT = 10_000
_FUTURE = timedelta(days=1)
_TRUE = ("true", "t", "yes", "y", "1", "subscribed")
_FALSE = ("false", "f", "no", "n", "0", "unsubscribed")

_PAID = frozenset({"amount", "refund_amount", "price_amount"})
# One of a hundred may cost less than the smallest coin.
_AMOUNTS = _PAID | {"unit_cost_amount"}
_NEVER_NEGATIVE = ("price_amount", "unit_cost_amount")
_IDS = frozenset({"order_id", "customer_id", "refund_id", "line_id", "product_id", "spend_id", "sku"})
# What is announced for a day to come, such as a new cost, is no mistake.
_MAY_LIE_AHEAD = frozenset({"valid_from"})


@dataclass(frozen=True)
class Problem:
    """Why a row was set aside.

    Attributes:
        row: Its position.
        field: The column at fault: the file's name for it, and ours where it differs.
        reason: What is wrong with it.
    """

    row: int
    field: str
    reason: str


@dataclass(frozen=True)
class ParsedRows:
    """What came of a block.

    Attributes:
        rows: Good rows: one column per mapped field, and `row` (the position in the block) and `line`.
        problems: The others, by position.
        next_due_at: When the first of the rows that lie in the future may be read after all.
    """

    rows: pl.DataFrame
    problems: list[Problem]
    next_due_at: datetime | None


class RowParser:
    """Parses the rows of one file set.

    Args:
        mappings: Where each field comes from.
        required: The fields that no row may lack.
        numbers: How numbers are written.
        null_markers: Texts that mean "no value".
        time_zone: The zone of times without an offset, unless the mapping says otherwise.
        accepts_negative: Whether an amount below zero is a refund.
        requested_at: The run's time; dates more than a day after it are mistakes.
        key: The key of `perennial.yml` under which the mappings stand.

    Raises:
        MisconfiguredError: A constant is not a value of its field.
    """

    def __init__(
        self,
        mappings: Mapping[str, FieldMapping],
        *,
        required: Sequence[str],
        numbers: NumberFormat,
        null_markers: Sequence[str],
        time_zone: str,
        accepts_negative: bool,
        requested_at: datetime,
        key: str,
    ) -> None:
        self._mappings = dict(mappings)
        self._required = required
        self._numbers = numbers
        self._nulls = ["", *null_markers]
        self._accepts_negative = accepts_negative
        self._latest = requested_at + _FUTURE
        zones = {name: m.time_zone or time_zone for name, m in self._mappings.items() if isinstance(m, DateMapping)}
        self._days = {name for name, m in self._mappings.items() if isinstance(m, DayMapping)}
        zones |= dict.fromkeys(self._days, "UTC")
        formats = {name: getattr(self._mappings[name], "format", "") for name in zones}
        self._dates = {name: DateReader(formats[name], zone) for name, zone in zones.items()}
        self._iso_dates = {name: DateReader("iso8601", zone) for name, zone in zones.items()}
        self._check_constants(key)

    @property
    def wanted(self) -> dict[str, str]:
        """The file's column by our field, for the fields that have one."""
        return {name: mapping.column for name, mapping in self._mappings.items() if mapping.column is not None}

    def parse(self, block: RowBlock) -> ParsedRows:
        """Good rows as typed columns, and the others with their reason; the first one, if there are several."""
        count = len(block.lines)
        texts = {
            name: self._cleaned(block.columns[mapping.column])
            if mapping.column is not None
            else pl.Series([mapping.constant], dtype=pl.String).new_from_index(0, count)
            for name, mapping in self._mappings.items()
        }
        values: dict[str, pl.Series] = {}
        problems: dict[int, Problem] = {}

        def note(name: str, reasons: Reasons) -> None:
            for row, reason in reasons.items():
                problems.setdefault(row, Problem(row, self._described(name), reason))

        for name, own in texts.items():
            is_iso = self._mappings[name].column in block.iso_columns
            values[name], reasons = self._values(name, own, is_iso=is_iso)
            if name in self._required and own.null_count():
                reasons |= dict.fromkeys(own.is_null().arg_true().to_list(), "is empty")
            note(name, reasons)
        next_due_at = None
        for name, reason_by_row in self._contract_breaches(values, texts):
            note(name, reason_by_row)
        for name in self._dates.keys() - _MAY_LIE_AHEAD:
            is_late = (values[name] > self._latest).fill_null(False)
            if is_late.any():
                rows = is_late.arg_true().to_list()
                note(name, {row: f"{shown(texts[name][row])} lies in the future" for row in rows})
                earliest = values[name].filter(is_late).min()
                if isinstance(earliest, datetime):
                    due = earliest - _FUTURE
                    next_due_at = min(next_due_at, due) if next_due_at else due
        values |= {name: values[name].dt.date() for name in self._days}
        frame = pl.DataFrame(
            {**values, "row": pl.Series(np.arange(count, dtype=np.int64)), "line": pl.Series(block.lines)}
        )
        if problems:
            is_good = np.ones(count, dtype=bool)
            is_good[list(problems)] = False
            frame = frame.filter(pl.Series(is_good))
        return ParsedRows(frame, [problems[row] for row in sorted(problems)], next_due_at)

    def _cleaned(self, texts: pl.Series) -> pl.Series:
        texts = texts.str.strip_chars()
        is_null = texts.is_in(self._nulls)
        return texts.set(is_null, None) if is_null.any() else texts

    def _described(self, name: str) -> str:
        column = self._mappings[name].column
        return name if column is None or column == name else f"{column} ({name})"

    def _values(self, name: str, texts: pl.Series, *, is_iso: bool) -> tuple[pl.Series, Reasons]:
        if name in self._dates:
            return (self._iso_dates if is_iso else self._dates)[name].instants(texts)
        if name in _AMOUNTS:
            return self._numbers.amounts(texts)
        if name == "quantity":
            return self._numbers.quantities(texts)
        if name in {"has_email_consent", "has_sms_consent"}:
            lowered = texts.str.to_lowercase()
            # Consent that cannot be read is unknown, and what is unknown is never written to.
            known = pl.when(lowered.is_in(_TRUE)).then(True).when(lowered.is_in(_FALSE)).then(False)
            return pl.select(known.cast(pl.Boolean)).to_series() if len(texts) else pl.Series([], dtype=pl.Boolean), {}
        if name == "currency_code":
            upper = texts.str.to_uppercase()
            is_unknown = ~upper.is_in(list(MINOR_DIGITS)).fill_null(True)
            rows = is_unknown.arg_true().to_list()
            return upper, {row: f"{shown(texts[row])} is not an ISO 4217 currency code, such as EUR" for row in rows}
        if name == "country_code":
            upper = texts.str.to_uppercase()
            rows = (~upper.str.contains("^[A-Z]{2}$")).fill_null(False).arg_true().to_list()
            return upper, {
                row: f"{shown(texts[row])} is not an ISO 3166 code of two letters, such as DE" for row in rows
            }
        return texts, _text_reasons(texts, _LONGEST_ID if name in _IDS else _LONGEST_TEXT)

    def _contract_breaches(
        self, values: Mapping[str, pl.Series], texts: Mapping[str, pl.Series]
    ) -> list[tuple[str, Reasons]]:
        """What only several fields of a row together tell."""
        if "currency_code" not in values:
            return []
        breaches: list[tuple[str, Reasons]] = []
        digits = values["currency_code"].replace_strict(dict(MINOR_DIGITS), default=None, return_dtype=pl.Int64)
        step = digits.replace_strict({0: 10_000, 2: 100, 3: 10}, default=1, return_dtype=pl.Int64)
        for name in sorted(_PAID & set(values)):
            is_finer = (values[name].to_physical().cast(pl.Int64) % step != 0).fill_null(False)
            rows = is_finer.arg_true().to_list()
            currency = values["currency_code"]
            breaches.append(
                (name, {r: f"{shown(texts[name][r])} has more decimal places than {currency[r]} has" for r in rows})
            )
        for name in _NEVER_NEGATIVE:
            if name in values:
                rows = (values[name] < 0).fill_null(False).arg_true().to_list()
                breaches.append((name, {row: f"{shown(texts[name][row])} is below zero" for row in rows}))
        if "amount" not in values:
            return breaches
        is_negative = (values["amount"] < 0).fill_null(False)
        if not self._accepts_negative:
            rows = is_negative.arg_true().to_list()
            reason = "is below zero; if that is how refunds are written, set `refunds: negative_amounts`"
            breaches.append(("amount", {row: f"{shown(texts['amount'][row])} {reason}" for row in rows}))
        if "quantity" in values:
            # A refund's row may count the items that came back.
            rows = ((values["quantity"] < 0).fill_null(False) & ~is_negative).arg_true().to_list()
            breaches.append(("quantity", {row: f"{shown(texts['quantity'][row])} is below zero" for row in rows}))
        if "order_id" in values:
            rows = (values["order_id"].is_null() & ~is_negative).arg_true().to_list()
            breaches.append(("order_id", dict.fromkeys(rows, "is empty")))
        if "line_id" in values:
            rows = (values["line_id"].is_null() & ~is_negative).arg_true().to_list()
            breaches.append(("line_id", dict.fromkeys(rows, "is empty")))
        return breaches

    def _check_constants(self, key: str) -> None:
        for name, mapping in self._mappings.items():
            if mapping.constant is not None:
                constant = pl.Series([mapping.constant], dtype=pl.String)
                _, reasons = self._values(name, constant, is_iso=False)
                if reasons:
                    raise MisconfiguredError(f"{key}.columns.{name}.constant", reasons[0])


def _text_reasons(texts: pl.Series, longest: int) -> Reasons:
    reasons: Reasons = {}
    length = texts.str.len_bytes().max()
    if isinstance(length, int) and length > longest:
        is_long = (texts.str.len_chars() > longest).fill_null(False)
        reasons |= dict.fromkeys(is_long.arg_true().to_list(), f"is longer than {longest} characters")
    holds_nul = texts.str.contains("\0", literal=True).fill_null(False)
    return reasons | dict.fromkeys(holds_nul.arg_true().to_list(), "contains a NUL character, which no text may")
