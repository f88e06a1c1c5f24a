"""BigCommerce's JSON of customers, subscribers, products, variants, categories, brands, coupons and the store."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from connectors.sandbox.bigcommerce.formats import Json, iso_date, money, number, rfc_date, zulu_date
from connectors.sandbox.bigcommerce.records import (
    Brand,
    Category,
    Coupon,
    Customer,
    Product,
    Subscriber,
    Variant,
)
from connectors.sandbox.bigcommerce.state import StoreState


def customer_json(customer: Customer, includes: frozenset[str]) -> Json:
    """An account; addresses, credit and the like only where they are included."""
    body: Json = {
        "id": customer.id,
        "authentication": {"force_password_reset": False},
        "company": customer.company,
        "customer_group_id": customer.group_id,
        "email": customer.email,
        "first_name": customer.first_name,
        "last_name": customer.last_name,
        "notes": "",
        "phone": customer.phone,
        "registration_ip_address": "",
        "tax_exempt_category": "",
        "date_created": zulu_date(customer.created),
        "date_modified": zulu_date(customer.modified),
        "address_count": len(customer.addresses),
        "attribute_count": 0,
        "accepts_product_review_abandoned_cart_emails": customer.accepts_emails,
        "origin_channel_id": 1,
        "channel_ids": None,
    }
    if "addresses" in includes:
        body["addresses"] = [
            {
                "id": customer.id * 10 + place,
                "customer_id": customer.id,
                "first_name": address.get("first_name", customer.first_name),
                "last_name": address.get("last_name", customer.last_name),
                "company": address.get("company", ""),
                "address1": address.get("street_1", ""),
                "address2": address.get("street_2", ""),
                "city": address.get("city", ""),
                "state_or_province": address.get("state", ""),
                "postal_code": address.get("zip", ""),
                "country": address.get("country", ""),
                "country_code": address.get("country_iso2", ""),
                "phone": address.get("phone", ""),
                "address_type": "residential",
            }
            for place, address in enumerate(customer.addresses)
        ]
    if "storecredit" in includes:
        body["store_credit_amounts"] = [{"amount": number(customer.store_credit)}]
    if "attributes" in includes:
        body["attributes"] = []
    if "formfields" in includes:
        body["form_fields"] = []
    return body


def subscriber_json(subscriber: Subscriber) -> Json:
    """Somebody on the newsletter's list."""
    return {
        "id": subscriber.id,
        "email": subscriber.email,
        "first_name": subscriber.first_name,
        "last_name": subscriber.last_name,
        "source": subscriber.source,
        "order_id": subscriber.order_id,
        "channel_id": 1,
        "consents": list(subscriber.consents),
        "date_modified": iso_date(subscriber.modified),
        "date_created": iso_date(subscriber.created),
    }


def product_json(product: Product, includes: frozenset[str]) -> Json:
    """A product; its variants only where they are included."""
    base = product.variants[0] if len(product.variants) == 1 and not product.variants[0].options else None
    body: Json = {
        "id": product.id,
        "name": product.name,
        "type": product.kind,
        "sku": product.sku,
        "description": product.description,
        "weight": number(product.weight),
        "width": 0,
        "depth": 0,
        "height": 0,
        "price": number(product.price),
        "cost_price": 0,
        "retail_price": 0,
        "sale_price": 0,
        "map_price": 0,
        "tax_class_id": 0,
        "product_tax_code": "",
        "calculated_price": number(product.price),
        "categories": list(product.category_ids),
        "brand_id": product.brand_id,
        "option_set_id": None,
        "option_set_display": "right",
        "inventory_level": 0,
        "inventory_warning_level": 0,
        "inventory_tracking": "none",
        "reviews_rating_sum": 0,
        "reviews_count": 0,
        "total_sold": product.total_sold,
        "fixed_cost_shipping_price": 0,
        "is_free_shipping": False,
        "is_visible": product.is_visible,
        "is_featured": False,
        "related_products": [-1],
        "warranty": "",
        "bin_picking_number": "",
        "layout_file": "product.html",
        "upc": "",
        "mpn": "",
        "gtin": "",
        "date_last_imported": None,
        "search_keywords": "",
        "availability": "available",
        "availability_description": "",
        "gift_wrapping_options_type": "any",
        "gift_wrapping_options_list": [],
        "sort_order": 0,
        "condition": "New",
        "is_condition_shown": False,
        "order_quantity_minimum": 0,
        "order_quantity_maximum": 0,
        "page_title": "",
        "meta_keywords": [],
        "meta_description": "",
        "date_created": iso_date(product.created),
        "date_modified": iso_date(product.modified),
        "view_count": 0,
        "preorder_release_date": None,
        "preorder_message": "",
        "is_preorder_only": False,
        "is_price_hidden": False,
        "price_hidden_label": "",
        "custom_url": {"url": f"/product-{product.id}/", "is_customized": False},
        "base_variant_id": base.id if base else None,
        "open_graph_type": "product",
        "open_graph_title": "",
        "open_graph_description": "",
        "open_graph_use_meta_description": True,
        "open_graph_use_product_name": True,
        "open_graph_use_image": True,
    }
    if "variants" in includes:
        body["variants"] = [variant_json(product, variant) for variant in product.variants]
    return body


