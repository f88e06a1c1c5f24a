"""What the API tells about orders and their lines: where each field's value comes from."""

from collections.abc import Callable
from decimal import Decimal

from connectors.sandbox.shopify.context import Context
from connectors.sandbox.shopify.money import MoneyContext, rounded
from connectors.sandbox.shopify.order_part_fields import Taxed, allocated, applied, declare_parts, gid, taxed
from connectors.sandbox.shopify.records import LineItem, Order
from connectors.sandbox.shopify.schema import Arguments, Declaration, Node, Rows, Schema, always
from connectors.sandbox.shopify.totals import discrepancy, outstanding


def _bag(name: str) -> Callable[[Order, Context], tuple[int, MoneyContext]]:
    """A total of an order, by the name that the books have for it."""

    def find(order: Order, _: Context) -> tuple[int, MoneyContext]:
        return getattr(order, name), order.money

    return find


def _optional_bag(name: str) -> Callable[[Order, Context], tuple[int, MoneyContext] | None]:
    """A total that is null where there is nothing of the kind."""

    def find(order: Order, _: Context) -> tuple[int, MoneyContext] | None:
        amount = getattr(order, name)
        return (amount, order.money) if amount else None

    return find


def _line_level(line: LineItem, *, with_codes: bool = True) -> int:
    """The discounts on a line that are not for the whole cart."""
    found = 0
    for part in line.allocations:
        application = line.order.applications[part.place]
        if not application.is_for_cart and (with_codes or application.kind != "code"):
            found += part.amount
    return found


def _order_taxes(order: Order, _: Context) -> list[Taxed]:
    """The taxes of all lines and shipping, one for each title and rate."""
    sums: dict[tuple[str, Decimal], int] = {}
    for lines in (*(x.tax_lines for x in order.lines), *(x.tax_lines for x in order.shipping_lines)):
        for tax in lines:
            sums[tax.title, tax.rate] = sums.get((tax.title, tax.rate), 0) + tax.amount
    return [Taxed(title, rate, amount, order.money) for (title, rate), amount in sums.items()]


def _current_taxes(order: Order, context: Context) -> list[Taxed]:
    """The same after refunds, in proportion to the total."""
    taxes = _order_taxes(order, context)
    whole = sum(tax.amount for tax in taxes)
    left = order.current_tax
    made = []
    for tax in taxes:
        share = rounded(Decimal(tax.amount * order.current_tax) / whole) if whole else 0
        share = min(share, left)
        left -= share
        made.append(tax._replace(amount=share))
    return [made[0]._replace(amount=made[0].amount + left), *made[1:]] if made else made


def _truncated(parts: tuple[Node, ...], arguments: Arguments) -> tuple[Node, ...]:
    first = arguments["first"]
    return parts if first is None else parts[:first]


def _capturable(order: Order) -> int:
    """What is authorized and not captured."""
    if order.financial_status != "AUTHORIZED":
        return 0
    return sum(t.amount for t in order.transactions if t.kind == "AUTHORIZATION" and t.status == "SUCCESS")


def _in_goods(order: Order, _: Context) -> int:
    return sum(line.quantity for line in order.lines if not (line.is_tip or line.is_gift_card))


def _accepts_marketing(order: Order, context: Context) -> bool:
    customer = context.shop.customers.get(order.customer_id) if order.customer_id is not None else None
    return customer is not None and customer.email_consent.state == "SUBSCRIBED"


