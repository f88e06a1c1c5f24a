"""A source that is not told what the warehouse knows compares no ids, and finds neither deletions nor holes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_platform import Night, Platform, opened_night


@pytest.fixture
def night(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Night]:
    opened = opened_night(tmp_path, database_url, monkeypatch, {"ink/web": Platform()})
    yield opened
    opened.run.deployment.loader.dispose()


def test_r6_a_source_is_told_what_landed_and_what_waits_to_land(night: Night) -> None:
    platform = night.platform
    told: list[list[str]] = []

    def ask() -> None:
        known = platform.requests[-1].known
        assert known is not None
        told.append(sorted(known("orders", ["order_id"])["order_id"].to_pylist()))

    platform.on_read = ask
    platform.put(*range(5))
    night.work()
    assert told == [[], ["0", "1", "2"]]
    platform.delete(1)
    night.work()
    platform.put(7)
    night.work()
    assert told[2:] == [["0", "1", "2", "3", "4"], ["0", "2", "3", "4"]]
