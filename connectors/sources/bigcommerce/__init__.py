"""The BigCommerce source: a store's orders, refunds, customers and catalogue over its REST API."""

from connectors.sources.bigcommerce.settings import BigCommerceSettings
from connectors.sources.bigcommerce.source import BigCommerceSource

__all__ = ["BigCommerceSettings", "BigCommerceSource"]
