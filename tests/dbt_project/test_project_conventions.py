"""The dbt project's own rules: names, folders, documentation, contracts, tests, and the direction of dependencies."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from models import ops
from models.raw import RAW_TABLES, SOURCE_STREAMS
from models.schema import DBT_SCHEMAS

PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"
Node = dict[str, Any]
KEY_TESTS = {"primary_key", "unique"}
NAMES = {
    "staging": r"stg_[a-z]+__[a-z0-9_]+",
    "intermediate": r"int_[a-z0-9_]+_[a-z]+ed",
    "marts": (
        r"(?:fct|dim)_[a-z0-9_]+(?:s|_spend|_history)|"
        r"(?:campaign|customer|cohort|identity|merchant|order|product|report|rfm|segment|store)_[a-z0-9_]+"
    ),
    "vault": r"[a-z_]+s",
}
TYPES = {
    r"(?!is_).*_id|.*currency_code": "text",
    r".*_at": "timestamptz",
    r".*_date": "date",
    r".*_month": "date",
    r"(?:is|has|counts)_.*": "boolean",
    r".*_count": "bigint",
    r"(?:.*_)?amount": "numeric(18, 4)",
    r".*_score": "integer",
}


@pytest.fixture(scope="module")
def models(manifest: dict[str, Any]) -> list[Node]:
    found = [n for n in manifest["nodes"].values() if n["resource_type"] == "model"]
    assert len(found) > 20
    return found


@pytest.fixture(scope="module")
def data_tests(manifest: dict[str, Any]) -> list[Node]:
    return [n for n in manifest["nodes"].values() if n["resource_type"] == "test"]


def layer(model: Node) -> str:
    return str(model["fqn"][1])


def parents(model: Node) -> Iterator[str]:
    yield from model["depends_on"]["nodes"]


def test_schemas_are_the_folders(models: list[Node]) -> None:
    assert {m["name"]: m["schema"] for m in models} == {m["name"]: layer(m) for m in models}
    assert {m["schema"] for m in models} | {"dbt_checks"} == set(DBT_SCHEMAS)


def test_names_say_the_layer(models: list[Node]) -> None:
    assert [m["name"] for m in models if not re.fullmatch(NAMES[layer(m)], m["name"])] == []
    for model in models:
        if layer(model) == "staging":
            assert model["name"].startswith(f"stg_{model['fqn'][2]}__")


def test_every_model_says_its_grain_and_every_column_its_meaning(models: list[Node]) -> None:
    for model in models:
        assert model["description"].startswith("One row per "), model["name"]
        assert model["description"].endswith("."), model["name"]
        for column in model["columns"].values():
            assert len(column["description"]) > 15, (model["name"], column["name"])


def test_every_model_has_an_enforced_contract(models: list[Node]) -> None:
    for model in models:
        assert model["contract"]["enforced"], model["name"]
        assert all(c["data_type"] for c in model["columns"].values()), model["name"]


def test_column_names_say_the_type(models: list[Node]) -> None:
    wrong = [
        (model["name"], column["name"], column["data_type"])
        for model in models
        for column in model["columns"].values()
        for pattern, data_type in TYPES.items()
        if re.fullmatch(pattern, column["name"]) and column["data_type"] != data_type
    ]
    assert wrong == []


def test_money_stands_beside_its_currency(models: list[Node]) -> None:
    """What is in the merchant's currency is called `amount` where the same row has other currencies too."""
    for model in models:
        columns = set(model["columns"])
        if "original_amount" in columns:
            assert "original_currency_code" in columns, model["name"]
        if "amount" in columns:
            assert "currency_code" in columns, model["name"]
        amounts = {c for c in columns if re.fullmatch(r"(?:.*_)?amount", c)}
        if amounts and not _is_of_a_part(model):
            assert columns & {"currency_code", "original_currency_code", "value_currency_code"}, model["name"]


def _is_of_a_part(model: Node) -> bool:
    """Whether it holds a platform's own rows of parts, or sums of them, whose currency stands on the order alone."""
    return layer(model) == "staging" or model["name"].endswith("_summed")


def test_personal_data_is_stored_in_the_vault_alone(models: list[Node]) -> None:
    personal = {c.name for streams in SOURCE_STREAMS.values() for s in streams for c in s.columns if c.is_personal}
    assert "email" in personal
    holders = [m for m in models if personal & set(m["columns"])]
    assert {layer(m) for m in holders if m["config"]["materialized"] != "view"} == {"vault"}
    assert {layer(m) for m in holders} <= {"staging", "intermediate", "vault"}


