"""Rules over `marts.customer_360`: data from `perennial.yml`, checked when read, compiled with bound parameters.

Rules are two-valued: a condition on a missing value is false, and `not` of it is therefore true. SQL's third value
would make a customer vanish from both an audience and its opposite. Must not know merchants, or who is in an audience.
"""

import difflib
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from activation.customers import CUSTOMER_COLUMNS, ColumnKind, customer_360

_ORDERED = {ColumnKind.COUNT, ColumnKind.AMOUNT, ColumnKind.NUMBER, ColumnKind.QUANTITY}
_ANY_KIND = frozenset(ColumnKind)
_MULTIPLE = _ANY_KIND - {ColumnKind.TRUTH}

# Which kinds of column each operator can test.
OPERATORS: Mapping[str, frozenset[ColumnKind]] = {
    "equals": _ANY_KIND,
    "not_equals": _ANY_KIND,
    "one_of": _MULTIPLE,
    "none_of": _MULTIPLE,
    "at_least": frozenset(_ORDERED),
    "at_most": frozenset(_ORDERED),
    "greater_than": frozenset(_ORDERED),
    "less_than": frozenset(_ORDERED),
    "between": frozenset(_ORDERED | {ColumnKind.DATE}),
    "before": frozenset({ColumnKind.DATE}),
    "after": frozenset({ColumnKind.DATE}),
    "is_null": _ANY_KIND,
}
_GROUPS = ("all", "any", "not")
# What the columns' own types hold: a larger value would be refused by the server, in the middle of a run.
_LARGEST_COUNT = 2**31 - 1
_LARGEST_AMOUNT = 10**14


def closest(name: str, valid: Sequence[str]) -> str:
    """A half sentence that offers the valid name nearest to a wrong one, or nothing."""
    near = difflib.get_close_matches(name, valid, n=1, cutoff=0.5)
    return f"; did you mean '{near[0]}'?" if near else ""


def one_value(kind: ColumnKind, value: object, column: str) -> object:
    """The value as the column's own type; numbers are never made of text, nor truth of numbers."""
    if kind in _ORDERED and isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return _one_number(kind, value, column)
    if kind is ColumnKind.DATE and isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise ValueError(f"'{value}' is not a date; write it as 1998-06-30") from None
    fits = {
        ColumnKind.TEXT: isinstance(value, str),
        ColumnKind.TRUTH: isinstance(value, bool),
        ColumnKind.DATE: isinstance(value, date) and not isinstance(value, datetime),
    }
    if not fits.get(kind, False):
        raise ValueError(f"'{column}' holds {kind}, and cannot be compared with {value!r} ({type(value).__name__})")
    return value


def _one_number(kind: ColumnKind, value: float | Decimal, column: str) -> object:
    exact = Decimal(str(value))  # the digits as written: 0.1 stays 0.1
    if not exact.is_finite():
        raise ValueError(f"'{column}' cannot be compared with {value!r}; a finite number is needed")
    if kind is ColumnKind.NUMBER:
        return float(exact)
    if kind in {ColumnKind.AMOUNT, ColumnKind.QUANTITY}:
        if abs(exact) >= _LARGEST_AMOUNT:
            raise ValueError(f"'{column}' holds {kind}, which are smaller than {value!r} can be")
        return exact
    if exact != exact.to_integral_value():
        raise ValueError(f"'{column}' holds whole numbers, and cannot be compared with {value!r}")
    if abs(exact) > _LARGEST_COUNT:
        raise ValueError(f"'{column}' holds whole numbers of at most {_LARGEST_COUNT}, not {value!r}")
    return int(exact)


def operand(operator: str, kind: ColumnKind, value: object, column: str) -> object:
    """What an operator compares a column with, as the column's own type.

    Raises:
        ValueError: It does not fit the operator or the column; says what would.
    """
    if operator == "is_null":
        if not isinstance(value, bool):
            raise ValueError(f"needs true or false, not {value!r}")
        return value
    if operator in {"one_of", "none_of", "between"}:
        if not isinstance(value, Sequence) or isinstance(value, str):
            raise ValueError(f"needs a list of values, such as [1, 2], not {value!r}")
        values = tuple(one_value(kind, item, column) for item in value)
        if not values:
            raise ValueError("needs at least one value")
        if operator == "between" and len(values) != 2:
            raise ValueError(f"needs two values, [lowest, highest], not {len(values)}")
        if operator == "between" and values[0] > values[1]:  # type: ignore[operator]  # both are of the column's own ordered type
            raise ValueError(f"needs the lower value first, not {values[0]} and then {values[1]}")
        return values
    return one_value(kind, value, column)


