"""The lineage of columns: read from SQL, kept in a file, told by Dagster."""

from typing import Any

import dagster as dg
import pytest

from models.schema import metadata
from orchestration.column_lineage import FILE, Lineage, read, written
from orchestration.lineage_derivation import LineageReader

TABLES = {"shop.orders": ["id", "buyer", "amount", "tags"], "shop.buyers": ["id", "email"]}
# Of all columns of all models, those that their SQL alone does not explain.
MOST_UNRESOLVED = 8

CASES = {
    "passed on": ("select buyer as who from shop.orders", {"who": ["shop.orders.buyer"]}),
    "any database's": ('select buyer from "of_some_name"."shop"."orders"', {"buyer": ["shop.orders.buyer"]}),
    "by way of a CTE": (
        """with o as (select * from shop.orders), s as (select buyer, sum(amount) as spent from o group by buyer)
        select s.buyer, s.spent from s""",
        {"buyer": ["shop.orders.buyer"], "spent": ["shop.orders.amount"]},
    ),
    "an alias that is a column's name": (
        "select amount + 1 as amount, amount * 2 as twice from shop.orders",
        {"amount": ["shop.orders.amount"], "twice": ["shop.orders.amount"]},
    ),
    "a condition counts, a join does not": (
        """select case when b.email is null then o.amount end as a from shop.orders o left join shop.buyers b
        on o.buyer = b.id""",
        {"a": ["shop.buyers.email", "shop.orders.amount"]},
    ),
    "both parts of a union, by position": (
        "select id as a, email as b from shop.buyers union all select buyer, id from shop.orders",
        {"a": ["shop.buyers.id", "shop.orders.buyer"], "b": ["shop.buyers.email", "shop.orders.id"]},
    ),
    "a window": (
        "select row_number() over (partition by buyer order by id) as n from shop.orders",
        {"n": ["shop.orders.buyer", "shop.orders.id"]},
    ),
    "a recursive CTE, its second part included": (
        """with recursive r as (select id, email from shop.buyers union all
        select r.id, o.buyer from r inner join shop.orders o on r.id = o.id),
        s as (select email from r) select email from s""",
        {"email": ["shop.buyers.email", "shop.orders.buyer"]},
    ),
    "what a recursion passes between its columns": (
        """with recursive r as (select id, email from shop.buyers union all
        select r.email, o.buyer from r inner join shop.orders o on r.id = o.id) select id from r""",
        {"id": ["shop.buyers.email", "shop.buyers.id", "shop.orders.buyer"]},
    ),
    "a subquery that stands for a value": (
        "select (select max(o.amount) from shop.orders o where o.buyer = b.id) as most from shop.buyers b",
        {"most": ["shop.orders.amount"]},
    ),
    "whether rows exist": (
        "select exists (select 1 from shop.orders o where o.buyer = b.id) as has_bought from shop.buyers b",
        {"has_bought": ["shop.buyers.id", "shop.orders.buyer"]},
    ),
    "a function in the place of a table": (
        "select o.id, t.tag from shop.orders o cross join lateral unnest(o.tags) as t (tag)",
        {"id": ["shop.orders.id"], "tag": ["shop.orders.tags"]},
    ),
    "a subquery beside a table": (
        "select t.doubled from shop.orders o cross join lateral (select o.amount * 2 as doubled) as t",
        {"doubled": ["shop.orders.amount"]},
    ),
    "no column": ("select count(*) as n, 'x' as kind from shop.orders", {"n": [], "kind": []}),
    "the only table there is": (
        "with s as (select * from shop.unknown) select total from s",
        {"total": ["shop.unknown.total"]},
    ),
    "one of two tables": (
        "select total, u.id from shop.unknown u inner join shop.stranger s on u.id = s.id",
        {"id": ["shop.unknown.id"]},
    ),
    "not a column of the table": ("select o.nothing, o.id from shop.orders o", {}),
    "known when it is built": ("select cast(null as text) as segment where false", {}),
    "no SQL": ("select from where", {}),
}


