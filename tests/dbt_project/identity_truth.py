"""A merchant whose people are known: who they are, which accounts and guest orders are theirs, and how they wrote them.

People have accounts in three shops on three platforms, buy as guests, write addresses and telephone numbers in many
ways, share a telephone at home, use an office's mailbox, come through a marketplace, and mistype. What a resolution has
to find is the truth of this module and of nothing else; the union-find over raw rows shares no code with the models.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from hashlib import md5
from itertools import combinations
from random import Random
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from models import ops
from models.raw import RAW_TABLES, SOURCE_STREAMS

NOW = datetime(2026, 1, 1, tzinfo=UTC)
Row = dict[str, Any]
_FILLERS = {pa.string(): "-", pa.int64(): 0, pa.bool_(): False, pa.timestamp("us", tz="UTC"): NOW}


def guest_id(store_id: str, email: str) -> str:
    """The id of a guest, as PostgreSQL's md5 and Python's agree on it."""
    return f"{store_id}:guest:{md5(email.strip().lower().encode()).hexdigest()}"


@dataclass
class World:
    """Raw rows, and whose they are.

    Attributes:
        rows: Raw rows by platform and stream.
        owners: The person behind each record; a record of several people is a person of its own.
        keys: What was written with each record: kind, normalised value, and the name beside a number.
    """

    random: Random
    rows: dict[tuple[str, str], list[Row]] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    keys: dict[str, set[tuple[str, str]]] = field(default_factory=dict)
    number: int = 0

    def account(
        self, store: str, person: str, name: str, email: str | None, phone: str | None, links: bool = True
    ) -> str:
        """An account in a shop; its raw row, its owner and its keys."""
        self.number += 1
        first, _, last = name.partition(" ")
        row: Row = {
            "store_id": store,
            "customer_id": str(self.number),
            "email": email,
            "first_name": first,
            "last_name": last,
        }
        row |= {"billing_phone": phone, "billing_country": "DE"} if store == "woocommerce" else {"phone": phone}
        if store == "shopify":
            row["country_code"] = "DE"
        self.rows.setdefault((store, "customers"), []).append(row)
        record = f"{store}:{self.number}"
        self._know(record, person, name, email if links else None, phone if links else None)
        return record

    def guest(self, store: str, person: str, name: str, email: str, phone: str | None, links: bool = True) -> str:
        """A guest's order in a shop."""
        self.number += 1
        billing = {"billing_email": email, "billing_phone": phone, "billing_first_name": name.partition(" ")[0]}
        row: Row = billing | {"store_id": store, "order_id": str(self.number), "customer_id": "0"}
        row["billing_last_name"] = name.partition(" ")[2]
        placed = NOW - timedelta(days=self.random.randint(1, 700), seconds=self.number)
        if store == "woocommerce":
            row |= {"billing_country": "DE", "date_created_gmt": placed, "status": "completed", "currency": "EUR"}
        else:
            row |= {
                "billing_country_iso2": "DE",
                "date_created": placed,
                "status_id": 10,
                "default_currency_code": "EUR",
            }
        self.rows.setdefault((store, "orders"), []).append(row)
        record = guest_id(store, email)
        self._know(record, person, name, email if links else None, phone if links else None)
        return record

    def _know(self, record: str, person: str, name: str, email: str | None, phone: str | None) -> None:
        assert self.owners.setdefault(record, person) == person
        known = self.keys.setdefault(record, set())
        if email:
            known.add(("email", email.strip().lower()))
        if phone:
            known.add(("phone", f"{_digits(phone)} {name.lower()}"))


def _digits(phone: str) -> str:
    """A German number as the tests write it, in digits with its country."""
    kept = "".join(c for c in phone.partition("ext")[0].replace("(0)", "") if c.isdigit())
    if phone.startswith("+"):
        return kept
    return kept[2:] if kept.startswith("00") else "49" + kept.removeprefix("0")


def written(random: Random, subscriber: str) -> str:
    """A number as people write it."""
    return random.choice(
        (f"0{subscriber}", f"+49 {subscriber[:3]} {subscriber[3:]}", f"0049{subscriber}", f"+49 (0){subscriber}",
         f"0{subscriber[:3]}/{subscriber[3:]}".replace("/", "-"), f"0{subscriber[:3]} {subscriber[3:]} ext. 12")
    )  # fmt: skip


