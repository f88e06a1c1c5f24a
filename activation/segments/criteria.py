"""Segments as they are declared: a name, and criteria of nested any, all and not over traits and facts.

Criteria are data, from `perennial.yml` or from `ops.segment_definitions`, checked when read. Every error's path lies
within the criteria, such as `all[1].orders.at_least`. Must not know SQL, or who is in a segment.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator, model_validator

from activation.customers import ColumnKind
from activation.rules import OPERATORS, closest, written
from activation.segments.fact_criteria import (
    FactCriteria,
    LineCriteria,
    OrderCriteria,
    RefundCriteria,
    checked_operand,
    day_count,
)
from activation.segments.facts import FACTS
from activation.segments.traits import TRAITS
from models.errors import MisconfiguredError

GROUPS = ("all", "any", "not")
DAY_OPERATORS = ("in_last_days", "in_next_days")
TRAIT_OPERATORS = (*OPERATORS, *DAY_OPERATORS)
_DEEPEST = 20
_MOST_CONDITIONS = 200
_KEY_IN_MESSAGE = re.compile(r"^([a-z_]+(?:\.[a-z_]+)*): (?=\S)")


class Criteria(BaseModel):
    """A condition on a trait or on facts, or a group: `all` of several criteria, `any` of them, or `not` the one.

    A condition on a `trait` has exactly one operator. A missing value meets none but `is_null`, `not_equals` and
    `none_of`.

    Attributes:
        all: Criteria that must all be met.
        any: Criteria of which at least one must be met.
        not_: Criteria that must not be met.
        orders: How many orders, or what they add up to.
        lines: How many lines of orders, or what they add up to.
        refunds: How many refunds, or what they add up to.
        trait: A column of `marts.customer_360` or `marts.dim_customers`, which an operator tests.
        equals: It is this value.
        not_equals: It is another value, or none.
        one_of: It is one of these values.
        none_of: It is none of these values.
        at_least: It is this number or more.
        at_most: It is this number or less.
        greater_than: It is more than this number.
        less_than: It is less than this number.
        between: It lies between these two, both included: `[lowest, highest]`.
        before: It is a date before this one.
        after: It is a date after this one.
        in_last_days: It is one of so many days up to the as-of date, which is one of them.
        in_next_days: It is one of so many days after the as-of date.
        is_null: Whether there is no value: `true` or `false`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=False)

    all: "tuple[Criteria, ...] | None" = None
    any: "tuple[Criteria, ...] | None" = None
    not_: "Criteria | None" = Field(default=None, alias="not")
    orders: OrderCriteria | None = None
    lines: LineCriteria | None = None
    refunds: RefundCriteria | None = None
    trait: str | None = None
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
    in_last_days: Any = None
    in_next_days: Any = None
    is_null: Any = None

    @model_validator(mode="before")
    @classmethod
    def _has_one_shape(cls, value: object) -> object:
        if isinstance(value, Criteria):
            return value
        if not isinstance(value, Mapping):
            raise ValueError(  # noqa: TRY004 - pydantic turns ValueError into a located error
                f"needs a condition such as {{trait: order_count, at_least: 2}} or {{orders: {{at_least: 2}}}}, "
                f"or all, any or not; got {value!r}"
            )
        keys = [str(key) for key in value]
        known = (*GROUPS, *FACTS, "trait", *TRAIT_OPERATORS)
        for key in keys:
            if key not in known:
                hint = f"; write {{trait: {key}, ...}}." if key in TRAITS else closest(key, known)
                raise ValueError(f"unknown key '{key}'{hint} Valid: {', '.join(known)}")
        alone = [key for key in keys if key in (*GROUPS, *FACTS)]
        operators = [key for key in keys if key in TRAIT_OPERATORS]
        if alone and len(keys) > 1:
            others = ", ".join(key for key in keys if key != alone[0])
            raise ValueError(f"'{alone[0]}' stands alone; put it and {others} into `all`, or move {others} inside it")
        if alone and value.get(alone[0]) is None:
            raise ValueError(f"{alone[0]}: needs something inside")
        if not alone and "trait" not in keys:
            raise ValueError(f"a condition needs a trait, or one of {', '.join(FACTS)}; traits: {', '.join(TRAITS)}")
        if not alone and len(operators) != 1:
            found = ", ".join(operators) or "none"
            raise ValueError(f"a trait needs exactly one operator, found {found}; valid: {', '.join(TRAIT_OPERATORS)}")
        return value

    @field_validator("all", "any", mode="after")
    @classmethod
    def _is_not_empty(cls, value: object) -> object:
        if not value:
            raise ValueError("needs at least one condition inside")
        return value

    @field_validator("trait")
    @classmethod
    def _is_a_trait(cls, value: str | None) -> str | None:
        if value not in TRAITS:
            valid = tuple(TRAITS)
            raise ValueError(f"customers have no trait '{value}'{closest(str(value), valid)} Valid: {', '.join(valid)}")
        return value

    @field_validator(*TRAIT_OPERATORS)
    @classmethod
    def _fits_the_trait(cls, value: object, info: ValidationInfo) -> object:
        trait = info.data.get("trait")
        operator = str(info.field_name)
        if trait is None:  # the trait itself was refused, with an error of its own
            return value
        kind = TRAITS[trait].kind
        if kind not in _kinds(operator):
            fitting = ", ".join(name for name in TRAIT_OPERATORS if kind in _kinds(name))
            raise ValueError(f"does not apply to '{trait}', which holds {kind}; valid: {fitting}")
        return day_count(value) if operator in DAY_OPERATORS else checked_operand(operator, kind, value, trait)

    @property
    def operator(self) -> str:
        """The one operator of a condition on a trait."""
        return next(name for name in TRAIT_OPERATORS if name in self.model_fields_set)

    @property
    def counted(self) -> FactCriteria | None:
        """The condition on facts, where it is one."""
        return self.orders or self.lines or self.refunds

    def canonical(self) -> dict[str, Any]:
        """The criteria as JSON that is equal for equal criteria, however their numbers were written."""
        if self.all is not None:
            return {"all": [inner.canonical() for inner in self.all]}
        if self.any is not None:
            return {"any": [inner.canonical() for inner in self.any]}
        if self.not_ is not None:
            return {"not": self.not_.canonical()}
        if self.counted is not None:
            return self.counted.canonical()
        return {"trait": self.trait, self.operator: written(getattr(self, self.operator))}


