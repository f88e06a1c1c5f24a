"""What `perennial rfm simulate` says would happen is what happens once the merchant declares it."""

from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from dbt_command import Dbt
from dbt_histories import MERCHANTS

from models.engine import create_engine
from orchestration.rfm_simulation import Move, RfmChoice, simulated_moves

pytestmark = pytest.mark.slow

SHOPS = MERCHANTS[:2]
CHOICE = RfmChoice(half_life_days=20, recent_score=5, frequent_score=3, big_score=2)
COLUMNS = ("rfm_segment", "weighted_rfm_segment")
Segments = dict[tuple[str, str], tuple[str, str]]


@pytest.fixture(scope="module")
def dbt(marts_url: str, dbt_on: Callable[[str], Dbt]) -> Dbt:
    return dbt_on(marts_url)


@pytest.fixture
def warehouse(marts_url: str) -> Iterator[sa.Engine]:
    engine = create_engine(marts_url, application_name="perennial tests")
    yield engine
    engine.dispose()


def segments(url: str) -> Segments:
    with psycopg.connect(url) as connection:
        query = "select merchant_id, customer_id, rfm_segment, weighted_rfm_segment from marts.customer_rfm"
        return {(m, c): (classic, weighted) for m, c, classic, weighted in connection.execute(query.encode())}


def moves_of(before: Segments, after: Segments, merchant_id: str, column: int) -> list[Move]:
    """The moves between two states of the mart, with all their customers."""
    assert before.keys() == after.keys()
    found: dict[tuple[str, str], list[str]] = {}
    for (merchant, customer), was in before.items():
        if merchant == merchant_id:
            found.setdefault((was[column], after[merchant, customer][column]), []).append(customer)
    return [Move(*pair, len(customers), tuple(sorted(customers))) for pair, customers in sorted(found.items())]


def test_the_simulation_and_the_marts_cannot_differ(marts_url: str, dbt: Dbt, warehouse: sa.Engine) -> None:
    before, manifest = segments(marts_url), dbt.manifest()

    def simulated(choice: RfmChoice) -> dict[tuple[str, str], list[Move]]:
        found: dict[tuple[str, str], list[Move]] = {}
        for shop in SHOPS:
            for column in COLUMNS:
                with warehouse.connect() as connection:
                    said = simulated_moves(
                        connection,
                        manifest,
                        shop.merchant_id,
                        choice,
                        is_weighted=column != "rfm_segment",
                        sample=1000,
                    )
                found[shop.merchant_id, column] = sorted(
                    (
                        Move(m.segment_now, m.segment_then, m.customer_count, tuple(sorted(m.customer_ids)))
                        for m in said
                    ),
                    key=lambda move: (move.segment_now, move.segment_then),
                )
        return found

    # Nothing else declared: nobody moves.
    for (merchant_id, column), moves in simulated(RfmChoice()).items():
        assert moves == moves_of(before, before, merchant_id, COLUMNS.index(column))
    promised = simulated(CHOICE)
    assert segments(marts_url) == before, "a simulation writes nothing"

    with psycopg.connect(marts_url) as connection:
        for name, value in asdict(CHOICE).items():
            connection.execute(f"update ops.merchants set rfm_{name} = {value}".encode())
    dbt("run", "--select", "int_customers_scored", "customer_rfm")
    after = segments(marts_url)
    for (merchant_id, column), moves in promised.items():
        assert moves == moves_of(before, after, merchant_id, COLUMNS.index(column))
        assert any(move.segment_now != move.segment_then for move in moves)


def test_a_sample_is_no_longer_than_asked_for(dbt: Dbt, warehouse: sa.Engine) -> None:
    def moves(sample: int) -> list[Any]:
        with warehouse.connect() as connection:
            return simulated_moves(
                connection, dbt.manifest(), SHOPS[0].merchant_id, RfmChoice(), is_weighted=False, sample=sample
            )

    assert {len(move.customer_ids) for move in moves(0)} == {0}
    assert max(len(move.customer_ids) for move in moves(2)) == 2
    assert [move.customer_count for move in moves(0)] == [move.customer_count for move in moves(1000)]
