"""The streams of the BigCommerce source: orders V2, and refunds, transactions, customers and catalogue V3.

Columns carry BigCommerce's own names; parents come before their parts.
"""

from models.records.bigcommerce.catalogue import (
    CURRENCIES,
    CUSTOMERS,
    DISCOUNTS,
    PRODUCT_CATEGORIES,
    PRODUCT_CATEGORY_LINKS,
    PRODUCT_VARIANTS,
    PRODUCTS,
    SHOP,
    SUBSCRIBERS,
)
from models.records.bigcommerce.orders import (
    ORDER_DISCOUNTS,
    ORDER_FEES,
    ORDER_LINE_DISCOUNTS,
    ORDER_LINES,
    ORDER_SHIPPING_LINES,
    ORDER_TAXES,
    ORDERS,
)
from models.records.bigcommerce.payments import (
    REFUND_LINES,
    REFUND_PAYMENTS,
    REFUNDS,
    TRANSACTIONS,
)

STREAMS = (
    SHOP,
    CURRENCIES,
    CUSTOMERS,
    SUBSCRIBERS,
    PRODUCT_CATEGORIES,
    PRODUCTS,
    PRODUCT_VARIANTS,
    PRODUCT_CATEGORY_LINKS,
    DISCOUNTS,
    ORDERS,
    ORDER_LINES,
    ORDER_LINE_DISCOUNTS,
    ORDER_SHIPPING_LINES,
    ORDER_DISCOUNTS,
    ORDER_FEES,
    ORDER_TAXES,
    REFUNDS,
    REFUND_LINES,
    REFUND_PAYMENTS,
    TRANSACTIONS,
)
