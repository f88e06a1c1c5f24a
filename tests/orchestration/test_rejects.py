"""Rejected records: spooled on their way in, listed, written out to be corrected, and taken back."""

import csv
import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from models import rejections
from models.archive import ArchivedBatch
from models.bookkeeping import register_batch
from models.engine import create_engine
from models.errors import MisconfiguredError
from models.ops import rejected_records
from models.records import RejectedRecord
from orchestration import rejects
from orchestration.deployment import Deployment, open_deployment
from orchestration.reject_spool import RejectSpool
from orchestration.settings import Settings

AT = datetime(2026, 1, 14, 1, tzinfo=UTC)


def rejected(line: int, raw_text: str, field: str = "amount") -> RejectedRecord:
    return RejectedRecord("orders", "orders.csv", line, field, "is no number", raw_text, key=f"o{line}")


# The spool.


@given(
    st.lists(
        st.builds(
            RejectedRecord,
            stream=st.text(),
            origin=st.text(),
            line=st.integers(0, 2**63 - 1),
            field=st.text(),
            reason=st.text(),
            raw_text=st.text(st.characters(exclude_categories=()) | st.sampled_from("\n\r\x00\u2028\x85\ud800\udfff")),
            key=st.none() | st.text(),
        ),
        max_size=20,
    )
)
def test_the_spool_gives_back_what_it_was_given_in_order(records: list[RejectedRecord]) -> None:
    with RejectSpool() as spool:
        spool.add(records[:3])
        spool.add(iter(records[3:]))
        assert list(spool) == records
        assert list(spool) == records, "it may be read again"


def test_the_spool_may_grow_after_it_was_read() -> None:
    with RejectSpool() as spool:
        spool.add([rejected(1, "a"), rejected(2, "b\nc")])
        assert len(list(spool)) == 2
        spool.add([rejected(3, "d")])
        assert [record.line for record in spool] == [1, 2, 3]


def test_the_spools_file_is_its_owners_and_gone_afterwards() -> None:
    with RejectSpool() as spool:
        spool.add([rejected(1, "ada@example.com")])
        status = os.fstat(spool._file.fileno())
        assert stat.S_IMODE(status.st_mode) & 0o077 == 0
    with pytest.raises(ValueError, match="closed"):
        list(spool)


# The command.


@pytest.fixture
def deployment(
    settings: Settings, module_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Settings]:
    """A deployment on the module's warehouse, with what it tells its child processes kept to this test."""
    monkeypatch.setattr("os.environ", os.environ.copy())
    opened: list[Deployment] = []

    def open_and_note(settings: Settings) -> Deployment:
        opened.append(open_deployment(settings))
        return opened[-1]

    monkeypatch.setattr(rejects, "open_deployment", open_and_note)
    yield replace(settings, home=tmp_path / "home", warehouse_url=module_database_url)
    for deployment in opened:
        deployment.loader.dispose()


@pytest.fixture
def merchant_id(module_database_url: str, request: pytest.FixtureRequest) -> str:
    """A merchant of the test's own with three rejected records."""
    merchant_id = request.node.name.removeprefix("test_")[:60]
    batch = ArchivedBatch(
        root=Path(),
        batch_id=f"batch-{merchant_id}",
        source="files",
        merchant_id=merchant_id,
        store_id="web",
        mode="snapshot",
        fingerprint="f",
        day=AT.date(),
        cursor={},
        archived_at=AT,
        notes={},
    )
    engine = create_engine(module_database_url)
    records = [rejected(3, 'o3,"Ada, ada@example.com",x'), rejected(12, "o12,é,\n1"), rejected(1_000, "o1000,c,y")]
    with engine.begin() as connection:
        register_batch(connection, batch)
        rejections.save_rejects(connection, batch=batch, rejected=records, seen_at=AT)
    engine.dispose()
    return merchant_id


