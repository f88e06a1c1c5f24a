"""The lists of WooCommerce's REST API: what each is made of, sorts by and takes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from connectors.sandbox.rows import Table
from connectors.sandbox.woocommerce import rendering_catalogue as catalogue
from connectors.sandbox.woocommerce.listing import Selection
from connectors.sandbox.woocommerce.parameters import ListRules, Query, ids_of
from connectors.sandbox.woocommerce.records import Coupon, Customer, Order, Product, Refund, TaxRate, Term
from connectors.sandbox.woocommerce.rendering import Json, Rendering
from connectors.sandbox.woocommerce.state import ShopState

R = TypeVar("R")

PRODUCT_STATUSES = ("any", "future", "trash", "draft", "pending", "private", "publish")
_ROLES = ("all", "administrator", "editor", "author", "contributor", "subscriber", "customer", "shop_manager")
_TERM_ORDERS = ("id", "include", "name", "slug", "term_group", "description", "count")


@dataclass(frozen=True)
class Listing(Generic[R]):
    """A list.

    Attributes:
        name: The end of its path.
        post_type: WooCommerce's name in error codes.
        rules: The parameters that it takes.
        selection: The rows for a request.
        matches: Further conditions of a request.
        render: A row's JSON.
        forgets_total: Whether a page past the end says that there is nothing at all.
    """

    name: str
    post_type: str
    rules: ListRules
    selection: Callable[[Query], Selection[R]]
    matches: Callable[[Query], Callable[[R], bool] | None]
    render: Callable[[Rendering, R], Json]
    forgets_total: bool = False


def orders(shop: ShopState) -> Listing[Order]:
    """The shop's orders; the trash, and statuses that are no longer registered, only for who asks for them."""
    registered = tuple(shop.settings.statuses)

    def selection(query: Query) -> Selection[Order]:
        statuses = frozenset(registered if "any" in query.statuses else query.statuses)
        return Selection(
            table=shop.orders,
            name="orders " + " ".join(sorted(statuses)),
            keep=lambda order: order.status in statuses,
            keys={"id": lambda o: o.id, "date": lambda o: o.created, "modified": lambda o: o.modified},
            created=lambda order: order.created,
            modified=lambda order: order.modified,
            row_id=lambda order: order.id,
            has_stable_ties=shop.settings.has_stable_ties,
        )

    def matches(query: Query) -> Callable[[Order], bool] | None:
        customer_id, product_id = query.number("customer"), query.number("product")
        if customer_id is None and product_id is None:
            return None
        return lambda order: (
            customer_id in (None, order.customer_id)
            and (product_id is None or any(line.product_id == product_id for line in order.lines))
        )

    rules = ListRules(statuses=("any", "trash", "auto-draft", *registered))
    return Listing("orders", "shop_order", rules, selection, matches, Rendering.order, forgets_total=True)


def refunds(shop: ShopState, order_id: int | None = None) -> Listing[Refund]:
    """The refunds of an order, or of all; they are never modified, so that no filter finds changes."""
    table = shop.refunds
    if order_id is not None:
        table, order = Table(), shop.orders.get(order_id)
        for refund_id in order.refund_ids if order else ():
            table.put(refund_id, shop.refunds[refund_id])

    def selection(_query: Query) -> Selection[Refund]:
        return Selection(
            table=table,
            name="refunds",
            keep=lambda _: True,
            keys={"id": lambda r: r.id, "date": lambda r: r.created, "modified": lambda r: r.created},
            created=lambda refund: refund.created,
            modified=lambda refund: refund.created,
            row_id=lambda refund: refund.id,
            has_stable_ties=shop.settings.has_stable_ties,
        )

    def render(to: Rendering, refund: Refund) -> Json:
        return to.refund(refund, with_parent=order_id is None)

    name = "refunds" if order_id is None else f"orders/{order_id}/refunds"
    return Listing(name, "shop_order_refund", ListRules(), selection, _no_more, render, forgets_total=True)


def customers(shop: ShopState) -> Listing[Customer]:
    """The accounts; only those with the role `customer` unless another is asked for, and no filter by date at all."""

    def selection(query: Query) -> Selection[Customer]:
        role = query.text("role") or "customer"
        return Selection(
            table=shop.customers,
            name=f"customers {role}",
            keep=lambda customer: role in ("all", customer.role),
            keys={
                "id": lambda c: c.id,
                "name": lambda c: (f"{c.first_name} {c.last_name}".strip() or c.username).lower(),
                "registered_date": lambda c: c.created,
            },
            created=lambda customer: customer.created,
            modified=lambda customer: customer.modified or 0,
            row_id=lambda customer: customer.id,
            has_stable_ties=shop.settings.has_stable_ties,
        )

    def matches(query: Query) -> Callable[[Customer], bool] | None:
        email = query.text("email").lower()
        return (lambda customer: customer.email.lower() == email) if email else None

    rules = ListRules(
        orders=("id", "include", "name", "registered_date"),
        default_order="name",
        default_direction="asc",
        has_dates=False,
        roles=_ROLES,
    )
    return Listing("customers", "customer", rules, selection, matches, Rendering.customer)


