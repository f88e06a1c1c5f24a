"""Dates and times as files write them, made instants in UTC, a column at a time.

Day and month are never guessed. A local time that occurs twice is the first of the two; one that the clocks skipped is
moved forward by the gap. Polars reads what is regular; the rest is read one by one by Python's own parser, which also
words what is wrong.
"""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

import polars as pl

from connectors.sources.files.numbers import Reasons, read_slowly, shown
from models.errors import RejectedRecordError

INSTANT = pl.Datetime("us", "UTC")
_NAIVE = pl.Datetime("us")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
_ISO = (
    r"^([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([0-9]{2}:[0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,6})[0-9]{0,3})?)?"
    r" ?(Z|[+-][0-9]{2}:?[0-9]{2})?)?$"
)
_UNITS = {"unix_seconds": 1_000_000, "unix_milliseconds": 1_000}
# What strptime and Polars read alike, and the shape that a value must have: both readers take fewer digits than
# written.
_DIRECTIVES = {
    "%Y": "[0-9]{4}",
    "%y": "[0-9]{2}",
    "%m": "[0-9]{1,2}",
    "%d": "[0-9]{1,2}",
    "%H": "[0-9]{1,2}",
    "%I": "[0-9]{1,2}",
    "%M": "[0-9]{1,2}",
    "%S": "[0-9]{1,2}",
    "%f": "[0-9]{1,6}",
    "%j": "[0-9]{1,3}",
    "%p": "[AaPp][Mm]",
    "%b": "[A-Za-z]{3}",
    "%B": "[A-Za-z]{3,9}",
    "%z": "(?:Z|[+-][0-9]{2}:?[0-9]{2})",
    "%%": "%",
}
_FULL_WIDTH = {"%m": 2, "%d": 2, "%H": 2, "%I": 2, "%M": 2, "%S": 2, "%j": 3}


