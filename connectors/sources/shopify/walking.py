"""A list walked page by page from where the last read stopped to the upper bound.

The list's own cursors are keyset cursors: they hold the last record's id and time of change, so that a record that is
edited during the walk moves to the list's end and makes no hole. Such a version lies behind the upper bound, and is
the next read's.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec

from connectors.sources.shopify.answers import Connection, Records
from connectors.sources.shopify.batches import Assembly
from connectors.sources.shopify.client import CursorRefusedError
from connectors.sources.shopify.entity import Entity, N
from connectors.sources.shopify.permissions import check_denied
from connectors.sources.shopify.progress import written
from connectors.sources.shopify.reading import Found, ShopifyReading
from models.errors import StopError
from models.records import Page


def walk(reading: ShopifyReading, entity: Entity[N], *, is_full: bool = False) -> Iterator[Page]:
    """Read a list's new and changed records, or with `is_full` all of them; ends early when the reading is full.

    Raises:
        ScopeMissingError: The token may not see the list.
        StopError: The list leads in a circle.
    """
    progress = reading.progress
    if not progress.place:
        newest = None if is_full else progress.newest.get(entity.name)
        since = None if newest is None else newest - reading.settings.overlap
        progress.place = {"since": since and written(since), "after": None, "newest": None}
    place = progress.place
    assembly = Assembly(entity.stream, entity.parts)
    while True:
        page = _page(reading, entity, place)
        for raw in page.nodes:
            reading.refuse_hidden(entity, raw)
        records = [reading.found(entity, raw) for raw in page.nodes]
        if _has_changed_again(reading, entity, records):
            # No reading holds a record twice: this page is the next one's.
            reading.is_over = True
            break
        is_known_from_here = _take_page(reading, entity, records, place, assembly)
        if assembly.is_full:
            yield from assembly.pages()
        if is_known_from_here or not page.page_info.has_next_page:
            # An empty list is read to the upper bound: what comes later is after it.
            is_first = entity.name not in progress.newest
            progress.saw(entity.name, _time(place["newest"]) or (reading.until if is_first else None))
            progress.finish_step()
            break
        if page.page_info.end_cursor in {None, place["after"]}:
            raise StopError(f"Shopify's list of {entity.name} does not go on, though it says that it does")
        place["after"] = page.page_info.end_cursor
        if assembly.parent_count >= reading.left:
            reading.is_over = True
            break
    yield from assembly.pages()
    reading.left -= assembly.parent_count


def _page(reading: ShopifyReading, entity: Entity[N], place: dict[str, Any]) -> Connection[msgspec.Raw]:
    variables = {"after": place["after"]}
    if not entity.is_newest_first:
        variables["query"] = _filter(entity, place["since"])
    try:
        answer = reading.client.page(entity.page_document, variables, stream=entity.name)
    except CursorRefusedError:
        if place["after"] is None:
            raise
        # A place in a list that is no longer one: from the window's start again, which costs time and loses nothing.
        place["after"] = None
        return _page(reading, entity, place)
    check_denied(answer.denied, reading.report, reading.key)
    connection = answer.data(Records).connection
    if connection is None:
        raise StopError(f"Shopify's answer holds no list of {entity.name}, and no error")
    return connection


def _filter(entity: Entity[N], since: str | None) -> str | None:
    terms = [entity.base_filter] if entity.base_filter else []
    if since is not None:
        # Without the quotes, times were seen cut to midnight.
        terms.append(f"updated_at:>='{since}'")
    return " AND ".join(terms) or None


def _has_changed_again(reading: ShopifyReading, entity: Entity[N], records: Sequence[Found[N]]) -> bool:
    """Whether a record that this reading gave out is there in another version that counts."""
    seen = reading.seen_of(entity.name)
    return any(
        found.key in seen and found.updated_at not in {seen[found.key], None} and found.updated_at <= reading.until
        for found in records
        if found.key is not None and found.updated_at is not None
    )


def _take_page(
    reading: ShopifyReading,
    entity: Entity[N],
    records: Sequence[Found[N]],
    place: dict[str, Any],
    assembly: Assembly,
) -> bool:
    """Take a page's records with all of their parts; True where the list has come to what is known already."""
    since, newest = _time(place["since"]), _time(place["newest"])
    seen = reading.seen_of(entity.name)
    wanted = []
    is_known_from_here = False
    for found in records:
        if entity.is_newest_first and since and found.updated_at is not None and found.updated_at < since:
            is_known_from_here = True
            break
        if found.key is None or found.key not in seen:
            wanted.append(found)
        if found.updated_at is not None and found.updated_at <= reading.until:
            newest = found.updated_at if newest is None else max(newest, found.updated_at)
    reading.take_whole(entity, wanted, assembly)
    place["newest"] = newest and written(newest)
    return is_known_from_here


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
