"""`perennial rfm simulate`: who would be in another segment under another half-life or other limits. Writes nothing.

The rules are not written again here: what runs is the text of the models that build `marts.customer_rfm`, reading other
declarations in the place of the merchant's.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import jinja2
import sqlalchemy as sa
import typer
from rich.console import Console
from rich.table import Table

from models.errors import StopError
from orchestration.deployment import open_deployment
from orchestration.settings import Settings
from orchestration.stored_forecasts import merchant_named
from orchestration.summary import query_text, summary_console

_SIMULATED = re.compile(r"select \* from simulated\.(\w+)")
# What the simulated models read in the place of tables: the query's own parts.
_PARTS = {"stg_ops__merchants": "merchants_then", "int_customers_scored": "scores_then"}


@dataclass(frozen=True)
class RfmChoice:
    """What a merchant might declare under `rfm`; None is what it declares now."""

    half_life_days: int | None = None
    recent_score: int | None = None
    frequent_score: int | None = None
    big_score: int | None = None


@dataclass(frozen=True)
class Move:
    """Customers who would go from one segment to another, or stay.

    Attributes:
        segment_now: Where they are.
        segment_then: Where they would be.
        customer_count: How many there are.
        customer_ids: Some of them, in the order of their ids.
    """

    segment_now: str
    segment_then: str
    customer_count: int
    customer_ids: tuple[str, ...]


def simulation_sql(manifest: Mapping[str, Any]) -> str:
    """The query, with the text of the models in it.

    Args:
        manifest: dbt's, parsed.
    """
    nodes = {node["name"]: node for node in manifest["nodes"].values() if node["resource_type"] == "model"}
    macros = [m["macro_sql"] for m in manifest["macros"].values() if m["package_name"] == "perennial"]
    rules = [text for text in macros if "macro rfm_segment(" in text or "macro time_weight(" in text]
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)  # noqa: S701 - SQL, no markup

    def relation(name: str) -> str:
        return _PARTS.get(name) or f"{nodes[name]['schema']}.{name}"

    def model(found: re.Match[str]) -> str:
        text = "\n".join([*rules, nodes[found[1]]["raw_code"]])
        return environment.from_string(text).render(ref=relation, config=lambda **_: "")

    return _SIMULATED.sub(model, query_text("rfm_simulation"))


def simulated_moves(
    connection: sa.Connection,
    manifest: Mapping[str, Any],
    merchant_id: str,
    choice: RfmChoice,
    *,
    is_weighted: bool,
    sample: int = 5,
) -> list[Move]:
    """Where a merchant's buyers are, and where another choice would put them.

    Args:
        connection: To the warehouse, where a transaction has not begun; it can write nothing in this one.
        manifest: dbt's, parsed.
        merchant_id: Whose.
        choice: What else to declare.
        is_weighted: Whether it is about `weighted_rfm_segment`; `rfm_segment` otherwise.
        sample: How many customers to name of each move.

    Returns:
        One for every pair of segments that somebody is in, those who stay included; empty where nobody has bought.
    """
    connection.execute(sa.text("set transaction read only"))
    given = {**asdict(choice), "merchant_id": merchant_id, "is_weighted": is_weighted, "sample": sample}
    rows = connection.execute(sa.text(simulation_sql(manifest)), given).all()
    return [Move(now, then, count, tuple(customers or ())) for now, then, count, customers in rows]


def simulate(
    settings: Settings, merchant_id: str | None, choice: RfmChoice, *, is_weighted: bool, sample: int, is_json: bool
) -> None:
    """Print how many customers each segment has and would have, and who would move.

    Raises:
        MisconfiguredError: It is not said which merchant is meant.
        StopError: The merchant has no scored customers.
    """
    # Whoever only asks for moves has a manifest, and needs nothing of Dagster's.
    from orchestration.manifest import load_manifest

    with open_deployment(settings) as deployment:
        merchant = merchant_named(deployment, merchant_id)
        with deployment.transformer.connect() as connection:
            moves = simulated_moves(
                connection, load_manifest(), merchant.merchant_id, choice, is_weighted=is_weighted, sample=sample
            )
    if not moves:
        raise StopError(f"{merchant.merchant_id} has no scored customers; `perennial run` scores them")
    if is_json:
        said = {"merchant_id": merchant.merchant_id, "segment": _column(is_weighted), "moves": [*map(asdict, moves)]}
        typer.echo(json.dumps(said, indent=2, ensure_ascii=False))
    else:
        print_moves(summary_console(), f"{merchant.merchant_name}: {_column(is_weighted)}", moves)


def _column(is_weighted: bool) -> str:
    return "weighted_rfm_segment" if is_weighted else "rfm_segment"


def print_moves(console: Console, title: str, moves: list[Move]) -> None:
    """Two tables: customers per segment now and then, and the moves with some of their customers."""
    now: dict[str, int] = {}
    then: dict[str, int] = {}
    for move in moves:
        now[move.segment_now] = now.get(move.segment_now, 0) + move.customer_count
        then[move.segment_then] = then.get(move.segment_then, 0) + move.customer_count
    counts = Table("segment", "now", "then", "change", title=title)
    for segment in sorted(now.keys() | then.keys()):
        before, after = now.get(segment, 0), then.get(segment, 0)
        counts.add_row(segment, f"{before:,}", f"{after:,}", f"{after - before:+,}" if after != before else "")
    console.print(counts)
    moved = [move for move in moves if move.segment_now != move.segment_then]
    if not moved:
        console.print("Nobody would move.")
        return
    matrix = Table("from", "to", "customers", "such as", title="Who would move")
    for move in sorted(moved, key=lambda move: -move.customer_count):
        matrix.add_row(move.segment_now, move.segment_then, f"{move.customer_count:,}", ", ".join(move.customer_ids))
    console.print(matrix)
