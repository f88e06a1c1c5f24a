"""merchant_id in every key, join, window and grouping: what row-level security and sharding by merchant stand on."""

from typing import Any

import pytest
from dbt_sharding import violations


@pytest.mark.parametrize(
    "sql",
    [
        "merge into a using b on a.merchant_id = b.merchant_id when matched then delete",
        "select merchant_id, sum(x) from a group by grouping sets ((merchant_id), ())",
        "select merchant_id, sum(x) from a group by rollup (merchant_id)",
        "select rank() over (order by x) from a",
        "select rank() over (partition by customer_id order by x) from a",
        "select rank() over (\n    partition by customer_id, merchant_id order by x) from a",
        "select customer_id, count(*) from a group by customer_id having count(*) > 1",
        "select merchant_id from (select x from a group by x) as b",
        "select distinct on (customer_id) * from a",
        "select * from a inner join b on a.customer_id = b.customer_id",
        "select * from a left join b on a.customer_id = b.customer_id left join c on a.merchant_id = c.merchant_id",
        "select * from a left join b on a.customer_id = b.customer_id where a.merchant_id = 'x'",
        "select * from a join b on a.customer_id = b.customer_id -- and a.merchant_id = b.merchant_id",
        "select * from a cross join b",
        "select * from {{ ref('a') }}, {{ ref('b') }}",
        "select * from a where exists (select 1 from b where b.customer_id = a.customer_id)",
        "select * from a where customer_id in (select customer_id from b)",
        "select any_value(x) from a",
        "select unaccent (x) from a",
    ],
)
def test_the_rules_see_what_breaks_them(sql: str) -> None:
    assert violations(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "select rank() over (partition by merchant_id order by x), sum(a.y) over (partition by a.merchant_id) from a",
        "select a.x from a left join b on a.merchant_id = b.merchant_id and (a.x = b.x) where a.y > 0",
        "select m.x from a cross join lateral generate_series(a.x, a.y) as m (x)",
        "select merchant_id, f(x) from a group by merchant_id, f(x) having count(*) > 1",
        "select * from a where not exists (select 1 from b where b.merchant_id = a.merchant_id)",
        "select * from a where merchant_id in (select merchants.merchant_id from merchants)",
        "select 'cross join' as words from a -- join b",
    ],
)
def test_the_rules_leave_alone_what_keeps_them(sql: str) -> None:
    assert violations(sql) == []


def test_models_tests_and_macros_stay_within_a_merchant(manifest: dict[str, Any]) -> None:
    texts = {n["name"]: n["raw_code"] for n in manifest["nodes"].values()}
    texts |= {m["name"]: m["macro_sql"] for m in manifest["macros"].values() if m["package_name"] == "perennial"}
    assert {name: found for name, text in texts.items() if (found := violations(text))} == {}


def test_every_table_begins_with_the_merchant(manifest: dict[str, Any]) -> None:
    models = [n for n in manifest["nodes"].values() if n["resource_type"] == "model"]
    assert models
    assert [m["name"] for m in models if next(iter(m["columns"])) != "merchant_id"] == []


def test_every_index_and_incremental_key_begins_with_the_merchant(manifest: dict[str, Any]) -> None:
    models = [n for n in manifest["nodes"].values() if n["resource_type"] == "model"]
    indexes = [(m["name"], i["columns"][0]) for m in models for i in m["config"].get("indexes") or []]
    assert indexes
    assert [name for name, first in indexes if first != "merchant_id"] == []
    incremental = [m["config"] for m in models if m["config"]["materialized"] == "incremental"]
    assert incremental
    for config in incremental:
        assert config["incremental_strategy"] == "delete+insert"
        assert config["unique_key"] == "merchant_id" or config["unique_key"][0] == "merchant_id"
