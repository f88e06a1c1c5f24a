"""Discount codes after they were issued: whether they still work, how often they were used, and taking them back."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable


@dataclass(frozen=True)
class CodeState:
    """A code as its shop has it.

    Attributes:
        code: The code.
        reference: The shop's own id of it.
        is_open: Whether the checkout takes it, now or from a later day on.
        usage_count: How often it was used. Shops count a little late: an order of the last minutes may be missing.
    """

    code: str = field(repr=False)
    reference: str
    is_open: bool
    usage_count: int


@runtime_checkable
class IssuesCodes(Protocol):
    """A destination whose codes can be looked at, and taken back."""

    name: str

    def code_state(self, code: str, *, asked_at: datetime) -> CodeState | None:
        """The code as it is; None where the shop has none of this name.

        Raises:
            RetryLaterError: The shop did not say.
        """
        ...

    def withdraw_code(self, code: str, *, asked_at: datetime) -> CodeState | None:
        """Let nobody use a code any more, and say how often it was used; None where the shop has none of this name.

        Repeating it changes nothing.

        Raises:
            RetryLaterError: The shop did not say; the code may be open or closed.
        """
        ...