def test_every_model_has_a_tested_key(manifest: dict[str, Any], models: list[Node], data_tests: list[Node]) -> None:
    """Of platforms' records the database holds the key; what goes into a union is tested there, or where it is kept."""
    keyed = {t["attached_node"] for t in data_tests if (t.get("test_metadata") or {}).get("name") in KEY_TESTS}
    raw = {name for name, source in manifest["sources"].items() if source["schema"].startswith("raw_")}
    # What identity is judged by is views, each read by the next: its keys are tested in the tables that they end in.
    views = ("_connected", "_linked", "_separated", "_hashed", "_normalized", "_described")
    for ending in ("_unioned", "_conformed", *views):
        kept = ("_unioned", "_reconciled", "_judged", "_assigned", "_links", *views)
        takers = [m for m in models if m["name"].endswith(kept) and m["unique_id"] in keyed]
        taken = {parent for m in takers for parent in parents(m)}
        keyed |= {m["unique_id"] for m in models if m["name"].endswith(ending) and m["unique_id"] in taken}
    for model in models:
        if layer(model) == "staging" and set(parents(model)) <= raw:
            assert not re.search(r"\b(?:join|union|distinct|group by)\b", model["raw_code"]), model["name"]
        elif model["name"].endswith("_summed"):
            assert "group by merchant_id, store_id, " in model["raw_code"], model["name"]
        else:
            assert model["unique_id"] in keyed, model["name"]


def test_a_source_is_conformed_to_the_contract_of_its_union(manifest: dict[str, Any], models: list[Node]) -> None:
    """A union goes by position: the columns stand in one order, with one type and one meaning."""
    by_id = {m["unique_id"]: m for m in models}
    unions = [m for m in models if m["name"].endswith("_unioned")]
    assert len(unions) > 10
    for union in unions:
        for parent in parents(union):
            if by_id[parent]["name"].endswith("_conformed"):
                assert list(by_id[parent]["columns"].items()) == list(union["columns"].items()), parent
                assert _selected(by_id[parent]) == list(union["columns"]), parent


def _selected(model: Node) -> list[str]:
    """The names that a model's last select gives its columns, in their order."""
    text = re.sub(r"\{#.*?#\}|--[^\n]*", "", model["raw_code"], flags=re.DOTALL)
    columns = re.split(r"\nfrom ", text[text.rindex("\nselect\n") :])[0]
    flat = re.sub(r"\{\{.*?\}\}", "expression", columns, flags=re.DOTALL)
    while re.search(r"\([^()]*\)", flat):
        flat = re.sub(r"\([^()]*\)", "", flat)
    return [re.split(r"[\s.]+", column.strip())[-1] for column in flat.removeprefix("\nselect\n").split(",")]


def test_every_case_and_window_has_a_unit_test(manifest: dict[str, Any], models: list[Node]) -> None:
    tested = {u["depends_on"]["nodes"][0] for u in manifest["unit_tests"].values()}
    deciding = [m for m in models if re.search(r"\bcase\b|\bover \(", _text_with_macros(manifest, m))]
    assert {"customer_rfm", "int_orders_unified", "int_customers_scored"} <= {m["name"] for m in deciding}
    assert [m["name"] for m in deciding if m["unique_id"] not in tested] == []


def _text_with_macros(manifest: dict[str, Any], model: Node) -> str:
    text, pending, seen = model["raw_code"], list(model["depends_on"]["macros"]), set()
    while pending:
        macro = manifest["macros"][pending.pop()]
        if macro["package_name"] != "perennial" or macro["unique_id"] in seen:
            continue
        seen.add(macro["unique_id"])
        text += macro["macro_sql"]
        pending += macro["depends_on"]["macros"]
    return str(re.sub(r"\{#.*?#\}|--[^\n]*", "", text, flags=re.DOTALL))


def test_models_are_short_and_import_first(models: list[Node]) -> None:
    for model in models:
        path = PROJECT / model["original_file_path"]
        assert len(path.read_text(encoding="utf-8").splitlines()) < 120, model["name"]
        refs = [m.end() for m in re.finditer(r"\{\{ (?:ref|source)\(", model["raw_code"])]
        rest = re.sub(r"select \* from \{\{ (?:ref|source)\([^)]*\) \}\}", "", model["raw_code"])
        assert refs, model["name"]
        assert not re.search(r"\{\{ (?:ref|source)\(", rest), f"{model['name']} reads a table outside its import CTEs"


def test_documentation_lies_beside_the_model(models: list[Node]) -> None:
    for model in models:
        patch = Path(model["patch_path"].split("://")[1])
        assert patch.parent == Path(model["original_file_path"]).parent, model["name"]


def test_every_model_has_an_owner_and_one_part_of_the_run(manifest: dict[str, Any], models: list[Node]) -> None:
    groups = {g["name"]: g for g in manifest["groups"].values()}
    for model in models:
        assert groups[model["group"]]["owner"]["name"] == model["config"]["meta"]["owner"], model["name"]
        assert len({"before_ml", "after_ml"} & set(model["tags"])) == 1, model["name"]


def test_what_follows_the_predictions_runs_after_them(models: list[Node]) -> None:
    after = {m["unique_id"] for m in models if "after_ml" in m["tags"]}
    for model in models:
        needs_predictions = any(p in after or p.startswith("source.perennial.ml.") for p in parents(model))
        assert needs_predictions == (model["unique_id"] in after), model["name"]


