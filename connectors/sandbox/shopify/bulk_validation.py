"""What Shopify refuses in a query for a bulk operation, in its own words."""

from dataclasses import dataclass, field

from graphql.language import ast

from connectors.sandbox.shopify.documents import Document, DocumentError, document, problems
from connectors.sandbox.shopify.schema import Field, Schema, Type

_MOST_CONNECTIONS = 5
_DEEPEST = 2


@dataclass
class _Survey:
    schema: Schema
    asked: Document
    connections: int = 0
    deepest: int = 0
    by_nodes: list[str] = field(default_factory=list)
    without_id: list[str] = field(default_factory=list)
    is_in_list: bool = False

    def look(self, made: Type, selected: ast.SelectionSetNode, depth: int, *, in_list: bool) -> bool:
        """Note what is asked of a type; whether any of it is a connection."""
        has_connection = False
        for node in self._fields(selected):
            found = made.fields.get(node.name.value)
            if found is None or node.selection_set is None:
                continue
            if found.base.endswith("Connection"):
                has_connection = True
                self.is_in_list |= in_list
                self._connection(found, node.selection_set, depth)
            else:
                inner = self.schema.get(found.base)
                if inner is not None:
                    has_connection |= self.look(inner, node.selection_set, depth, in_list=in_list or found.is_list)
        return has_connection

    def _connection(self, found: Field, selected: ast.SelectionSetNode, depth: int) -> None:
        self.connections += 1
        self.deepest = max(self.deepest, depth)
        node_type = self.schema.types[found.base.removesuffix("Connection")]
        for way in self._fields(selected):
            if way.name.value == "nodes" and way.selection_set is not None:
                self.by_nodes.append(found.name)
                self.look(node_type, way.selection_set, depth + 1, in_list=False)
            elif way.name.value == "edges" and way.selection_set is not None:
                for node in self._fields(way.selection_set):
                    if node.name.value == "node" and node.selection_set is not None:
                        has_nested = self.look(node_type, node.selection_set, depth + 1, in_list=False)
                        if has_nested and not self._has_id(node.selection_set):
                            self.without_id.append(found.name)

    def _has_id(self, selected: ast.SelectionSetNode) -> bool:
        return any(node.name.value == "id" and node.alias is None for node in self._fields(selected))

    def _fields(self, selected: ast.SelectionSetNode) -> list[ast.FieldNode]:
        found: list[ast.FieldNode] = []
        for selection in selected.selections:
            if isinstance(selection, ast.FieldNode):
                found.append(selection)
            elif isinstance(selection, ast.InlineFragmentNode):
                found += self._fields(selection.selection_set)
            elif isinstance(selection, ast.FragmentSpreadNode):
                found += self._fields(self.asked.fragments[selection.name.value].selection_set)
        return found


def bulk_document(schema: Schema, query: str) -> Document:
    """A bulk operation's query, read.

    Raises:
        DocumentError: It is refused; the problems are messages only.
    """
    try:
        asked = document(query)
    except DocumentError as error:
        raise _refused([f"Invalid bulk query: {error.problems[0]['message']}"]) from error
    if asked.operation.operation is not ast.OperationType.QUERY:
        raise _refused(["Invalid operation type. Only `query` operations are supported."])
    wrong = problems(schema, asked)
    if wrong:
        raise _refused([f"Invalid bulk query: {problem['message']}" for problem in wrong])
    survey = _Survey(schema, asked)
    survey.look(schema.types["QueryRoot"], asked.operation.selection_set, 0, in_list=False)
    messages = _messages(survey)
    if messages:
        raise _refused(messages)
    return asked


def _messages(survey: _Survey) -> list[str]:
    messages = []
    top = {s.name.value for s in survey.asked.operation.selection_set.selections if isinstance(s, ast.FieldNode)}
    messages += [
        f"Bulk queries cannot contain a top level `{name}` field." for name in ("node", "nodes") if name in top
    ]
    if survey.connections == 0:
        messages.append("Bulk queries must contain at least one connection.")
    if survey.connections > _MOST_CONNECTIONS:
        messages.append(f"Bulk queries cannot contain more than {_MOST_CONNECTIONS} connections.")
    if survey.deepest > _DEEPEST:
        messages.append(f"Bulk queries cannot contain connections with a nesting depth greater than {_DEEPEST}.")
    if survey.by_nodes:
        named = ", ".join(f"'{name}'" for name in survey.by_nodes)
        messages.append(
            "All connection fields in a bulk query must select their contents using 'edges' > 'node', e.g: "
            f"'{survey.by_nodes[0]} {{ edges {{ node {{'. Selecting via 'nodes' is not supported. "
            f"Invalid connection fields: {named}."
        )
    if survey.without_id:
        messages.append(
            "The parent 'node' field for a nested connection must select the 'id' field without an alias and must be "
            f"of 'ID' return type. Connection fields without 'id': {', '.join(survey.without_id)}."
        )
    if survey.is_in_list:
        messages.append("Queries that contain a connection field within a list field are not currently supported.")
    return messages


def _refused(messages: list[str]) -> DocumentError:
    return DocumentError([{"message": message} for message in messages])
