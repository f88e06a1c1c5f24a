"""The sandbox against what a real shop answered, and against the published schema."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLEnumType, GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema, GraphQLUnionType, Undefined
from graphql import build_schema as build
from shopify_calls import RUN, VERSION, Called, called

from connectors.sandbox.shopify.costs import Cost
from connectors.sandbox.shopify.documents import DocumentError, document, problems
from connectors.sandbox.shopify.execution import Compiler
from connectors.sandbox.shopify.root_fields import shop_schema
from connectors.sandbox.shopify.schema import Field
from connectors.sandbox.shopify.variables import variable_values


@pytest.fixture
def shop() -> Called:
    return called()


@pytest.fixture(scope="module")
def published(contracts_folder: Path) -> GraphQLSchema:
    text = (contracts_folder / "shopify" / "schema" / f"{VERSION}.graphql").read_text(encoding="utf-8")
    return build(text, assume_valid=True)


def recording(folder: Path, name: str) -> Any:
    return json.loads((folder / "shopify" / "recordings" / f"{name}.json").read_text(encoding="utf-8"))


def calls(recorded: Any) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Every query with its variables and its answer, anywhere in a recording."""
    if isinstance(recorded, dict):
        query, answer = recorded.get("query"), recorded.get("response")
        if isinstance(query, str) and isinstance(answer, dict):
            yield query, recorded.get("variables") or {}, answer.get("body", answer)
        for value in recorded.values():
            yield from calls(value)
    elif isinstance(recorded, list):
        for value in recorded:
            yield from calls(value)


# The schema


def misfits(name: str, found: Field, published: GraphQLObjectType | GraphQLInterfaceType) -> Iterator[str]:
    real = published.fields.get(found.name)
    if real is None:
        yield f"{name}.{found.name} doesn't exist"
        return
    if str(real.type) != found.type:
        yield f"{name}.{found.name} is {real.type}, not {found.type}"
    for parameter in found.parameters.values():
        argument = real.args.get(parameter.name)
        default = None if argument is None or argument.default_value is Undefined else argument.default_value
        if argument is None or str(argument.type) != parameter.type or default != parameter.default:
            yield f"{name}.{found.name}({parameter.name}) is {argument}"


def test_every_type_is_as_the_published_schema_has_it(published: GraphQLSchema) -> None:
    wrong: list[str] = []
    for name, made in shop_schema().types.items():
        real = published.type_map.get(name)
        if isinstance(real, GraphQLUnionType):
            wrong += [f"{name} can't be {m}" for m in set(made.members) - {each.name for each in real.types}]
        elif isinstance(real, (GraphQLObjectType, GraphQLInterfaceType)):
            wrong += [problem for found in made.fields.values() for problem in misfits(name, found, real)]
        else:
            wrong.append(f"{name} is {real}")
    assert wrong == []


def test_every_enum_is_as_the_published_schema_has_it(published: GraphQLSchema) -> None:
    for name, values in shop_schema().enums.items():
        real = published.type_map[name]
        assert isinstance(real, GraphQLEnumType)
        assert set(real.values) == values


# The words


def test_queries_for_bulk_operations_are_refused_in_the_same_words(shop: Called, contracts_folder: Path) -> None:
    compared = 0
    for name in ("validators", "user-error-codes"):
        recorded = recording(contracts_folder, f"bulk-operations/bulk-operation-run-query-{name}")
        for case, call in recorded["validations"].items():
            expected = call["response"]["data"]["bulkOperationRunQuery"]
            query = call["variables"]["query"]
            if case == "invalidOperationType":
                query = 'mutation { bulkOperationCancel(id: "gid://shopify/BulkOperation/1") { userErrors { field } } }'
            assert shop.data(RUN, query=query)["bulkOperationRunQuery"] == expected, case
            compared += 1
    assert compared == 10


def test_the_sixth_operation_is_refused_in_the_same_words(shop: Called, contracts_folder: Path) -> None:
    recorded = recording(contracts_folder, "bulk-operations/bulk-operation-run-query-concurrency-limit")
    begun = [shop.answer(call["query"], **call["variables"]) for call in recorded["successfulRuns"]]
    operation = begun[0]["data"]["bulkOperationRunQuery"]["bulkOperation"]
    expected = recorded["successfulRuns"][0]["response"]["data"]["bulkOperationRunQuery"]["bulkOperation"]
    varying = {"id", "createdAt"}
    assert {k: v for k, v in operation.items() if k not in varying} == {
        k: v for k, v in expected.items() if k not in varying
    }
    refused = shop.answer(recorded["sixthRun"]["query"], **recorded["sixthRun"]["variables"])
    real = recorded["sixthRun"]["response"]["data"]["bulkOperationRunQuery"]
    ours = refused["data"]["bulkOperationRunQuery"]

    def without_ids(payload: Any) -> str:
        return re.sub(r"BulkOperation/\d+", "BulkOperation/N", json.dumps(payload))

    assert without_ids(ours) == without_ids(real)
    cost = refused["extensions"]["cost"]
    assert cost.keys() == recorded["sixthRun"]["response"]["extensions"]["cost"].keys()


