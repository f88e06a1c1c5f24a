"""R16: every document that is sent is valid in Shopify's own schema, uses nothing deprecated, and obeys bulk rules."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    Visitor,
    build_schema,
    get_named_type,
    is_list_type,
    parse,
    specified_rules,
    validate,
    visit,
)
from graphql.type import get_nullable_type
from graphql.utilities import TypeInfo, TypeInfoVisitor
from graphql.validation import NoDeprecatedCustomRule

from connectors.destinations.shopify import calls as writing
from connectors.sources.shopify.client import API_VERSION
from connectors.sources.shopify.documents import document, document_names, operation_name

BULK_QUERIES = sorted(
    {name for name in document_names() if name.startswith("bulk_")} - {"bulk_run", "bulk_recent", "bulk_by_id"}
)
PAGED = sorted({*document_names()} - {*BULK_QUERIES, "protected_data", "bulk_recent"})


@pytest.fixture(scope="module")
def schema(contracts_folder: Path) -> GraphQLSchema:
    text = (contracts_folder / "shopify" / "schema" / f"{API_VERSION}.graphql").read_text(encoding="utf-8")
    return build_schema(text, assume_valid=True)


# Consent to text messages: deprecated wherever this version has it, in favour of what it has not.
SMS_CONSENT = ("marketingState", "marketingOptInLevel", "marketingUpdatedAt")


@pytest.mark.parametrize("name", document_names())
def test_r16_document_is_valid_and_uses_nothing_deprecated(schema: GraphQLSchema, name: str) -> None:
    errors = validate(schema, parse(document(name)), [*specified_rules, NoDeprecatedCustomRule])
    allowed = tuple(f"The field CustomerPhoneNumber.{field} is deprecated." for field in SMS_CONSENT)
    assert [error.message for error in errors if not error.message.startswith(allowed)] == []


@pytest.mark.parametrize("name", writing.document_names())
def test_r16_what_is_written_is_valid_and_uses_nothing_deprecated(schema: GraphQLSchema, name: str) -> None:
    errors = validate(schema, parse(writing.document(name)), [*specified_rules, NoDeprecatedCustomRule])
    assert [error.message for error in errors] == []


def test_r16_consent_to_text_messages_stands_in_deprecated_fields_only(schema: GraphQLSchema) -> None:
    """A version with the successor ends the exception above: its fields are to be read then."""
    phone, customer = schema.type_map["CustomerPhoneNumber"], schema.type_map["Customer"]
    assert isinstance(phone, GraphQLObjectType)
    assert isinstance(customer, GraphQLObjectType)
    for field in SMS_CONSENT:
        assert "smsMarketingConsent" in (phone.fields[field].deprecation_reason or "")
    assert "smsMarketingConsent" not in phone.fields
    assert customer.fields["smsMarketingConsent"].deprecation_reason


def test_r16_a_deprecated_field_would_be_found(schema: GraphQLSchema) -> None:
    errors = validate(schema, parse("{ orders(first: 1) { nodes { totalPrice } } }"), [NoDeprecatedCustomRule])
    assert len(errors) == 1


def test_documents_are_named_apart() -> None:
    names = [operation_name(name) for name in document_names()]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("name", BULK_QUERIES)
def test_bulk_query_obeys_the_rules_of_bulk_queries(schema: GraphQLSchema, name: str) -> None:
    """At most five connections, two deep, by edges, with the parent's id, none inside a list, no arguments of pages."""
    assert list(_bulk_problems(schema, parse(document(name)))) == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{ shop { id } }", "no connection"),
        ("{ orders { nodes { id } } }", "orders selects nodes"),
        ("{ orders { edges { node { name lineItems { edges { node { id } } } } } } }", "orders selects no id"),
        (
            "{ orders { edges { node { id refunds { refundLineItems(first: 1) { edges { node { id } } } } } } } }",
            "list",
        ),
    ],
)
def test_bulk_rules_can_be_broken(schema: GraphQLSchema, text: str, problem: str) -> None:
    assert any(problem in found for found in _bulk_problems(schema, parse(text)))


@pytest.mark.parametrize("name", BULK_QUERIES)
def test_bulk_query_writes_the_type_first(name: str) -> None:
    """The reader tells a line's kind by its first characters."""
    if name.endswith("_ids"):
        return
    for selection in document(name).split("node {")[1:]:
        assert selection.split()[0] == "__typename"


@pytest.mark.parametrize("name", PAGED)
def test_every_list_says_whether_there_is_more(schema: GraphQLSchema, name: str) -> None:
    """R4, failure mode 3."""
    assert list(_without_page_info(schema, parse(document(name)))) == []


def _without_page_info(schema: GraphQLSchema, parsed: DocumentNode) -> Iterator[str]:
    for field, _, _ in _connections(schema, parsed):
        selected = {node.name.value for node in field.selection_set.selections if isinstance(node, FieldNode)}
        if "pageInfo" not in selected:
            yield field.name.value


def _connections(schema: GraphQLSchema, parsed: DocumentNode) -> list[tuple[FieldNode, int, bool]]:
    """Each connection with how deep it lies in others, and whether it lies in a list."""
    found: list[tuple[FieldNode, int, bool]] = []
    types = TypeInfo(schema)
    around: list[str] = []

    class Finder(Visitor):
        def enter_field(self, node: FieldNode, *_: object) -> None:
            of_type = types.get_type()
            if of_type is not None and get_named_type(of_type).name.endswith("Connection"):
                found.append((node, around.count("connection"), "list" in around))
                around.append("connection")
            elif of_type is not None and is_list_type(get_nullable_type(of_type)) and node.name.value != "edges":
                around.append("list")
            else:
                around.append("")

        def leave_field(self, *_: object) -> None:
            around.pop()

    visit(parsed, TypeInfoVisitor(types, Finder()))
    return found


def _bulk_problems(schema: GraphQLSchema, parsed: DocumentNode) -> Iterator[str]:
    operation = parsed.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    assert operation.operation is OperationType.QUERY
    if operation.variable_definitions:
        yield "takes variables"
    connections = _connections(schema, parsed)
    if not 1 <= len(connections) <= 5:
        yield f"{len(connections)} connections" if connections else "no connection"
    for field, depth, is_in_list in connections:
        name = field.name.value
        if depth > 2:
            yield f"{name} lies too deep"
        if is_in_list:
            yield f"{name} lies inside a list"
        if {argument.name.value for argument in field.arguments} & {"first", "last"}:
            yield f"{name} asks for a page"
        selected = {node.name.value: node for node in field.selection_set.selections if isinstance(node, FieldNode)}
        if set(selected) != {"edges"}:
            yield f"{name} selects {', '.join(selected)}"
            continue
        node = selected["edges"].selection_set.selections[0]
        inner = [each for each in node.selection_set.selections if isinstance(each, FieldNode)]
        holds_connection = any(child.selection_set and _has_edges(child) for child in inner)
        if holds_connection and not any(each.name.value == "id" and each.alias is None for each in inner):
            yield f"{name} selects no id"


def _has_edges(field: FieldNode) -> bool:
    return any(isinstance(each, FieldNode) and each.name.value == "edges" for each in field.selection_set.selections)
