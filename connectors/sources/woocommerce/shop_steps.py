"""The shop itself: its name, its currency, its clock, and the statuses that its orders may have."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pyarrow as pa

from connectors.sources.merchant_currencies import currency_notice
from connectors.sources.woocommerce.client import NotPermittedError
from connectors.sources.woocommerce.decoding import Decoder
from connectors.sources.woocommerce.order_steps import give_orders_by_id
from connectors.sources.woocommerce.product_steps import give_products_by_id
from connectors.sources.woocommerce.session import Session
from connectors.sources.woocommerce.shapes import Report, Setting
from connectors.sources.woocommerce.site import Site
from connectors.sources.woocommerce.zones import zone_named
from models.errors import RejectedRecordError, StopError
from models.records.woocommerce import SHOP

_SETTING = Decoder(Setting)
_REPORT = Decoder(Report)
_ALWAYS = ("any", "trash")


def find_statuses(session: Session) -> list[str]:
    """The lists that orders are walked by: one of all statuses, or, where those cannot be learnt, two.

    A list of `any` status leaves out the trash, the drafts of checkouts, and whatever a plugin hides from searches.
    """
    try:
        texts, _ = session.client.records("reports/orders/totals", [], stream="shop")
        statuses = ",".join(dict.fromkeys([*(_REPORT.decode(bytes(text)).slug for text in texts), "trash"]))
        # Refused as a whole if it knows one of them no more.
        session.client.records("orders", [("status", statuses), ("per_page", "1"), ("_fields", "id")], stream="orders")
    except (NotPermittedError, StopError, RejectedRecordError):
        session.notice(
            "order_statuses_unknown",
            "the key may not see reports, so that the shop's own order statuses are not known: drafts of checkouts and "
            "statuses that a plugin hides are not read. Make the key for an administrator or a shop manager",
        )
        return list(_ALWAYS)
    return [statuses]


def find_product_statuses(session: Session) -> list[str]:
    """The lists that products are walked by; `any` leaves out the trash, and older shops don't list that at all."""
    try:
        params = [("status", "trash"), ("per_page", "1"), ("_fields", "id")]
        session.client.records("products", params, stream="products")
    except (NotPermittedError, StopError):
        return ["any"]
    return list(_ALWAYS)


def read_shop(session: Session) -> Iterator[None]:
    """The shop's own record, and the records that their owner has corrected since."""
    site = session.client.site
    row: dict[str, Any] = {
        "shop_id": _shop_id(site),
        "name": site.name,
        "home": site.home,
        "url": site.url,
        "timezone_string": site.timezone_string,
        "gmt_offset": site.gmt_offset,
        **_settings(session),
    }
    if (notice := currency_notice(row["currency"], session.currency_codes)) is not None:
        session.notice(notice.code, notice.message)
    batch = pa.RecordBatch.from_pylist([row], schema=SHOP.schema)
    known = session.known_table(SHOP, SHOP.column_names)
    if known is None or row not in known.to_pylist():
        session.output.add("shop", batch, [msgspec.json.encode({**row, "gmt_offset": str(site.gmt_offset or "")})])
    _follow_corrections(session)
    yield


def check_clock(session: Session, merchant_zone: str) -> None:
    """Tell the owner where the merchant's days are not the shop's."""
    site = session.client.site
    if not _is_same_clock(session, site, merchant_zone):
        named = site.timezone_string or f"UTC{site.gmt_offset:+f}"
        session.notice(
            "time_zone_differs",
            f"the shop's days follow {named} and the merchant's {merchant_zone}: figures per day will "
            "not match the shop's own reports; set time_zone to the shop's unless that is meant",
        )


def _is_same_clock(session: Session, site: Site, merchant_zone: str) -> bool:
    """Whether shop and merchant have the same time of day in winter and in summer."""
    merchant = zone_named(merchant_zone)
    if merchant is None or (site.zone is None and site.gmt_offset is None):
        return True  # not told
    fixed = timedelta(seconds=int((site.gmt_offset or 0) * 3600))
    moments = [session.until.replace(month=month, day=1) for month in (1, 7)]
    return all(
        (moment.astimezone(site.zone).utcoffset() if site.zone else fixed) == moment.astimezone(merchant).utcoffset()
        for moment in moments
    )


def _shop_id(site: Site) -> str:
    parts = urlsplit(site.home)
    return f"{parts.netloc}{parts.path}".rstrip("/").lower()


def _settings(session: Session) -> dict[str, Any]:
    """The settings that say how the shop reckons; empty where the key may not see them."""
    found: dict[str, Any] = {}
    for group in ("general", "tax"):
        try:
            texts, _ = session.client.records(f"settings/{group}", [("_fields", "id,value")], stream="shop")
            settings = [_SETTING.decode(bytes(text)) for text in texts]
        except NotPermittedError:
            session.notice(
                "settings_not_permitted",
                "the key may not see the shop's settings, so that its currency is not known; orders have their own. "
                "Make the key for an administrator or a shop manager",
            )
        except (StopError, RejectedRecordError):
            pass  # a shop without taxes may have no such group
        else:
            found |= {setting.id: setting.value for setting in settings if setting.id}
    return {
        "currency": _text(found, "woocommerce_currency"),
        "price_num_decimals": _whole(found, "woocommerce_price_num_decimals"),
        "calc_taxes": _flag(found, "woocommerce_calc_taxes"),
        "prices_include_tax": _flag(found, "woocommerce_prices_include_tax"),
        "tax_round_at_subtotal": _flag(found, "woocommerce_tax_round_at_subtotal"),
        "default_country": _text(found, "woocommerce_default_country"),
    }


def _text(found: dict[str, Any], name: str) -> str | None:
    value = found.get(name)
    return value if isinstance(value, str) and value else None


def _whole(found: dict[str, Any], name: str) -> int | None:
    value = str(found.get(name, ""))
    return int(value) if value.isdigit() else None


def _flag(found: dict[str, Any], name: str) -> bool | None:
    return {"yes": True, "no": False}.get(str(found.get(name, "")))


def _follow_corrections(session: Session) -> None:
    """Read what was set aside and corrected since: the correction counts if the record is still as it was."""
    since = session.chain.corrected_at
    corrections = [c for c in session.request.corrections if since is None or c.corrected_at > since]
    for stream, give in (("orders", give_orders_by_id), ("products", give_products_by_id)):
        found = (session.id_in(c.raw_text.encode()) for c in corrections if c.stream == stream)
        give(session, {record_id for record_id in found if record_id is not None})
    if corrections:
        session.chain.corrected_at = max(correction.corrected_at for correction in corrections)
