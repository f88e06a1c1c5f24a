"""How the API's types are declared: a field's name and type as GraphQL writes them, and what finds its value.

Types whose fields are declared nowhere are scalars and enums. Connections and their edges follow from the types of
their nodes.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

# What resolvers pass around: records of the shop, and views on their parts.
Node: TypeAlias = Any
Arguments: TypeAlias = Mapping[str, Any]
Resolver: TypeAlias = Callable[..., Any]
Declaration: TypeAlias = "Mapping[str, Resolver | Rows | Listed]"

_FIELD = re.compile(r"(?P<name>\w+)(?:\((?P<arguments>.*)\))?: (?P<type>\S+)")
_ARGUMENT = re.compile(r"(\w+): ([\w\[\]!]+)(?: = (\w+))?")
_PAGING = "first: Int, after: String, last: Int, before: String, reverse: Boolean = false"


@dataclass(frozen=True)
class Rows:
    """A connection over a record's own parts.

    Attributes:
        find: The parts of a record, all of them, in order.
        id_of: A part's id, for its cursor; None numbers them.
        is_filtered: Whether it is also given the arguments.
    """

    find: Resolver
    id_of: Callable[[Node], int] | None = lambda part: int(part.id)
    is_filtered: bool = False


@dataclass(frozen=True)
class Listed:
    """A connection over a whole kind of record.

    Attributes:
        page: A page of it, from the context and the arguments.
        everything: All of it, for bulk operations, as an iterator.
    """

    page: Resolver
    everything: Resolver


@dataclass(frozen=True)
class Page:
    """A page of a connection.

    Attributes:
        nodes: Its nodes.
        cursors: Theirs.
        has_next: Whether there are nodes after them.
        has_previous: Whether there are nodes before them.
    """

    nodes: Sequence[Node]
    cursors: Sequence[str]
    has_next: bool
    has_previous: bool


@dataclass(frozen=True)
class Parameter:
    """An argument that a field takes."""

    name: str
    type: str
    default: Any = None

    @property
    def is_required(self) -> bool:
        """Whether it has to be given."""
        return self.type.endswith("!") and self.default is None


@dataclass(frozen=True)
class Field:
    """A field of a type.

    Attributes:
        name: Its name.
        type: Its type as written.
        parameters: What it takes.
        find: What finds its value.
        scope: The access scope it needs; empty for none.
        protects: The kind of protected customer data it holds; empty for none.
        cost: What it costs to ask for; None for what its type costs.
    """

    name: str
    type: str
    parameters: Mapping[str, Parameter]
    find: "Resolver | Rows | Listed"
    scope: str = ""
    protects: str = ""
    cost: int | None = None

    @property
    def base(self) -> str:
        """The type without list and non-null marks."""
        return self.type.strip("[]!")

    @property
    def is_list(self) -> bool:
        """Whether it is a list."""
        return self.type.startswith("[")


@dataclass
class Type:
    """An object type, or an interface or union with the types that it can be.

    Attributes:
        name: Its name.
        fields: Its fields.
        members: The object types that an abstract type can be.
        type_of: Which one a value is.
        value_of: The value that the fields of that type are found in.
    """

    name: str
    fields: dict[str, Field] = field(default_factory=dict)
    members: tuple[str, ...] = ()
    type_of: Callable[[Node], str] | None = None
    value_of: Callable[[Node], Node] | None = None


class Schema:
    """All types, by name."""

    def __init__(self) -> None:
        self.types: dict[str, Type] = {}
        self.enums: dict[str, frozenset[str]] = {}

    def declare(
        self,
        name: str,
        fields: Declaration,
        *,
        members: Iterable[str] = (),
        type_of: Callable[[Node], str] | None = None,
        value_of: Callable[[Node], Node] | None = None,
    ) -> Type:
        """Add a type; `name(arguments): Type` to resolver. Fields of a type that is there already are added to it."""
        made = self.types.setdefault(name, Type(name))
        made.members, made.type_of = tuple(members) or made.members, type_of or made.type_of
        made.value_of = value_of or made.value_of
        for signature, find in fields.items():
            made.fields.update(_field(signature, find))
        return made

    def restrict(self, name: str, fields: str, *, scope: str = "", protects: str = "", cost: int | None = None) -> None:
        """Say of some fields of a type what they need or cost."""
        made = self.types[name]
        for each in fields.split():
            old = made.fields[each]
            made.fields[each] = Field(
                old.name,
                old.type,
                old.parameters,
                old.find,
                scope or old.scope,
                protects or old.protects,
                old.cost if cost is None else cost,
            )

    def get(self, name: str) -> Type | None:
        """A type with fields; None for scalars and enums."""
        if name in self.types:
            return self.types[name]
        if name.endswith("Connection"):
            node = name.removesuffix("Connection")
            self.types[f"{node}Edge"] = Type(f"{node}Edge", _field("cursor: String!", _never))
            self.types[f"{node}Edge"].fields.update(_field(f"node: {node}!", _never))
            made = Type(name, _field(f"edges: [{node}Edge!]!", _never))
            made.fields.update({**_field(f"nodes: [{node}!]!", _never), **_field("pageInfo: PageInfo!", _never)})
            self.types[name] = made
            return made
        return None

    def is_leaf(self, name: str) -> bool:
        """Whether a type has no fields."""
        return self.get(name) is None


def always(value: Node) -> Resolver:
    """Finds the same value for every record."""
    return lambda *_: value


def _never(*_: Node) -> Node:
    """Stands where a page's own fields are found by the page."""
    raise NotImplementedError


def _field(signature: str, find: "Resolver | Rows | Listed") -> dict[str, Field]:
    parts = _FIELD.fullmatch(signature)
    if parts is None:
        message = f"not a field: {signature}"
        raise ValueError(message)
    written = parts["arguments"] or ""
    if parts["type"].strip("!").endswith("Connection"):
        written = f"{_PAGING}, {written}" if written else _PAGING
    parameters = {}
    for name, type_, default in _ARGUMENT.findall(written):
        value: Any = {"": None, "false": False, "true": True}.get(default, default)
        parameters[name] = Parameter(name, type_, int(value) if isinstance(value, str) and value.isdecimal() else value)
    made = Field(parts["name"], parts["type"], parameters, find)
    return {made.name: made}
