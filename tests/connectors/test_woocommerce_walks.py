"""Walking a list by position while records leave it: nothing is missed, nothing comes twice."""

import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sources.woocommerce.client import WooCommerceClient
from connectors.sources.woocommerce.walks import ListWalk, Position
from models.errors import RetryLaterError, StopError


class ShiftingList:
    """A list as WooCommerce serves it: by offset, in the order of ids, as it is at that moment."""

    def __init__(self, ids: list[int], *, counts: bool = True) -> None:
        self.ids = ids
        self.hidden: set[int] = set()
        self.counts = counts
        self.offsets: list[int] = []
        self.most_rows = 100
        self.between: Any = lambda: None

    def pages(self, _path: str, queries: Any, **_options: str) -> Iterator[tuple[list[msgspec.Raw], int | None]]:
        for query in queries:
            params = dict(query)
            offset, rows = int(params.get("offset", 0)), int(params["per_page"])
            if rows > self.most_rows:
                raise RetryLaterError("memory exhausted")
            self.offsets.append(offset)
            page = [i for i in self.ids[offset : offset + rows] if i not in self.hidden]
            # Past the end WooCommerce says that there is nothing at all.
            total = len(self.ids) if self.ids[offset : offset + rows] else 0
            yield [msgspec.Raw(json.dumps({"id": i}).encode()) for i in page], total if self.counts else None
            self.between()


def walked(shifting: ShiftingList, position: Position | None = None, *, page_rows: int = 100) -> list[int]:
    client: WooCommerceClient = shifting  # type: ignore[assignment]
    walk = ListWalk(client, "orders", [], stream="orders", position=position or Position(), page_rows=page_rows)
    seen: list[int] = []
    for page in walk.pages():
        assert page.after_id == (seen[-1] if seen else 0)
        seen += page.ids
    return seen


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 198, 199, 200, 1000])
@pytest.mark.parametrize("counts", [True, False])
def test_a_list_at_rest_is_read_once(count: int, counts: bool) -> None:
    shifting = ShiftingList(list(range(1, count + 1)), counts=counts)
    assert walked(shifting) == list(range(1, count + 1))


def test_a_list_at_rest_costs_a_request_a_page() -> None:
    shifting = ShiftingList(list(range(1, 1001)))
    walked(shifting)
    assert shifting.offsets == list(range(0, 999, 99))


@given(data=st.data())
def test_whatever_leaves_between_pages_nothing_that_stays_is_missed(data: st.DataObject) -> None:
    ids = sorted(data.draw(st.sets(st.integers(1, 400), min_size=1, max_size=120)))
    shifting = ShiftingList(list(ids), counts=data.draw(st.booleans()))
    stays = set(ids)

    def between() -> None:
        leaving = data.draw(st.sets(st.sampled_from(ids), max_size=12))
        shifting.ids = [i for i in shifting.ids if i not in leaving]
        stays.difference_update(leaving)
        if data.draw(st.booleans()):
            shifting.ids.append(max([*ids, *shifting.ids]) + 1)

    shifting.between = between
    seen = walked(shifting, page_rows=data.draw(st.integers(2, 12)))
    assert seen == sorted(set(seen))
    assert stays <= set(seen)


def test_a_walk_goes_on_where_another_one_ended() -> None:
    ids = list(range(10, 510))
    shifting, position = ShiftingList(list(ids)), Position()
    client: WooCommerceClient = shifting  # type: ignore[assignment]
    first = ListWalk(client, "orders", [], stream="orders", position=position).pages()
    seen = next(first).ids + next(first).ids
    first.close()
    # The process is killed; until it is started again, most of what it read leaves the list.
    shifting.ids = ids[150:]
    seen += walked_on(shifting, Position(position.last_id, position.offset))
    assert seen == ids


def walked_on(shifting: ShiftingList, position: Position) -> list[int]:
    client: WooCommerceClient = shifting  # type: ignore[assignment]
    pages = ListWalk(client, "orders", [], stream="orders", position=position).pages()
    return [record_id for page in pages for record_id in page.ids]


def test_records_that_the_key_may_not_see_do_not_end_the_walk() -> None:
    shifting = ShiftingList(list(range(1, 601)))
    shifting.hidden = set(range(90, 330)) | {400, 499, 500}
    assert walked(shifting) == [i for i in range(1, 601) if i not in shifting.hidden]


def test_records_that_the_key_may_not_see_do_not_end_the_walk_where_nobody_counts() -> None:
    shifting = ShiftingList(list(range(1, 601)), counts=False)
    shifting.hidden = {1, 50, *range(120, 190), 400, 499, 599}
    assert walked(shifting) == [i for i in range(1, 601) if i not in shifting.hidden]


def test_everything_that_was_read_may_vanish() -> None:
    shifting = ShiftingList(list(range(1, 301)))

    def between() -> None:
        shifting.ids = [i for i in shifting.ids if i > 120]

    shifting.between = between
    assert set(range(121, 301)) <= set(walked(shifting))


def test_a_page_that_is_too_much_for_php_is_asked_for_in_parts() -> None:
    shifting = ShiftingList(list(range(1, 151)))
    shifting.most_rows = 25
    assert walked(shifting) == list(range(1, 151))
    shifting.most_rows = 5
    with pytest.raises(RetryLaterError):
        walked(shifting)


def test_a_list_in_another_order_is_not_taken_for_one() -> None:
    shifting = ShiftingList([3, 2, 1])
    with pytest.raises(StopError, match="another order"):
        walked(shifting)
