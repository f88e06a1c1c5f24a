"""The stores that `perennial.yml` declares, each with what it takes to build the source that reads it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from connectors.source import Source
from connectors.sources import SOURCES, build_source
from models.raw import SOURCE_STREAMS
from orchestration.configuration import Configuration, Merchant, Store
from orchestration.deployment import Deployment
from orchestration.runtime import source_runtime


@dataclass(frozen=True)
class DeclaredStore:
    """One store of a merchant.

    Attributes:
        merchant: Whose it is.
        store: Its declaration.
        key: The path of its source's settings, such as `merchants[0].stores[0].source`.
    """

    merchant: Merchant
    store: Store
    key: str

    @property
    def system(self) -> str:
        """The name of the source that reads it."""
        return self.store.source.type

    @property
    def names(self) -> tuple[str, str, str]:
        """The tenant, the store and the source: what the books know it by."""
        return self.merchant.merchant_id, self.store.store_id, self.system

    @property
    def label(self) -> str:
        """What people see of it."""
        return f"{self.merchant.merchant_id}/{self.store.store_id}"

    @property
    def stream_names(self) -> tuple[str, ...]:
        """The streams that its source fills."""
        return tuple(stream.name for stream in SOURCE_STREAMS[self.system])

    @property
    def is_resumable(self) -> bool:
        """Whether its source goes on from what was archived last."""
        is_resumable: bool = SOURCES[self.system].is_resumable
        return is_resumable

    def open(self, deployment: Deployment) -> Source:
        """Its source.

        Raises:
            MisconfiguredError: The settings contradict each other.
        """
        return build_source(
            self.store.source,
            base_folder=deployment.config_folder,
            runtime=source_runtime(deployment, self.merchant.merchant_id, self.store.store_id),
            time_zone=self.merchant.time_zone,
            key=self.key,
            currency_codes=frozenset({self.merchant.currency_code, *self.merchant.exchange_rates}),
        )


def declared_stores(
    configuration: Configuration, merchants: Iterable[Merchant], systems: Iterable[str] | None = None
) -> Iterator[DeclaredStore]:
    """The stores of some merchants.

    Args:
        configuration: The declarations, which give each store its key.
        merchants: Whose stores.
        systems: The sources that serve them. Default: any.
    """
    wanted = None if systems is None else set(systems)
    for merchant in merchants:
        number = configuration.merchants.index(merchant)
        for index, store in enumerate(merchant.stores):
            if wanted is None or store.source.type in wanted:
                yield DeclaredStore(merchant, store, f"merchants[{number}].stores[{index}].source")


@dataclass
class StoreWork:
    """A step of a run at one store.

    Attributes:
        declared: The store.
    """

    declared: DeclaredStore

    @property
    def merchant(self) -> Merchant:
        """Whose store it is."""
        return self.declared.merchant

    @property
    def store(self) -> Store:
        """The store's declaration."""
        return self.declared.store
