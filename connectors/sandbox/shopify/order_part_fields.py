"""What the API tells about the parts of orders: taxes, shipping, fees, payments, refunds and applied discounts."""

from decimal import Decimal
from typing import NamedTuple

from connectors.sandbox.shopify.context import Context
from connectors.sandbox.shopify.money import MoneyContext
from connectors.sandbox.shopify.records import DiscountApplication, LineItem, Order, ShippingLine, TaxLine, Transaction
from connectors.sandbox.shopify.schema import Declaration, Node, Rows, Schema, always


class Taxed(NamedTuple):
    """A tax, with the currencies of its record."""

    title: str
    rate: Decimal
    amount: int
    money: MoneyContext


class Applied(NamedTuple):
    """A discount application, with the currencies of its order."""

    application: DiscountApplication
    money: MoneyContext


class Allocated(NamedTuple):
    """A part of a discount application that went to a line."""

    amount: int
    applied: Applied


def gid(kind: str, number: int) -> str:
    """A global id."""
    return f"gid://shopify/{kind}/{number}"


def taxed(lines: tuple[TaxLine, ...], money: MoneyContext) -> list[Taxed]:
    """The taxes of a line."""
    return [Taxed(line.title, line.rate, line.amount, money) for line in lines]


def applied(order: Order) -> list[Applied]:
    """The discounts of an order."""
    return [Applied(application, order.money) for application in order.applications]


def allocated(line: LineItem | ShippingLine) -> list[Allocated]:
    """The discounts on a line."""
    order = line.order
    return [Allocated(p.amount, Applied(order.applications[p.place], order.money)) for p in line.allocations]


def _parent(transaction: Transaction, _: Context) -> Transaction | None:
    return next((t for t in transaction.order.transactions if t.id == transaction.parent_id), None)


def _value(applied: Applied, _: Context) -> Node:
    application = applied.application
    return application.percentage if application.percentage is not None else (application.amount, applied.money)


_APPLICATION: Declaration = {
    "allocationMethod: DiscountApplicationAllocationMethod!": lambda x, _: x.application.method,
    "index: Int!": lambda x, _: x.application.place,
    "targetSelection: DiscountApplicationTargetSelection!": lambda x, _: x.application.selection,
    "targetType: DiscountApplicationTargetType!": lambda x, _: x.application.target,
    "value: PricingValue!": _value,
}
_APPLICATIONS = {
    "code": "DiscountCodeApplication",
    "automatic": "AutomaticDiscountApplication",
    "manual": "ManualDiscountApplication",
}


def declare_parts(schema: Schema) -> None:
    """Add what orders consist of."""
    _declare_charges(schema)
    _declare_fulfillments(schema)
    _declare_payments(schema)
    _declare_refunds(schema)
    _declare_applications(schema)


def _declare_charges(schema: Schema) -> None:
    schema.declare("Attribute", {"key: String!": lambda x, _: x[0], "value: String": lambda x, _: x[1]})
    schema.declare("OrderApp", {"id: ID!": always(gid("App", 1)), "name: String!": always("Online Store")})
    schema.declare(
        "TaxLine",
        {
            "channelLiable: Boolean": always(False),
            "priceSet: MoneyBag!": lambda x, _: (x.amount, x.money),
            "rate: Float": lambda x, _: float(x.rate),
            "ratePercentage: Float": lambda x, _: float(x.rate * 100),
            "source: String": always(None),
            "title: String!": lambda x, _: x.title,
        },
    )
    schema.declare(
        "ShippingLine",
        {
            "carrierIdentifier: String": always(None),
            "code: String": lambda x, _: x.code,
            "currentDiscountedPriceSet: MoneyBag!": lambda x, _: (
                x.discounted - sum(b.subtotal for r in x.order.refunds for b in r.shipping if b.shipping_line is x),
                x.order.money,
            ),
            "custom: Boolean!": always(False),
            "deliveryCategory: String": always(None),
            "discountAllocations: [DiscountAllocation!]!": lambda x, _: allocated(x),
            "discountedPriceSet: MoneyBag!": lambda x, _: (x.discounted, x.order.money),
            "id: ID": lambda x, _: gid("ShippingLine", x.id),
            "isRemoved: Boolean!": always(False),
            "originalPriceSet: MoneyBag!": lambda x, _: (x.price, x.order.money),
            "phone: String": always(None),
            "source: String": always("shopify"),
            "taxLines: [TaxLine!]!": lambda x, _: taxed(x.tax_lines, x.order.money),
            "title: String!": lambda x, _: x.title,
        },
    )
    schema.declare(
        "Duty",
        {
            "countryCodeOfOrigin: CountryCode": lambda x, _: x[0].country,
            "harmonizedSystemCode: String": lambda x, _: x[0].harmonized_code,
            "id: ID!": lambda x, _: gid("Duty", x[0].id),
            "price: MoneyBag!": lambda x, _: (x[0].amount, x[1]),
            "taxLines: [TaxLine!]!": always([]),
        },
    )
    schema.declare(
        "AdditionalFee",
        {
            "id: ID!": lambda x, _: gid("AdditionalFee", x[0].id),
            "name: String!": lambda x, _: x[0].name,
            "price: MoneyBag!": lambda x, _: (x[0].amount, x[1]),
            "taxLines: [TaxLine!]!": always([]),
        },
    )