@pytest.mark.parametrize("case", CASES)
def test_a_column_is_made_of_what_its_expression_names(case: str) -> None:
    sql, expected = CASES[case]
    found = LineageReader(TABLES).lineage(sql)
    assert {name: [f"{o.table}.{o.column}" for o in origins] for name, origins in found.items()} == expected


def test_the_file_says_again_what_was_written() -> None:
    lineage: Lineage = {
        "marts.totals": {"id": [("shop.orders", "id")], "total": [("shop.orders", "amount"), ("shop.buyers", "total")]},
        "marts.counts": {"n": []},
    }
    assert read(written(lineage)) == lineage
    assert '"total": "shop.orders.amount shop.buyers"' in written(lineage).splitlines()


def models_of(manifest: dict[str, Any]) -> dict[str, dict[str, Any]]:
    nodes = manifest["nodes"].values()
    return {f"{n['schema']}.{n['name']}": n for n in nodes if n["resource_type"] == "model"}


def test_the_lineage_of_nearly_every_column_is_known(manifest: dict[str, Any]) -> None:
    lineage, models = read(FILE.read_text(encoding="utf-8")), models_of(manifest)
    assert set(lineage) == set(models)
    assert [table for table, columns in lineage.items() if not set(columns) <= set(models[table]["columns"])] == []
    unresolved = [
        f"{t}.{column}" for t, node in models.items() for column in node["columns"] if column not in lineage[t]
    ]
    assert len(unresolved) <= MOST_UNRESOLVED, unresolved
    explained = sum(bool(origins) for columns in lineage.values() for origins in columns.values())
    assert explained > 2_500


def test_dagster_tells_what_a_column_is_made_of(definitions: dg.Definitions, manifest: dict[str, Any]) -> None:
    graph = definitions.resolve_asset_graph()
    known = {table.fullname: set(table.columns.keys()) for table in metadata.tables.values()}
    known |= {table: set(node["columns"]) for table, node in models_of(manifest).items()}
    told = 0
    for table, node in models_of(manifest).items():
        asset = graph.get(dg.AssetKey(table.split(".")))
        kept = asset.metadata["dagster/column_lineage"]
        assert isinstance(kept, dg.TableColumnLineage)
        origins = {dep.asset_key for deps in kept.deps_by_column.values() for dep in deps}
        assert origins <= asset.parent_keys, table
        for dep in (dep for deps in kept.deps_by_column.values() for dep in deps):
            parent = ".".join(dep.asset_key.path)
            assert parent not in known or dep.column_name in known[parent], (table, dep)
        shown = {column.name: column for column in asset.metadata["dagster/column_schema"].columns}
        assert set(shown) == set(node["columns"])
        for column, deps in kept.deps_by_column.items():
            description = node["columns"][column]["description"].rstrip()
            assert shown[column].description.startswith(description)
            assert shown[column].type == node["columns"][column]["data_type"]
            for dep in deps:
                assert f"`{'.'.join(dep.asset_key.path)}.{dep.column_name}`" in shown[column].description
                told += 1
    assert told > 3_000
    value = graph.get(dg.AssetKey(["marts", "customer_360"])).metadata["dagster/column_lineage"]
    assert value.deps_by_column["total_clv_amount"] == [
        dg.TableColumnDep(dg.AssetKey(["marts", "customer_history"]), "net_amount"),
        dg.TableColumnDep(dg.AssetKey(["staging", "stg_ml__customer_lifetime_value"]), "clv_amount"),
    ]
    raw = graph.get(dg.AssetKey(["staging", "stg_shopify__orders"])).metadata["dagster/column_lineage"]
    assert dg.TableColumnDep(dg.AssetKey(["raw_shopify", "orders"]), "merchant_id") in raw.deps_by_column["merchant_id"]
