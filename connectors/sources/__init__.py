"""Every source, by the `type` that `perennial.yml` gives it: a new one is added to the two names below."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from connectors.source import Source, SourceRuntime
from connectors.sources.bigcommerce import BigCommerceSettings, BigCommerceSource
from connectors.sources.files import FilesSettings, FilesSource
from connectors.sources.shopify import ShopifySettings, ShopifySource
from connectors.sources.woocommerce import WooCommerceSettings, WooCommerceSource

SourceSettings = Annotated[
    FilesSettings | ShopifySettings | BigCommerceSettings | WooCommerceSettings, Field(discriminator="type")
]

SOURCES: dict[str, type[Any]] = {
    source.system: source for source in (FilesSource, ShopifySource, BigCommerceSource, WooCommerceSource)
}


def build_source(
    settings: FilesSettings | ShopifySettings | BigCommerceSettings | WooCommerceSettings,
    *,
    base_folder: Path,
    runtime: SourceRuntime,
    time_zone: str,
    key: str,
    currency_codes: frozenset[str] = frozenset(),
) -> Source:
    """The source that the settings describe.

    Args:
        settings: A store's `source` in `perennial.yml`.
        base_folder: The folder of `perennial.yml`, which relative paths start from.
        runtime: What a platform's source may use of the world.
        time_zone: The merchant's zone.
        key: The path of the settings, such as `merchants[0].stores[0].source`, for errors.
        currency_codes: The merchant's currency and those that it declares rates for; empty where that is not known.
    """
    if isinstance(settings, FilesSettings):
        return FilesSource(settings, base_folder=base_folder, time_zone=time_zone, key=key)
    source: Source = SOURCES[settings.type](
        settings, runtime=runtime, time_zone=time_zone, key=key, currency_codes=currency_codes
    )
    return source