def test_tests_of_what_follows_the_predictions_say_so(data_tests: list[Node], models: list[Node]) -> None:
    """Else `--select tag:before_ml` would run a test of a table that is not there yet."""
    after = {m["unique_id"] for m in models if "after_ml" in m["tags"]}
    for test in data_tests:
        depends = set(parents(test))
        if depends & after and depends - after:
            assert "after_ml" in test["tags"], test["name"]


def test_only_staging_reads_sources_and_each_source_is_read_once(manifest: dict[str, Any], models: list[Node]) -> None:
    readers: dict[str, list[str]] = {source: [] for source in manifest["sources"]}
    for model in models:
        sources = [p for p in parents(model) if p.startswith("source.")]
        if layer(model) == "staging":
            assert list(parents(model)) == sources, f"{model['name']} reads more than sources"
            assert len(sources) == 1, f"{model['name']} is not one source's"
        else:
            assert sources == [], f"{model['name']} reads a source past staging"
        for source in sources:
            readers[source].append(model["name"])
    assert {source: names for source, names in readers.items() if len(names) != 1} == {}


def test_dependencies_point_downstream(manifest: dict[str, Any], models: list[Node]) -> None:
    allowed = {
        "staging": set(),
        "intermediate": {"staging", "intermediate"},
        "marts": {"staging", "intermediate", "marts"},
        "vault": {"staging", "intermediate"},
    }
    for model in models:
        upstream = {layer(manifest["nodes"][p]) for p in parents(model) if p.startswith("model.")}
        assert upstream <= allowed[layer(model)], model["name"]


def test_nothing_is_built_for_nobody(manifest: dict[str, Any], models: list[Node], data_tests: list[Node]) -> None:
    # What a store's owner accepts is for the tests of its books alone.
    books = [test for test in data_tests if test["name"] in {"assert_orders_reconcile", "assert_refunds_reconcile"}]
    used = {p for m in (*models, *books) for p in parents(m)}
    used |= {p for e in manifest["exposures"].values() for p in e["depends_on"]["nodes"]}
    assert [m["name"] for m in models if m["unique_id"] not in used] == []


def test_marts_are_exposed_and_indexed(manifest: dict[str, Any], models: list[Node]) -> None:
    exposed = {p for e in manifest["exposures"].values() for p in e["depends_on"]["nodes"]}
    for model in models:
        if layer(model) == "marts":
            assert model["unique_id"] in exposed, model["name"]
            if model["config"]["materialized"] == "view":
                continue
            indexes = [i["columns"] for i in model["config"].get("indexes") or []]
            if "customer_id" in model["columns"]:
                assert ["merchant_id", "customer_id"] in indexes, model["name"]
            assert indexes, model["name"]


def test_failing_rows_are_kept_where_orchestration_looks(data_tests: list[Node]) -> None:
    assert len(data_tests) > 100
    for test in data_tests:
        assert test["schema"] == "dbt_checks", test["name"]
        assert test["config"]["store_failures"], test["name"]
        assert test["config"]["store_failures_as"] == "table", test["name"]
        assert test["config"]["limit"] is None, f"{test['name']} would hide merchants past its limit"


def test_every_test_belongs_to_an_asset(data_tests: list[Node], manifest: dict[str, Any]) -> None:
    names = {n["name"] for n in manifest["nodes"].values()}
    for test in data_tests:
        if not test.get("attached_node") and len(set(parents(test))) > 1:
            assert test["config"]["meta"]["dagster"]["ref"]["name"] in names, test["name"]


def test_sources_are_the_warehouses_tables(manifest: dict[str, Any]) -> None:
    own = (ops.merchants, ops.exchange_rates, ops.stores, ops.identity_decisions, ops.segments, ops.segment_queries)
    known = (*RAW_TABLES.values(), *own)
    predicted = ("customer_lifetime_value", "model_runs", "cohort_forecasts")
    tables = {(t.schema, t.name) for t in known} | {("ml", name) for name in predicted}
    # Tonight's rows follow from what this run makes: what its views read is, to Dagster, of the nights before.
    earlier = {("loyalty", name) for name in ("programmes", "balances", "redemptions", "tier_memberships")}
    earlier |= {("activation", "campaign_enrolments")}
    for source in manifest["sources"].values():
        schema, name = source["schema"], source["name"]
        assert (schema, name) in tables | earlier
        key = f"earlier_{name}" if (schema, name) in earlier else name
        assert source["meta"]["dagster"]["asset_key"] == [schema, key]
        assert source["description"].startswith("One row per ")
    declared = {(s["schema"], s["name"]) for s in manifest["sources"].values()}
    streams = {(f"raw_{system}", s.name) for system, found in SOURCE_STREAMS.items() for s in found}
    assert streams <= declared, "a stream without a staging model reaches no mart"
