"""WooCommerce's JSON of products, variations, categories, tags, coupons and tax rates."""

from html import escape
from typing import Any

from connectors.sandbox.rows import Table
from connectors.sandbox.woocommerce.records import Coupon, Product, TaxRate, Term
from connectors.sandbox.woocommerce.rendering import Json, Rendering, meta_rows


def product_json(to: Rendering, product: Product) -> Json:
    """A product without its variations, of which it has only the ids."""
    permalink = f"{to.site_url}/product/{product.slug}/"
    price = _price(to, product)
    return {
        "id": product.id,
        "name": product.name,
        "slug": product.slug,
        "permalink": permalink,
        "date_created": to.local(product.created),
        "date_created_gmt": to.gmt(product.created),
        "date_modified": to.local(product.modified),
        "date_modified_gmt": to.gmt(product.modified),
        "type": product.kind,
        "status": product.status,
        "featured": False,
        "catalog_visibility": "visible",
        "description": product.description,
        "short_description": product.short_description,
        "sku": product.sku,
        **_prices(to, product),
        "on_sale": product.sale_price is not None,
        "purchasable": bool(price),
        "total_sales": product.total_sales,
        "virtual": product.is_virtual,
        "downloadable": False,
        "downloads": [],
        "download_limit": -1,
        "download_expiry": -1,
        "external_url": "",
        "button_text": "",
        "tax_status": "taxable" if product.is_taxable else "none",
        "tax_class": product.tax_class,
        "manage_stock": False,
        "stock_quantity": None,
        "backorders": "no",
        "backorders_allowed": False,
        "backordered": False,
        "low_stock_amount": None,
        "sold_individually": False,
        "weight": product.weight,
        "dimensions": {"length": "", "width": "", "height": ""},
        "shipping_required": not product.is_virtual,
        "shipping_taxable": not product.is_virtual and product.is_taxable,
        "shipping_class": "",
        "shipping_class_id": 0,
        "reviews_allowed": True,
        "average_rating": "0",
        "rating_count": 0,
        "upsell_ids": [],
        "cross_sell_ids": [],
        "parent_id": product.parent_id,
        "purchase_note": "",
        "categories": _terms(to.shop.categories, product.category_ids),
        "brands": [],
        "tags": _terms(to.shop.tags, product.tag_ids),
        "images": [],
        "attributes": [
            {
                "id": 0,
                "name": name,
                "slug": name,
                "position": place,
                "visible": True,
                "variation": True,
                "options": list(options),
            }
            for place, (name, options) in enumerate(product.choices)
        ],
        "default_attributes": [],
        "variations": list(product.variation_ids),
        "grouped_products": [],
        "menu_order": 0,
        "price_html": _price_html(price),
        "related_ids": [],
        "meta_data": meta_rows(product.meta),
        "stock_status": "outofstock" if product.kind == "variable" and not product.variation_ids else "instock",
        "has_options": product.kind == "variable",
        "post_password": "",
        "global_unique_id": "",
        "permalink_template": f"{to.site_url}/product/%pagename%/",
        "generated_slug": product.slug,
        "_links": to.links(f"products/{product.id}", "products"),
    }


def variation_json(to: Rendering, variation: Product) -> Json:
    """A variation of a product."""
    parent = to.shop.products[variation.parent_id]
    choice = "&".join(f"attribute_{name.lower()}={option}" for name, option in variation.options)
    links = to.links(f"products/{parent.id}/variations/{variation.id}", f"products/{parent.id}/variations")
    links["up"] = [{"href": f"{to.rest_url}/products/{parent.id}"}]
    return {
        "id": variation.id,
        "type": "variation",
        "date_created": to.local(variation.created),
        "date_created_gmt": to.gmt(variation.created),
        "date_modified": to.local(variation.modified),
        "date_modified_gmt": to.gmt(variation.modified),
        "description": variation.description,
        "permalink": f"{to.site_url}/product/{parent.slug}/?{choice}",
        "sku": variation.sku,
        "global_unique_id": "",
        **_prices(to, variation),
        "on_sale": variation.sale_price is not None,
        "status": variation.status,
        "purchasable": True,
        "virtual": variation.is_virtual,
        "downloadable": False,
        "downloads": [],
        "download_limit": -1,
        "download_expiry": -1,
        "tax_status": "taxable" if variation.is_taxable else "none",
        "tax_class": variation.tax_class,
        "manage_stock": False,
        "stock_quantity": None,
        "stock_status": "instock",
        "backorders": "no",
        "backorders_allowed": False,
        "backordered": False,
        "low_stock_amount": None,
        "weight": variation.weight,
        "dimensions": {"length": "", "width": "", "height": ""},
        "shipping_class": "",
        "shipping_class_id": 0,
        "image": None,
        "gallery_image_ids": [],
        "attributes": [
            {"id": 0, "name": name, "slug": name.lower(), "option": option} for name, option in variation.options
        ],
        "menu_order": 0,
        "meta_data": meta_rows(variation.meta),
        "name": variation.name,
        "parent_id": variation.parent_id,
        "_links": links,
    }


