"""Sorted views follow every change of their table, and cost no second look at rows that did not change."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from connectors.sandbox.rows import Table


@dataclass
class Row:
    """A row that is changed in place, as the shops change theirs."""

    key: int
    is_kept: bool


CHANGES = st.lists(
    st.tuples(st.integers(0, 12), st.sampled_from(["put", "put", "remove"]), st.integers(0, 3), st.booleans()),
    max_size=60,
)


@given(before=CHANGES, after=CHANGES)
def test_a_view_is_what_it_would_be_if_it_were_made_anew(
    before: list[tuple[int, str, int, bool]], after: list[tuple[int, str, int, bool]]
) -> None:
    table: Table[Row] = Table()

    def change(row_id: int, kind: str, key: int, is_kept: bool) -> None:
        row = table.get(row_id) or Row(key, is_kept)
        if kind == "put":
            row.key, row.is_kept = key, is_kept
            table.put(row_id, row)
        elif row_id in table:
            table.remove(row_id)

    for step in before:
        change(*step)
    table.view("kept", lambda row: row.key, lambda row: row.is_kept)
    for step in after:
        change(*step)
    expected = sorted((table[row_id].key, row_id) for row_id in table.ids() if table[row_id].is_kept)
    view = table.view("kept", lambda row: row.key, lambda row: row.is_kept)
    assert view.keys == [key for key, _ in expected]
    assert [id(row) for row in view.rows] == [id(table[row_id]) for _, row_id in expected]


def test_a_page_looks_at_no_row_again_and_a_change_at_its_own() -> None:
    table: Table[Row] = Table()
    for row_id in range(1000):
        table.put(row_id, Row(row_id % 7, is_kept=True))
    looked_at = 0

    def key(row: Row) -> int:
        nonlocal looked_at
        looked_at += 1
        return row.key

    for _ in range(5):
        table.view("all", key, lambda _: True)
    assert looked_at == 1000
    table.put(3, Row(0, is_kept=True))
    table.view("all", key, lambda _: True)
    assert looked_at == 1001


def test_views_of_earlier_reads_are_let_go() -> None:
    table: Table[Row] = Table()
    table.put(1, Row(1, is_kept=True))
    made = 0

    def key(row: Row) -> int:
        nonlocal made
        made += 1
        return row.key

    for number in range(100):
        table.view(f"until {number}", key, lambda _: True)
    made = 0
    table.put(1, Row(2, is_kept=True))
    assert made == 8
