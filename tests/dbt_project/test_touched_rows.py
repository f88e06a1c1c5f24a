"""Touched rows alone give what building whole gives, row for row, whatever happened in the nights between."""

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import psycopg
import pytest
from dbt_command import Dbt
from psycopg import sql
from raw_edits import EDITS, Edits

pytestmark = pytest.mark.slow

MEMORY = ("int_orders_touched", "int_refunds_touched", "int_order_terms_touched")
NARROW, BROAD, LEAVING = "books", "chai", "kimono"


def incremental(manifest: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The models that write touched rows alone, by name; what no build may forget is none of them."""
    return {
        node["name"]: node
        for node in manifest["nodes"].values()
        if node["config"].get("materialized") == "incremental" and node["config"].get("full_refresh") is None
    }


def chain(manifest: dict[str, Any]) -> list[str]:
    """Those models and all that they stand on, as far as a night makes it anew: tables, and views that read tables."""
    nodes = manifest["nodes"]

    def parents(unique_id: str) -> set[str]:
        return {parent for parent in nodes[unique_id]["depends_on"]["nodes"] if parent in nodes}

    def stands(unique_id: str) -> bool:
        return nodes[unique_id]["config"]["materialized"] == "view" and all(map(stands, parents(unique_id)))

    waiting = {node["unique_id"] for node in incremental(manifest).values()}
    found: set[str] = set()
    while waiting:
        found |= waiting
        waiting = {parent for unique_id in waiting for parent in parents(unique_id)} - found
    return sorted(nodes[unique_id]["name"] for unique_id in found if not stands(unique_id))


class Nights:
    """A built database, and the nights that follow on it."""

    def __init__(self, url: str, dbt: Dbt, built: Path) -> None:
        self.url = url
        self._dbt = dbt
        manifest = dbt.manifest()
        self.models = incremental(manifest)
        self._chain = chain(manifest)
        # What dbt ran when it built everything whole, for the database that this one is a copy of.
        self._whole = {
            name: (built / "compiled" / "perennial" / node["original_file_path"]).read_text(encoding="utf-8")
            for name, node in self.models.items()
        }
        self._original = self._whole["fct_customer_months"].split('"')[1]

    def build(self) -> None:
        self._dbt("run", "--select", *self._chain)

    def differing(self, name: str) -> list[tuple[Any, ...]]:
        """The rows that the table has and building whole would not give, and the other way round."""
        with psycopg.connect(self.url) as connection:
            whole = self._whole[name].replace(f'"{self._original}"', f'"{connection.info.dbname}"')
            columns = sql.SQL(", ").join(sql.Identifier(c) for c in self.models[name]["columns"] if c != "touched_by")
            table = sql.Identifier(self.models[name]["schema"], name)
            query = sql.SQL(
                "(select 'too much', {0} from {1} except all select 'too much', {0} from ({2}) as whole)"
                " union all (select 'missing', {0} from ({2}) as whole except all select 'missing', {0} from {1})"
            ).format(columns, table, sql.SQL(whole))  # type: ignore[arg-type]  # the project's own text
            return connection.execute(query).fetchall()

    def touched(self, merchant_id: str) -> tuple[int, int]:
        """How many customers the last build touched, and how many have a history."""
        with psycopg.connect(self.url) as connection:
            query = "select count(*) from {} where merchant_id = %s"
            tables = ("intermediate.int_customers_touched", "intermediate.int_customers_summarized")
            touched, known = (
                connection.execute(query.format(table).encode(), (merchant_id,)).fetchone() for table in tables
            )
        assert touched is not None
        assert known is not None
        return touched[0], known[0]


@pytest.fixture
def nights(marts_url: str, dbt_on: Callable[[str], Dbt], built_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Nights:
    monkeypatch.setenv("PERENNIAL_DBT_ROWS", "touched")
    return Nights(marts_url, dbt_on(marts_url), built_folder)


def walk(nights: Nights, edits: Edits, *, count: int) -> None:
    """Nights of random edits, each held against building whole."""
    for number in range(count):
        with psycopg.connect(nights.url) as connection:
            done = edits.night(connection, number)
        nights.build()
        for name in nights.models:
            if name not in MEMORY:
                assert nights.differing(name) == [], f"{name} in night {number}, after {done}"
        touched, known = nights.touched(NARROW)
        assert 0 < touched < known / 2, "what is edited is a small part of the merchant"


def test_touched_rows_alone_are_what_building_whole_gives(nights: Nights) -> None:
    """Every kind of edit comes in one of the nights."""
    assert len(nights.models) >= 6
    walk(nights, Edits(Random(20), narrow=NARROW, broad=BROAD, leaving=LEAVING), count=2)
    with psycopg.connect(nights.url) as connection:
        left = connection.execute("select count(*) from marts.fct_order_lines where merchant_id = 'kimono'").fetchone()
    assert left == (0,)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(5))
def test_touched_rows_stay_right_over_many_nights(nights: Nights, seed: int) -> None:
    assert EDITS
    walk(nights, Edits(Random(seed), narrow=NARROW, broad=BROAD, leaving=LEAVING, whole=False), count=8)
