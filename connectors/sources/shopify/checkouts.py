"""Abandoned checkouts: how Shopify sends them, and their rows."""

import msgspec

from connectors.sources.shopify.answers import Connection, Identity, number, number_of
from connectors.sources.shopify.batches import Assembly, Row
from connectors.sources.shopify.client import ShopifyClient
from connectors.sources.shopify.draining import drained
from connectors.sources.shopify.entity import Entity, PartsPage
from connectors.sources.shopify.values import Bag, amounts, amounts_or_none, currencies
from models.records.shopify_catalogue import CHECKOUT_LINES, CHECKOUTS


class CheckoutLine(msgspec.Struct, rename="camel", gc=False):
    """A line of a checkout."""

    id: str
    quantity: int
    original_total_price_set: Bag
    product: Identity | None = None
    variant: Identity | None = None
    sku: str | None = None
    title: str | None = None
    variant_title: str | None = None
    original_unit_price_set: Bag | None = None
    discounted_total_price_set: Bag | None = None


class Checkout(msgspec.Struct, rename="camel", gc=False):
    """A checkout."""

    id: str
    created_at: str
    updated_at: str
    total_price_set: Bag
    name: str | None = None
    customer: Identity | None = None
    completed_at: str | None = None
    abandoned_checkout_url: str | None = None
    discount_codes: list[str] = []
    taxes_included: bool | None = None
    total_line_items_price_set: Bag | None = None
    total_discount_set: Bag | None = None
    subtotal_price_set: Bag | None = None
    total_tax_set: Bag | None = None
    total_duties_set: Bag | None = None
    line_items: Connection[CheckoutLine] | None = None


class CheckoutParts(msgspec.Struct, rename="camel"):
    """A further page of a checkout's lines."""

    line_items: Connection[CheckoutLine] | None = None


def checkout_line_row(checkout_id: str, line: CheckoutLine) -> Row:
    """The row of `checkout_lines`."""
    return (
        checkout_id,
        number(line.id),
        number_of(line.product),
        number_of(line.variant),
        line.sku,
        line.title,
        line.variant_title,
        line.quantity,
        *currencies(line.original_total_price_set),
        *amounts_or_none(line.original_unit_price_set),
        *amounts(line.original_total_price_set),
        *amounts_or_none(line.discounted_total_price_set),
    )


class Checkouts(Entity[Checkout]):
    """Abandoned checkouts. Shopify drops old ones, which says nothing about them: they are kept."""

    stream = CHECKOUTS
    parts = (CHECKOUT_LINES,)
    kind = Checkout
    gid_type = "AbandonedCheckout"
    scope = "read_orders"
    page_document = "checkouts"

    def row(self, node: Checkout) -> Row:
        """The row of `checkouts`."""
        return (
            number(node.id),
            node.name,
            number_of(node.customer),
            node.created_at,
            node.updated_at,
            node.completed_at,
            node.abandoned_checkout_url,
            ", ".join(node.discount_codes),
            node.taxes_included,
            *currencies(node.total_price_set),
            *amounts_or_none(node.total_line_items_price_set),
            *amounts_or_none(node.total_discount_set),
            *amounts_or_none(node.subtotal_price_set),
            *amounts_or_none(node.total_tax_set),
            *amounts_or_none(node.total_duties_set),
            *amounts(node.total_price_set),
        )

    def add_connections(self, key: str, node: Checkout, assembly: Assembly, client: ShopifyClient) -> None:
        """Take the lines."""

        def fetch(after: str) -> Connection[CheckoutLine] | None:
            answer = client.page("checkout_parts", {"id": node.id, "after": after}, stream=self.name)
            found = answer.data(PartsPage[CheckoutParts]).node
            return found.line_items if found else None

        lines = drained(node.line_items, fetch)
        assembly.add_parts("checkout_lines", [checkout_line_row(key, line) for line in lines])
