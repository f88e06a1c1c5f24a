"""A Klaviyo account's books: profiles and what they are known by, lists, events and suppressions.

A profile is one person, known by an email address, a phone number and an id of the merchant's own; two of these that
belong to two profiles are a conflict, which nothing here resolves. Everything that changes is noted in the journal.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from connectors.sandbox.klaviyo.journal import Journal

IDENTIFIERS = ("email", "phone_number", "external_id")
USER_SUPPRESSED = "USER_SUPPRESSED"

_encoded = msgspec.json.Encoder(decimal_format="number", order="sorted").encode
_decoded = msgspec.json.Decoder(float_hook=Decimal).decode


class ConflictError(Exception):
    """What a profile is known by belongs to several profiles.

    Args:
        profile_ids: These.
    """

    def __init__(self, profile_ids: Iterable[str]) -> None:
        super().__init__("the identifiers belong to several profiles")
        self.profile_ids = sorted(profile_ids)


class Account:
    """One account.

    Attributes:
        clock: Its time, in UTC.
        journal: Its record of what happened.
        lists: Per list the profiles in it, with the time that they joined.
        suppressions: Per email address why nothing is sent to it, and since when.
    """

    def __init__(self, clock: Callable[[], datetime], journal: Journal) -> None:
        self.clock = clock
        self.journal = journal
        self.lists: dict[str, dict[str, datetime]] = {}
        self.suppressions: dict[str, dict[str, datetime]] = {}
        # Encoded, for a million of them is a lot of dictionaries.
        self._profiles: dict[str, bytes] = {}
        self._known: dict[str, dict[str, str]] = {name: {} for name in IDENTIFIERS}
        self._events: dict[tuple[str, str, str], str] = {}

    @property
    def profile_count(self) -> int:
        """How many profiles there are."""
        return len(self._profiles)

    @property
    def event_count(self) -> int:
        """How many events were recorded."""
        return len(self._events)

    def profile(self, profile_id: str) -> dict[str, Any] | None:
        """A profile's attributes; numbers with a fraction as `Decimal`."""
        held = self._profiles.get(profile_id)
        return None if held is None else _decoded(held)

    def profiles(self) -> dict[str, dict[str, Any]]:
        """Every profile's attributes, by its id."""
        return {profile_id: _decoded(held) for profile_id, held in self._profiles.items()}

    def found(self, name: str, value: str) -> str | None:
        """The profile that is known by something."""
        if name == "id":
            return value if value in self._profiles else None
        return self._known[name].get(_key(name, value))

    def upsert(self, attributes: Mapping[str, Any], profile_id: str | None = None, *, is_new: bool = False) -> str:
        """Create a profile, or give the one that is known by these identifiers further values.

        Args:
            attributes: What is said about it. A null takes a value away; what is not said stays as it is.
            profile_id: Its id, where that is known.
            is_new: Whether it must not exist yet.

        Returns:
            Its id.

        Raises:
            ConflictError: The identifiers are of several profiles, or of one that shall be new.
        """
        given = {name: str(attributes[name]) for name in IDENTIFIERS if attributes.get(name)}
        matching = {self.found(name, value) for name, value in given.items()} | {profile_id}
        ids = {one for one in matching if one is not None}
        if len(ids) > 1 or (is_new and ids):
            raise ConflictError(ids)
        before = self._profiles.get(next(iter(ids))) if ids else None
        held: dict[str, Any] = _decoded(before) if before else {}
        merged = _merged(held, attributes)
        after = _encoded(merged)
        if before == after:
            return ids.pop()
        where = ids.pop() if ids else f"01P{len(self._profiles) + 1:09d}"
        for name in IDENTIFIERS:
            if held.get(name) and held.get(name) != merged.get(name):
                self._known[name].pop(_key(name, held[name]), None)
            if merged.get(name):
                self._known[name][_key(name, merged[name])] = where
        self._profiles[where] = after
        self.journal.note("profile", profile_id=where, is_new=before is None, attributes=msgspec.Raw(after))
        return where

    def join(self, list_id: str, profile_ids: Iterable[str]) -> None:
        """Put profiles into a list."""
        members = self.lists[list_id]
        new = [profile_id for profile_id in dict.fromkeys(profile_ids) if profile_id not in members]
        members.update(dict.fromkeys(new, self.clock()))
        if new:
            self.journal.note("list_joined", list_id=list_id, profile_ids=new)

    def leave(self, list_id: str, profile_ids: Iterable[str]) -> None:
        """Take profiles out of a list; they stay profiles."""
        members = self.lists[list_id]
        gone = [profile_id for profile_id in dict.fromkeys(profile_ids) if members.pop(profile_id, None) is not None]
        if gone:
            self.journal.note("list_left", list_id=list_id, profile_ids=gone)

    def has_event(self, profile_id: str, metric: str, unique_id: str) -> bool:
        """Whether an event was recorded already."""
        return (profile_id, metric, unique_id) in self._events

    def record(self, profile_id: str, metric: str, unique_id: str, facts: Mapping[str, Any]) -> None:
        """Record an event; a repeat of one of the same profile, metric and `unique_id` is not one."""
        key = (profile_id, metric, unique_id)
        if key in self._events:
            self.journal.note("event_repeated", profile_id=profile_id, metric=metric, unique_id=unique_id)
            return
        self._events[key] = f"01E{len(self._events) + 1:09d}"
        self.journal.note(
            "event",
            event_id=self._events[key],
            profile_id=profile_id,
            metric=metric,
            unique_id=unique_id,
            starts_flows=not facts.get("backfill"),
            **facts,
        )

    def suppress(self, email: str, reason: str = USER_SUPPRESSED) -> None:
        """Send nothing to an address any more; it becomes a profile where it is none."""
        if self.found("email", email) is None:
            self.upsert({"email": email})
        reasons = self.suppressions.setdefault(_key("email", email), {})
        if reason not in reasons:
            reasons[reason] = self.clock()
            self.journal.note("suppressed", email=_key("email", email), reason=reason)

    def unsuppress(self, email: str) -> bool:
        """Take back what a user suppressed; who unsubscribed or bounced stays. Says whether anything was taken back."""
        reasons = self.suppressions.get(_key("email", email), {})
        if reasons.pop(USER_SUPPRESSED, None) is None:
            return False
        self.journal.note("unsuppressed", email=_key("email", email))
        return True


def _key(name: str, value: str) -> str:
    return value.casefold() if name == "email" else value


def _merged(held: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    merged = {**held, **{name: value for name, value in given.items() if name != "properties"}}
    properties = {**held.get("properties", {}), **(given.get("properties") or {})}
    merged["properties"] = {name: value for name, value in properties.items() if value is not None}
    return {name: value for name, value in merged.items() if value is not None}
