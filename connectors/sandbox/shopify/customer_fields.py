"""What the API tells about customers and unfinished checkouts: where each field's value comes from."""

from decimal import Decimal

from connectors.sandbox.shopify.context import Context
from connectors.sandbox.shopify.merchandise import Checkout, CheckoutLine
from connectors.sandbox.shopify.money import MoneyContext, rounded
from connectors.sandbox.shopify.order_part_fields import gid, taxed
from connectors.sandbox.shopify.product_fields import metafields_of
from connectors.sandbox.shopify.records import Customer, Order
from connectors.sandbox.shopify.schema import Declaration, Rows, Schema, always

_COUNTRIES = {
    "AU": "Australia",
    "CA": "Canada",
    "DE": "Germany",
    "FR": "France",
    "GB": "United Kingdom",
    "IN": "India",
    "JP": "Japan",
    "US": "United States",
}


def visible_orders(customer: Customer, context: Context) -> list[Order]:
    """The orders of a customer that the app can see."""
    found = (context.shop.orders.get(order_id) for order_id in customer.order_ids)
    return [order for order in found if order is not None and context.sees(order)]


def _spent(customer: Customer, context: Context) -> tuple[int, MoneyContext]:
    """What a customer spent: of all orders, seen or not, that are neither tests nor cancelled."""
    orders = (context.shop.orders.get(order_id) for order_id in customer.order_ids)
    spent = sum(o.received - o.refunded for o in orders if o is not None and not o.test and o.cancelled_at is None)
    return spent, context.shop.money


def _last_order(customer: Customer, context: Context) -> Order | None:
    return max(visible_orders(customer, context), key=lambda order: order.created_at, default=None)


CUSTOMER: Declaration = {
    "addressesV2: MailingAddressConnection!": Rows(lambda x, _: (x.address,) if x.address else ()),
    "amountSpent: MoneyV2!": _spent,
    "canDelete: Boolean!": lambda x, _: not x.order_ids,
    "createdAt: DateTime!": lambda x, _: x.created_at,
    "dataSaleOptOut: Boolean!": always(False),
    "defaultAddress: MailingAddress": lambda x, _: x.address,
    "defaultEmailAddress: CustomerEmailAddress": lambda x, _: x if x.email else None,
    "defaultPhoneNumber: CustomerPhoneNumber": lambda x, _: x if x.phone else None,
    "displayName: String!": lambda x, _: x.display_name,
    "email: String": lambda x, _: x.email,
    "emailMarketingConsent: CustomerEmailMarketingConsentState": lambda x, _: x.email_consent if x.email else None,
    "firstName: String": lambda x, _: x.first_name,
    "id: ID!": lambda x, _: gid("Customer", x.id),
    "lastName: String": lambda x, _: x.last_name,
    "lastOrder: Order": _last_order,
    "legacyResourceId: UnsignedInt64!": lambda x, _: x.id,
    "lifetimeDuration: String!": always("over 1 year"),
    "locale: String!": lambda x, _: x.locale,
    "metafields(namespace: String, keys: [String!]): MetafieldConnection!": Rows(
        lambda x, c, a=None: metafields_of(gid("Customer", x.id), c, (a or {}).get("namespace")),
        lambda x: int(x["number"]),
        is_filtered=True,
    ),
    "multipassIdentifier: String": always(None),
    "note: String": lambda x, _: x.note,
    "numberOfOrders: UnsignedInt64!": lambda x, _: len(x.order_ids),
    "orders(sortKey: OrderSortKeys = ID, query: String): OrderConnection!": Rows(visible_orders),
    "phone: String": lambda x, _: x.phone,
    "productSubscriberStatus: CustomerProductSubscriberStatus!": always("NEVER_SUBSCRIBED"),
    "smsMarketingConsent: CustomerSmsMarketingConsentState": lambda x, _: x.sms_consent,
    "state: CustomerState!": lambda x, _: x.state,
    "tags: [String!]!": lambda x, _: list(x.tags),
    "taxExempt: Boolean!": lambda x, _: x.tax_exempt,
    "taxExemptions: [TaxExemption!]!": always([]),
    "updatedAt: DateTime!": lambda x, _: x.updated_at,
    "verifiedEmail: Boolean!": lambda x, _: x.verified_email,
}