def a_world(seed: int = 1, people: int = 150) -> World:
    """A merchant's people with everything that can go wrong about who they are."""
    random = Random(seed)
    world = World(random)
    world.rows["bigcommerce", "shop"] = [{"store_id": "bigcommerce", "country_code": "DE"}]
    for n in range(people):
        person, name = f"p{n}", f"Given{n} Family{n // 2}"
        email, phone = f"given{n}.family@post{n % 7}.de", f"151{100_003 * n + 2_345:08d}"
        world.account("shopify", person, name, email, written(random, phone))
        if n % 2:
            world.guest("woocommerce", person, name, email.upper() + " ", None)
        if n % 3 == 0:
            world.account("woocommerce", person, name, f"given{n}@work{n % 5}.com", written(random, phone))
        if n % 5 == 0:
            world.account("bigcommerce", person, name, email.title(), None)
        if n % 6 == 0:
            world.guest("bigcommerce", person, name, f"given{n}@third{n % 5}.com", written(random, phone))
        if n % 25 == 0:  # mistyped, and nothing else to go by
            world.guest("woocommerce", person, name, f"givne{n}.family@post{n % 7}.de", None)
    for n in range(20):  # a family's number, under each one's own name
        phone = f"30{1_000_003 * n + 6_789:08d}"
        for member, store in enumerate(("shopify", "woocommerce", "bigcommerce")):
            name = f"Member{member} House{n}"
            world.account(store, f"f{n}.{member}", name, f"m{member}.{n}@house.de", written(random, phone))
            world.guest("woocommerce", f"f{n}.{member}", name, f"m{member}.{n}@other.de", written(random, phone))
    for n in range(8):  # nobody's own addresses and numbers: a person per record, for nobody can say more
        for store in ("shopify", "woocommerce", "bigcommerce"):
            world.account(store, f"role{n}{store}", f"R{n} {store}", f"Info@firm{n}.de", None, links=False)
            world.account(store, f"shop{n}{store}", f"S{n} {store}", f"x{n}@ab.members.ebay.de", None, links=False)
            world.account(store, f"none{n}{store}", f"N{n} {store}", f"none@mail{n}.de", "030 0000000", links=False)
            world.account(store, f"own{n}{store}", f"O{n} {store}", f"lager@hall{n}.de", None, links=False)
    for n in range(15):  # one number and one name in fifteen accounts: a till, and no person
        world.account("shopify", f"till{n}", "Walk In", None, "030 5550000", links=False)
    return world


def insert(connection: sa.Connection, merchant_id: str, world: World, order: Random | None = None) -> None:
    """Declare a merchant and insert the world's raw rows, in another order where one is given."""
    connection.execute(
        ops.merchants.insert(),
        {
            "merchant_id": merchant_id, "merchant_name": merchant_id, "time_zone": "Europe/Berlin",
            "currency_code": "EUR", "as_of_date": date(2026, 1, 1), "counts_zero_amount_days": True, "updated_at": NOW,
            "identity_rules": {"role_addresses": ["lager"]},
        },
    )  # fmt: skip
    for (source, stream), rows in world.rows.items():
        shuffled = order.sample(rows, len(rows)) if order else rows
        insert_rows(connection, merchant_id, source, stream, shuffled)


def insert_rows(connection: sa.Connection, merchant_id: str, source: str, stream: str, rows: list[Row]) -> None:
    """Put a platform's records into a raw table as landing leaves them, with something in what must not be empty."""
    (shape,) = (s for s in SOURCE_STREAMS[source] if s.name == stream)
    table = RAW_TABLES[source, stream]
    fill = {c.name: _FILLERS.get(c.type, 0) for c in shape.columns if c.required}
    fill |= {c.name: _FILLERS[pa.string()] for c in shape.columns if c.name == "order_key" and c.required}
    landed = {"content_hash": "-", "batch_id": "-", "loaded_at": NOW, "is_deleted": False}
    for row in rows:
        known = {
            name: value
            for name, value in ({**fill, **landed, "merchant_id": merchant_id} | row).items()
            if name in table.c
        }
        connection.execute(table.insert(), known)


def components(world: World) -> set[frozenset[str]]:
    """The records that a chain of shared keys connects, by union-find over what was written."""
    parent = {record: record for record in world.owners}

    def root(record: str) -> str:
        while parent[record] != record:
            parent[record] = parent[parent[record]]
            record = parent[record]
        return record

    first: dict[tuple[str, str], str] = {}
    for record, keys in world.keys.items():
        for key in keys:
            parent[root(record)] = root(first.setdefault(key, record))
    found: dict[str, set[str]] = {}
    for record in world.owners:
        found.setdefault(root(record), set()).add(record)
    return {frozenset(records) for records in found.values()}


def quality(world: World, customers: dict[str, str]) -> tuple[float, float, int]:
    """Precision and recall over pairs of records of one person, and how many pairs there are.

    Args:
        world: Whose the records are.
        customers: The customer that each record was given to.
    """
    true = _pairs(world.owners)
    found = _pairs({record: customers[record] for record in world.owners})
    right = len(true & found)
    return right / len(found) if found else 1.0, right / len(true), len(true)


def _pairs(groups: dict[str, str]) -> set[tuple[str, ...]]:
    members: dict[str, list[str]] = {}
    for record, group in sorted(groups.items()):
        members.setdefault(group, []).append(record)
    return {pair for records in members.values() for pair in combinations(records, 2)}
