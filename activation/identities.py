"""Customers whose id changed since a destination last heard of them: one person is addressed by one id, always.

A customer who was merged into another has another id now. A destination knows them by the id of then, so they go on
under it there: nothing is taken back and sent anew because two records are one person's. Pure; reads no table.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from activation.actions import OPEN, LedgerEntry, LedgerMemory, LedgerOutcome, Member
from connectors.destination import Operation


def addressed(members: Iterable[Member], memory: LedgerMemory, current_ids: Mapping[str, str]) -> list[Member]:
    """The members under the ids that the destination knows them by.

    Args:
        members: The audience's members, each once, under the ids of now.
        memory: What the ledger remembers, under the ids of then.
        current_ids: What ids of then stand for now.

    Returns:
        The members. One that the ledger knows by its id of now, or not at all, is as it was; of several ids of then,
        the one that was sent last counts.
    """
    found = list(members)
    own = {member.customer_id for member in found}
    known: dict[str, tuple[int, str]] = {}
    for customer_id, entries in memory.entries.items():
        current_id = current_ids.get(customer_id, customer_id)
        if customer_id not in own and current_id in own and _is_engaged(entries):
            latest = max(entry.delivery_id for entry in entries)
            known[current_id] = max(known.get(current_id, (0, "")), (latest, customer_id))
    return [
        replace(member, customer_id=known[member.customer_id][1])
        if member.customer_id in known and not _is_engaged(memory.entries.get(member.customer_id, ()))
        else member
        for member in found
    ]


def _is_engaged(entries: Iterable[LedgerEntry]) -> bool:
    """Whether the destination has them, may have them, or is about to be told of them."""
    accepted: LedgerEntry | None = None
    for entry in entries:
        if entry.outcome in OPEN or entry.outcome is LedgerOutcome.MAYBE_SENT:
            return True
        if entry.outcome is LedgerOutcome.ACCEPTED and (accepted is None or entry.delivery_id > accepted.delivery_id):
            accepted = entry
    return accepted is not None and accepted.operation is not Operation.REMOVE