def _declare_fulfillments(schema: Schema) -> None:
    """What was shipped of an order, in one parcel."""
    schema.declare(
        "Fulfillment",
        {
            "createdAt: DateTime!": lambda x, _: x.processed_at,
            "displayStatus: FulfillmentDisplayStatus": always("FULFILLED"),
            "events(sortKey: FulfillmentEventSortKeys = HAPPENED_AT): FulfillmentEventConnection!": Rows(always(())),
            "id: ID!": lambda x, _: gid("Fulfillment", x.id),
            "legacyResourceId: UnsignedInt64!": lambda x, _: x.id,
            "name: String!": lambda x, _: f"{x.name}-F1",
            "status: FulfillmentStatus!": always("SUCCESS"),
            "totalQuantity: Int!": lambda x, _: sum(line.fulfilled_quantity for line in x.lines),
            "updatedAt: DateTime!": lambda x, _: x.updated_at,
        },
    )
    nothing = always(None)
    schema.declare("FulfillmentEvent", {"id: ID!": nothing})
    schema.declare("Location", {"id: ID!": nothing, "name: String!": nothing})
    schema.declare("LineItemSellingPlan", {"name: String!": nothing, "sellingPlanId: ID": nothing})


def _declare_payments(schema: Schema) -> None:
    schema.declare(
        "CashRoundingAdjustment",
        {
            "paymentSet: MoneyBag!": lambda o, _: (o.rounding, o.money),
            "refundSet: MoneyBag!": lambda o, _: (0, o.money),
        },
    )
    schema.declare(
        "OrderTransaction",
        {
            "amountRoundingSet: MoneyBag": lambda x, _: (x.rounding, x.order.money) if x.rounding else None,
            "amountSet: MoneyBag!": lambda x, _: (x.amount, x.order.money),
            "createdAt: DateTime!": lambda x, _: x.created_at,
            "errorCode: OrderTransactionErrorCode": lambda x, _: "CARD_DECLINED" if x.status == "FAILURE" else None,
            "formattedGateway: String": lambda x, _: x.gateway.replace("_", " ").title(),
            "gateway: String": lambda x, _: x.gateway,
            "id: ID!": lambda x, _: gid("OrderTransaction", x.id),
            "kind: OrderTransactionKind!": lambda x, _: x.kind,
            "manualPaymentGateway: Boolean!": lambda x, _: x.gateway == "manual",
            "order: Order": lambda x, _: x.order,
            "parentTransaction: OrderTransaction": _parent,
            "paymentId: String": lambda x, _: f"#{x.order.number}.{x.id}",
            "processedAt: DateTime": lambda x, _: x.processed_at,
            "status: OrderTransactionStatus!": lambda x, _: x.status,
            "test: Boolean!": lambda x, _: x.order.test,
        },
    )