def variant_json(product: Product, variant: Variant) -> Json:
    """A variant; one without a price of its own costs what its product does."""
    is_base = not variant.options
    return {
        "id": variant.id,
        "product_id": product.id,
        "sku": variant.sku,
        "sku_id": None if is_base else variant.id,
        "price": None if variant.price is None else number(variant.price),
        "calculated_price": number(product.price if variant.price is None else variant.price),
        "sale_price": None,
        "retail_price": None,
        "map_price": None,
        "weight": None,
        "width": None,
        "height": None,
        "depth": None,
        "is_free_shipping": False,
        "fixed_cost_shipping_price": None,
        "calculated_weight": number(product.weight),
        "purchasing_disabled": False,
        "purchasing_disabled_message": "",
        "image_url": "",
        "cost_price": 0,
        "upc": "",
        "mpn": "",
        "gtin": "",
        "inventory_level": 0,
        "inventory_warning_level": 0,
        "bin_picking_number": "",
        "option_values": [
            {"id": place + 1, "label": label, "option_id": place + 1, "option_display_name": name}
            for place, (name, label) in enumerate(variant.options)
        ],
    }


def category_json(category: Category) -> Json:
    """A category, as the list without trees has it."""
    return {
        "id": category.id,
        "parent_id": category.parent_id,
        "name": category.name,
        "description": category.description,
        "views": 0,
        "sort_order": 0,
        "page_title": "",
        "meta_keywords": [""],
        "meta_description": "",
        "layout_file": "category.html",
        "image_url": "",
        "is_visible": True,
        "search_keywords": "",
        "default_product_sort": "use_store_settings",
        "custom_url": {"url": f"/category-{category.id}/", "is_customized": False},
    }


def tree_category_json(category: Category) -> Json:
    """A category, as the list of trees has it."""
    return {
        "category_id": category.id,
        "category_uuid": f"00000000-0000-4000-8000-{category.id:012}",
        "parent_id": category.parent_id,
        "tree_id": 1,
        "name": category.name,
        "description": category.description,
        "views": 0,
        "sort_order": 0,
        "page_title": "",
        "search_keywords": "",
        "meta_keywords": [],
        "meta_description": "",
        "layout_file": "category.html",
        "image_url": "",
        "is_visible": True,
        "default_product_sort": "use_store_settings",
        "url": {"path": f"/category-{category.id}/", "is_customized": False},
    }


def brand_json(brand: Brand) -> Json:
    """A brand."""
    return {
        "id": brand.id,
        "name": brand.name,
        "page_title": "",
        "meta_keywords": [],
        "meta_description": "",
        "image_url": "",
        "search_keywords": "",
        "custom_url": {"url": f"/brand-{brand.id}/", "is_customized": False},
    }


