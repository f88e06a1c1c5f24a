"""Which accounts at a store a customer has: what a destination that writes to accounts is told beside a delivery."""

from collections.abc import Mapping, Sequence
from typing import Protocol


class CustomerDirectory(Protocol):
    """Knows who is who, now."""

    def account_ids(
        self, merchant_id: str, store_id: str, customer_ids: Sequence[str]
    ) -> Mapping[str, tuple[str, ...]]:
        """The platform's own ids of the accounts that customers have at a store; nothing for those who have none.

        Of an id that was merged into another: the accounts that were its own.
        """
        ...

    def accounts_of_person(
        self, merchant_id: str, store_id: str, customer_ids: Sequence[str]
    ) -> Mapping[str, tuple[str, ...]]:
        """The same of whoever the customers are now: of a merged id, all accounts of the person."""
        ...