def _kinds(operator: str) -> frozenset[ColumnKind]:
    return OPERATORS.get(operator, frozenset({ColumnKind.DATE}))


class Segment(BaseModel):
    """A named group of a merchant's customers, whose members are worked out every night.

    Attributes:
        name: What the tables call it: small letters, digits and _.
        description: Who is in it, for people.
        criteria: What its members meet.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=63, pattern=r"^[a-z][a-z0-9_]*$")
    description: str = ""
    criteria: Criteria

    @field_validator("criteria", mode="before")
    @classmethod
    def _is_readable(cls, value: object) -> object:
        # Before anything is read: what nests without end would exhaust the reader.
        deepest = count = 0
        for depth in _depths(value):
            deepest, count = max(deepest, depth), count + 1
            if deepest > _DEEPEST:
                raise ValueError(f"nests more than {_DEEPEST} groups within each other")
            if count > _MOST_CONDITIONS:
                raise ValueError(f"holds more than {_MOST_CONDITIONS} conditions and groups")
        return value

    @property
    def criteria_hash(self) -> str:
        """SHA-256 of the canonical criteria; changes when, and only when, the criteria are others."""
        text = json.dumps(self.criteria.canonical(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


def _depths(value: object) -> Iterator[int]:
    """How deep each condition and group lies, the outermost first."""
    waiting = [(value, 1)]
    while waiting:
        found, depth = waiting.pop()
        yield depth
        if isinstance(found, Mapping):
            for key in GROUPS:
                inner = found.get(key)
                waiting += [(one, depth + 1) for one in (inner if isinstance(inner, list | tuple) else [inner]) if one]


def read_segment(name: str, description: str, criteria: object) -> Segment:
    """A segment of criteria as JSON holds them.

    Raises:
        MisconfiguredError: Its key is the path of the first part at fault, within the criteria where it lies there; its
            message names the others.
    """
    try:
        return Segment.model_validate({"name": name, "description": description, "criteria": criteria})
    except ValidationError as error:
        first, *others = _problems(error)
        also = "".join(f"\nalso: {path}: {message}" for path, message in others)
        raise MisconfiguredError(first[0], first[1] + also) from None


def _problems(error: ValidationError) -> Iterator[tuple[str, str]]:
    """Each part at fault, as its path and what is wrong with it."""
    for problem in error.errors(include_input=False, include_url=False):
        path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in problem["loc"]).lstrip(".")
        message = problem["msg"].removeprefix("Value error, ")
        named = _KEY_IN_MESSAGE.match(message) if problem["type"] == "value_error" else None
        if named:
            path, message = f"{path}.{named.group(1)}", message[named.end() :]
        yield path.removeprefix("criteria.") if path != "criteria" else "criteria", message
