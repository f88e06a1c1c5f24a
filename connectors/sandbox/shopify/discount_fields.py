"""What the API tells about discounts: where each field's value comes from.

The shop has discounts of three kinds; the others are declared, so that a query may ask for them.
"""

from connectors.sandbox.shopify.context import Context
from connectors.sandbox.shopify.merchandise import Discount
from connectors.sandbox.shopify.money import MoneyContext
from connectors.sandbox.shopify.order_part_fields import gid
from connectors.sandbox.shopify.schema import Declaration, Rows, Schema, always


def _classes(discount: Discount, _: Context) -> list[str]:
    if discount.kind == "DiscountCodeFreeShipping":
        return ["SHIPPING"]
    return ["PRODUCT" if discount.is_for_products else "ORDER"]


def _summarized(discount: Discount, _: Context) -> str:
    if discount.kind == "DiscountCodeFreeShipping":
        return "Free shipping on all products"
    if discount.percentage is not None:
        return f"{discount.percentage * 100:f}% off entire order"
    return "Amount off entire order"


_ANY: Declaration = {
    "asyncUsageCount: Int!": lambda x, _: x.usage_count,
    "combinesWith: DiscountCombinesWith!": lambda x, _: x,
    "createdAt: DateTime!": lambda x, _: x.created_at,
    "discountClasses: [DiscountClass!]!": _classes,
    "endsAt: DateTime": lambda x, _: x.ends_at,
    "startsAt: DateTime!": lambda x, _: x.starts_at,
    "status: DiscountStatus!": lambda x, c: x.status(c.now),
    "tags: [String!]!": always([]),
    "title: String!": lambda x, _: x.title,
    "updatedAt: DateTime!": lambda x, _: x.updated_at,
}
_CODE: Declaration = {
    "appliesOncePerCustomer: Boolean!": lambda x, _: x.once_per_customer,
    "codes(sortKey: DiscountCodeSortKeys = ID, query: String): DiscountRedeemCodeConnection!": Rows(
        lambda x, _: x.codes
    ),
    "codesCount: Count": lambda x, _: {"count": len(x.codes), "precision": "EXACT"},
    "hasTimelineComment: Boolean!": always(False),
    "totalSales: MoneyV2": lambda _, c: (0, c.shop.money),
    "usageLimit: Int": lambda x, _: x.usage_limit,
}
_SUMMARY: Declaration = {"summary: String!": _summarized}
_SHORT: Declaration = {"shortSummary: String!": _summarized}
_GETS: Declaration = {"customerGets: DiscountCustomerGets!": lambda x, _: x}
_TERMS: Declaration = {
    "context: DiscountContext!": lambda x, _: x,
    "minimumRequirement: DiscountMinimumRequirement": lambda x, _: None if x.minimum is None else x,
}
_LIMIT: Declaration = {"recurringCycleLimit: Int": always(None)}
_AUTOMATIC_LIMIT: Declaration = {"recurringCycleLimit: Int!": always(1)}
_SHIPPING: Declaration = {
    "appliesOnOneTimePurchase: Boolean!": always(True),
    "appliesOnSubscription: Boolean!": always(False),
    "maximumShippingPrice: MoneyV2": always(None),
}
_KINDS: dict[str, Declaration] = {
    "DiscountCodeBasic": {**_ANY, **_CODE, **_SUMMARY, **_SHORT, **_GETS, **_TERMS, **_LIMIT},
    "DiscountCodeBxgy": {**_ANY, **_CODE, **_SUMMARY, **_GETS},
    "DiscountCodeFreeShipping": {**_ANY, **_CODE, **_SUMMARY, **_SHORT, **_LIMIT, **_SHIPPING},
    "DiscountCodeApp": {**_ANY, **_CODE, **_LIMIT},
    "DiscountAutomaticBasic": {**_ANY, **_SUMMARY, **_SHORT, **_GETS, **_AUTOMATIC_LIMIT},
    "DiscountAutomaticBxgy": {**_ANY, **_SUMMARY, **_GETS},
    "DiscountAutomaticFreeShipping": {**_ANY, **_SUMMARY, **_SHORT, **_AUTOMATIC_LIMIT, **_SHIPPING},
    "DiscountAutomaticApp": {**_ANY, **_AUTOMATIC_LIMIT},
}


