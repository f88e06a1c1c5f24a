import csv
import json
import os
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.destination import Delivery, Operation, Outcome
from connectors.destinations import build_destination
from connectors.destinations.file import FileDestination, FileSettings

SENT_AT = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)


def build(folder: Path, format_: str = "jsonl") -> FileDestination:
    settings = FileSettings.model_validate({"type": "file", "name": "export", "folder": "exports", "format": format_})
    built = build_destination(settings, folder)
    assert isinstance(built, FileDestination)
    return built


def delivery(number: int, merchant_id: str = "cdnow", customer_id: str | None = None, **payload: Any) -> Delivery:
    name = customer_id or f"c{number}"
    return Delivery(f"key-{number}", merchant_id, "at_risk", name, Operation.UPSERT, payload or {"n": number})


def files(folder: Path) -> list[Path]:
    return sorted(path for path in (folder / "exports").rglob("*") if path.is_file())


def test_a_batch_is_one_file_per_merchant_and_audience_readable_by_its_owner(tmp_path: Path) -> None:
    results = build(tmp_path).send([delivery(1), delivery(2, "other"), delivery(3)], sent_at=SENT_AT)
    assert [result.action_key for result in results] == ["key-1", "key-2", "key-3"]
    found = files(tmp_path)
    assert [path.parent.relative_to(tmp_path).as_posix() for path in found] == [
        "exports/cdnow/at_risk",
        "exports/other/at_risk",
    ]
    for path in found:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert len(path.stem) == 16
    assert results[0].provider_reference == found[0].name
    lines = [json.loads(line) for line in found[0].read_text(encoding="utf-8").splitlines()]
    assert lines[0] == {
        "action_key": "key-1",
        "merchant_id": "cdnow",
        "audience": "at_risk",
        "customer_id": "c1",
        "operation": "upsert",
        "sent_at": "2026-01-05T01:00:00+00:00",
        "payload": {"n": 1},
    }


def test_the_same_batch_is_the_same_file_whatever_its_order(tmp_path: Path) -> None:
    destination = build(tmp_path)
    destination.send([delivery(1), delivery(2)], sent_at=SENT_AT)
    [path] = files(tmp_path)
    before = path.read_bytes()
    destination.send([delivery(2), delivery(1)], sent_at=SENT_AT.replace(year=2027))
    assert files(tmp_path) == [path]
    assert path.read_bytes() == before
    path.unlink()  # imported and removed: what is sent again then comes under the same name
    destination.send([delivery(2), delivery(1)], sent_at=SENT_AT)
    assert files(tmp_path) == [path]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ('=HYPERLINK("http://x")', '\'=HYPERLINK("http://x")'),
        ("+1+1", "'+1+1"),
        ("-2+3", "'-2+3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\uff1d1+1", "'\uff1d1+1"),
        ("-12.50", "-12.50"),
        ("+4912345", "+4912345"),
        ("-Infinity", "'-Infinity"),
        ("plain", "plain"),
        (None, ""),
        (True, "true"),
        (0.25, "0.25"),
    ],
)
def test_csv_cells_are_never_formulas(tmp_path: Path, value: Any, written: str) -> None:
    build(tmp_path, "csv").send([delivery(1, first_name=value, other="x")], sent_at=SENT_AT)
    [path] = files(tmp_path)
    with path.open(encoding="utf-8", newline="") as lines:
        [row] = csv.DictReader(lines)
    assert row["first_name"] == written


def test_a_customer_id_is_guarded_and_stands_once(tmp_path: Path) -> None:
    removal = Delivery("key", "cdnow", "at_risk", "=1+1", Operation.REMOVE, {"customer_id": "=1+1"})
    build(tmp_path, "csv").send([removal, delivery(2)], sent_at=SENT_AT)
    [path] = files(tmp_path)
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.reader(lines))
    assert rows[0] == ["action_key", "merchant_id", "audience", "customer_id", "operation", "sent_at", "n"]
    assert [row[3] for row in rows[1:]] == ["'=1+1", "c2"]
    assert rows[1][6] == ""


@pytest.mark.parametrize("name", ["..", "../up", ".hidden", "a/b", "a\\b", "a\0b", "%2e%2e"])
def test_names_cannot_leave_the_folder(tmp_path: Path, name: str) -> None:
    [result] = build(tmp_path).send([delivery(1, merchant_id=name)], sent_at=SENT_AT)
    assert result.outcome is Outcome.ACCEPTED
    [path] = files(tmp_path)
    assert len(path.relative_to(tmp_path / "exports").parts) == 3
    assert not path.relative_to(tmp_path / "exports").parts[0].startswith(".")


def test_a_crash_leaves_a_whole_file_or_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    destination = build(tmp_path)

    class KilledError(BaseException):
        pass

    def killed(_self: Path, _target: Path) -> None:
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", killed)
        with pytest.raises(KilledError):
            destination.send([delivery(1)], sent_at=SENT_AT)
    assert files(tmp_path) == []
    # A kill leaves the unfinished file behind; the next attempt at the batch clears it away.
    destination.send([delivery(1)], sent_at=SENT_AT)
    [path] = files(tmp_path)
    left_behind = path.with_name(f".{path.name}.x1y2")
    left_behind.write_text("half of a li")
    path.unlink()
    destination.send([delivery(1)], sent_at=SENT_AT)
    assert files(tmp_path) == [path]


def test_a_full_disk_is_a_reason_to_come_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device", "/somewhere/private")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        [result] = build(tmp_path).send([delivery(1)], sent_at=SENT_AT)
    assert result.outcome is Outcome.RETRY
    assert result.reason == "the file could not be written (ENOSPC)"
    assert files(tmp_path) == []


def test_a_foreign_file_in_the_folder_is_named_as_the_trouble(tmp_path: Path) -> None:
    destination = build(tmp_path)
    destination.send([delivery(1)], sent_at=SENT_AT)
    [path] = files(tmp_path)
    (path.parent / "notes.jsonl").write_text("not JSON at all\n")
    [result] = destination.send([delivery(2)], sent_at=SENT_AT)
    assert (result.outcome, result.reason) == (
        Outcome.RETRY,
        "an earlier file in the folder cannot be read; move it away",
    )
