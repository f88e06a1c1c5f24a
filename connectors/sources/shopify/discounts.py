"""Discounts of both kinds, by code and automatic: how Shopify sends them, and their rows."""

from decimal import Decimal

import msgspec

from connectors.sources.shopify.answers import Connection, decimal_text, number
from connectors.sources.shopify.batches import Assembly, Row
from connectors.sources.shopify.client import ShopifyClient
from connectors.sources.shopify.draining import drained
from connectors.sources.shopify.entity import Entity, PartsPage
from connectors.sources.shopify.values import Money
from models.records.shopify_catalogue import DISCOUNT_CODES, DISCOUNTS


class Code(msgspec.Struct, rename="camel", gc=False):
    """A code of a discount."""

    id: str
    code: str
    async_usage_count: int | None = None


class Value(msgspec.Struct, gc=False):
    """A share or an amount; other kinds have neither."""

    percentage: Decimal | None = None
    amount: Money | None = None


class Gets(msgspec.Struct, gc=False):
    """What the customer gets."""

    value: Value | None = None


class Discount(msgspec.Struct, rename="camel", gc=False):
    """A discount of any kind; each has only some of these."""

    created_at: str
    updated_at: str
    type: str = msgspec.field(name="__typename")
    title: str | None = None
    status: str | None = None
    summary: str | None = None
    discount_classes: list[str] = []
    customer_gets: Gets | None = None
    starts_at: str | None = None
    ends_at: str | None = None
    usage_limit: int | None = None
    applies_once_per_customer: bool | None = None
    async_usage_count: int | None = None
    codes: Connection[Code] | None = None


class DiscountNode(msgspec.Struct, gc=False):
    """A discount in its frame, which has the id."""

    id: str
    discount: Discount


class DiscountParts(msgspec.Struct):
    """A further page of a discount's codes, in its frame."""

    discount: "DiscountCodesPage | None" = None


class DiscountCodesPage(msgspec.Struct):
    """A further page of a discount's codes."""

    codes: Connection[Code] | None = None


def code_row(discount_id: str, code: Code) -> Row:
    """The row of `discount_codes`."""
    return discount_id, number(code.id), code.code, code.async_usage_count


class Discounts(Entity[DiscountNode]):
    """Discounts with their codes, whose use does not show as a change of the discount."""

    stream = DISCOUNTS
    parts = (DISCOUNT_CODES,)
    kind = DiscountNode
    gid_type = "DiscountNode"
    scope = "read_discounts"
    page_document = "discounts"
    by_id_document = "discounts_by_id"
    ids_document = "discount_ids"
    is_newest_first = True
    is_reread_daily = True

    def updated_at(self, node: DiscountNode) -> str:
        """When the discount was last changed."""
        return node.discount.updated_at

    def row(self, node: DiscountNode) -> Row:
        """The row of `discounts`."""
        discount = node.discount
        value = (discount.customer_gets.value if discount.customer_gets else None) or Value()
        return (
            number(node.id),
            discount.type,
            discount.type.startswith("DiscountAutomatic"),
            discount.title,
            discount.status,
            discount.summary,
            ", ".join(discount.discount_classes),
            decimal_text(value.percentage),
            value.amount.amount if value.amount else None,
            value.amount.currency_code if value.amount else None,
            discount.starts_at,
            discount.ends_at,
            discount.usage_limit,
            discount.applies_once_per_customer,
            discount.async_usage_count,
            discount.created_at,
            discount.updated_at,
        )

    def add_connections(self, key: str, node: DiscountNode, assembly: Assembly, client: ShopifyClient) -> None:
        """Take the codes: there may be a hundred thousand."""

        def fetch(after: str) -> Connection[Code] | None:
            answer = client.page("discount_parts", {"id": self.gid(key), "after": after}, stream=self.name)
            found = answer.data(PartsPage[DiscountParts]).node
            return found.discount.codes if found and found.discount else None

        codes = drained(node.discount.codes, fetch)
        assembly.add_parts("discount_codes", [code_row(key, code) for code in codes])
