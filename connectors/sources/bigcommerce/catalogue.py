"""The store itself and its short lists, which are read whole each time: currencies, categories, coupons, promotions."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from connectors.sources.bigcommerce.client import PAGE_ROWS, may_have_more, rows_of
from connectors.sources.bigcommerce.intake import identity
from connectors.sources.bigcommerce.record_pages import RecordPages
from connectors.sources.bigcommerce.store_answers import Category, CouponDefinition, Currency, Promotion, Store
from connectors.sources.bigcommerce.tables import StreamTable
from connectors.sources.bigcommerce.underway import Position, Underway, Unit
from connectors.sources.merchant_currencies import currency_notice
from models.records.bigcommerce import catalogue as records

SHOP = RecordPages(
    StreamTable(
        records.SHOP,
        {
            "shop_id": "id",
            "timezone_name": "timezone.name",
            "multi_storefront_enabled": "features.multi_storefront_enabled",
        },
    ),
    Store,
    "/v2/store",
)
CURRENCIES = RecordPages(StreamTable(records.CURRENCIES, {"currency_id": "id"}), Currency, "/v2/currencies")
CATEGORIES = RecordPages(
    StreamTable(records.PRODUCT_CATEGORIES, {"category_id": "id", "custom_url": "path"}),
    Category,
    "/v3/catalog/categories",
)
COUPONS = RecordPages(
    StreamTable(
        records.DISCOUNTS,
        {"discount_id": "id", "is_enabled": "enabled", "ends_at": "expires"},
        given=("discount_kind", "currency_code", "starts_at"),
    ),
    CouponDefinition,
    "/v2/coupons",
    lambda found: {
        "discount_kind": ["coupon"] * len(found),
        "currency_code": [None] * len(found),
        "starts_at": [None] * len(found),
    },
)
PROMOTIONS = RecordPages(
    StreamTable(
        records.DISCOUNTS,
        {
            "discount_id": "id",
            "type": "redemption_type",
            "is_enabled": "enabled",
            "num_uses": "current_uses",
            "starts_at": "start_date",
            "ends_at": "end_date",
        },
        given=("discount_kind", "code", "amount", "min_purchase", "date_created"),
    ),
    Promotion,
    "/v3/promotions",
    lambda found: {
        "discount_kind": ["promotion"] * len(found),
        **{name: [None] * len(found) for name in ("code", "amount", "min_purchase", "date_created")},
    },
)


def ask_for_store(u: Underway) -> None:
    """Ask for the store's own record, and keep it for the step that reads it."""
    u.store = msgspec.Raw(u.client.send(u.client.request("v2/store", stream="shop")).content)


def shop(u: Underway, position: Position) -> Iterator[Unit]:
    """The store's own record, and a word if its days or its currency are not the merchant's."""
    if u.store is None:
        ask_for_store(u)
    taken = SHOP.take([] if u.store is None else [u.store], u.intake)
    zone = str(taken[0].record.timezone.name or "") if taken else ""
    if zone and not _have_same_days(zone, u.time_zone, u.until.year):
        u.notice(
            "time_zone_differs",
            f"the store's days are those of {zone} in BigCommerce and of {u.time_zone} here, so that its own reports "
            "put orders around midnight on another day; if BigCommerce is right, set time_zone of the merchant",
        )
    notice = currency_notice(taken[0].record.currency if taken else None, u.currency_codes)
    if notice is not None:
        u.notice(notice.code, notice.message)
    position["done"] = True
    yield [SHOP.page(taken, u.intake)]


def currencies(u: Underway, position: Position) -> Iterator[Unit]:
    """The store's currencies."""

    def is_there(currency_id: str) -> bool:
        request = u.client.request(f"v2/currencies/{currency_id}", stream="currencies", accepts=(404,))
        return bool(u.client.send(request).status == 200)

    unit = _whole_list(u, CURRENCIES, "currencies", is_there)
    position["done"] = True
    yield unit


def categories(u: Underway, position: Position) -> Iterator[Unit]:
    """The catalogue's tree."""

    def is_there(category_id: str) -> bool:
        path = "v3/catalog/categories"
        return bool(u.client.rows(path, [("id:in", category_id)], stream="product_categories"))

    unit = _whole_list(u, CATEGORIES, "product_categories", is_there)
    position["done"] = True
    yield unit


def discounts(u: Underway, position: Position) -> Iterator[Unit]:
    """Coupons and promotions as the store has defined them."""

    def has_coupon(coupon_id: str) -> bool:
        params = [("min_id", coupon_id), ("max_id", coupon_id)]
        return bool(u.client.rows("v2/coupons", params, stream="discounts"))

    def has_promotion(promotion_id: str) -> bool:
        return bool(u.client.rows("v3/promotions", [("id", promotion_id)], stream="discounts"))

    unit = [
        *_whole_list(u, COUPONS, "discounts", has_coupon, kind="coupon"),
        *_whole_list(u, PROMOTIONS, "discounts", has_promotion, kind="promotion"),
    ]
    position["done"] = True
    yield unit


def _whole_list(
    u: Underway, own: RecordPages[Any], stream: str, is_there: Callable[[str], bool], *, kind: str | None = None
) -> Unit:
    """A short list read whole, with what is known, not listed, and not there when looked at by itself."""
    path = own.origin.removeprefix("/")
    params = [("limit", str(PAGE_ROWS)), ("page", "1")]
    answer = u.client.send(u.client.request(path, params, stream=stream, accepts=(404,)))
    if answer.status == 404:
        return []  # the store's plan does not have it
    rows = rows_of(answer)
    if may_have_more(rows):
        rows += [raw for page in u.client.more_rows(path, stream=stream, page=2) for raw in page]
    # By id: a list that shifts between its pages repeats records.
    by_id = {str(identity(raw).id): raw for raw in rows}
    unit = own.pages(list(by_id.values()), u.intake)
    keys = _known_keys(u, stream, kind)
    absent = [key for key in keys if key[-1] not in by_id and not is_there(key[-1])]
    return [*unit, *u.gone(stream, absent, len(keys))]


def _known_keys(u: Underway, stream: str, kind: str | None) -> list[tuple[str, ...]]:
    key = {"discounts": ("discount_kind", "discount_id"), "currencies": ("currency_id",)}.get(stream, ("category_id",))
    known = u.known(stream, *key)
    found = [] if known is None else [tuple(row.values()) for row in known.to_pylist()]
    return [one for one in found if kind is None or one[0] == kind]


def _have_same_days(zone: str, other: str, year: int) -> bool:
    """Whether two zones are one under two names, as far as days go."""
    try:
        both = [ZoneInfo(zone), ZoneInfo(other)]
    except (ValueError, OSError):
        return zone == other
    moments = [datetime(year, month, 1, tzinfo=UTC) for month in range(1, 13)]
    first, second = ([moment.astimezone(own).utcoffset() for moment in moments] for own in both)
    return first == second