def _node_id(discount: Discount, _: Context) -> str:
    """A discount's id, which says of what kind it is, whatever node holds it."""
    return gid("DiscountAutomaticNode" if discount.is_automatic else "DiscountCodeNode", discount.id)


def _value(discount: Discount, context: Context) -> tuple[Discount, MoneyContext]:
    return discount, context.shop.money


def declare_discounts(schema: Schema) -> None:
    """Add discounts."""
    for kind, fields in _KINDS.items():
        schema.declare(kind, fields)
    for union, beginning in {
        "Discount": "Discount",
        "DiscountCode": "DiscountCode",
        "DiscountAutomatic": "DiscountAutomatic",
    }.items():
        members = [kind for kind in _KINDS if kind.startswith(beginning)]
        schema.declare(union, {}, members=members, type_of=lambda x: x.kind)
    for node, field in {
        "DiscountNode": "discount: Discount!",
        "DiscountCodeNode": "codeDiscount: DiscountCode!",
        "DiscountAutomaticNode": "automaticDiscount: DiscountAutomatic!",
    }.items():
        metafields = "metafields(namespace: String, keys: [String!]): MetafieldConnection!"
        schema.declare(node, {"id: ID!": _node_id, field: lambda x, _: x, metafields: Rows(always(()))})
    schema.declare(
        "DiscountRedeemCode",
        {
            "asyncUsageCount: Int!": lambda x, _: x.usage_count,
            "code: String!": lambda x, _: x.code,
            "id: ID!": lambda x, _: gid("DiscountRedeemCode", x.id),
        },
    )
    schema.declare(
        "DiscountCombinesWith",
        {
            "orderDiscounts: Boolean!": always(False),
            "productDiscounts: Boolean!": always(False),
            "shippingDiscounts: Boolean!": always(True),
        },
    )
    schema.declare(
        "DiscountCustomerGets",
        {
            "appliesOnOneTimePurchase: Boolean!": always(True),
            "appliesOnSubscription: Boolean!": always(False),
            "value: DiscountCustomerGetsValue!": _value,
        },
    )
    schema.declare("DiscountBuyerSelectionAll", {"all: DiscountBuyerSelection!": always("ALL")})
    schema.declare(
        "DiscountCustomers",
        {"customers: [Customer!]!": lambda x, c: [c.shop.customers.records[number] for number in x.customer_ids]},
    )
    schema.declare(
        "DiscountContext",
        {},
        members=["DiscountBuyerSelectionAll", "DiscountCustomers"],
        type_of=lambda x: "DiscountCustomers" if x.customer_ids else "DiscountBuyerSelectionAll",
    )
    schema.declare(
        "DiscountMinimumSubtotal", {"greaterThanOrEqualToSubtotal: MoneyV2!": lambda x, c: (x.minimum, c.shop.money)}
    )
    schema.declare("DiscountMinimumQuantity", {"greaterThanOrEqualToQuantity: UnsignedInt64!": always(None)})
    schema.declare(
        "DiscountMinimumRequirement",
        {},
        members=["DiscountMinimumQuantity", "DiscountMinimumSubtotal"],
        type_of=always("DiscountMinimumSubtotal"),
    )
    schema.declare("DiscountPercentage", {"percentage: Float!": lambda x, _: float(x[0].percentage)})
    schema.declare("DiscountOnQuantity", {"quantity: DiscountQuantity!": always(None)})
    schema.declare("DiscountQuantity", {"quantity: UnsignedInt64!": always(None)})
    schema.declare(
        "DiscountAmount",
        {"amount: MoneyV2!": lambda x, _: (x[0].amount, x[1]), "appliesOnEachItem: Boolean!": always(False)},
    )
    schema.declare(
        "DiscountCustomerGetsValue",
        {},
        members=["DiscountAmount", "DiscountOnQuantity", "DiscountPercentage"],
        type_of=lambda x: "DiscountAmount" if x[0].percentage is None else "DiscountPercentage",
    )
