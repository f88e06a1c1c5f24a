"""The raw tables: one per source and stream, typed, under the platform's own names.

A new source adds its streams here, a migration for the tables, and nothing else in this package.
"""

import sqlalchemy as sa

from models.records import Stream
from models.records.bigcommerce import STREAMS as BIGCOMMERCE_STREAMS
from models.records.files import STREAMS as FILES_STREAMS
from models.records.shopify import STREAMS as SHOPIFY_STREAMS
from models.records.woocommerce import STREAMS as WOOCOMMERCE_STREAMS
from models.schema import raw_table

SOURCE_STREAMS: dict[str, tuple[Stream, ...]] = {
    "files": FILES_STREAMS,
    "shopify": SHOPIFY_STREAMS,
    "bigcommerce": BIGCOMMERCE_STREAMS,
    "woocommerce": WOOCOMMERCE_STREAMS,
}

RAW_TABLES: dict[tuple[str, str], sa.Table] = {
    (source, stream.name): raw_table(source, stream) for source, streams in SOURCE_STREAMS.items() for stream in streams
}