def declare_customers(schema: Schema) -> None:
    """Add customers and what is told of them."""
    schema.declare("Customer", CUSTOMER)
    schema.restrict("Customer", "firstName lastName displayName", protects="name")
    schema.restrict("Customer", "email emailMarketingConsent", protects="email", cost=0)
    schema.restrict("Customer", "defaultEmailAddress", protects="email")
    schema.restrict("Customer", "phone smsMarketingConsent", protects="phone", cost=0)
    schema.restrict("Customer", "defaultPhoneNumber", protects="phone")
    schema.restrict("Customer", "defaultAddress", protects="address", cost=0)
    schema.restrict("Customer", "addressesV2", protects="address")
    schema.restrict("Customer", "orders lastOrder", scope="read_orders", protects="orders")
    schema.declare(
        "CustomerEmailMarketingConsentState",
        {
            "consentUpdatedAt: DateTime": lambda x, _: x.updated_at,
            "marketingOptInLevel: CustomerMarketingOptInLevel": lambda x, _: x.opt_in_level,
            "marketingState: CustomerEmailMarketingState!": lambda x, _: x.state,
        },
    )
    schema.declare(
        "CustomerSmsMarketingConsentState",
        {
            "consentUpdatedAt: DateTime": lambda x, _: x.updated_at,
            "marketingOptInLevel: CustomerMarketingOptInLevel!": lambda x, _: x.opt_in_level,
            "marketingState: CustomerSmsMarketingState!": lambda x, _: x.state,
            "consentCollectedFrom: CustomerConsentCollectedFrom": lambda x, _: "OTHER" if x.updated_at else None,
        },
    )
    schema.declare(
        "CustomerEmailAddress",
        {
            "emailAddress: String!": lambda x, _: x.email,
            "marketingOptInLevel: CustomerMarketingOptInLevel": lambda x, _: x.email_consent.opt_in_level,
            "marketingState: CustomerEmailAddressMarketingState!": lambda x, _: x.email_consent.state,
            "marketingUnsubscribeUrl: URL!": lambda x, c: f"https://{c.shop.domain}/account/unsubscribe/{x.id}",
            "marketingUpdatedAt: DateTime": lambda x, _: x.email_consent.updated_at,
            "openTrackingLevel: CustomerEmailAddressOpenTrackingLevel!": always("UNKNOWN"),
            "validFormat: Boolean!": lambda x, _: "@" in x.email,
        },
    )
    schema.declare(
        "CustomerPhoneNumber",
        {
            "marketingCollectedFrom: CustomerConsentCollectedFrom": lambda x, _: "OTHER" if x.sms_consent else None,
            "marketingOptInLevel: CustomerMarketingOptInLevel": lambda x, _: (
                x.sms_consent.opt_in_level if x.sms_consent else None
            ),
            "marketingState: CustomerSmsMarketingState!": lambda x, _: (
                x.sms_consent.state if x.sms_consent else "NOT_SUBSCRIBED"
            ),
            "marketingUpdatedAt: DateTime": lambda x, _: x.sms_consent.updated_at if x.sms_consent else None,
            "phoneNumber: String!": lambda x, _: x.phone,
        },
    )
    _declare_addresses(schema)
    _declare_checkouts(schema)


def _declare_addresses(schema: Schema) -> None:
    schema.declare(
        "MailingAddress",
        {
            "address1: String": lambda x, _: x.address1,
            "address2: String": always(None),
            "city: String": lambda x, _: x.city,
            "company: String": always(None),
            "coordinatesValidated: Boolean!": always(False),
            "country: String": lambda x, _: _COUNTRIES.get(x.country_code, x.country_code),
            "countryCodeV2: CountryCode": lambda x, _: x.country_code,
            "firstName: String": lambda x, _: x.first_name,
            "formattedArea: String": lambda x, _: _COUNTRIES.get(x.country_code, x.country_code),
            "id: ID!": lambda x, _: f"{gid('MailingAddress', x.id)}?model_name=CustomerAddress",
            "lastName: String": lambda x, _: x.last_name,
            "name: String": lambda x, _: " ".join(filter(None, (x.first_name, x.last_name))) or None,
            "phone: String": lambda x, _: x.phone,
            "province: String": lambda x, _: x.province_code,
            "provinceCode: String": lambda x, _: x.province_code,
            "zip: String": lambda x, _: x.zip,
        },
    )
    schema.restrict("MailingAddress", "firstName lastName name", protects="name")
    schema.restrict("MailingAddress", "phone", protects="phone")


