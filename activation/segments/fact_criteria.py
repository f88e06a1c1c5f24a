"""How criteria count: a number of orders, lines or refunds, or a sum over them, within days and narrowed by fields.

Checked when read; every error says what would be right. Must not know SQL.
"""

import json
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from activation.customers import ColumnKind
from activation.rules import OPERATORS, closest, one_value, operand, written
from activation.segments.facts import FACTS, Fact

MEASURE_OPERATORS = ("equals", "at_least", "at_most", "greater_than", "less_than", "between")
LONGEST_WINDOW = 36_500
_LONGEST_TEXT = 1_000
_MOST_VALUES = 1_000


def checked_operand(operator: str, kind: ColumnKind, value: object, name: str) -> object:
    """What an operator compares with, as the column's type, and as a text that the warehouse can hold.

    Raises:
        ValueError: It does not fit; says what would.
    """
    found = operand(operator, kind, value, name)
    values = found if isinstance(found, tuple) else (found,)
    if len(values) > _MOST_VALUES:
        raise ValueError(f"holds {len(values):,} values; at most {_MOST_VALUES:,} are allowed")
    for text in values:
        if isinstance(text, str) and not _is_storable(text):
            raise ValueError(f"needs a text of at most {_LONGEST_TEXT:,} characters, each of which can be stored")
    return found


def _is_storable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a character
        return False
    return len(text) <= _LONGEST_TEXT and "\0" not in text


def day_count(value: object) -> object:
    """A number of days as a window takes it.

    Raises:
        ValueError: It is none.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= LONGEST_WINDOW:
        raise ValueError(f"needs a whole number of days from 1 to {LONGEST_WINDOW:,}, not {value!r}")
    return value


def _day(value: object) -> object:
    return one_value(ColumnKind.DATE, value, "a day")


Days = Annotated[int, BeforeValidator(day_count)]
Day = Annotated[date, BeforeValidator(_day)]


class FactCriteria(BaseModel):
    """A condition on a number of a customer's facts, or on a sum over them; who has none has 0."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    key: ClassVar[str]

    measure: str = Field(default="count", description="What is compared; by default how many there are.")
    equals: Any = Field(default=None, description="It is this number.")
    at_least: Any = Field(default=None, description="It is this number or more.")
    at_most: Any = Field(default=None, description="It is this number or less.")
    greater_than: Any = Field(default=None, description="It is more than this number.")
    less_than: Any = Field(default=None, description="It is less than this number.")
    between: Any = Field(default=None, description="It lies between these two, both included: `[lowest, highest]`.")
    in_last_days: Days | None = Field(
        default=None, description="Only those of so many days up to the as-of date, which is one of them."
    )
    not_in_last_days: Days | None = Field(
        default=None, description="None of those of so many days up to the as-of date."
    )
    since: Day | None = Field(default=None, description="None before this day.")
    until: Day | None = Field(default=None, description="None after this day.")
    where: dict[str, Any] = Field(
        default_factory=dict,
        description="Only those with these fields: a value, a list of values, or an operator and its value.",
    )

    @property
    def fact(self) -> Fact:
        """What is counted."""
        return FACTS[self.key]

    @property
    def operator(self) -> str:
        """The one operator."""
        return next(name for name in MEASURE_OPERATORS if name in self.model_fields_set)

    @property
    def value(self) -> object:
        """What the number is compared with."""
        return getattr(self, self.operator)

    @property
    def filters(self) -> Mapping[str, tuple[str, object]]:
        """The operator and value by field."""
        return self.where

    @model_validator(mode="before")
    @classmethod
    def _has_one_operator(cls, value: object) -> object:
        if isinstance(value, FactCriteria):
            return value
        if not isinstance(value, Mapping):
            raise ValueError(f"needs a condition such as {{at_least: 2, in_last_days: 90}}; got {value!r}")  # noqa: TRY004 - pydantic turns ValueError into a located error
        keys = [str(key) for key in value]
        known = tuple(cls.model_fields)
        for key in keys:
            if key not in known:
                hint = "; narrow by it inside `where`." if key in FACTS[cls.key].fields else closest(key, known)
                raise ValueError(f"unknown key '{key}'{hint} Valid: {', '.join(known)}")
        operators = [key for key in keys if key in MEASURE_OPERATORS]
        if len(operators) != 1:
            found = ", ".join(operators) or "none"
            raise ValueError(f"needs exactly one operator, found {found}; valid: {', '.join(MEASURE_OPERATORS)}")
        return value

    @field_validator("measure")
    @classmethod
    def _is_a_measure(cls, value: str) -> str:
        valid = tuple(FACTS[cls.key].measures)
        if value not in valid:
            raise ValueError(f"{cls.key} have no measure '{value}'{closest(value, valid)} Valid: {', '.join(valid)}")
        return value

    @field_validator(*MEASURE_OPERATORS)
    @classmethod
    def _fits_the_measure(cls, value: object, info: ValidationInfo) -> object:
        measure = info.data.get("measure")
        if measure is None:  # the measure itself was refused, with an error of its own
            return value
        return checked_operand(str(info.field_name), FACTS[cls.key].measures[measure], value, measure)

    @field_validator("where", mode="after")
    @classmethod
    def _names_fields(cls, value: Mapping[str, Any]) -> dict[str, tuple[str, object]]:
        return {name: _filter(cls.key, name, asked) for name, asked in value.items()}

    @model_validator(mode="after")
    def _leaves_a_day(self) -> Self:
        ends = self.in_last_days, self.not_in_last_days
        if ends[0] is not None and ends[1] is not None and ends[1] >= ends[0]:
            raise ValueError(f"not_in_last_days: leaves no day of the last {ends[0]}; it needs to be less")
        if self.since is not None and self.until is not None and self.since > self.until:
            raise ValueError(f"until: lies before {self.since}, from which on is counted")
        of_lines = [name for name in self.where if self.fact.fields[name].is_of_line]
        if of_lines and self.measure != "count":
            raise ValueError(
                f"measure: '{self.measure}' is of whole orders; to add up what {of_lines[0]} narrows, write `lines`"
            )
        return self

    @property
    def number_key(self) -> str:
        """The same for what is counted alike, whatever it is then compared with."""
        asked = {name: value for name, value in self.canonical()[self.key].items() if name != self.operator}
        return json.dumps([self.key, asked], sort_keys=True)

    def canonical(self) -> dict[str, Any]:
        """The condition as JSON that is equal for equal conditions."""
        found: dict[str, Any] = {"measure": self.measure, self.operator: written(self.value)}
        for name in ("in_last_days", "not_in_last_days", "since", "until"):
            if (value := getattr(self, name)) is not None:
                found[name] = written(value)
        if self.filters:
            found["where"] = {name: {op: written(value)} for name, (op, value) in sorted(self.filters.items())}
        return {self.key: found}


