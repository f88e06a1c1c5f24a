"""A loyalty programme as `perennial.yml` declares it: rules by date, tiers, rewards, and what rewards may cost.

Shapes and the digest of a set of rules; reads and posts nothing.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from activation.payloads import digest

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Rules(_Part):
    """How points are earned, from a day on."""

    valid_from_date: date = Field(description="The first day that the rules hold for, until the next ones'.")
    points_per_unit: Decimal = Field(
        default=Decimal(1),
        ge=0,
        le=100_000,
        description="Points for one unit of net revenue from goods.",
        max_digits=12,
        decimal_places=4,
    )
    category_multipliers: dict[str, Annotated[Decimal, Field(ge=0, le=1000, max_digits=12, decimal_places=4)]] = Field(
        default_factory=dict,
        description="How many times that for goods of a category or product type; the highest that fits counts.",
    )
    sign_up_points: int = Field(default=0, ge=0, le=10**9, description="Points for a new customer.")
    birthday_points: int = Field(default=0, ge=0, le=10**9, description="Points on a birthday, where it is known.")
    pending_days: int = Field(default=14, ge=0, le=365, description="Days until points of an order can be spent.")
    expiry_months: int | None = Field(
        default=None, ge=1, le=120, description="Months until points that could be spent run out; never without it."
    )

    @field_validator("category_multipliers")
    @classmethod
    def _in_small_letters(cls, multipliers: dict[str, Decimal]) -> dict[str, Decimal]:
        found = {name.strip().lower(): multiplier for name, multiplier in multipliers.items()}
        if len(found) < len(multipliers):
            raise ValueError("two names differ in capitals only")
        return found

    @property
    def rule_hash(self) -> str:
        """Changes when, and only when, the same order would earn another number of points."""
        return digest(self.model_dump(mode="json"))


class Tier(_Part):
    """A tier, and what it takes to be in it."""

    name: Name = Field(description="What the tier is called.")
    at_least: Decimal = Field(gt=0, description="The least spend, points or predicted value, as `basis` says.")


class Tiers(_Part):
    """Tiers, by what customers spent, earned or will be worth."""

    basis: Literal["spend", "points", "clv"] = Field(
        default="spend",
        description="Net revenue or points of orders in the last `window_days`, or `clv_amount` of the last night.",
    )
    window_days: int = Field(default=365, ge=1, le=3650, description="How far back spend and points count.")
    grace_days: int = Field(
        default=30, ge=0, le=730, description="For how long a tier is kept that is no longer deserved."
    )
    levels: list[Tier] = Field(min_length=1, description="The tiers, the lowest first.")

    @field_validator("levels")
    @classmethod
    def _rise(cls, levels: list[Tier]) -> list[Tier]:
        if len({tier.name for tier in levels}) < len(levels):
            raise ValueError("a tier stands twice")
        if any(high.at_least <= low.at_least for low, high in pairwise(levels)):
            raise ValueError("the tiers must rise: each takes more than the one before it")
        return levels


class Uplift(_Part):
    """By what share a reward raises what a customer is worth over the horizon of CLV, with its interval."""

    low: float = Field(ge=-1, le=10, description="The lower end of its interval.")
    rate: float = Field(ge=-1, le=10, description="The best estimate.")
    high: float = Field(ge=-1, le=10, description="The upper end of its interval.")
    source: str = Field(min_length=1, description="Where it comes from: an experiment, or whose judgement it is.")
    campaign: str | None = Field(
        default=None,
        min_length=1,
        description="The campaign that measures it: its report counts, and the above until it can say something.",
    )

    @model_validator(mode="after")
    def _is_an_interval(self) -> Self:
        if not self.low <= self.rate <= self.high:
            raise ValueError("rate: must lie between low and high")
        return self


class Reward(_Part):
    """What points can be turned into."""

    name: Name = Field(description="What commands call it.")
    title: str = Field(min_length=1, max_length=255, description="What the shop's staff see.")
    kind: Literal["fixed", "percentage"] = Field(default="fixed", description="Money off an order, or a share of it.")
    amount: Decimal = Field(gt=0, description="Money in the merchant's currency, or a share between 0 and 1.")
    points: int = Field(gt=0, le=10**12, description="What it costs.")
    valid_days: int = Field(default=60, ge=1, le=3650, description="For how long the code is taken.")
    minimum_amount: Decimal | None = Field(default=None, gt=0, description="The least order that it is taken for.")
    returns_points: bool = Field(default=False, description="Whether points go back when the code ran out unused.")
    uplift: Uplift | None = Field(default=None, description="What it is known or thought to bring about.")
    cost_amount: Decimal | None = Field(
        default=None, gt=0, description="What it costs the merchant when it is used; needed for shares of an order."
    )

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        if self.kind == "percentage" and self.amount > 1:
            raise ValueError("amount: is a share between 0 and 1; write 0.1 for 10%")
        if self.uplift is not None and self.cost is None:
            raise ValueError("cost_amount: is needed to weigh a share of an order against what it brings")
        return self

    @property
    def cost(self) -> Decimal | None:
        """What it costs the merchant when it is used; None for a share of an order of which nobody said."""
        return self.cost_amount or (self.amount if self.kind == "fixed" else None)


class Budget(_Part):
    """What may be spent on rewards that the merchant gives of its own accord."""

    liability_cap_amount: Decimal = Field(
        gt=0, description="The most that outstanding points and rewards may be worth, in the merchant's currency."
    )
    margin_rate: float = Field(gt=0, le=1, description="The margin of another unit of revenue.")
    redemption_rate: float = Field(
        default=1.0, gt=0, le=1, description="The share of given rewards that are used; 1 is the careful assumption."
    )


class Programme(_Part):
    """A merchant's loyalty programme."""

    name: Name = Field(description="What the ledger calls it; another name is another programme.")
    point_value_amount: Decimal = Field(
        gt=0,
        description="What a point is worth to a customer, in the merchant's currency.",
        max_digits=12,
        decimal_places=4,
    )
    rules: list[Rules] = Field(min_length=1, description="How points are earned, by first day; nothing before it.")
    tiers: Tiers | None = Field(default=None, description="Tiers, by spend, points or predicted value.")
    rewards: list[Reward] = Field(default_factory=list, description="What points can be turned into.")
    destination: str | None = Field(default=None, description="The shop that issues the rewards' codes.")
    budget: Budget | None = Field(default=None, description="What may be given; see `perennial loyalty budget`.")

    @field_validator("rules")
    @classmethod
    def _follow(cls, rules: list[Rules]) -> list[Rules]:
        days = [one.valid_from_date for one in rules]
        if days != sorted(set(days)):
            raise ValueError("must stand in the order of their first days, each day once")
        return rules

    @model_validator(mode="after")
    def _rewards_are_issued_somewhere(self) -> Self:
        if len({reward.name for reward in self.rewards}) < len(self.rewards):
            raise ValueError("rewards: a reward stands twice")
        if self.rewards and self.destination is None:
            raise ValueError("destination: is needed where there are rewards, for a shop has to issue their codes")
        return self

    def rules_on(self, day: date) -> Rules | None:
        """The rules of a day; None before the programme began."""
        return next((rules for rules in reversed(self.rules) if rules.valid_from_date <= day), None)

    def reward(self, name: str) -> Reward | None:
        """The reward of that name."""
        return next((reward for reward in self.rewards if reward.name == name), None)

    @property
    def has_multipliers(self) -> bool:
        """Whether what goods are matters."""
        return any(rules.category_multipliers for rules in self.rules)


def rule_hashes(rules: Sequence[Rules]) -> dict[str, str]:
    """The digest of each set of rules, by its first day."""
    return {one.valid_from_date.isoformat(): one.rule_hash for one in rules}