def _line_totals(line: CheckoutLine) -> tuple[int, int]:
    """A line's price before and after discounts."""
    price = line.unit_price * line.quantity
    return price, price - sum(allocation.amount for allocation in line.allocations)


def _bagged_lines(checkout: Checkout, _: Context) -> list[tuple[CheckoutLine, MoneyContext]]:
    return [(line, checkout.money) for line in checkout.lines]


def _declare_checkouts(schema: Schema) -> None:
    schema.declare(
        "AbandonedCheckout",
        {
            "abandonedCheckoutUrl: URL!": lambda x, c: f"https://{c.shop.domain}/checkouts/ac/{x.id}/recover",
            "billingAddress: MailingAddress": lambda x, _: x.address,
            "completedAt: DateTime": lambda x, _: x.completed_at,
            "createdAt: DateTime!": lambda x, _: x.created_at,
            "customAttributes: [Attribute!]!": always([]),
            "customer: Customer": lambda x, c: None if x.customer_id is None else c.shop.customers.get(x.customer_id),
            "discountCodes: [String!]!": lambda x, _: list(x.codes),
            "id: ID!": lambda x, _: gid("AbandonedCheckout", x.id),
            "lineItems: AbandonedCheckoutLineItemConnection!": Rows(_bagged_lines, lambda x: int(x[0].id)),
            "name: String!": lambda x, _: f"#{x.id}",
            "note: String!": always(""),
            "shippingAddress: MailingAddress": lambda x, _: x.address,
            "subtotalPriceSet: MoneyBag!": lambda x, _: (x.lines_total - x.discount, x.money),
            "taxLines: [TaxLine!]!": lambda x, _: taxed(x.tax_lines, x.money),
            "taxesIncluded: Boolean!": lambda x, _: x.taxes_included,
            "totalDiscountSet: MoneyBag!": lambda x, _: (x.discount, x.money),
            "totalDutiesSet: MoneyBag": always(None),
            "totalLineItemsPriceSet: MoneyBag!": lambda x, _: (x.lines_total, x.money),
            "totalPriceSet: MoneyBag!": lambda x, _: (x.total, x.money),
            "totalTaxSet: MoneyBag": lambda x, _: (x.tax, x.money),
            "updatedAt: DateTime!": lambda x, _: x.updated_at,
        },
    )
    schema.restrict("AbandonedCheckout", "customer", scope="read_customers", protects="customers")
    schema.restrict("AbandonedCheckout", "billingAddress shippingAddress", protects="address")
    schema.declare(
        "AbandonedCheckoutLineItem",
        {
            "customAttributes: [Attribute!]!": always([]),
            "discountedTotalPriceSet: MoneyBag!": lambda x, _: (_line_totals(x[0])[1], x[1]),
            "discountedUnitPriceSet: MoneyBag!": lambda x, _: (
                rounded(Decimal(_line_totals(x[0])[1]) / x[0].quantity) if x[0].quantity else 0,
                x[1],
            ),
            "id: ID!": lambda x, _: gid("AbandonedCheckoutLineItem", x[0].id),
            "originalTotalPriceSet: MoneyBag!": lambda x, _: (_line_totals(x[0])[0], x[1]),
            "originalUnitPriceSet: MoneyBag!": lambda x, _: (x[0].unit_price, x[1]),
            "product: Product": lambda x, c: c.shop.products.get(x[0].product_id) if x[0].product_id else None,
            "quantity: Int!": lambda x, _: x[0].quantity,
            "sku: String": lambda x, _: x[0].sku,
            "title: String": lambda x, _: x[0].title,
            "variant: ProductVariant": lambda x, c: c.shop.variants.get(x[0].variant_id) if x[0].variant_id else None,
            "variantTitle: String": lambda x, _: x[0].variant_title,
        },
    )
    schema.restrict("AbandonedCheckoutLineItem", "product variant", scope="read_products")