def test_arguments_that_make_no_sense_fail_in_the_same_words(shop: Called, contracts_folder: Path) -> None:
    recorded = recording(contracts_folder, "bulk-operations/bulk-operations-read-arg-validation")
    compared = 0
    for case in ("missingWindow", "firstAndLast", "malformedInlineId", "nonBulkOperationGid"):
        call = recorded["cases"][case]
        answer, expected = shop.answer(call["query"]), call["response"]
        assert answer["errors"] == expected["errors"], case
        assert answer.get("data") == expected.get("data")
        compared += 1
    assert compared == 4


def test_an_argument_that_is_not_taken_fails_in_the_same_words(shop: Called, contracts_folder: Path) -> None:
    recorded = recording(contracts_folder, "bulk-operations/bulk-operation-run-mutation-client-identifier-validation")
    call = recorded["observations"]["runQueryWithClientIdentifier"]
    assert call["response"]["errors"]
    assert shop.errors(call["query"], **call["variables"]) == call["response"]["errors"]


def test_an_unknown_field_fails_in_the_same_words(shop: Called, contracts_folder: Path) -> None:
    recorded = recording(contracts_folder, "orders/orderLifecycle-plain-usererror-no-code")
    expected = recorded["codeSelection"]["response"]["payload"]["errors"][0]
    query = 'mutation M { bulkOperationCancel(id: "gid://shopify/BulkOperation/1") { userErrors { code } } }'
    [error] = shop.errors(query)
    assert error.keys() == expected.keys()
    assert (error["message"], error["extensions"]) == (expected["message"], expected["extensions"])
    assert error["path"] == ["mutation M", "bulkOperationCancel", "userErrors", "code"]


def test_a_denied_field_has_the_same_shape(contracts_folder: Path) -> None:
    recorded = recording(contracts_folder, "orders/taxSummaryCreate-access-denied-parity")
    expected = recorded["mutation"]["response"]["errors"][0]
    [error] = called(scopes=frozenset()).errors("{ products(first: 1) { nodes { id } } }")
    assert error.keys() == expected.keys()
    assert error["extensions"].keys() == expected["extensions"].keys()
    words = expected["message"].partition(" field.")[0].rpartition(" ")[0]
    assert error["message"].startswith(f"{words} products field. Required access: `read_products` access scope.")


def test_terms_on_unknown_fields_are_left_out_in_the_same_words(shop: Called, contracts_folder: Path) -> None:
    recorded = recording(contracts_folder, "customers/customer-order-summary-read-effects")
    warnings = [w for text in [json.dumps(recorded)] for w in re.findall(r'"warnings": (\[\{.*?\}\])', text)]
    expected = json.loads(warnings[0])[0]
    answer = shop.answer('{ customers(first: 1, query: "colour:red") { nodes { id } } }')
    assert answer["extensions"]["search"][0]["warnings"] == [{**expected, "field": "colour"}]


# The cost


def requested_cost(query: str, variables: dict[str, Any]) -> int | None:
    """What a recorded query costs here; None if it asks for what the sandbox doesn't have."""
    schema = shop_schema()
    try:
        asked = document(query)
        if asked.operation.operation.value != "query" or problems(schema, asked):
            return None
        values = variable_values(schema, asked, variables)
    except DocumentError:
        return None
    cost = Cost()
    grants = called(is_stocked=False).api.access.grants
    list(
        Compiler(schema, asked.fragments, values, grants).fields(
            schema.types["QueryRoot"], asked.operation.selection_set, cost
        )
    )
    return cost.requested


def test_recorded_queries_cost_here_what_they_cost_there(contracts_folder: Path) -> None:
    compared: dict[str, tuple[int, int]] = {}
    for path in sorted((contracts_folder / "shopify" / "recordings").rglob("*.json")):
        for query, variables, answer in calls(json.loads(path.read_text(encoding="utf-8"))):
            real = ((answer.get("extensions") or {}).get("cost") or {}).get("requestedQueryCost")
            ours = requested_cost(query, variables) if real is not None and query not in compared else None
            if ours is not None:
                compared[query] = (ours, real)
    assert len(compared) >= 30
    assert {query: costs for query, costs in compared.items() if costs[0] != costs[1]} == {}