class Rule(BaseModel):
    """A condition on one column, or a group of rules: `all` of them, `any` of them, or `not` the one.

    A condition names a `column` of `marts.customer_360` and exactly one operator. Every error's location is the path
    within the rule, such as `rule.all[1].at_least`.

    Attributes:
        all: Rules that must all hold.
        any: Rules of which at least one must hold.
        not_: A rule that must not hold.
        column: The column of `marts.customer_360` that the operator tests.
        equals: The column is this value.
        not_equals: The column is another value, or none.
        one_of: The column is one of these values.
        none_of: The column is none of these values.
        at_least: The column is this number or more.
        at_most: The column is this number or less.
        greater_than: The column is more than this number.
        less_than: The column is less than this number.
        between: The column lies between these two, both included: `[lowest, highest]`.
        before: The column is a date before this one.
        after: The column is a date after this one.
        is_null: Whether the column holds no value: `true` or `false`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=False)

    all: "tuple[Rule, ...] | None" = None
    any: "tuple[Rule, ...] | None" = None
    not_: "Rule | None" = Field(default=None, alias="not")
    column: str | None = None
    equals: Any = None
    not_equals: Any = None
    one_of: Any = None
    none_of: Any = None
    at_least: Any = None
    at_most: Any = None
    greater_than: Any = None
    less_than: Any = None
    between: Any = None
    before: Any = None
    after: Any = None
    is_null: Any = None

    @model_validator(mode="before")
    @classmethod
    def _has_one_shape(cls, value: object) -> object:
        if isinstance(value, Rule):
            return value
        if not isinstance(value, Mapping):
            raise ValueError(  # noqa: TRY004 - pydantic turns ValueError into a located error
                f"needs a condition such as {{column: order_count, at_least: 2}}, or all, any or not; got {value!r}"
            )
        keys = [str(key) for key in value]
        known = (*_GROUPS, "column", *OPERATORS)
        for key in keys:
            if key not in known:
                raise ValueError(f"unknown operator '{key}'{closest(key, known)} Valid: {', '.join(known)}")
        groups = [key for key in keys if key in _GROUPS]
        operators = [key for key in keys if key in OPERATORS]
        if groups and len(keys) > 1:
            others = ", ".join(key for key in keys if key != groups[0])
            raise ValueError(f"'{groups[0]}' stands alone; move {others} inside it")
        if not groups and "column" not in keys:
            raise ValueError(f"a condition needs a column; valid: {', '.join(CUSTOMER_COLUMNS)}")
        if not groups and len(operators) != 1:
            found = ", ".join(operators) or "none"
            raise ValueError(f"a condition needs exactly one operator, found {found}; valid: {', '.join(OPERATORS)}")
        return value

    @field_validator("all", "any", "not_", mode="after")
    @classmethod
    def _is_not_empty(cls, value: object) -> object:
        if not value:
            raise ValueError("needs at least one rule inside")
        return value

    @field_validator("column")
    @classmethod
    def _is_a_column(cls, value: str | None) -> str | None:
        if value not in CUSTOMER_COLUMNS:
            valid = tuple(CUSTOMER_COLUMNS)
            raise ValueError(
                f"marts.customer_360 has no column '{value}'{closest(str(value), valid)} Valid: {', '.join(valid)}"
            )
        return value

    @field_validator(*OPERATORS)
    @classmethod
    def _fits_the_column(cls, value: object, info: ValidationInfo) -> object:
        column = info.data.get("column")
        operator = str(info.field_name)
        if column is None:  # the column itself was refused, with an error of its own
            return value
        kind = CUSTOMER_COLUMNS[column]
        if kind not in OPERATORS[operator]:
            fitting = ", ".join(name for name, kinds in OPERATORS.items() if kind in kinds)
            raise ValueError(f"does not apply to '{column}', which holds {kind}; valid: {fitting}")
        return operand(operator, kind, value, column)

    @property
    def operator(self) -> str:
        """The one operator of a condition."""
        return next(name for name in OPERATORS if name in self.model_fields_set)

    @property
    def depth(self) -> int:
        """How many groups lie within each other, this rule included."""
        inner = (*(self.all or ()), *(self.any or ()), *((self.not_,) if self.not_ else ()))
        return 1 + max((rule.depth for rule in inner), default=0)

    def canonical(self) -> dict[str, Any]:
        """The rule as JSON that is equal for equal rules, however their numbers were written."""
        if self.all is not None:
            return {"all": [rule.canonical() for rule in self.all]}
        if self.any is not None:
            return {"any": [rule.canonical() for rule in self.any]}
        if self.not_ is not None:
            return {"not": self.not_.canonical()}
        value = getattr(self, self.operator)
        return {"column": self.column, self.operator: written(value)}


def written(value: object) -> object:
    """A value as JSON holds it, equal for equal values."""
    if isinstance(value, tuple):
        return [written(item) for item in value]
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    return value.isoformat() if isinstance(value, date) else value


_COMPARISONS: Mapping[str, Callable[[sa.ColumnElement[Any], Any], sa.ColumnElement[bool]]] = {
    "equals": lambda column, value: column == value,
    "not_equals": lambda column, value: column.is_distinct_from(value),
    "one_of": lambda column, value: column.in_(value),
    "none_of": lambda column, value: sa.not_(sa.func.coalesce(column.in_(value), sa.false())),
    "at_least": lambda column, value: column >= value,
    "at_most": lambda column, value: column <= value,
    "greater_than": lambda column, value: column > value,
    "less_than": lambda column, value: column < value,
    "between": lambda column, value: column.between(*value),
    "before": lambda column, value: column < value,
    "after": lambda column, value: column > value,
    "is_null": lambda column, value: column.is_(None) if value else column.is_not(None),
}


def compiled(rule: Rule) -> sa.ColumnElement[bool]:
    """The rule as a condition on `marts.customer_360`: true or false, never null, its values bound as parameters."""
    if rule.all is not None:
        return sa.and_(*(compiled(inner) for inner in rule.all))
    if rule.any is not None:
        return sa.or_(*(compiled(inner) for inner in rule.any))
    if rule.not_ is not None:
        return sa.not_(compiled(rule.not_))
    column = str(rule.column)
    return condition(customer_360.c[column], CUSTOMER_COLUMNS[column], rule.operator, getattr(rule, rule.operator))


def condition(column: sa.ColumnElement[Any], kind: ColumnKind, operator: str, value: object) -> sa.ColumnElement[bool]:
    """One operator applied to a column: true or false, never null, its value bound as a parameter."""
    if kind is ColumnKind.NUMBER:
        # PostgreSQL sorts NaN above every number: a prediction that failed would pass every at_least.
        column = sa.func.nullif(column, float("nan"))
    return sa.func.coalesce(_COMPARISONS[operator](column, value), sa.false())
