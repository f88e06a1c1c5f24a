"""Addresses that a mail provider no longer delivers to, as it tells them: bounces, complaints and unsubscribes.

They come in at the left, like everything that destinations know. Must not decide what follows from one.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable


class SuppressionKind(StrEnum):
    """Why an address is not written to."""

    BOUNCE = "bounce"  # the mailbox does not exist, or will not take mail
    COMPLAINT = "complaint"  # its owner called a message spam
    UNSUBSCRIBE = "unsubscribe"  # its owner asked for no more
    INVALID = "invalid"  # it is no address


@dataclass(frozen=True)
class Suppression:
    """One address that is not written to.

    Attributes:
        email: The address, as the provider holds it.
        kind: Why.
        suppressed_at: Since when, in UTC.
        reference: The provider's own name of the event that led to it, where it gives one.
    """

    email: str = field(repr=False)
    kind: SuppressionKind
    suppressed_at: datetime
    reference: str | None = None


@runtime_checkable
class Suppressing(Protocol):
    """A destination that keeps a list of addresses which it no longer delivers to."""

    name: str

    def suppressions(self, since: datetime, *, asked_at: datetime) -> Iterator[Suppression]:
        """The addresses that were suppressed at or after a time, each list oldest page first as the provider pages it.

        Raises:
            RetryLaterError: The provider did not answer well; what was yielded before holds.
            MisconfiguredError: The credentials may not read the list.
        """
        ...
