"""Which columns of other tables each column of a model is made of, read from its SQL.

A column is made of those that its expression names: through every CTE, subquery and set operation, down to the tables
that the model reads. Columns that only join, filter or order rows are none of them, except inside `exists`, which has
nothing else. What cannot be told for certain is left out, never guessed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, find_all_in_scope, traverse_scope
from sqlglot.schema import MappingSchema

_DIALECT = "postgres"


class UnresolvedError(Exception):
    """A name of which the SQL alone does not say what it stands for."""


@dataclass(frozen=True, order=True)
class ColumnOrigin:
    """A column of a table that another table's column is made of.

    Attributes:
        table: Schema and name with a dot between them.
        column: The column's name.
    """

    table: str
    column: str


class LineageReader:
    """Reads lineage from SQL, knowing which columns every table has.

    Args:
        tables: The columns of every table that the SQL may read, by schema and name with a dot between them.
    """

    def __init__(self, tables: Mapping[str, Sequence[str]]) -> None:
        self._tables = {table: frozenset(columns) for table, columns in tables.items()}
        self._schema = MappingSchema(dialect=_DIALECT, normalize=False)
        for table, columns in tables.items():
            self._schema.add_table(table, dict.fromkeys(columns, "text"), match_depth=False)

    def lineage(self, sql: str) -> dict[str, list[ColumnOrigin]]:
        """What each column of a query's result is made of.

        Args:
            sql: One query, in which tables carry their schema.

        Returns:
            By the column's name, the columns of tables, in order. An empty list: made of no column, as a constant or a
            count of rows is. A column of which it cannot be told is not there.
        """
        try:
            query = parse_one(sql, dialect=_DIALECT)
            for table in query.find_all(exp.Table):
                table.set("catalog", None)
            query = qualify(
                query,
                schema=self._schema,
                dialect=_DIALECT,
                expand_alias_refs=False,
                quote_identifiers=False,
                validate_qualify_columns=False,
            )
            read = _Query(traverse_scope(query), self._tables)
        except SqlglotError:
            return {}
        found = {}
        for name in read.column_names:
            try:
                found[name] = sorted(read.origins(name))
            except UnresolvedError:
                continue
        return found


_Source = exp.Expr | Scope


class _Query:
    """A query taken apart into scopes: the whole, and each CTE, subquery and part of a set operation in it."""

    def __init__(self, scopes: Sequence[Scope], tables: Mapping[str, frozenset[str]]) -> None:
        self._root = scopes[-1]
        self._tables = tables
        self._places_kept: set[tuple[int, str]] = set()
        self._taken_apart = {id(scope) for scope in scopes}
        # What a recursive CTE reads of itself is all of it; sqlglot hands out its first part, not taken apart.
        self._recursive = {
            id(scope.expression.this.unnest()): scope
            for scope in scopes
            if isinstance(scope.expression, exp.SetOperation)
        }
        self.column_names = _names(self._root)

    def origins(self, name: str) -> set[ColumnOrigin]:
        """The columns of tables that a column of the result is made of."""
        found: set[ColumnOrigin] = set()
        waiting = [(self._root, name)]
        seen = {(id(self._root), name)}
        while waiting:
            for origin in self._made_of(*waiting.pop()):
                if isinstance(origin, ColumnOrigin):
                    found.add(origin)
                elif (id(origin[0]), origin[1]) not in seen:
                    seen.add((id(origin[0]), origin[1]))
                    waiting.append(origin)
        if not found and seen & self._places_kept:
            raise UnresolvedError(name)
        return found

    def _made_of(self, scope: Scope, name: str) -> Iterator["ColumnOrigin | tuple[Scope, str]"]:
        """What a column of a scope is made of: columns of tables, and of other scopes."""
        expression = scope.expression
        if isinstance(expression, exp.SetOperation):
            position = _names(scope).index(name)
            for part in scope.set_operation_scopes:
                yield part, _names(part)[position]
        elif scope.is_udtf:
            yield from self._made_by_function(scope, name)
        elif isinstance(expression, exp.Select):
            yield from self._selected(scope, expression, name)
        else:
            raise UnresolvedError(name)

    def _selected(self, scope: Scope, select: exp.Select, name: str) -> Iterator["ColumnOrigin | tuple[Scope, str]"]:
        condition = select.args.get("where")
        if condition is not None and condition.this == exp.false():
            # It keeps the place of rows that are only there, or only known, when the model is built.
            self._places_kept.add((id(scope), name))
            return
        selected = [column for column in select.selects if column.alias_or_name == name]
        if not selected and select.is_star:
            # All of a table whose columns are not known.
            selected = [exp.column(name)]
        if len(selected) != 1:
            raise UnresolvedError(name)
        yield from self._named_in(scope, selected[0])

    def _made_by_function(self, scope: Scope, name: str) -> Iterator["ColumnOrigin | tuple[Scope, str]"]:
        """What a function or a subquery in the place of a table makes its columns of: of all that it is given."""
        if isinstance(scope.expression, exp.Lateral) and isinstance(scope.expression.this, exp.Subquery):
            yield scope.subquery_scopes[0], name
            return
        for column in scope.expression.find_all(exp.Column):
            yield from self._source_of(scope, column)

    def _named_in(self, scope: Scope, expression: exp.Expr) -> Iterator["ColumnOrigin | tuple[Scope, str]"]:
        """What an expression names in a scope, in its subqueries too."""
        for column in find_all_in_scope(expression, exp.Column):
            yield from self._source_of(scope, column)
        for inner in scope.subquery_scopes:
            if not _stands_in(inner.expression, expression):
                continue
            if isinstance(inner.expression.find_ancestor(exp.Exists, exp.Select), exp.Exists):
                yield from self._named_in(inner, inner.expression)
            else:
                for name in _names(inner):
                    yield inner, name

    def _source_of(self, scope: Scope, column: exp.Column) -> Iterator["ColumnOrigin | tuple[Scope, str]"]:
        """Where a column that is named in a scope stands: there, or in a scope around it."""
        if not column.table:
            if len(scope.selected_sources) != 1 or scope.can_be_correlated:
                raise UnresolvedError(column.name)
            [(_, only)] = scope.selected_sources.values()
            yield from self._column_of(scope, only, column)
            return
        within: Scope | None = scope
        while within is not None:
            source = within.sources.get(column.table)
            if source is not None:
                yield from self._column_of(within, source, column)
                return
            within = within.parent
        raise UnresolvedError(column.sql())

    def _column_of(
        self, scope: Scope, source: _Source, column: exp.Column
    ) -> Iterator["ColumnOrigin | tuple[Scope, str]"]:
        if isinstance(source, Scope):
            whole = source if id(source) in self._taken_apart else self._recursive[id(source.expression)]
            names = _names(whole) if isinstance(column.this, exp.Star) else [column.name]
            for name in names:
                yield whole, name
            return
        if not isinstance(source.this, exp.Identifier):
            # A function in the place of a table.
            for given in source.this.find_all(exp.Column):
                yield from self._source_of(scope, given)
            return
        table = f"{source.args['db'].name}.{source.name}"
        is_whole_row = isinstance(column.this, exp.Star)
        named = self._tables.get(table, frozenset()) if is_whole_row else frozenset([column.name])
        if not named or not named <= self._tables.get(table, named):
            raise UnresolvedError(column.sql())
        for name in named:
            yield ColumnOrigin(table, name)


def _names(scope: Scope) -> list[str]:
    """What a scope calls its columns."""
    if not isinstance(scope.expression, exp.Query):
        raise UnresolvedError(scope.expression.sql())
    return scope.expression.named_selects


def _stands_in(expression: exp.Expr, outer: exp.Expr) -> bool:
    node: exp.Expr | None = expression
    while node is not None and node is not outer:
        node = node.parent
    return node is not None