def coupon_definition_json(coupon: Coupon) -> Json:
    """A coupon's definition, in V2; nothing says when it was changed."""
    return {
        "id": coupon.id,
        "name": coupon.name,
        "type": coupon.kind,
        "amount": money(coupon.amount),
        "min_purchase": money(coupon.minimum),
        "expires": rfc_date(coupon.expires),
        "enabled": coupon.is_enabled,
        "code": coupon.code,
        "applies_to": {"entity": "categories", "ids": [0]},
        "num_uses": coupon.uses,
        "max_uses": 0,
        "max_uses_per_customer": 0,
        "restricted_to": {},
        "shipping_methods": None,
        "date_created": rfc_date(coupon.created),
    }


def store_json(store: StoreState) -> Json:
    """The store."""
    settings = store.settings
    year = store.local(store.now()).year
    winter = _offset(store, datetime(year, 1, 1, tzinfo=UTC))
    summer = _offset(store, datetime(year, 7, 1, tzinfo=UTC))
    raw, daylight = (min(winter, summer), max(winter, summer)) if winter != summer else (winter, winter)
    host = f"store-{settings.store_hash}.mybigcommerce.com"
    return {
        "id": settings.store_hash,
        "account_uuid": "00000000-0000-4000-8000-000000000001",
        "domain": "shop.example.com",
        "secure_url": "https://shop.example.com",
        "control_panel_base_url": f"https://{host}",
        "status": "live",
        "name": settings.name,
        "first_name": "",
        "last_name": "",
        "address": "",
        "country": "United States",
        "country_code": "US",
        "infrastructure_region": "us-central1",
        "phone": "",
        "admin_email": "owner@example.com",
        "order_email": "orders@example.com",
        "favicon_url": "",
        "timezone": {
            "name": settings.time_zone,
            "raw_offset": raw,
            "dst_offset": daylight,
            "dst_correction": winter != summer,
            "date_format": {"display": "M jS Y", "export": "M jS Y", "extended_display": "M jS Y @ g:i A"},
        },
        "language": "en",
        "currency": settings.currency,
        "currency_symbol": settings.currency,
        "decimal_separator": ".",
        "thousands_separator": ",",
        "decimal_places": settings.decimals,
        "currency_symbol_location": "left",
        "weight_units": "Ounces",
        "dimension_units": "Inches",
        "dimension_decimal_places": 2,
        "dimension_decimal_token": ".",
        "dimension_thousands_token": ",",
        "plan_name": settings.plan,
        "plan_level": settings.plan,
        "plan_is_trial": False,
        "industry": "Other",
        "logo": [],
        "is_price_entered_with_tax": settings.prices_include_tax,
        "store_id": 1_000_000_001,
        "default_channel_id": 1,
        "default_site_id": 1000,
        "active_comparison_modules": [],
        "features": {
            "stencil_enabled": True,
            "sitewidehttps_enabled": True,
            "facebook_catalog_id": "",
            "checkout_type": "optimized",
            "wishlists_enabled": True,
            "graphql_storefront_api_enabled": True,
            "shopper_consent_tracking_enabled": False,
            "multi_storefront_enabled": False,
            "storefront_limits": {"active": 1, "total_including_inactive": 1},
        },
    }


def currency_json(store: StoreState, place: int, code: str) -> Json:
    """A currency of the store."""
    settings = store.settings
    rate = settings.exchange_rates.get(code, Decimal(1))
    return {
        "id": place,
        "is_default": code == settings.currency,
        "last_updated": rfc_date(store.opened),
        "country_iso2": "",
        "default_for_country_codes": [],
        "currency_code": code,
        "currency_exchange_rate": f"{rate:.10f}",
        "name": code,
        "token": code,
        "auto_update": False,
        "token_location": "left",
        "decimal_token": ".",
        "thousands_token": ",",
        "decimal_places": settings.decimals,
        "enabled": True,
        "is_transactional": True,
        "use_default_name": True,
    }


def _offset(store: StoreState, moment: datetime) -> int:
    offset = moment.astimezone(store.zone).utcoffset() or timedelta()
    return int(offset.total_seconds())
