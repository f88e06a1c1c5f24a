"""The Shopify source: a shop's orders, customers, catalogue and discounts over the Admin GraphQL API."""

from connectors.sources.shopify.settings import ShopifySettings
from connectors.sources.shopify.source import ShopifySource

__all__ = ["ShopifySettings", "ShopifySource"]
