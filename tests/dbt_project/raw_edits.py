"""What happens to raw tables and declarations between two nights: orders come late, change, go and come back."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any, LiteralString

import psycopg

Connection = psycopg.Connection[Any]
Edit = Callable[[Connection, str, Random, int], None]

_NEW_ORDER = """
    insert into raw_files.orders (
        merchant_id, store_id, order_id, customer_id, ordered_at, amount, currency_code, channel, is_generated_id,
        content_hash, batch_id, loaded_at, is_deleted
    )
    select
        merchant_id, store_id, %(order_id)s, coalesce(%(customer_id)s, customer_id),
        (select cast(as_of_date as timestamptz) from ops.merchants where merchant_id = %(merchant_id)s)
        - make_interval(days => %(days)s),
        %(amount)s, currency_code, 'web', false, '-', 'night', now(), false
    from raw_files.orders where merchant_id = %(merchant_id)s and order_id = %(like)s
"""
_NEW_ITEM = """
    insert into raw_files.order_items (
        merchant_id, store_id, order_id, line_id, product_id, sku, quantity, amount, currency_code, content_hash,
        batch_id, loaded_at, is_deleted
    )
    select merchant_id, store_id, order_id, %(line_id)s, 'p1', 's2', 2, 5.55, currency_code, '-', 'night', now(), false
    from raw_files.orders where merchant_id = %(merchant_id)s and order_id = %(order_id)s
"""
_NEW_REFUND = """
    insert into raw_files.refunds (
        merchant_id, store_id, refund_id, order_id, customer_id, refunded_at, amount, currency_code, content_hash,
        batch_id, loaded_at, is_deleted
    )
    select
        merchant_id, store_id, %(refund_id)s, order_id, customer_id, ordered_at + interval '9 days', 1.25,
        currency_code, '-', 'night', now(), false
    from raw_files.orders where merchant_id = %(merchant_id)s and order_id = %(order_id)s
"""


def _one(connection: Connection, random: Random, query: LiteralString, merchant_id: str) -> Any:
    """The first column of one of the query's rows."""
    found = connection.execute(query, (merchant_id,)).fetchall()
    return random.choice(sorted(found))[0]


def _order(connection: Connection, random: Random, merchant_id: str) -> str:
    query = "select order_id from raw_files.orders where merchant_id = %s and not is_deleted and amount > 0"
    return str(_one(connection, random, query, merchant_id))


def _change(statement: LiteralString, table: LiteralString, key: LiteralString, condition: LiteralString) -> Edit:
    """A statement about one row of a table that a condition allows, named by its key."""

    def edit(connection: Connection, merchant_id: str, random: Random, number: int) -> None:
        query = f"select {key} from raw_files.{table} where merchant_id = %s and {condition}"
        chosen = _one(connection, random, query, merchant_id)
        values = {"number": number, "merchant_id": merchant_id, "key": chosen}
        connection.execute(f"update raw_files.{table} set {statement} where merchant_id = %(merchant_id)s"
                           f" and {key} = %(key)s", values)  # fmt: skip

    return edit


def _ordered(days: int, *, is_new_customer: bool = False) -> Edit:
    def edit(connection: Connection, merchant_id: str, random: Random, number: int) -> None:
        order_id = f"night{number}_{days}_{is_new_customer}"
        values = {"merchant_id": merchant_id, "order_id": order_id, "days": days, "amount": random.randrange(1, 90)}
        values |= {"like": _order(connection, random, merchant_id), "customer_id": None}
        connection.execute(_NEW_ORDER, values | ({"customer_id": order_id} if is_new_customer else {}))
        connection.execute(_NEW_ITEM, values | {"line_id": "1"})

    return edit


def _item_added(connection: Connection, merchant_id: str, random: Random, number: int) -> None:
    values = {"merchant_id": merchant_id, "order_id": _order(connection, random, merchant_id)}
    connection.execute(_NEW_ITEM, values | {"line_id": f"night{number}"})


def _refunded(connection: Connection, merchant_id: str, random: Random, number: int) -> None:
    values = {"merchant_id": merchant_id, "order_id": _order(connection, random, merchant_id)}
    connection.execute(_NEW_REFUND, values | {"refund_id": f"night{number}"})


def _joined(connection: Connection, merchant_id: str, random: Random, number: int) -> None:
    """Two customers turn out to be one."""
    found = connection.execute(
        "select distinct customer_id from raw_files.orders where merchant_id = %s and not is_deleted", (merchant_id,)
    ).fetchall()
    people = random.sample(sorted(name for (name,) in found), 2)
    connection.execute(
        "insert into ops.identity_decisions (merchant_id, decision, record_ids, actor, reason, decided_at)"
        " values (%s, 'join', %s, 'test', %s, now())",
        (merchant_id, people, f"night {number}"),
    )


