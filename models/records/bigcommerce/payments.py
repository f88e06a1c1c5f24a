"""What happened to an order's money: refunds and transactions."""

from models.records import Stream
from models.records.bigcommerce.columns import ORDER_ID, flag, money, text, time, whole

REFUNDS = Stream(
    name="refunds",
    key=("order_id", "refund_id"),
    description="One record per refund of an order.",
    parent="orders",
    parent_key=("order_id",),
    columns=(
        text("refund_id", "The refund's id.", required=True),
        ORDER_ID,
        time("created", "When it was made, in UTC.", required=True),
        text("reason", "Why."),
        text("user_id", "The member of the store's staff who made it."),
        money("total_amount", "What went back, tax included, in the order's currency.", required=True),
        money("total_tax", "The tax in it; negative where tax was collected."),
        flag("uses_merchant_override_values", "Whether amount and tax were entered rather than worked out."),
    ),
)

REFUND_LINES = Stream(
    name="refund_lines",
    key=("order_id", "refund_id", "item_position"),
    description="One record per item refunded: a product, wrapping, shipping, handling, a fee, or the order itself.",
    parent="orders",
    parent_key=("order_id",),
    columns=(
        text("refund_id", "The refund.", required=True),
        whole("item_position", "Its place among the refund's items, from 1.", required=True),
        ORDER_ID,
        text("item_type", "PRODUCT, GIFT_WRAPPING, SHIPPING, HANDLING, ORDER or FEE.", required=True),
        text(
            "item_id",
            "The line for PRODUCT and GIFT_WRAPPING, the shipping address for SHIPPING and HANDLING, the order for "
            "ORDER, the fee for FEE.",
        ),
        whole("quantity", "How many went back, for PRODUCT."),
        money("requested_amount", "What was refunded for the item."),
        money("adjustments_amount", "What was kept back from it, as a negative amount."),
        text("reason", "Why."),
    ),
)

REFUND_PAYMENTS = Stream(
    name="refund_payments",
    key=("order_id", "refund_id", "refund_payment_id"),
    description="One record per way in which a refund was paid out.",
    parent="orders",
    parent_key=("order_id",),
    columns=(
        text("refund_id", "The refund.", required=True),
        text("refund_payment_id", "The payment's id.", required=True),
        ORDER_ID,
        text("provider_id", "Through whom, such as storecredit."),
        money("amount", "How much.", required=True),
        flag("offline", "Whether it was paid outside of the platform."),
        flag("is_declined", "Whether the provider declined it."),
        text("transaction_id", "The transaction, as in transactions."),
    ),
)

TRANSACTIONS = Stream(
    name="transactions",
    key=("order_id", "transaction_id"),
    description="One record per event in an order's payment.",
    parent="orders",
    parent_key=("order_id",),
    columns=(
        text("transaction_id", "The transaction's id.", required=True),
        ORDER_ID,
        time("date_created", "When it happened, in UTC.", required=True),
        text("event", "purchase, authorization, capture, refund, void, pending or settled.", required=True),
        text("status", "ok or error."),
        text("method", "How it was paid, such as credit_card, store_credit or gift_certificate."),
        text("gateway", "Through whom."),
        text("gateway_transaction_id", "Its id there."),
        text("payment_method_id", "The payment method's id."),
        text("reference_transaction_id", "The transaction that it acts upon."),
        money("amount", "How much, never negative: the event says which way it went.", required=True),
        text("currency", "The transaction's currency.", required=True),
        flag("test", "Whether no real money moved."),
        flag("fraud_review", "Whether the gateway wants it looked at."),
    ),
)
