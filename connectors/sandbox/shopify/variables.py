"""The values that a request gives to a document's variables and arguments."""

from collections.abc import Mapping
from typing import Any

from graphql.language import ast

from connectors.sandbox.shopify.documents import Document, DocumentError, Problem, located, written_type
from connectors.sandbox.shopify.schema import Schema


def variable_values(schema: Schema, asked: Document, given: Mapping[str, Any]) -> dict[str, Any]:
    """The value of each variable.

    Raises:
        DocumentError: A value is missing or doesn't fit its type.
    """
    values: dict[str, Any] = {}
    wrong: list[Problem] = []
    for declared in asked.operation.variable_definitions:
        name, type_ = declared.variable.name.value, written_type(declared.type)
        if name in given:
            value = given[name]
        elif declared.default_value is not None:
            value = literal(declared.default_value, {})
        else:
            value = None
        explanation = _misfit(schema, type_, value)
        if explanation:
            message = f"Variable ${name} of type {type_} was provided invalid value"
            extensions = {
                "code": "INVALID_VARIABLE",
                "value": value,
                "problems": [{"path": [], "explanation": explanation}],
            }
            wrong.append({"message": message, "locations": located(declared), "extensions": extensions})
        if name in given or declared.default_value is not None:
            values[name] = value
    if wrong:
        raise DocumentError(wrong)
    return values


def _misfit(schema: Schema, type_: str, value: object) -> str:
    """Why a value doesn't fit a type; empty if it does."""
    if value is None:
        return "Expected value to not be null" if type_.endswith("!") else ""
    plain = type_.removesuffix("!")
    if plain.startswith("["):
        elements = value if isinstance(value, list) else [value]
        return next(filter(None, (_misfit(schema, plain[1:-1], each) for each in elements)), "")
    if plain in schema.enums and value not in schema.enums[plain]:
        return f'Expected "{value}" to be one of: {", ".join(sorted(schema.enums[plain]))}'
    if plain == "Int" and (not isinstance(value, int) or isinstance(value, bool)):
        return f"Could not coerce value {_shown(value)} to Int"
    if plain == "Boolean" and not isinstance(value, bool):
        return f"Could not coerce value {_shown(value)} to Boolean"
    if plain == "String" and not isinstance(value, str):
        return f"Could not coerce value {_shown(value)} to String"
    if plain == "ID" and not (isinstance(value, str) and value.startswith("gid://shopify/")):
        return f"Invalid global id '{value}'"
    return ""


def _shown(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)


def literal(node: ast.ValueNode, variables: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a JSON value
    """The value of a literal, with variables filled in."""
    if isinstance(node, ast.VariableNode):
        return variables.get(node.name.value)
    if isinstance(node, ast.IntValueNode):
        return int(node.value)
    if isinstance(node, ast.ListValueNode):
        return [literal(each, variables) for each in node.values]
    if isinstance(node, ast.ObjectValueNode):
        return {each.name.value: literal(each.value, variables) for each in node.fields}
    return getattr(node, "value", None)