def corrected(url: str, merchant_id: str) -> dict[int, str | None]:
    table = rejected_records
    engine = create_engine(url)
    with engine.connect() as connection:
        rows = connection.execute(
            sa.select(table.c.line, table.c.corrected_text).where(table.c.merchant_id == merchant_id)
        )
        found = dict(rows.tuples().all())
    engine.dispose()
    return found


def test_the_list_says_where_and_why_and_shows_no_text(
    deployment: Settings, merchant_id: str, capsys: pytest.CaptureFixture[str]
) -> None:
    rejects.list_rejects(deployment, [merchant_id], None)
    printed = capsys.readouterr().out
    assert "is no number" in printed
    assert "1,000" in printed
    assert "ada@example.com" not in printed


def test_a_merchant_without_rejects_is_told_so(deployment: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    rejects.list_rejects(deployment, ["nobody"], None)
    assert capsys.readouterr().out == "No rejected records.\n"


def test_a_file_of_rejects_comes_back_as_corrections(
    deployment: Settings, merchant_id: str, tmp_path: Path, module_database_url: str
) -> None:
    path = tmp_path / "rejects.csv"
    rejects.list_rejects(deployment, [merchant_id], path)
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(row["line"], row["raw_text"]) for row in rows] == [
        ("3", 'o3,"Ada, ada@example.com",x'),
        ("12", "o12,é,\n1"),
        ("1000", "o1000,c,y"),
    ]
    rows[1]["corrected_text"] = "o12,é,\n1.00"
    with path.open("w", newline="", encoding="utf-8-sig") as file:  # as a spreadsheet writes it
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    opened = rejects.open_deployment(deployment)
    assert rejects._save_corrections(opened, path, AT) == 1
    assert corrected(module_database_url, merchant_id) == {3: None, 12: "o12,é,\n1.00", 1000: None}


def test_rejects_hold_personal_data_and_are_written_for_their_owner_only(
    deployment: Settings, merchant_id: str, tmp_path: Path
) -> None:
    path = tmp_path / "rejects.csv"
    rejects.list_rejects(deployment, [merchant_id], path)
    assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "has no column corrected_text, reject_id"),
        (b"reject_id,corrected\nx,y\n", "has no column corrected_text"),
        (b"reject_id,corrected_text\n\xff\xfe,y\n", "UTF-8"),
        (b'reject_id,corrected_text\n"x,y\n', "is not CSV after line 1: unexpected end of data"),
        (b"reject_id,corrected_text\nno-such-reject,y\n", "no-such-reject"),
    ],
)
def test_a_file_that_holds_no_corrections_is_refused_by_name(
    deployment: Settings, tmp_path: Path, content: bytes, message: str
) -> None:
    path = tmp_path / "corrections.csv"
    path.write_bytes(content)
    opened = rejects.open_deployment(deployment)
    with pytest.raises(MisconfiguredError, match=message):
        rejects._save_corrections(opened, path, AT)


def test_an_absent_file_of_corrections_is_refused_by_name(deployment: Settings, tmp_path: Path) -> None:
    opened = rejects.open_deployment(deployment)
    with pytest.raises(MisconfiguredError, match=r"gone\.csv: no such file; perennial rejects --output writes one"):
        rejects._save_corrections(opened, tmp_path / "gone.csv", AT)


def test_one_bad_row_takes_none_of_a_files_corrections(
    deployment: Settings, merchant_id: str, tmp_path: Path, module_database_url: str
) -> None:
    path = tmp_path / "rejects.csv"
    rejects.list_rejects(deployment, [merchant_id], path)
    with path.open(newline="", encoding="utf-8") as file:
        first = next(csv.DictReader(file))
    path.write_text(f"reject_id,corrected_text\n{first['reject_id']},good\nno-such-reject,bad\n", encoding="utf-8")
    opened = rejects.open_deployment(deployment)
    with pytest.raises(MisconfiguredError, match="no-such-reject"):
        rejects._save_corrections(opened, path, AT)
    assert set(corrected(module_database_url, merchant_id).values()) == {None}
