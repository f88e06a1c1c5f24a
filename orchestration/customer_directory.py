"""Which accounts a customer has at a store, from the warehouse, for destinations that write to accounts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from models.identity import account_ids, accounts_of_person


@dataclass(frozen=True)
class WarehouseDirectory:
    """Asks the marts, as they are when a batch is sent.

    Attributes:
        engine: The warehouse.
    """

    engine: sa.Engine

    def account_ids(
        self, merchant_id: str, store_id: str, customer_ids: Sequence[str]
    ) -> Mapping[str, tuple[str, ...]]:
        """The platform's own ids of the accounts that customers have at a store."""
        with self.engine.connect() as connection:
            return account_ids(connection, merchant_id, store_id, customer_ids)

    def accounts_of_person(
        self, merchant_id: str, store_id: str, customer_ids: Sequence[str]
    ) -> Mapping[str, tuple[str, ...]]:
        """The same of whoever the customers are now."""
        with self.engine.connect() as connection:
            return accounts_of_person(connection, merchant_id, store_id, customer_ids)
