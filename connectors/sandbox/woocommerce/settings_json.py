"""WooCommerce's JSON of the site's index and of the shop's settings."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

from connectors.sandbox.woocommerce.rendering import Json, Rendering, php_number
from connectors.sandbox.woocommerce.state import ShopState

NAMESPACES = [
    "oembed/1.0",
    "wc/v1",
    "wc/v2",
    "wc/v3",
    "wc/store",
    "wc/store/v1",
    "wc-telemetry",
    "wc-analytics",
    "wc-admin",
    "wp/v2",
    "wp-site-health/v1",
    "wp-block-editor/v1",
]
_STATUS_NAMES = {"pending": "Pending payment", "on-hold": "On hold", "checkout-draft": "Draft"}


def index_json(shop: ShopState, site_url: str) -> Json:
    """What /wp-json/ tells anybody; a site without a named zone has only an offset."""
    name = shop.settings.time_zone
    is_named = name[:1] not in "+-"
    offset = datetime.fromtimestamp(shop.now(), UTC).astimezone(shop.zone).utcoffset()
    hours = 0.0 if offset is None else offset.total_seconds() / 3600
    return {
        "name": shop.settings.name,
        "description": "",
        "url": site_url,
        "home": site_url,
        "gmt_offset": php_number(hours) if is_named else f"{php_number(hours)}",
        "timezone_string": name if is_named else "",
        "page_for_posts": 0,
        "page_on_front": 0,
        "show_on_front": "posts",
        "namespaces": list(NAMESPACES),
        "authentication": {},
        "routes": {},
        "site_logo": 0,
        "site_icon": 0,
        "site_icon_url": "",
        "_links": {"help": [{"href": "https://developer.wordpress.org/rest-api/"}]},
    }


def order_totals_json(shop: ShopState) -> list[Json]:
    """How many orders each registered status has; the trash is none."""
    counts = Counter(order.status for order in shop.orders)
    return [
        {"slug": status, "name": _STATUS_NAMES.get(status, status.capitalize()), "total": counts[status]}
        for status in shop.settings.statuses
    ]


def settings_json(to: Rendering, group: str) -> list[Json] | None:
    """The settings of a group; None if there is no such group."""
    settings = to.shop.settings
    groups: dict[str, list[tuple[str, str, str, str, str]]] = {
        "general": [
            ("woocommerce_store_address", "Address line 1", "text", "", ""),
            ("woocommerce_store_city", "City", "text", "", ""),
            ("woocommerce_default_country", "Country / State", "select", "US:CA", settings.country),
            ("woocommerce_store_postcode", "Postcode / ZIP", "text", "", ""),
            ("woocommerce_calc_taxes", "Enable taxes", "checkbox", "no", _yes(bool(len(to.shop.rates)))),
            ("woocommerce_enable_coupons", "Enable coupons", "checkbox", "yes", "yes"),
            ("woocommerce_currency", "Currency", "select", "USD", settings.currency),
            ("woocommerce_currency_pos", "Currency position", "select", "left", "left"),
            ("woocommerce_price_thousand_sep", "Thousand separator", "text", ",", ","),
            ("woocommerce_price_decimal_sep", "Decimal separator", "text", ".", "."),
            ("woocommerce_price_num_decimals", "Number of decimals", "number", "2", str(settings.price_decimals)),
        ],
        "tax": [
            ("woocommerce_prices_include_tax", "Prices entered with tax", "radio", "no", _tax_entry(to.shop)),
            ("woocommerce_tax_based_on", "Calculate tax based on", "select", "shipping", "billing"),
            (
                "woocommerce_tax_round_at_subtotal",
                "Rounding",
                "checkbox",
                "no",
                _yes(settings.rounds_tax_at_subtotal),
            ),
        ],
    }
    rows = groups.get(group)
    return None if rows is None else [_setting(to, group, *row) for row in rows]


def _setting(to: Rendering, group: str, name: str, label: str, kind: str, default: str, value: str) -> Json:
    return {
        "id": name,
        "label": label,
        "description": "",
        "type": kind,
        "default": default,
        "tip": "",
        "value": value,
        "group_id": group,
        "_links": {
            "self": [{"href": f"{to.rest_url}/settings/{group}/{name}"}],
            "collection": [{"href": f"{to.rest_url}/settings/{group}"}],
        },
    }


def system_status_json(to: Rendering) -> dict[str, Any]:
    """The part of the status report that says what runs there, and how it counts."""
    settings = to.shop.settings
    return {
        "environment": {
            "home_url": to.site_url,
            "site_url": to.site_url,
            "version": settings.version,
            "wp_version": "7.0.4",
            "php_version": "8.2.35",
            "default_timezone": "UTC",
        },
        "settings": {
            "api_enabled": False,
            "force_ssl": False,
            "currency": settings.currency,
            "currency_symbol": settings.currency,
            "currency_position": "left",
            "thousand_separator": ",",
            "decimal_separator": ".",
            "number_of_decimals": settings.price_decimals,
            "HPOS_enabled": True,
        },
    }


def _yes(is_on: bool) -> str:
    return "yes" if is_on else "no"


def _tax_entry(shop: ShopState) -> str:
    return _yes(shop.settings.prices_include_tax)