def _declare_refunds(schema: Schema) -> None:
    schema.declare(
        "Refund",
        {
            "createdAt: DateTime": lambda x, _: x.created_at,
            "duties: [RefundDuty!]": lambda x, _: [(duty, x.order.money) for duty in x.duties],
            "id: ID!": lambda x, _: gid("Refund", x.id),
            "legacyResourceId: UnsignedInt64!": lambda x, _: x.id,
            "note: String": lambda x, _: x.note,
            "order: Order!": lambda x, _: x.order,
            "orderAdjustments: OrderAdjustmentConnection!": Rows(
                lambda x, _: [(each, x.order.money) for each in x.adjustments], lambda x: int(x[0].id)
            ),
            "processedAt: DateTime!": lambda x, _: x.processed_at,
            "refundLineItems: RefundLineItemConnection!": Rows(lambda x, _: x.lines),
            "refundShippingLines: RefundShippingLineConnection!": Rows(lambda x, _: x.shipping),
            "totalRefundedSet: MoneyBag!": lambda x, _: (x.total, x.order.money),
            "transactions: OrderTransactionConnection!": Rows(lambda x, _: x.transactions),
            "updatedAt: DateTime!": lambda x, _: x.updated_at,
        },
    )
    schema.declare(
        "RefundLineItem",
        {
            "id: ID": lambda x, _: gid("RefundLineItem", x.id),
            "lineItem: LineItem!": lambda x, _: x.line,
            "priceSet: MoneyBag!": lambda x, _: (x.price, x.line.order.money),
            "quantity: Int!": lambda x, _: x.quantity,
            "restockType: RefundLineItemRestockType!": lambda x, _: x.restock_type,
            "restocked: Boolean!": lambda x, _: x.restock_type != "NO_RESTOCK",
            "subtotalSet: MoneyBag!": lambda x, _: (x.subtotal, x.line.order.money),
            "totalTaxSet: MoneyBag!": lambda x, _: (x.tax, x.line.order.money),
        },
    )
    schema.declare(
        "RefundShippingLine",
        {
            "id: ID!": lambda x, _: gid("RefundShippingLine", x.id),
            "shippingLine: ShippingLine!": lambda x, _: x.shipping_line,
            "subtotalAmountSet: MoneyBag!": lambda x, _: (x.subtotal, x.shipping_line.order.money),
            "taxAmountSet: MoneyBag!": lambda x, _: (x.tax, x.shipping_line.order.money),
        },
    )
    schema.declare(
        "OrderAdjustment",
        {
            "amountSet: MoneyBag!": lambda x, _: (x[0].amount, x[1]),
            "id: ID!": lambda x, _: gid("OrderAdjustment", x[0].id),
            "reason: OrderAdjustmentDiscrepancyReason": lambda x, _: x[0].reason,
            "taxAmountSet: MoneyBag!": lambda x, _: (x[0].tax, x[1]),
        },
    )
    schema.declare(
        "RefundDuty",
        {
            "amountSet: MoneyBag!": lambda x, _: (x[0].amount, x[1]),
            "originalDuty: Duty": lambda x, _: (x[0].duty, x[1]),
        },
    )


def _declare_applications(schema: Schema) -> None:
    schema.declare("PricingPercentageValue", {"percentage: Float!": lambda x, _: float(x)})
    schema.declare(
        "PricingValue",
        {},
        members=["MoneyV2", "PricingPercentageValue"],
        type_of=lambda x: "MoneyV2" if isinstance(x, tuple) else "PricingPercentageValue",
    )
    schema.declare(
        "DiscountApplication",
        _APPLICATION,
        members=[*_APPLICATIONS.values(), "ScriptDiscountApplication"],
        type_of=lambda x: _APPLICATIONS[x.application.kind],
    )
    for kind, name in _APPLICATIONS.items():
        schema.declare(name, _APPLICATION)
        title = "code: String!" if kind == "code" else "title: String!"
        schema.declare(name, {title: lambda x, _: x.application.title})
    schema.declare("ManualDiscountApplication", {"description: String": always(None)})
    # A kind that the shop has none of.
    schema.declare("ScriptDiscountApplication", {**_APPLICATION, "title: String!": lambda x, _: x.application.title})
    schema.declare(
        "DiscountAllocation",
        {
            "allocatedAmountSet: MoneyBag!": lambda x, _: (x.amount, x.applied.money),
            "discountApplication: DiscountApplication!": lambda x, _: x.applied,
        },
    )
