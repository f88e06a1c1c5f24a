"""Walking a list of a shop while the shop changes it, without missing a record.

WooCommerce pages by position, and positions shift whenever a record before them leaves the list: deleted, put into the
trash, or, in a list of what was modified up to some moment, edited. So a list is walked in the order of ids, and each
page begins with the last record of the page before. If a page begins with a record that was seen, nothing lies between;
if not, something before it has left, and the walk steps back until it stands on known ground.

Order by modification would not do: WordPress sorts by the shop's local clock, which repeats an hour every autumn, and
filters by UTC. The order of ids knows no ties either.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import msgspec

from connectors.messages import Params
from connectors.sources.woocommerce.client import WooCommerceClient
from models.errors import RetryLaterError, StopError

PAGE_ROWS = 100
_FEWEST_ROWS = 10
_FIRST_STEP_BACK = PAGE_ROWS // 2


@dataclass
class Position:
    """Where a walk stands; kept in the cursor.

    Attributes:
        last_id: The last record that was read; 0 before the first.
        offset: The place in the list where the next page begins: that record's own, as far as is known.
    """

    last_id: int = 0
    offset: int = 0


@dataclass(frozen=True)
class ListPage:
    """The records that a page added.

    Attributes:
        after_id: The last record before them.
        last_id: The last of them, or the one before them where there is none.
        ids: Their ids, rising.
        texts: Their JSON, in the same order.
        total: How many records the list has in all; None where the shop does not say.
        is_last: Whether no record follows.
    """

    after_id: int
    last_id: int
    ids: list[int]
    texts: list[bytes]
    total: int | None
    is_last: bool


class _Identified(msgspec.Struct):
    id: int


_IDENTIFIED = msgspec.json.Decoder(_Identified, strict=False)
# WooCommerce writes it first; a record need not be read twice for it.
_LEADING_ID = re.compile(rb'\{"id":([0-9]{1,18})[,}]')


class ListWalk:
    """One walk through a list in the order of ids.

    Args:
        client: The shop.
        path: The list.
        params: What it is limited to.
        stream: What it is read for.
        position: Where to begin; moves along, so that it is always behind the page that was yielded last.
        page_rows: How many records to ask for at a time.
    """

    def __init__(
        self,
        client: WooCommerceClient,
        path: str,
        params: Params,
        *,
        stream: str,
        position: Position,
        page_rows: int = PAGE_ROWS,
    ) -> None:
        self._client = client
        self._path = path
        self._params = params
        self._stream = stream
        self._position = position
        self._page_rows = page_rows
        self._total: int | None = None
        self._step_back = 0
        self._firm_total: int | None = None

    def pages(self) -> Iterator[ListPage]:
        """The pages from the position on; at least one, though it may be empty.

        Raises:
            NotPermittedError: The key's account may not see the list.
            RetryLaterError: The shop does not answer.
            StopError: It does not keep to the order that was asked for.
        """
        while True:
            try:
                for page in self._pages_until_shift():
                    yield page
                    if page.is_last:
                        return
            except RetryLaterError:
                # A page may be too much for the memory or the time that PHP is given.
                if self._page_rows <= _FEWEST_ROWS:
                    raise
                self._page_rows = max(self._page_rows // 4, _FEWEST_ROWS)

    def _pages_until_shift(self) -> Iterator[ListPage]:
        for offset, (texts, total) in self._answers():
            ids = [_id_of(text) for text in texts]
            if any(later <= earlier for earlier, later in pairwise(ids)):
                raise StopError(
                    f"the shop lists {self._path} in another order than by id; a plugin changes WooCommerce's queries"
                )
            self._total = total
            if not self._follows(offset, ids, total):
                return
            yield self._taken(offset, ids, texts, total)

    def _answers(self) -> Iterator[tuple[int, tuple[list[msgspec.Raw], int | None]]]:
        """Answers from the position on, as far as the list is known to reach."""
        step = self._page_rows - 1
        begin = self._position.offset
        # The first page alone tells how many there are; asking ahead before that would ask in vain for a short list.
        end = begin + 1 if self._total is None or self._step_back else max(self._total - 1, begin + 1)
        offsets = range(begin, end, step)
        queries = (
            [
                *self._params,
                ("orderby", "id"),
                ("order", "asc"),
                ("per_page", str(self._page_rows)),
                *([("offset", str(offset))] if offset else []),
            ]
            for offset in offsets
        )
        return zip(offsets, self._client.pages(self._path, queries, stream=self._stream), strict=True)

    def _follows(self, offset: int, ids: Sequence[int], total: int | None) -> bool:
        """Whether nothing can lie between what was read and this page; steps back otherwise."""
        stands = offset == 0 or (bool(ids) and ids[0] <= self._position.last_id)
        if not stands and self._step_back and total and total == self._firm_total:
            # The walk has stepped back to known ground and come here again, and the list is as long as it was there:
            # the record between the two is one that the key may not see.
            stands = True
        if stands:
            return True
        self._step_back = self._step_back * 2 or _FIRST_STEP_BACK
        self._firm_total = None
        self._position.offset = max(0, self._position.offset - self._step_back)
        return False

    def _taken(self, offset: int, ids: list[int], texts: list[msgspec.Raw], total: int | None) -> ListPage:
        after_id = self._position.last_id
        new = [(record_id, bytes(text)) for record_id, text in zip(ids, texts, strict=True) if record_id > after_id]
        if new:
            self._step_back = 0
        self._firm_total = total
        if total is None:
            # A proxy took the count away. A short page may be the list's last, or hold records that the key may not
            # see: only one that adds nothing is the end, and the next begins at the last record that was seen.
            is_last = not new and len(ids) < self._page_rows
            seen = max(len(ids), 1)
        else:
            is_last = offset + self._page_rows >= total
            seen = self._page_rows
        self._position.last_id = new[-1][0] if new else after_id
        self._position.offset = offset + seen - 1
        return ListPage(
            after_id, self._position.last_id, [pair[0] for pair in new], [pair[1] for pair in new], total, is_last
        )


def _id_of(text: msgspec.Raw) -> int:
    if (match := _LEADING_ID.match(memoryview(text))) is not None:
        return int(match[1])
    try:
        return _IDENTIFIED.decode(text).id
    except msgspec.DecodeError:
        raise StopError("the shop lists records without an id; a plugin changes WooCommerce's answers") from None