ORDER: Declaration = {
    "additionalFees: [AdditionalFee!]!": lambda o, _: [(fee, o.money) for fee in o.fees],
    "app: OrderApp": lambda o, _: o,
    "billingAddress: MailingAddress": lambda o, _: o.address,
    "billingAddressMatchesShippingAddress: Boolean!": always(True),
    "canMarkAsPaid: Boolean!": lambda o, _: outstanding(o) > 0 and o.cancelled_at is None,
    "cancelReason: OrderCancelReason": lambda o, _: o.cancel_reason,
    "cancelledAt: DateTime": lambda o, _: o.cancelled_at,
    "capturable: Boolean!": lambda o, _: _capturable(o) > 0,
    "cartDiscountAmountSet: MoneyBag": _optional_bag("cart_discount"),
    "clientIp: String": always(None),
    "closed: Boolean!": lambda o, _: o.closed_at is not None,
    "closedAt: DateTime": lambda o, _: o.closed_at,
    "confirmationNumber: String": lambda o, _: f"SBX{o.number}",
    "confirmed: Boolean!": always(True),
    "createdAt: DateTime!": lambda o, _: o.created_at,
    "currencyCode: CurrencyCode!": lambda o, _: o.money.currency,
    "currentCartDiscountAmountSet: MoneyBag!": lambda o, _: (
        o.cart_discount * o.current_subtotal // o.subtotal if o.cart_discount and o.subtotal else 0,
        o.money,
    ),
    "currentShippingPriceSet: MoneyBag!": _bag("current_shipping"),
    "currentSubtotalLineItemsQuantity: Int!": lambda o, _: sum(
        line.current_quantity for line in o.lines if not (line.is_tip or line.is_gift_card)
    ),
    "currentSubtotalPriceSet: MoneyBag!": _bag("current_subtotal"),
    "currentTaxLines: [TaxLine!]!": _current_taxes,
    "currentTotalAdditionalFeesSet: MoneyBag": _optional_bag("fee_total"),
    "currentTotalDiscountsSet: MoneyBag!": _bag("current_discounts"),
    "currentTotalDutiesSet: MoneyBag": lambda o, _: (o.current_duties, o.money) if o.duties else None,
    "currentTotalPriceSet: MoneyBag!": _bag("current_total"),
    "currentTotalTaxSet: MoneyBag!": _bag("current_tax"),
    "currentTotalWeight: UnsignedInt64!": lambda o, _: sum(x.weight_grams * x.current_quantity for x in o.lines),
    "customAttributes: [Attribute!]!": lambda o, _: o.attributes,
    "customer: Customer": lambda o, c: c.shop.customers.get(o.customer_id),
    "customerAcceptsMarketing: Boolean!": _accepts_marketing,
    "customerLocale: String": lambda o, _: o.locale,
    "discountApplications: DiscountApplicationConnection!": Rows(lambda o, _: applied(o), None),
    "discountCode: String": lambda o, _: next((a.title for a in o.applications if a.kind == "code"), None),
    "discountCodes: [String!]!": lambda o, _: [a.title for a in o.applications if a.kind == "code"],
    "displayAddress: MailingAddress": lambda o, _: o.address,
    "displayFinancialStatus: OrderDisplayFinancialStatus": lambda o, _: o.financial_status,
    "displayFulfillmentStatus: OrderDisplayFulfillmentStatus!": lambda o, _: o.fulfillment_status,
    "dutiesIncluded: Boolean!": always(False),
    "edited: Boolean!": lambda o, _: o.edited,
    "email: String": lambda o, _: o.email,
    "estimatedTaxes: Boolean!": always(False),
    "fulfillable: Boolean!": lambda o, _: o.fulfillment_status != "FULFILLED" and o.cancelled_at is None,
    "fulfillments(first: Int): [Fulfillment!]!": lambda o, _, a: _truncated(
        (o,) if o.fulfillment_status != "UNFULFILLED" else (), a
    ),
    "fullyPaid: Boolean!": lambda o, _: o.received >= o.current_total,
    "hasTimelineComment: Boolean!": always(False),
    "id: ID!": lambda o, _: gid("Order", o.id),
    "legacyResourceId: UnsignedInt64!": lambda o, _: o.id,
    "lineItems: LineItemConnection!": Rows(lambda o, _: o.lines),
    "merchantEditable: Boolean!": lambda o, _: o.cancelled_at is None,
    "merchantEditableErrors: [String!]!": always([]),
    "metafields(namespace: String, keys: [String!]): MetafieldConnection!": Rows(always(())),
    "name: String!": lambda o, _: o.name,
    "netPaymentSet: MoneyBag!": lambda o, _: (o.received - o.refunded, o.money),
    "nonFulfillableLineItems: LineItemConnection!": Rows(lambda o, _: [x for x in o.lines if not x.requires_shipping]),
    "note: String": lambda o, _: o.note,
    "number: Int!": lambda o, _: o.number,
    "originalTotalAdditionalFeesSet: MoneyBag": _optional_bag("fee_total"),
    "originalTotalDutiesSet: MoneyBag": _optional_bag("duties"),
    "originalTotalPriceSet: MoneyBag!": _bag("original_total"),
    "paymentGatewayNames: [String!]!": lambda o, _: list(dict.fromkeys(t.gateway for t in o.transactions)),
    "phone: String": lambda o, _: o.phone,
    "poNumber: String": always(None),
    "presentmentCurrencyCode: CurrencyCode!": lambda o, _: o.money.presentment,
    "processedAt: DateTime!": lambda o, _: o.processed_at,
    "refundDiscrepancySet: MoneyBag!": lambda o, _: (
        sum(discrepancy(r, pending=False) + discrepancy(r, pending=True) for r in o.refunds),
        o.money,
    ),
    "refundable: Boolean!": lambda o, _: o.received > o.refunded,
    "refunds(first: Int): [Refund!]!": lambda o, _, a: _truncated(o.refunds, a),
    "requiresShipping: Boolean!": lambda o, _: any(line.requires_shipping for line in o.lines),
    "restockable: Boolean!": lambda o, _: any(line.current_quantity for line in o.lines),
    "retailLocation: Location": always(None),
    "returnStatus: OrderReturnStatus!": always("NO_RETURN"),
    "shippingAddress: MailingAddress": lambda o, _: o.address if o.shipping_lines else None,
    "shippingLine: ShippingLine": lambda o, _: o.shipping_lines[0] if o.shipping_lines else None,
    "shippingLines(includeRemovals: Boolean = false): ShippingLineConnection!": Rows(lambda o, _: o.shipping_lines),
    "sourceIdentifier: String": always(None),
    "sourceName: String": lambda o, _: o.source_name,
    "subtotalLineItemsQuantity: Int!": _in_goods,
    "subtotalPriceSet: MoneyBag": _bag("subtotal"),
    "tags: [String!]!": lambda o, _: list(o.tags),
    "taxExempt: Boolean!": always(False),
    "taxLines: [TaxLine!]!": _order_taxes,
    "taxesIncluded: Boolean!": lambda o, _: o.taxes_included,
    "test: Boolean!": lambda o, _: o.test,
    "totalCapturableSet: MoneyBag!": lambda o, _: (_capturable(o), o.money),
    "totalCashRoundingAdjustment: CashRoundingAdjustment!": lambda o, _: o,
    "totalDiscountsSet: MoneyBag": _bag("discounts"),
    "totalOutstandingSet: MoneyBag!": lambda o, _: (outstanding(o), o.money),
    "totalPriceSet: MoneyBag!": _bag("total"),
    "totalReceivedSet: MoneyBag!": _bag("received"),
    "totalRefundedSet: MoneyBag!": _bag("refunded"),
    "totalRefundedShippingSet: MoneyBag!": lambda o, _: (
        sum(back.subtotal for refund in o.refunds for back in refund.shipping),
        o.money,
    ),
    "totalShippingPriceSet: MoneyBag!": _bag("shipping"),
    "totalTaxSet: MoneyBag": _bag("tax"),
    "totalTipReceivedSet: MoneyBag!": _bag("tips"),
    "totalWeight: UnsignedInt64": lambda o, _: sum(line.weight_grams * line.quantity for line in o.lines),
    "transactions(first: Int, capturable: Boolean, manuallyResolvable: Boolean): [OrderTransaction!]!": (
        lambda o, _, a: _truncated(o.transactions, a)
    ),
    "transactionsCount: Count": lambda o, _: {"count": len(o.transactions), "precision": "EXACT"},
    "unpaid: Boolean!": lambda o, _: o.received == 0,
    "updatedAt: DateTime!": lambda o, _: o.updated_at,
}