class DateReader:
    """Reads the values of one column.

    Args:
        date_format: `iso8601`, `unix_seconds`, `unix_milliseconds` or a strptime format.
        time_zone: The IANA zone of values without an offset.
    """

    def __init__(self, date_format: str, time_zone: str) -> None:
        self._format = date_format
        self._zone_name = time_zone
        self._zone = ZoneInfo(time_zone)
        self._shape = _shape(date_format) if "%" in date_format else None

    def instants(self, texts: pl.Series) -> tuple[pl.Series, Reasons]:
        """Instants in UTC, and what is wrong with the texts that are none."""
        if self._format == "iso8601":
            parsed = self._iso_instants(texts)
        elif self._format in _UNITS:
            parsed = self._unix_instants(texts)
        else:
            parsed = self._formatted_instants(texts)
        is_late = parsed < _EARLIEST
        return read_slowly(texts, parsed.set(is_late.fill_null(False), None), self._instant_of)

    def _iso_instants(self, texts: pl.Series) -> pl.Series:
        parts = texts.str.extract_groups(_ISO).struct.unnest()
        day, minute, second, fraction, offset = (pl.col(name) for name in parts.columns)
        second = pl.format("{}:{}.{}", minute, second.fill_null("00"), fraction.fill_null("0").str.pad_end(6, "0"))
        frame = parts.select(
            pl.format("{} {}", day, pl.when(minute.is_null()).then(pl.lit("00:00:00.000000")).otherwise(second))
            .str.strptime(_NAIVE, "%Y-%m-%d %H:%M:%S%.6f", strict=False)
            .alias("naive"),
            offset.str.replace("Z", "+00:00", literal=True).str.replace(":", "", literal=True).alias("offset"),
        )
        local = self._localized(frame["naive"].set(frame["offset"].is_not_null(), None))
        if frame["offset"].null_count() == len(frame):
            return local
        digits = pl.col("offset").str.slice(1)
        minutes = digits.str.slice(0, 2).cast(pl.Int64) * 60 + digits.str.slice(2, 2).cast(pl.Int64)
        signed = pl.when(pl.col("offset").str.starts_with("-")).then(-minutes).otherwise(minutes)
        zoned = frame.select((pl.col("naive") - pl.duration(minutes=signed)).dt.replace_time_zone("UTC")).to_series()
        return zoned.zip_with(frame["offset"].is_not_null(), local)

    def _unix_instants(self, texts: pl.Series) -> pl.Series:
        fits = texts.str.contains(r"^-?[0-9]{1,13}$")
        ticks = texts.set(~fits.fill_null(False), None).cast(pl.Int64)
        # Beyond the year 9999 there is no date; the one-by-one reader says so.
        limit = 253_402_300_799_000_000 // _UNITS[self._format]
        ticks = ticks.set((ticks.abs() > limit).fill_null(False), None)
        return (ticks * _UNITS[self._format]).cast(_NAIVE).dt.replace_time_zone("UTC")

    def _formatted_instants(self, texts: pl.Series) -> pl.Series:
        nothing = pl.Series([None], dtype=INSTANT).new_from_index(0, len(texts))
        if self._shape is None:
            return nothing
        texts = texts.set(~texts.str.contains(f"^(?i:{self._shape})$").fill_null(False), None)
        # Polars takes a bare %f for nanoseconds.
        own_format = self._format.replace(".%f", "%.f")
        if "%f" in own_format:
            return nothing
        if "%z" in own_format:
            return texts.str.strptime(INSTANT, own_format, strict=False)
        if not re.search("%[HIMSp]", own_format):
            return self._localized(texts.str.strptime(pl.Date, own_format, strict=False).cast(_NAIVE))
        return self._localized(texts.str.strptime(_NAIVE, own_format, strict=False))

    def _localized(self, naive: pl.Series) -> pl.Series:
        """Local times as instants; null where the clocks skipped the time."""
        zoned = naive.dt.replace_time_zone(self._zone_name, ambiguous="earliest", non_existent="null")
        return zoned.dt.convert_time_zone("UTC")

    def _instant_of(self, text: str) -> datetime:
        try:
            value = self._value_of(text)
            if value.tzinfo is None:
                # Python gives a skipped time the offset from before the gap, which moves it forward by the gap.
                value = value.replace(tzinfo=self._zone, fold=0)
            instant = value.astimezone(UTC)
        except (ValueError, OverflowError, InvalidOperation):
            raise RejectedRecordError("", f"{shown(text)} is not a date or time {self._expectation()}") from None
        if instant < _EARLIEST:
            raise RejectedRecordError("", f"{shown(text)} lies before 1900")
        return instant

    def _value_of(self, text: str) -> datetime:
        if self._format == "iso8601":
            return datetime.fromisoformat(text)
        if self._format in _UNITS:
            ticks = Decimal(text)
            if not ticks.is_finite() or ticks.adjusted() > 16:
                raise ValueError
            return _EPOCH + timedelta(microseconds=int(ticks * _UNITS[self._format]))
        if self._shape is not None and not re.fullmatch(self._shape, text, re.IGNORECASE):
            raise ValueError
        return datetime.strptime(text, self._format)  # noqa: DTZ007 - the zone is the caller's, if the text has none

    def _expectation(self) -> str:
        if self._format == "iso8601":
            return "of ISO 8601, such as 2024-01-31 or 2024-01-31T18:30:00+01:00; declare its `format`"
        if self._format in _UNITS:
            return f"in {self._format.replace('_', ' ')}"
        return f"in the format {self._format}"


def _shape(date_format: str) -> str | None:
    """The regular expression of a format's values; None if it has directives whose values we cannot describe."""
    parts = re.findall("%.|[^%]+", date_format)
    shape = ""
    for position, part in enumerate(parts):
        if not part.startswith("%"):
            shape += re.sub(r"(?:\\ |\s)+", r"\\s+", re.escape(part))
            continue
        if part not in _DIRECTIVES:
            return None
        # Where digits follow digits with nothing between them, only the full width tells them apart.
        neighbours = parts[max(position - 1, 0) : position] + parts[position + 1 : position + 2]
        touches = any(other in _FULL_WIDTH or other in {"%Y", "%y", "%f"} for other in neighbours)
        shape += f"[0-9]{{{_FULL_WIDTH[part]}}}" if touches and part in _FULL_WIDTH else _DIRECTIVES[part]
    return shape
