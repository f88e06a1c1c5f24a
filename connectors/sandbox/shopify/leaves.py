"""The innermost parts of a compiled document: scalars, times and money, written as the API writes them."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, TypeAlias

from connectors.sandbox.shopify.context import Context
from connectors.sandbox.shopify.money import MoneyContext
from connectors.sandbox.shopify.schema import Field, Node

Runner: TypeAlias = Callable[[Node, Context], Any]
# A response key, and the name of the field that it stands for.
Keys: TypeAlias = "list[tuple[str, str]]"

MONEY_BAG, MONEY = "MoneyBag", "MoneyV2"
_MOST_AMOUNTS = 50_000


def timestamp(moment: datetime) -> str:
    """A time as the API writes it."""
    return f"{moment.isoformat()[:19]}Z"


def constant(value: str) -> Callable[[Node, Context], str]:
    """A value that no record decides."""
    return lambda _, __: value


def leaf(found: Field, find: Runner) -> Runner:
    """A scalar; 64-bit integers are text."""
    if found.base == "DateTime":

        def run_time(node: Node, context: Context) -> str | None:
            moment = find(node, context)
            return None if moment is None else timestamp(moment)

        return run_time
    if found.base == "UnsignedInt64":

        def run_counter(node: Node, context: Context) -> str | None:
            number = find(node, context)
            return None if number is None else str(number)

        return run_counter
    return find


def optional(find: Runner, run: Runner) -> Runner:
    """An object that may be missing."""

    def run_if_there(node: Node, context: Context) -> Node:
        found = find(node, context)
        return None if found is None else run(found, context)

    return run_if_there


def through(find: Runner, rows: Runner) -> Runner:
    """The rows of a connection that hangs on an object within a node."""

    def found_rows(node: Node, context: Context) -> Iterable[Node]:
        inner = find(node, context)
        return () if inner is None else rows(inner, context)

    return found_rows


def money_bag(find: Runner, wanted: list[tuple[str, str, Keys]]) -> Runner:
    """Money in both currencies. It is most of what is asked for: each amount is written once for a place."""
    made: dict[tuple[int, MoneyContext], dict[str, Any]] = {}

    def run(node: Node, context: Context) -> dict[str, Any] | None:
        held = find(node, context)
        if held is None:
            return None
        known = made.get(held)
        if known is None:
            if len(made) > _MOST_AMOUNTS:
                made.clear()
            amount, currencies = held
            known = made[held] = _bag(amount, currencies, wanted)
        return known

    return run


def _bag(amount: int, context: MoneyContext, wanted: list[tuple[str, str, Keys]]) -> dict[str, Any]:
    shop, buyer = context.texts(amount)
    values: dict[str, Any] = {}
    for key, name, keys in wanted:
        if name == "shopMoney":
            values[key] = _money_value(keys, shop, context.currency)
        elif name == "presentmentMoney":
            values[key] = _money_value(keys, buyer, context.presentment)
        else:
            values[key] = MONEY_BAG
    return values


def money(find: Runner, keys: Keys) -> Runner:
    """Money in the shop's currency."""

    def run(node: Node, context: Context) -> dict[str, str] | None:
        held = find(node, context)
        if held is None:
            return None
        amount, currencies = held
        return _money_value(keys, currencies.texts(amount)[0], currencies.currency)

    return run


def _money_value(keys: Keys, amount: str, currency: str) -> dict[str, str]:
    values = {"amount": amount, "currencyCode": currency, "__typename": MONEY}
    return {key: values[name] for key, name in keys}
