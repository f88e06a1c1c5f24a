"""Reading a GraphQL document and telling what is wrong with it, in the words that Shopify uses."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from graphql import GraphQLError, parse
from graphql.language import ast

from connectors.sandbox.shopify.schema import Field, Parameter, Schema, Type

Problem = dict[str, Any]
_GLOBAL_ID = re.compile(r"gid://shopify/\w+/\w+(\?.*)?")


@dataclass(frozen=True)
class Document:
    """One operation and the fragments it may use."""

    operation: ast.OperationDefinitionNode
    fragments: Mapping[str, ast.FragmentDefinitionNode]

    @property
    def title(self) -> str:
        """How errors name it: "query Orders"."""
        name = f" {self.operation.name.value}" if self.operation.name else ""
        return f"{self.operation.operation.value}{name}"


class DocumentError(Exception):
    """A document that can't be executed; it holds the errors to answer."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(problems[0]["message"])
        self.problems = problems


def located(node: ast.Node) -> list[dict[str, int]]:
    """Where a part of a document begins."""
    if node.loc is None:
        return []
    return [{"line": node.loc.start_token.line, "column": node.loc.start_token.column}]


@lru_cache(maxsize=64)
def _read(text: str) -> tuple[dict[str, ast.OperationDefinitionNode], dict[str, ast.FragmentDefinitionNode]]:
    try:
        definitions = parse(text).definitions
    except GraphQLError as error:
        raise DocumentError([_syntax_problem(error)]) from error
    operations = {d.name.value if d.name else "": d for d in definitions if isinstance(d, ast.OperationDefinitionNode)}
    return operations, {d.name.value: d for d in definitions if isinstance(d, ast.FragmentDefinitionNode)}


def _syntax_problem(error: GraphQLError) -> Problem:
    is_over = "<EOF>" in error.message
    found = error.message.rpartition("Unexpected ")[2].rpartition("found ")[2].rstrip(".")
    where = error.locations[0] if error.locations else None
    place = "" if is_over or where is None else f" at [{where.line}, {where.column}]"
    message = f"syntax error, unexpected {'end of file' if is_over else found}{place}"
    locations = [{"line": where.line, "column": where.column}] if where is not None else []
    return {"message": message, "locations": locations}


def document(text: str, operation_name: str | None = None) -> Document:
    """The operation that a request asks for.

    Raises:
        DocumentError: It can't be read, or no operation of that name is in it.
    """
    operations, fragments = _read(text)
    if operation_name is None and len(operations) == 1:
        return Document(next(iter(operations.values())), fragments)
    operation = operations.get(operation_name or "")
    if operation is None:
        message = f'No operation named "{operation_name}"' if operation_name else "An operation name is required"
        raise DocumentError([{"message": message}])
    return Document(operation, fragments)