def _split(connection: Connection, merchant_id: str, random: Random, number: int) -> None:
    """The oldest joining that stands is undone."""
    connection.execute(
        "insert into ops.identity_decisions (merchant_id, decision, undone_decision_id, actor, reason, decided_at)"
        " select merchant_id, 'undo', decision_id, 'test', %(reason)s, now() from ops.identity_decisions as made"
        " where merchant_id = %(merchant_id)s and decision = 'join' and reason <> %(reason)s and not exists ("
        "select 1 from ops.identity_decisions as undone where undone.undone_decision_id = made.decision_id"
        ") order by decision_id limit 1",
        {"merchant_id": merchant_id, "reason": f"night {number}"},
    )


def _declare(statement: LiteralString) -> Edit:
    def edit(connection: Connection, merchant_id: str, random: Random, number: int) -> None:
        values = {"merchant_id": merchant_id, "number": number, "chance": random.randrange(1, 40)}
        connection.execute(statement, values)

    return edit


EDITS: dict[str, Edit] = {
    "an order of today": _ordered(0),
    "a late order of long ago": _ordered(700),
    "a new customer": _ordered(3, is_new_customer=True),
    "another amount": _change("amount = amount + 1 + %(number)s", "orders", "order_id", "not is_deleted"),
    "another day": _change("ordered_at = ordered_at - interval '40 days'", "orders", "order_id", "not is_deleted"),
    "another buyer": _change("customer_id = 'c3'", "orders", "order_id", "customer_id <> 'c3' and not is_deleted"),
    "a deleted order": _change("is_deleted = true", "orders", "order_id", "not is_deleted"),
    "an order that is back": _change("is_deleted = false", "orders", "order_id", "is_deleted"),
    "another line": _change("amount = amount + 2", "order_items", "order_id", "not is_deleted"),
    "a line less": _change("is_deleted = true", "order_items", "order_id", "not is_deleted"),
    "a line more": _item_added,
    "another line of a file of lines": _change("quantity = quantity + 1", "order_lines", "order_id", "line_id = '1'"),
    "a refund of an old order": _refunded,
    "another refund": _change("amount = amount / 2", "refunds", "refund_id", "not is_deleted and amount > 0"),
    "a deleted refund": _change("is_deleted = true", "refunds", "refund_id", "not is_deleted"),
    "two customers are one": _joined,
    "and not any more": _split,
}
BROAD: dict[str, Edit] = {
    "another rate": _declare("update ops.exchange_rates set rate = rate * 1.01 where merchant_id = %(merchant_id)s"
                             " and currency_code = 'USD'"),
    "another cost": _declare("update raw_files.products set unit_cost_amount = unit_cost_amount + 0.5"
                             " where merchant_id = %(merchant_id)s and product_id in ('p0', 'p1')"),
    "a rate from a day on": _declare("insert into ops.exchange_rates (merchant_id, currency_code, valid_from_date,"
                                     " rate) values (%(merchant_id)s, 'JPY', date '2023-09-01' + 7 * %(number)s, 0.6)"),
    "zero counts or not": _declare("update ops.merchants set counts_zero_amount_days = not counts_zero_amount_days"
                                   " where merchant_id = %(merchant_id)s"),
    "other days": _declare("update ops.merchants set time_zone = case time_zone when 'Asia/Kolkata' then"
                           " 'America/Los_Angeles' else 'Asia/Kolkata' end where merchant_id = %(merchant_id)s"),
}  # fmt: skip
A_NIGHT_PASSES = "update ops.merchants set as_of_date = as_of_date + 1"


@dataclass
class Edits:
    """The edits of some nights.

    Attributes:
        random: What decides.
        narrow: The merchant whose customers are edited one by one.
        broad: The one that declares other rates, costs and rules, one kind a night.
        leaving: One that leaves after the first night.
        whole: Whether every kind of narrow edit comes in the first two nights; else each night has some of them.
    """

    random: Random
    narrow: str
    broad: str
    leaving: str
    whole: bool = True

    def night(self, connection: Connection, number: int) -> list[str]:
        """Edit the raw tables as a day does; returns what was done."""
        connection.execute(A_NIGHT_PASSES)
        if number == 1:
            connection.execute("delete from ops.merchants where merchant_id = %s", (self.leaving,))
        done = [*self._narrow(), *self._broad(number)]
        for name in done:
            merchant_id = self.narrow if name in EDITS else self.broad
            (EDITS | BROAD)[name](connection, merchant_id, self.random, number)
        return done

    def _narrow(self) -> Iterator[str]:
        if self.whole:
            yield from EDITS
        else:
            yield from self.random.sample(sorted(EDITS), 5)

    def _broad(self, number: int) -> Iterator[str]:
        kinds = [list(BROAD)[:2], list(BROAD)[2:]] if self.whole else [[name] for name in BROAD]
        yield from kinds[number % len(kinds)]