def _filter(key: str, name: str, asked: object) -> tuple[str, object]:
    """The operator and value of one field; a message begins with the field, which ends its path."""
    fields = FACTS[key].fields
    if name not in fields:
        raise ValueError(f"{key} have no field '{name}'{closest(name, tuple(fields))} Valid: {', '.join(fields)}")
    kind = fields[name].kind
    operator, value = "equals", asked
    if isinstance(asked, Mapping):
        if len(asked) != 1:
            raise ValueError(f"{name}: needs exactly one operator, such as {{at_least: 50}}")
        operator, value = next(iter(asked.items()))
        fitting = tuple(known for known, kinds in OPERATORS.items() if kind in kinds)
        if operator not in fitting:
            hint = closest(str(operator), fitting)
            raise ValueError(
                f"{name}: '{operator}' does not apply to what holds {kind}{hint} Valid: {', '.join(fitting)}"
            )
    elif isinstance(asked, list | tuple):
        operator = "one_of"
    try:
        return operator, checked_operand(operator, kind, value, name)
    except ValueError as error:
        within = f"{name}.{operator}" if isinstance(asked, Mapping) else name
        raise ValueError(f"{within}: {error}") from None


class OrderCriteria(FactCriteria):
    """A condition on how many orders a customer has, or on what they add up to.

    An order has a product's fields when one of its lines has them all.
    """

    key: ClassVar[str] = "orders"


class LineCriteria(FactCriteria):
    """A condition on how many lines of orders a customer has, or on what they add up to."""

    key: ClassVar[str] = "lines"


class RefundCriteria(FactCriteria):
    """A condition on how many refunds a customer has, or on what they add up to."""

    key: ClassVar[str] = "refunds"