@dataclass
class _Check:
    schema: Schema
    document: Document
    problems: list[Problem] = field(default_factory=list)
    used: set[str] = field(default_factory=set)

    def selections(self, made: Type, selected: ast.SelectionSetNode, path: list[str]) -> None:
        for selection in selected.selections:
            self._directives(selection)
            if isinstance(selection, ast.FieldNode):
                self._field(made, selection, path)
            elif isinstance(selection, ast.FragmentSpreadNode):
                fragment = self.document.fragments.get(selection.name.value)
                if fragment is None:
                    name = selection.name.value
                    message = f"Fragment {name} was used, but not defined"
                    extensions = {"code": "useAndDefineFragment", "fragmentName": name}
                    self._add(message, selection, [*path, f"... {name}"], extensions)
                else:
                    self._fragment(fragment.type_condition.name.value, fragment, path)
            elif isinstance(selection, ast.InlineFragmentNode):
                # The parser's types deny it, but a fragment needs no condition.
                condition = getattr(selection, "type_condition", None)
                self._fragment(condition.name.value if condition else made.name, selection, path)

    def _fragment(
        self, condition: str, node: ast.FragmentDefinitionNode | ast.InlineFragmentNode, path: list[str]
    ) -> None:
        made = self.schema.get(condition)
        if made is None:
            message = f"No such type {condition}, so it can't be a fragment condition"
            self._add(message, node, path, {"code": "undefinedType", "typeName": condition})
        else:
            self.selections(made, node.selection_set, path)

    def _field(self, made: Type, node: ast.FieldNode, path: list[str]) -> None:
        name, key = node.name.value, node.alias.value if node.alias else node.name.value
        if name == "__typename":
            return
        found = made.fields.get(name)
        if found is None:
            message = f"Field '{name}' doesn't exist on type '{made.name}'"
            extensions = {"code": "undefinedField", "typeName": made.name, "fieldName": name}
            self._add(message, node, [*path, key], extensions)
            return
        self._arguments(found, node, [*path, key])
        inner = self.schema.get(found.base)
        if inner is not None and node.selection_set is None:
            message = (
                f"Field must have selections (field '{name}' returns {found.base} but has no selections. "
                f"Did you mean '{name} {{ ... }}'?)"
            )
            extensions = {"code": "selectionMismatch", "nodeName": f"field '{name}'", "typeName": found.base}
            self._add(message, node, [*path, key], extensions)
        elif inner is None and node.selection_set is not None:
            names = [s.name.value for s in node.selection_set.selections if isinstance(s, ast.FieldNode)]
            message = (
                f"Selections can't be made on scalars (field '{name}' returns {found.base} "
                f"but has selections {str(names).replace(chr(39), chr(34))})"
            )
            extensions = {"code": "selectionMismatch", "nodeName": f"field '{name}'", "typeName": found.base}
            self._add(message, node, [*path, key], extensions)
        elif inner is not None and node.selection_set is not None:
            self.selections(inner, node.selection_set, [*path, key])

    def _arguments(self, found: Field, node: ast.FieldNode, path: list[str]) -> None:
        given = {argument.name.value: argument for argument in node.arguments}
        for name, argument in given.items():
            if name not in found.parameters:
                message = f"Field '{found.name}' doesn't accept argument '{name}'"
                self._add(
                    message,
                    argument,
                    [*path, name],
                    {"code": "argumentNotAccepted", "name": found.name, "typeName": "Field", "argumentName": name},
                )
            else:
                self._value(found, found.parameters[name], argument, node, [*path, name])
        missing = [p.name for p in found.parameters.values() if p.is_required and p.name not in given]
        if missing:
            names = ", ".join(missing)
            message = f"Field '{found.name}' is missing required arguments: {names}"
            self._add(
                message,
                node,
                path,
                {"code": "missingRequiredArguments", "className": "Field", "name": found.name, "arguments": names},
            )

    def _value(
        self, found: Field, wanted: Parameter, argument: ast.ArgumentNode, node: ast.FieldNode, path: list[str]
    ) -> None:
        value = argument.value
        self.used.update(_variables(value))
        if isinstance(value, ast.VariableNode):
            self._variable(wanted, value, node, path)
            return
        base = wanted.type.strip("[]!")
        if base == "ID" and isinstance(value, ast.StringValueNode) and not _GLOBAL_ID.fullmatch(value.value):
            extensions = {"code": "argumentLiteralsIncompatible", "typeName": "CoercionError"}
            self._add(f"Invalid global id '{value.value}'", node, path, extensions)
        elif not self._is_fitting(wanted.type, value):
            written = value.value if isinstance(value, ast.EnumValueNode) else _written(value)
            message = (
                f"Argument '{wanted.name}' on Field '{found.name}' has an invalid value ({written}). "
                f"Expected type '{wanted.type}'."
            )
            extensions = {"code": "argumentLiteralsIncompatible", "typeName": "Field", "argumentName": wanted.name}
            self._add(message, node, path, extensions)

    def _is_fitting(self, wanted: str, value: ast.ValueNode) -> bool:
        if isinstance(value, ast.NullValueNode):
            return not wanted.endswith("!")
        base = wanted.strip("[]!")
        if base in self.schema.enums:
            return isinstance(value, ast.EnumValueNode) and value.value in self.schema.enums[base]
        kinds: dict[str, type[ast.ValueNode]] = {
            "Int": ast.IntValueNode,
            "Boolean": ast.BooleanValueNode,
            "String": ast.StringValueNode,
        }
        return base not in kinds or isinstance(value, (kinds[base], ast.ListValueNode))

    def _variable(self, wanted: Parameter, value: ast.VariableNode, node: ast.FieldNode, path: list[str]) -> None:
        declared = next(
            (d for d in self.document.operation.variable_definitions if d.variable.name.value == value.name.value), None
        )
        name = value.name.value
        if declared is None:
            message = f"Variable ${name} is used by {self.document.title.partition(' ')[2] or 'anonymous query'}"
            self._add(f"{message} but not declared", node, path, {"code": "variableNotDefined", "variableName": name})
            return
        written = written_type(declared.type)
        has_default = declared.default_value is not None
        loose = written.removesuffix("!") == wanted.type.removesuffix("!")
        if not loose or (wanted.is_required and not written.endswith("!") and not has_default):
            message = f"Type mismatch on variable ${name} and argument {wanted.name} ({written} / {wanted.type})"
            extensions = {
                "code": "variableMismatch",
                "variableName": name,
                "typeName": written,
                "argumentName": wanted.name,
                "errorMessage": "Type mismatch",
            }
            self._add(message, node, path, extensions)

    def _directives(self, selection: ast.SelectionNode) -> None:
        for directive in selection.directives:
            for argument in directive.arguments:
                self.used.update(_variables(argument.value))

    def _add(self, message: str, node: ast.Node, path: list[str], extensions: dict[str, Any]) -> None:
        self.problems.append({"message": message, "locations": located(node), "path": path, "extensions": extensions})


def problems(schema: Schema, asked: Document) -> list[Problem]:
    """Everything that is wrong with a document; nothing if it can be executed."""
    root = schema.types["Mutation" if asked.operation.operation.value == "mutation" else "QueryRoot"]
    check = _Check(schema, asked)
    check.selections(root, asked.operation.selection_set, [asked.title])
    for declared in asked.operation.variable_definitions:
        name = declared.variable.name.value
        if name not in check.used:
            subject = asked.operation.name.value if asked.operation.name else "anonymous query"
            check.problems.append(
                {
                    "message": f"Variable ${name} is declared by {subject} but not used",
                    "locations": located(asked.operation),
                    "path": [asked.title],
                    "extensions": {"code": "variableNotUsed", "variableName": name},
                }
            )
    return check.problems


def written_type(node: ast.TypeNode) -> str:
    """A type as it is written."""
    if isinstance(node, ast.NonNullTypeNode):
        return f"{written_type(node.type)}!"
    if isinstance(node, ast.ListTypeNode):
        return f"[{written_type(node.type)}]"
    return node.name.value if isinstance(node, ast.NamedTypeNode) else ""


def _variables(value: ast.ValueNode) -> Iterator[str]:
    if isinstance(value, ast.VariableNode):
        yield value.name.value
    elif isinstance(value, ast.ListValueNode):
        for each in value.values:
            yield from _variables(each)
    elif isinstance(value, ast.ObjectValueNode):
        for each_field in value.fields:
            yield from _variables(each_field.value)


def _written(value: ast.ValueNode) -> str:
    if isinstance(value, ast.NullValueNode):
        return "null"
    if isinstance(value, ast.StringValueNode):
        return f'"{value.value}"'
    return str(getattr(value, "value", ""))
