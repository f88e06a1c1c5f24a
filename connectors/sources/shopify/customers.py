"""Customers: how Shopify sends them, and their row."""

import msgspec

from connectors.sources.shopify.answers import number
from connectors.sources.shopify.batches import Row
from connectors.sources.shopify.entity import Entity
from connectors.sources.shopify.values import NO_ADDRESS, Address
from models.records.shopify import CUSTOMERS


class EmailAddress(msgspec.Struct, rename="camel", gc=False):
    """The default address with the consent that hangs on it."""

    email_address: str | None = None
    marketing_state: str | None = None
    marketing_opt_in_level: str | None = None
    marketing_updated_at: str | None = None


class PhoneNumber(msgspec.Struct, rename="camel", gc=False):
    """The default telephone number with the consent to text messages that hangs on it."""

    phone_number: str | None = None
    marketing_state: str | None = None
    marketing_opt_in_level: str | None = None
    marketing_updated_at: str | None = None


_NO_EMAIL = EmailAddress()
_NO_PHONE = PhoneNumber()


class Customer(msgspec.Struct, rename="camel", gc=False):
    """A customer."""

    id: str
    created_at: str
    updated_at: str
    default_email_address: EmailAddress | None = None
    default_phone_number: PhoneNumber | None = None
    first_name: str | None = None
    last_name: str | None = None
    state: str | None = None
    locale: str | None = None
    verified_email: bool | None = None
    tax_exempt: bool | None = None
    data_sale_opt_out: bool | None = None
    tags: list[str] = []
    default_address: Address | None = None


class Customers(Entity[Customer]):
    """Customers."""

    stream = CUSTOMERS
    kind = Customer
    gid_type = "Customer"
    scope = "read_customers"
    page_document = "customers"
    by_id_document = "customers_by_id"
    bulk_document = "bulk_customers"
    ids_document = "bulk_customer_ids"

    def row(self, node: Customer) -> Row:
        """The row of `customers`."""
        email = node.default_email_address or _NO_EMAIL
        phone = node.default_phone_number or _NO_PHONE
        address = node.default_address or NO_ADDRESS
        return (
            number(node.id),
            node.created_at,
            node.updated_at,
            email.email_address,
            phone.phone_number,
            node.first_name,
            node.last_name,
            email.marketing_state,
            email.marketing_opt_in_level,
            email.marketing_updated_at,
            phone.marketing_state,
            phone.marketing_opt_in_level,
            phone.marketing_updated_at,
            node.state,
            node.locale,
            node.verified_email,
            node.tax_exempt,
            node.data_sale_opt_out,
            ", ".join(node.tags),
            address.city,
            address.zip,
            address.province_code,
            address.country_code_v2,
        )
