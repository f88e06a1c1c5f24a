"""Rows whose keys hold numbers or dates compare like those whose keys are texts."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa
from landing_samples import START, archive_and_land, records, rows_of

from models.raw import RAW_TABLES, SOURCE_STREAMS
from models.records import Page, Stream

PLACES = range(1, 41)
TYPED = [
    (source, stream)
    for source, streams in SOURCE_STREAMS.items()
    for stream in streams
    if any(not pa.types.is_string(stream.schema.field(name).type) for name in stream.key)
]


def value(kind: pa.DataType, place: int) -> Any:
    if pa.types.is_string(kind):
        return f"{place:03}"
    if pa.types.is_date(kind):
        return date.fromordinal(date(2020, 1, 1).toordinal() + place)
    if pa.types.is_timestamp(kind):
        return START
    if pa.types.is_boolean(kind):
        return False
    return Decimal(place) if pa.types.is_decimal(kind) else place


def row(stream: Stream, place: int, **values: Any) -> dict[str, Any]:
    needed = {column.name: value(column.type, place) for column in stream.columns if column.required}
    return {**needed, **values}


def page(stream: Stream, places: range, parent: str | None, changed: int | None = None) -> Page:
    own = {} if parent is None else dict.fromkeys(stream.parent_key, parent)
    told = next(c for c in stream.columns if c.name not in stream.key and pa.types.is_string(c.type))
    rows = [row(stream, n, **own, **({told.name: "changed"} if n == changed else {told.name: "-"})) for n in places]
    return Page(stream.name, records(stream, rows))


@pytest.mark.parametrize("mode", ["snapshot", "delta"])
@pytest.mark.parametrize(("source", "stream"), TYPED, ids=[f"{s}-{t.name}" for s, t in TYPED])
def test_what_changed_and_what_is_gone_is_found(
    engine: sa.Engine, tmp_path: Path, source: str, stream: Stream, mode: str
) -> None:
    whole = {s.name: s for s in SOURCE_STREAMS[source]}.get(str(stream.parent))
    parents = [] if whole is None else [Page(whole.name, records(whole, [row(whole, 1)]))]
    parent = None if whole is None else row(whole, 1)[whole.key[0]]

    archive_and_land(
        engine, tmp_path, [*parents, page(stream, PLACES, parent)], fingerprint="a", source=source, mode=mode
    )
    fewer = page(stream, range(2, 41), parent, changed=7)
    archive_and_land(engine, tmp_path, [*parents, fewer], fingerprint="b", source=source, mode=mode, hours=1)

    found = rows_of(engine, RAW_TABLES[source, stream.name])
    is_said_gone = mode == "snapshot" or stream.parent is not None
    assert len(found) == len(PLACES)
    assert [n for n, r in enumerate(found, 1) if r["is_deleted"]] == ([1] if is_said_gone else [])
    assert [n for n, r in enumerate(found, 1) if "changed" in r.values()] == [7]
    assert {n for n, r in enumerate(found, 1) if r["loaded_at"] > START} == ({1, 7} if is_said_gone else {7})