def category_json(to: Rendering, term: Term) -> Json:
    """A product category."""
    links: Json = to.links(f"products/categories/{term.id}", "products/categories")
    if term.parent:
        links["up"] = [{"href": f"{to.rest_url}/products/categories/{term.parent}"}]
    return {
        "id": term.id,
        "name": escape(term.name, quote=False),
        "slug": term.slug,
        "parent": term.parent,
        "description": term.description,
        "display": "default",
        "image": None,
        "menu_order": 0,
        "count": sum(term.id in product.category_ids for product in to.shop.products if not product.parent_id),
        "_links": links,
    }


def tag_json(to: Rendering, term: Term) -> Json:
    """A product tag."""
    return {
        "id": term.id,
        "name": escape(term.name, quote=False),
        "slug": term.slug,
        "description": term.description,
        "count": sum(term.id in product.tag_ids for product in to.shop.products if not product.parent_id),
        "_links": to.links(f"products/tags/{term.id}", "products/tags"),
    }


def coupon_json(to: Rendering, coupon: Coupon) -> Json:
    """A coupon's definition."""
    return {
        "id": coupon.id,
        "code": coupon.code,
        "amount": to.money(coupon.amount),
        "status": coupon.status,
        "date_created": to.local(coupon.created),
        "date_created_gmt": to.gmt(coupon.created),
        "date_modified": to.local(coupon.modified),
        "date_modified_gmt": to.gmt(coupon.modified),
        "discount_type": coupon.discount_type,
        "description": coupon.description,
        "date_expires": to.local(coupon.expires),
        "date_expires_gmt": to.gmt(coupon.expires),
        "usage_count": coupon.usage_count,
        "individual_use": False,
        "product_ids": [],
        "excluded_product_ids": [],
        "usage_limit": coupon.usage_limit,
        "usage_limit_per_user": None,
        "limit_usage_to_x_items": None,
        "free_shipping": False,
        "product_categories": [],
        "excluded_product_categories": [],
        "exclude_sale_items": False,
        "minimum_amount": to.money(coupon.minimum_amount),
        "maximum_amount": to.money(coupon.minimum_amount * 0),
        "email_restrictions": [],
        "used_by": list(coupon.used_by),
        "meta_data": meta_rows(coupon.meta),
        "_links": to.links(f"coupons/{coupon.id}", "coupons"),
    }


def tax_json(to: Rendering, rate: TaxRate) -> Json:
    """A tax rate."""
    return {
        "id": rate.id,
        "country": rate.country,
        "state": rate.state,
        "postcode": "",
        "city": "",
        "rate": f"{rate.rate:.4f}",
        "name": rate.name,
        "priority": rate.priority,
        "compound": rate.is_compound,
        "shipping": rate.is_for_shipping,
        "order": 0,
        "class": rate.tax_class,
        "postcodes": [],
        "cities": [],
        "_links": to.links(f"taxes/{rate.id}", "taxes"),
    }


def _price(to: Rendering, product: Product) -> str:
    """What a product costs; a variable one as much as its cheapest variation."""
    if product.price is not None:
        return f"{product.price:f}"
    prices = [to.shop.products[variation_id].price for variation_id in product.variation_ids]
    cheapest = min((price for price in prices if price is not None), default=None)
    return "" if cheapest is None else f"{cheapest:f}"


def _prices(to: Rendering, product: Product) -> dict[str, Any]:
    return {
        "price": _price(to, product),
        "regular_price": "" if product.regular_price is None else f"{product.regular_price:f}",
        "sale_price": "" if product.sale_price is None else f"{product.sale_price:f}",
        "date_on_sale_from": None,
        "date_on_sale_from_gmt": None,
        "date_on_sale_to": None,
        "date_on_sale_to_gmt": None,
    }


def _price_html(price: str) -> str:
    if not price:
        return ""
    symbol = '<span class="woocommerce-Price-currencySymbol" translate="no">&#36;</span>'
    return f'<span class="woocommerce-Price-amount amount"><bdi>{symbol}{price}</bdi></span>'


def _terms(table: Table[Term], ids: list[int]) -> list[Json]:
    found = (table.get(term_id) for term_id in ids)
    return [{"id": term.id, "name": escape(term.name, quote=False), "slug": term.slug} for term in found if term]
