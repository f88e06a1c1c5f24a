"""Executing a document: it is compiled to nested functions once for each request, which then run over the records."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from graphql.language import ast

from connectors.sandbox.shopify.connections import page_of_parts
from connectors.sandbox.shopify.context import Context, Grants
from connectors.sandbox.shopify.costs import Cost, connection_cost
from connectors.sandbox.shopify.documents import located
from connectors.sandbox.shopify.leaves import MONEY, MONEY_BAG, constant, leaf, money, money_bag, optional, through
from connectors.sandbox.shopify.schema import Field, Listed, Node, Page, Rows, Schema, Type
from connectors.sandbox.shopify.variables import literal

Runner: TypeAlias = Callable[[Node, Context], Any]
Selections: TypeAlias = "list[ast.SelectionSetNode]"

_COUNT_COST = 10


@dataclass
class Level:
    """What a bulk operation writes for a node: its own line, and the lines of the connections below it."""

    run: Runner
    children: "list[tuple[Runner, Level]]" = field(default_factory=list)


class Compiler:
    """Compiles one document for one request."""

    def __init__(
        self,
        schema: Schema,
        fragments: Mapping[str, ast.FragmentDefinitionNode],
        variables: Mapping[str, Any],
        grants: Grants,
        *,
        is_bulk: bool = False,
    ) -> None:
        self._schema, self._fragments, self._variables = schema, fragments, variables
        self._grants = grants
        self._tracks = grants.is_limited
        self._is_bulk = is_bulk

    def fields(
        self, made: Type, selected: ast.SelectionSetNode, cost: Cost
    ) -> Iterator[tuple[str, Field | None, Any, Runner]]:
        """The fields of a root type: response key, field, node and what finds the value."""
        for key, nodes in self._collect(made, [selected]).items():
            name = nodes[0].name.value
            if name == "__typename":
                yield key, None, nodes[0], lambda _, __: made.name
            else:
                found = made.fields[name]
                is_root_count = found.base == "Count"
                part = cost.add(_COUNT_COST) if is_root_count else cost
                yield key, found, nodes[0], self._field(found, nodes, Cost() if is_root_count else part, [])

    def top(self, made: Type, selected: ast.SelectionSetNode) -> dict[str, list[ast.FieldNode]]:
        """What is asked of a root type, by response key."""
        return self._collect(made, [selected])

    def child(self, found: Field, nodes: list[ast.FieldNode]) -> "tuple[Runner, Level]":
        """A connection for a bulk operation: all of it, whatever `first` says, and what is written for its nodes."""
        made = self._schema.types[found.base.removesuffix("Connection")]
        children: list[tuple[Runner, Level]] = []
        run = self._object(made, self._edge_selections(found.base, _selected(nodes)), Cost(), children)
        rows = found.find.find if isinstance(found.find, Rows) else _no_rows
        return rows, Level(run, children)

    def _collect(self, made: Type, selections: Selections) -> dict[str, list[ast.FieldNode]]:
        """The fields that are asked of a type, by response key."""
        collected: dict[str, list[ast.FieldNode]] = {}
        for selected in selections:
            self._gather(made, selected, collected)
        return collected

    def _gather(self, made: Type, selected: ast.SelectionSetNode, into: dict[str, list[ast.FieldNode]]) -> None:
        for selection in selected.selections:
            if not self._is_included(selection):
                continue
            if isinstance(selection, ast.FieldNode):
                key = selection.alias.value if selection.alias else selection.name.value
                into.setdefault(key, []).append(selection)
                continue
            if isinstance(selection, ast.FragmentSpreadNode):
                fragment: Any = self._fragments[selection.name.value]
            else:
                fragment = selection
            if fragment.type_condition is None or self._is_a(made, fragment.type_condition.name.value):
                self._gather(made, fragment.selection_set, into)

    def _is_a(self, made: Type, name: str) -> bool:
        other = self._schema.get(name)
        return made.name == name or (other is not None and made.name in other.members)

    def _is_included(self, selection: ast.SelectionNode) -> bool:
        for directive in selection.directives:
            condition = bool(literal(directive.arguments[0].value, self._variables)) if directive.arguments else True
            if directive.name.value in {"skip", "include"} and condition == (directive.name.value == "skip"):
                return False
        return True

    def _object(self, made: Type, selections: Selections, cost: Cost, children: "list[tuple[Runner, Level]]") -> Runner:
        if made.members:
            return self._abstract(made, selections, cost, children)
        runners: list[tuple[str, Runner]] = []
        for key, nodes in self._collect(made, selections).items():
            name = nodes[0].name.value
            if name == "__typename":
                runners.append((key, constant(made.name)))
                continue
            found = made.fields[name]
            if self._is_bulk and isinstance(found.find, (Rows, Listed)):
                children.append(self.child(found, nodes))
                continue
            runner = self._field(found, nodes, cost, children)
            runners.append((key, self._at(key, runner) if self._tracks else runner))
        return lambda node, context: {key: run(node, context) for key, run in runners}

    def _abstract(
        self, made: Type, selections: Selections, cost: Cost, children: "list[tuple[Runner, Level]]"
    ) -> Runner:
        runners = {}
        for name in made.members:
            branch = Cost()
            cost.branches.append(branch)
            member = self._schema.get(name)
            if member is not None:
                runners[name] = self._object(member, selections, branch, children)
        type_of = made.type_of
        assert type_of is not None  # noqa: S101 - a declaration without it is a mistake of ours
        value_of = made.value_of
        if value_of is not None:
            return lambda node, context: runners[type_of(node)](value_of(node), context)
        return lambda node, context: runners[type_of(node)](node, context)

    def _field(
        self, found: Field, nodes: list[ast.FieldNode], cost: Cost, children: "list[tuple[Runner, Level]]"
    ) -> Runner:
        denied = self._denied(found, nodes[0])
        if denied is not None:
            return denied
        arguments = self._arguments(found, nodes[0])
        selections = _selected(nodes)
        if isinstance(found.find, (Rows, Listed)):
            return self._connection(found, arguments, selections, connection_cost(cost))
        find: Runner = found.find
        if found.parameters:
            with_arguments = found.find
            find = lambda node, context: with_arguments(node, context, arguments)  # noqa: E731
        if found.base == MONEY_BAG:
            bag = self._collect(self._schema.types[MONEY_BAG], selections)
            return money_bag(
                find, [(key, ns[0].name.value, self._money_keys(_selected(ns))) for key, ns in bag.items()]
            )
        if found.base == MONEY:
            return money(find, self._money_keys(selections))
        inner = self._schema.get(found.base)
        if inner is None:
            return leaf(found, find)
        own = found.cost if found.cost is not None else 1
        part = cost.add(own)
        below: list[tuple[Runner, Level]] = []
        run = self._object(inner, selections, part, below)
        children += [(through(find, rows), level) for rows, level in below]
        if found.is_list:
            return self._each(find, run if found.type.endswith("!]!") else _or_none(run))
        return optional(find, run)

    def _edge_selections(self, connection: str, selections: Selections) -> Selections:
        """What is asked of a connection's nodes by way of its edges."""
        edge = self._schema.types[f"{connection.removesuffix('Connection')}Edge"]
        wanted: Selections = []
        for asked in self._collect(self._schema.types[connection], selections).values():
            if asked[0].name.value == "edges":
                for inner in self._collect(edge, _selected(asked)).values():
                    wanted += _selected(inner)
        return wanted

    def _connection(self, found: Field, arguments: Mapping[str, Any], selections: Selections, cost: Cost) -> Runner:
        connection = self._schema.get(found.base)
        assert connection is not None  # noqa: S101 - every connection's type follows from its name
        size = arguments.get("first") or arguments.get("last") or 0
        counted: list[Cost] = []
        runners: list[tuple[str, Callable[[Page, Context], Any]]] = []
        for key, nodes in self._collect(connection, selections).items():
            name = nodes[0].name.value
            inner = _selected(nodes)
            if name == "pageInfo":
                runners.append((key, self._page_info(inner)))
            elif name == "__typename":
                runners.append((key, constant(connection.name)))
            else:
                counted.append(cost.add(1, size))
                runners.append((key, self._nodes(found, name, key, inner, counted[-1])))
        page_of = self._page_finder(found, arguments)

        def run(node: Node, context: Context) -> dict[str, Any]:
            page = page_of(node, context)
            for part in counted:
                part.seen += len(page.nodes)
                part.times += 1
            return {key: each(page, context) for key, each in runners}

        return run

    def _page_finder(self, found: Field, arguments: Mapping[str, Any]) -> Callable[[Node, Context], Page]:
        find = found.find
        if isinstance(find, Listed):
            whole = find.page
            return lambda node, context: whole(node, context, arguments)
        assert isinstance(find, Rows)  # noqa: S101 - the caller looked
        parts_of, id_of = find.find, find.id_of
        given = (arguments,) if find.is_filtered else ()

        def page_of(node: Node, context: Context) -> Page:
            parts = list(parts_of(node, context, *given))
            ids = [id_of(part) for part in parts] if id_of else list(range(1, len(parts) + 1))
            return page_of_parts(parts, ids, arguments)

        return page_of

    def _nodes(
        self, found: Field, name: str, key: str, selections: Selections, cost: Cost
    ) -> Callable[[Page, Context], Any]:
        node_type = self._schema.types[found.base.removesuffix("Connection")]
        if name == "nodes":
            run = self._object(node_type, selections, cost, [])
            if self._tracks:
                listed = self._each(lambda page, _: page.nodes, run)
                return self._at(key, listed)
            return lambda page, context: [run(node, context) for node in page.nodes]
        edge = self._schema.types[f"{node_type.name}Edge"]
        parts: list[tuple[str, Runner | None]] = []
        for inner_key, asked in self._collect(edge, selections).items():
            if asked[0].name.value == "cursor":
                parts.append((inner_key, None))
            elif asked[0].name.value == "__typename":
                parts.append((inner_key, constant(edge.name)))
            else:
                inner = _selected(asked)
                runner = self._object(node_type, inner, cost, [])
                parts.append((inner_key, self._at(inner_key, runner) if self._tracks else runner))

        def one(pair: tuple[Node, str], context: Context) -> dict[str, Any]:
            return {k: pair[1] if run is None else run(pair[0], context) for k, run in parts}

        if self._tracks:
            return self._at(key, self._each(lambda page, _: list(zip(page.nodes, page.cursors, strict=True)), one))
        return lambda page, context: [one(pair, context) for pair in zip(page.nodes, page.cursors, strict=True)]

    def _page_info(self, selections: Selections) -> Callable[[Page, Context], Any]:
        finders: dict[str, Callable[[Page], Any]] = {
            "hasNextPage": lambda page: page.has_next,
            "hasPreviousPage": lambda page: page.has_previous,
            "startCursor": lambda page: page.cursors[0] if page.cursors else None,
            "endCursor": lambda page: page.cursors[-1] if page.cursors else None,
            "__typename": lambda _: "PageInfo",
        }
        asked = self._collect(self._schema.types["PageInfo"], selections)
        wanted = [(key, finders[nodes[0].name.value]) for key, nodes in asked.items()]
        return lambda page, _: {key: find(page) for key, find in wanted}

    def _money_keys(self, selections: Selections) -> list[tuple[str, str]]:
        asked = self._collect(self._schema.types[MONEY], selections)
        return [(key, nodes[0].name.value) for key, nodes in asked.items()]

    def _arguments(self, found: Field, node: ast.FieldNode) -> dict[str, Any]:
        values = {name: parameter.default for name, parameter in found.parameters.items()}
        for argument in node.arguments:
            name = argument.name.value
            if isinstance(argument.value, ast.VariableNode) and argument.value.name.value not in self._variables:
                continue
            values[name] = literal(argument.value, self._variables)
        return values

    def _denied(self, found: Field, node: ast.FieldNode) -> Runner | None:
        locations = located(node)
        if found.scope and found.scope not in self._grants.scopes:

            def no_scope(_: Node, context: Context) -> None:
                context.deny_scope(found.name, found.scope, locations)

            return no_scope
        if found.protects and found.protects not in self._grants.protected_data:

            def no_approval(_: Node, context: Context) -> None:
                context.deny_data(found.name, found.protects, locations)

            return no_approval
        return None

    def _each(self, find: Runner, run: Runner) -> Runner:
        if not self._tracks:
            return lambda node, context: [run(part, context) for part in find(node, context)]

        def run_each(node: Node, context: Context) -> list[Any]:
            made = []
            for place, part in enumerate(find(node, context)):
                context.path.append(place)
                made.append(run(part, context))
                context.path.pop()
            return made

        return run_each

    def _at(self, key: str, run: Runner) -> Runner:
        def run_there(node: Node, context: Context) -> Node:
            context.path.append(key)
            value = run(node, context)
            context.path.pop()
            return value

        return run_there


def _or_none(run: Runner) -> Runner:
    return lambda node, context: None if node is None else run(node, context)


def _no_rows(*_: Node) -> tuple[Node, ...]:
    """A list of the top level has no record that it belongs to."""
    return ()


def _selected(nodes: list[ast.FieldNode]) -> Selections:
    """What is asked of a field, by all its mentions."""
    return [node.selection_set for node in nodes if node.selection_set is not None]
