"""What is asked before anything is read: who the shop is, and what this app may see of it.

A permission that is missing makes lists shorter and raises no error, so nothing here goes unsaid.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from connectors.source import ReadReport
from connectors.sources.shopify.answers import number
from connectors.sources.shopify.batches import Row
from connectors.sources.shopify.client import API_VERSION, ShopifyClient
from connectors.sources.shopify.permissions import add_notice, check_denied, tell_protected
from models.errors import MisconfiguredError

_LISTS = frozenset({"orders", "customers"})


class Plan(msgspec.Struct, rename="camel"):
    """The shop's plan."""

    public_display_name: str | None = None
    shopify_plus: bool | None = None
    partner_development: bool | None = None


class Shop(msgspec.Struct, rename="camel"):
    """The shop."""

    id: str
    currency_code: str
    iana_timezone: str
    name: str | None = None
    myshopify_domain: str | None = None
    url: str | None = None
    taxes_included: bool | None = None
    plan: Plan | None = None


class _Scope(msgspec.Struct):
    handle: str


class _Installation(msgspec.Struct, rename="camel"):
    access_scopes: list[_Scope] = []


class _Probe(msgspec.Struct, rename="camel"):
    shop: msgspec.Raw
    current_app_installation: _Installation | None = None


@dataclass(frozen=True)
class Probed:
    """What the probe found.

    Attributes:
        shop: The shop.
        shop_text: The shop as it was sent.
        scopes: The app's permissions; empty where they cannot be seen.
        now: The platform's own time.
    """

    shop: Shop
    shop_text: bytes
    scopes: frozenset[str]
    now: datetime

    def may(self, scope: str) -> bool:
        """Whether the app has a permission; the one to write holds the one to read."""
        return not self.scopes or scope in self.scopes or scope.replace("read_", "write_", 1) in self.scopes

    def shop_row(self) -> Row:
        """The row of `shop`."""
        shop, plan = self.shop, self.shop.plan or Plan()
        return (
            number(shop.id),
            shop.name,
            shop.myshopify_domain,
            shop.url,
            shop.currency_code,
            shop.iana_timezone,
            shop.taxes_included,
            plan.public_display_name,
            plan.shopify_plus,
            plan.partner_development,
        )


def probe(client: ShopifyClient, report: ReadReport, *, clock_now: datetime, time_zone: str, key: str) -> Probed:
    """Ask, and tell the owner what is missing.

    Args:
        client: The shop.
        report: Takes the notices.
        clock_now: The time now, where the platform does not say its own.
        time_zone: The merchant's zone.
        key: The settings' path in `perennial.yml`.

    Raises:
        MisconfiguredError: The app may not read orders, or is let in nowhere.
    """
    answer = client.query("probe", {}, stream="shop")
    check_denied(answer.denied, report, key)
    found = answer.data(_Probe)
    shop = msgspec.json.decode(found.shop, type=Shop)
    installation = found.current_app_installation or _Installation()
    probed = Probed(
        shop,
        bytes(found.shop),
        frozenset(scope.handle for scope in installation.access_scopes),
        (answer.date or clock_now).replace(microsecond=0),
    )
    if not probed.may("read_orders"):
        raise MisconfiguredError(
            key,
            "this app may not read orders: add the scope read_orders (and read_all_orders for those older than 60 "
            "days) to the app in the Dev Dashboard, release that version, and approve it in the shop's admin",
        )
    if not probed.may("read_all_orders"):
        add_notice(
            report,
            "missing_read_all_orders",
            "Without the scope read_all_orders Shopify shows the orders of the last 60 days only, and says nothing "
            "about the older ones: customers look new, and lifetimes are cut off. Request it in the Dev Dashboard "
            "under API access requests and add it to the app's scopes; the older orders are read once it is there",
        )
    if answer.version is not None and answer.version != API_VERSION:
        add_notice(
            report,
            "api_version_fell_forward",
            f"Shopify answered with version {answer.version} of its API instead of {API_VERSION}, which is no longer "
            "served: fields may mean something else. Update Perennial",
        )
    if shop.iana_timezone != time_zone:
        add_notice(
            report,
            "time_zone_differs",
            f"The shop's days follow {shop.iana_timezone}, the merchant's in perennial.yml {time_zone}: daily figures "
            "differ from Shopify's own reports. Set the merchant's time_zone if that is not meant",
        )
    return probed


def hidden_fields(client: ShopifyClient, report: ReadReport) -> set[str]:
    """The personal fields that do not come; bulk files leave them empty without a word."""
    answer = client.query("protected_data", {}, stream="shop")
    fields = {path.rpartition(".")[2] for path in answer.denied} - _LISTS
    if fields:
        tell_protected(report, fields)
    return fields


# A day less than Shopify's 60, so that an order at the edge is never taken for deleted.
VISIBLE_WITHOUT_ALL_ORDERS = timedelta(days=59)
