"""Dates: zones, offsets, clocks that change, and formats that must fit exactly."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sources.files.dates import DateReader

ZONES = ["America/New_York", "Asia/Kolkata", "Europe/Berlin", "Australia/Lord_Howe", "UTC"]
FORMATS = ["%Y-%m-%d %H:%M:%S", "%d/%m/%Y %H:%M:%S", "%m/%d/%y %I:%M:%S %p", "%d %b %Y %H:%M:%S", "%Y%m%d%H%M%S"]


def instant(text: str, date_format: str = "iso8601", zone: str = "America/New_York") -> datetime | None:
    values, reasons = DateReader(date_format, zone).instants(pl.Series([text]))
    assert (values[0] is None) == (0 in reasons)
    value: datetime | None = values[0]
    return value


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize("date_format", ["iso8601", "%Y-%m-%d %H:%M:%S"])
@pytest.mark.parametrize(
    ("local", "zone", "expected"),
    [
        ("2024-01-15 12:00:00", "America/New_York", "2024-01-15 17:00"),
        ("2024-07-15 12:00:00", "America/New_York", "2024-07-15 16:00"),
        # The clocks skipped this time: moved forward by the gap, to 03:30 summer time.
        ("2024-03-10 02:30:00", "America/New_York", "2024-03-10 07:30"),
        # This time came twice: the first of the two.
        ("2024-11-03 01:30:00", "America/New_York", "2024-11-03 05:30"),
        ("2024-11-03 02:00:00", "America/New_York", "2024-11-03 07:00"),
        ("2024-03-10 02:30:00", "Asia/Kolkata", "2024-03-09 21:00"),
        ("2024-01-01 00:00:00", "Asia/Kolkata", "2023-12-31 18:30"),
        # A gap of half an hour.
        ("2024-10-06 02:15:00", "Australia/Lord_Howe", "2024-10-05 15:45"),
    ],
)
def test_local_times(date_format: str, local: str, zone: str, expected: str) -> None:
    assert instant(local, date_format, zone) == utc(expected)


@given(
    local=st.datetimes(datetime(1971, 1, 1), datetime(2036, 1, 1)).map(lambda at: at.replace(microsecond=0)),  # noqa: DTZ001 - local times
    zone=st.sampled_from(ZONES),
    date_format=st.sampled_from([*FORMATS, "iso8601"]),
)
def test_every_format_reads_what_python_writes(local: datetime, zone: str, date_format: str) -> None:
    written = local.isoformat() if date_format == "iso8601" else local.strftime(date_format)
    assert instant(written, date_format, zone) == local.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-01-31", "2024-01-31 05:00"),
        ("2024-01-31T18:30", "2024-01-31 23:30"),
        ("2024-01-31T18:30:00Z", "2024-01-31 18:30"),
        ("2024-01-31 18:30:00.123456789+02:00", "2024-01-31 16:30:00.123456"),
        ("2024-01-31T18:30:00-0330", "2024-01-31 22:00"),
        ("2024-01-31T18:30:00.5", "2024-01-31 23:30:00.5"),
        ("20240131T183000Z", "2024-01-31 18:30"),
    ],
)
def test_iso_dates(text: str, expected: str) -> None:
    assert instant(text) == utc(expected)


def test_offsets_and_local_times_may_stand_in_one_column() -> None:
    texts = pl.Series(["2024-01-01T00:00:00+05:30", None, "2024-01-01T00:00:00", "2024-01-01T00:00:00Z"])
    values, reasons = DateReader("iso8601", "America/New_York").instants(texts)
    assert reasons == {}
    assert values.to_list() == [utc("2023-12-31 18:30"), None, utc("2024-01-01 05:00"), utc("2024-01-01 00:00")]


@pytest.mark.parametrize(
    ("text", "date_format", "expected"),
    [
        ("1700000000", "unix_seconds", "2023-11-14 22:13:20"),
        ("1700000000.25", "unix_seconds", "2023-11-14 22:13:20.25"),
        ("1700000000123", "unix_milliseconds", "2023-11-14 22:13:20.123"),
        ("2024-01-31 18:30:00.5", "%Y-%m-%d %H:%M:%S.%f", "2024-01-31 23:30:00.5"),
        ("31/01/2024 18:30 +0200", "%d/%m/%Y %H:%M %z", "2024-01-31 16:30"),
        ("1/2/2024", "%d/%m/%Y", "2024-02-01 05:00"),
        ("Wed 31 Jan 2024", "%a %d %b %Y", "2024-01-31 05:00"),
    ],
)
def test_formats(text: str, date_format: str, expected: str) -> None:
    assert instant(text, date_format) == utc(expected)


@pytest.mark.parametrize(
    ("text", "date_format"),
    [
        ("1997011", "%Y%m%d"),
        ("19970132", "%Y%m%d"),
        ("19970229", "%Y%m%d"),
        ("97-01-01", "%Y-%m-%d"),
        ("2024-01-31 10:00", "%Y-%m-%d"),
        ("31/01/2024", "%m/%d/%Y"),
        ("01/31/24x", "%m/%d/%y"),
        ("2024-02-30", "iso8601"),
        ("2024-01-31T25:00", "iso8601"),
        ("31.01.2024", "iso8601"),
        ("1700000000000", "unix_seconds"),
        ("999999999999999999999", "unix_milliseconds"),
        ("yesterday", "unix_seconds"),
        ("NaN", "unix_seconds"),
        ("1899-12-30", "iso8601"),
        ("0001-01-01", "iso8601"),
    ],
)
def test_what_does_not_fit_is_refused(text: str, date_format: str) -> None:
    assert instant(text, date_format) is None