def _per_unit(amount: int, quantity: int) -> int:
    return rounded(Decimal(amount) / quantity) if quantity else 0


def _after_all(line: LineItem, quantity: int) -> int:
    """What so many of a line cost after all discounts."""
    return rounded(Decimal((line.price - line.discount) * quantity) / line.quantity) if line.quantity else 0


LINE_ITEM: Declaration = {
    "currentQuantity: Int!": lambda x, _: x.current_quantity,
    "customAttributes: [Attribute!]!": lambda x, _: x.attributes,
    "discountAllocations: [DiscountAllocation!]!": lambda x, _: allocated(x),
    "discountedTotalSet(withCodeDiscounts: Boolean = false): MoneyBag!": lambda x, _, a: (
        x.price - _line_level(x, with_codes=a["withCodeDiscounts"]),
        x.order.money,
    ),
    "discountedUnitPriceAfterAllDiscountsSet: MoneyBag!": lambda x, _: (
        _per_unit(x.price - x.discount, x.quantity),
        x.order.money,
    ),
    "discountedUnitPriceSet: MoneyBag!": lambda x, _: (
        _per_unit(x.price - _line_level(x, with_codes=False), x.quantity),
        x.order.money,
    ),
    "duties: [Duty!]!": lambda x, _: [(duty, x.order.money) for duty in x.duties],
    "id: ID!": lambda x, _: gid("LineItem", x.id),
    "isGiftCard: Boolean!": lambda x, _: x.is_gift_card,
    "merchantEditable: Boolean!": lambda x, _: not x.is_tip,
    "name: String!": lambda x, _: f"{x.title} - {x.variant_title}" if x.variant_title else x.title,
    "nonFulfillableQuantity: Int!": lambda x, _: x.quantity - x.current_quantity if x.requires_shipping else x.quantity,
    "originalTotalSet: MoneyBag!": lambda x, _: (x.unit_price * x.quantity, x.order.money),
    "originalUnitPriceSet: MoneyBag!": lambda x, _: (x.unit_price, x.order.money),
    "priceAfterAllDiscountsBeforeTaxesSet: MoneyBag!": lambda x, _: (
        _after_all(x, x.current_quantity),
        x.order.money,
    ),
    "product: Product": lambda x, c: None if x.product_id is None else c.shop.products.get(x.product_id),
    "quantity: Int!": lambda x, _: x.quantity,
    "refundableQuantity: Int!": lambda x, _: x.current_quantity,
    "requiresShipping: Boolean!": lambda x, _: x.requires_shipping,
    "restockable: Boolean!": lambda x, _: x.variant_id is not None,
    "sellingPlan: LineItemSellingPlan": always(None),
    "sku: String": lambda x, _: x.sku,
    "taxLines(first: Int): [TaxLine!]!": lambda x, _, a: _truncated(tuple(taxed(x.tax_lines, x.order.money)), a),
    "taxable: Boolean!": lambda x, _: x.taxable,
    "title: String!": lambda x, _: x.title,
    "totalDiscountSet: MoneyBag!": lambda x, _: (_line_level(x), x.order.money),
    "unfulfilledDiscountedTotalSet: MoneyBag!": lambda x, _: (
        _after_all(x, max(x.current_quantity - x.fulfilled_quantity, 0)),
        x.order.money,
    ),
    "unfulfilledOriginalTotalSet: MoneyBag!": lambda x, _: (
        x.unit_price * max(x.current_quantity - x.fulfilled_quantity, 0),
        x.order.money,
    ),
    "unfulfilledQuantity: Int!": lambda x, _: max(x.current_quantity - x.fulfilled_quantity, 0),
    "variant: ProductVariant": lambda x, c: None if x.variant_id is None else c.shop.variants.get(x.variant_id),
    "variantTitle: String": lambda x, _: x.variant_title,
    "vendor: String": lambda x, _: x.vendor,
}


def declare_orders(schema: Schema) -> None:
    """Add orders and their parts."""
    schema.declare("Order", ORDER)
    schema.declare("LineItem", LINE_ITEM)
    schema.restrict("Order", "customer", scope="read_customers", protects="customers")
    schema.restrict("Order", "email", protects="email")
    schema.restrict("Order", "phone", protects="phone")
    schema.restrict("Order", "billingAddress shippingAddress displayAddress", protects="address")
    schema.restrict("LineItem", "product variant", scope="read_products")
    declare_parts(schema)
