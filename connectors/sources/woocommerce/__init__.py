"""The WooCommerce source: a shop's orders, refunds, customers, products and coupons through its REST API."""

from connectors.sources.woocommerce.settings import WooCommerceSettings
from connectors.sources.woocommerce.source import WooCommerceSource

__all__ = ["WooCommerceSettings", "WooCommerceSource"]