def products(shop: ShopState) -> Listing[Product]:
    """The products without their variations."""

    def matches(query: Query) -> Callable[[Product], bool] | None:
        category_ids, kind, sku = set(ids_of(query.given.get("category"))), query.text("type"), query.text("sku")
        if not (category_ids or kind or sku):
            return None
        return lambda product: (
            (not category_ids or not category_ids.isdisjoint(product.category_ids))
            and kind in ("", product.kind)
            and (not sku or product.sku in sku.split(","))
        )

    rules = ListRules(
        orders=(*ListRules().orders, "price", "popularity", "rating", "menu_order"), statuses=PRODUCT_STATUSES
    )
    return Listing(
        "products",
        "product",
        rules,
        lambda query: _product_selection(shop, query, 0),
        matches,
        catalogue.product_json,
    )


def variations(shop: ShopState, product_id: int) -> Listing[Product]:
    """The variations of a product."""
    return Listing(
        f"products/{product_id}/variations",
        "product_variation",
        ListRules(orders=(*ListRules().orders, "menu_order"), statuses=PRODUCT_STATUSES),
        lambda query: _product_selection(shop, query, product_id),
        _no_more,
        catalogue.variation_json,
    )


def all_variations(shop: ShopState) -> Listing[Product]:
    """The variations of every product, which WooCommerce lists since 10.3."""

    def matches(query: Query) -> Callable[[Product], bool] | None:
        parents = set(ids_of(query.given.get("parent")))
        return (lambda variation: variation.parent_id in parents) if parents else None

    return Listing(
        "variations",
        "product_variation",
        ListRules(orders=(*ListRules().orders, "menu_order"), statuses=PRODUCT_STATUSES),
        lambda query: _product_selection(shop, query, None),
        matches,
        catalogue.variation_json,
    )


def _product_selection(shop: ShopState, query: Query, parent_id: int | None) -> Selection[Product]:
    """Products of a parent, be it none; variations of any parent without one."""
    statuses = frozenset(PRODUCT_STATUSES) - {"trash"} if "any" in query.statuses else frozenset(query.statuses)
    return Selection(
        table=shop.products,
        name=f"products of {parent_id} {' '.join(sorted(statuses))}",
        keep=lambda product: (
            (bool(product.parent_id) if parent_id is None else product.parent_id == parent_id)
            and product.status in statuses
        ),
        keys={
            "id": lambda p: p.id,
            "date": lambda p: p.created,
            "modified": lambda p: p.modified,
            "title": lambda p: p.name.lower(),
            "slug": lambda p: p.slug,
        },
        created=lambda product: product.created,
        modified=lambda product: product.modified,
        row_id=lambda product: product.id,
        has_stable_ties=shop.settings.has_stable_ties,
    )


def coupons(shop: ShopState) -> Listing[Coupon]:
    """The coupons."""

    def selection(_query: Query) -> Selection[Coupon]:
        return Selection(
            table=shop.coupons,
            name="coupons",
            keep=lambda coupon: coupon.status == "publish",
            keys={
                "id": lambda c: c.id,
                "date": lambda c: c.created,
                "modified": lambda c: c.modified,
                "title": lambda c: c.code,
                "slug": lambda c: c.code,
            },
            created=lambda coupon: coupon.created,
            modified=lambda coupon: coupon.modified,
            row_id=lambda coupon: coupon.id,
            has_stable_ties=shop.settings.has_stable_ties,
        )

    def matches(query: Query) -> Callable[[Coupon], bool] | None:
        code = query.text("code").lower()
        return (lambda coupon: coupon.code == code) if code else None

    return Listing("coupons", "shop_coupon", ListRules(), selection, matches, catalogue.coupon_json)


def categories(shop: ShopState) -> Listing[Term]:
    """The product categories."""
    return _terms("products/categories", shop.categories, catalogue.category_json)


def tags(shop: ShopState) -> Listing[Term]:
    """The product tags."""
    return _terms("products/tags", shop.tags, catalogue.tag_json)


def _terms(name: str, table: Table[Term], render: Callable[[Rendering, Term], Json]) -> Listing[Term]:
    def matches(query: Query) -> Callable[[Term], bool] | None:
        parent = query.number("parent")
        return None if parent is None else lambda term: term.parent == parent

    rules = ListRules(orders=_TERM_ORDERS, default_order="name", default_direction="asc", has_dates=False)
    keys: dict[str, Callable[[Term], Any]] = {
        "id": lambda term: term.id,
        "name": lambda term: term.name.lower(),
        "slug": lambda term: term.slug,
    }
    return Listing(name, "term", rules, lambda _: _undated(table, name, keys), matches, render)


def taxes(shop: ShopState) -> Listing[TaxRate]:
    """The tax rates."""
    rules = ListRules(
        orders=("id", "order", "priority"), default_order="order", default_direction="asc", has_dates=False
    )
    return Listing("taxes", "tax", rules, lambda _: _undated(shop.rates, "taxes", {}), _no_more, catalogue.tax_json)


def _undated(table: Table[R], name: str, keys: dict[str, Callable[[R], Any]]) -> Selection[R]:
    def row_id(row: Any) -> int:  # noqa: ANN401 - every row has an id
        found: int = row.id
        return found

    return Selection(
        table=table,
        name=name,
        keep=lambda _: True,
        keys=keys,
        created=lambda _: 0,
        modified=lambda _: 0,
        row_id=row_id,
        has_stable_ties=True,
    )


def _no_more(_query: Query) -> None:
    return None
