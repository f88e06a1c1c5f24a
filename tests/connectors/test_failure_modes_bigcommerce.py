"""What users of other BigCommerce connectors complain of: times without a zone that are read as the machine's own."""

import time
from datetime import UTC, datetime

import pytest

from connectors.sources.bigcommerce.values import moment


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kolkata"])
def test_r7_a_time_without_an_offset_is_utc_wherever_the_runner_stands(
    monkeypatch: pytest.MonkeyPatch, zone: str
) -> None:
    """Failure mode 12: the same text is the same moment on every machine."""
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        assert moment("2026-03-01T12:00:00") == datetime(2026, 3, 1, 12, tzinfo=UTC)
        assert moment("Sun, 01 Mar 2026 12:00:00 -0000") == datetime(2026, 3, 1, 12, tzinfo=UTC)
    finally:
        monkeypatch.delenv("TZ")
        time.tzset()
