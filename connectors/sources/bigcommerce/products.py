"""Products with their variants and the categories that they are in."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import msgspec
import pyarrow as pa

from connectors.sources.bigcommerce import walks
from connectors.sources.bigcommerce.client import may_have_more, rows_of
from connectors.sources.bigcommerce.intake import identity
from connectors.sources.bigcommerce.record_pages import RecordPages, Taken
from connectors.sources.bigcommerce.store_answers import Brand, Product, Variant
from connectors.sources.bigcommerce.tables import StreamTable
from connectors.sources.bigcommerce.underway import Position, Underway, Unit
from models.errors import RejectedRecordError
from models.records import Page
from models.records.bigcommerce import catalogue as records

_PRODUCTS = RecordPages(
    StreamTable(records.PRODUCTS, {"product_id": "id", "custom_url": "path"}, given=("brand_name",)),
    Product,
    "/v3/catalog/products",
)
_VARIANTS = StreamTable(records.PRODUCT_VARIANTS, {"variant_id": "id"}, given=("product_id",))
_LINKS = StreamTable(records.PRODUCT_CATEGORY_LINKS, given=("product_id", "category_id"))
_IDS_PER_LOOK = 50


def products(u: Underway, position: Position) -> Iterator[Unit]:
    """The products that were changed within the window."""
    assembly = ProductAssembly(u)
    for rows, last in walks.products(u.client, u.window("products"), position.get("after", 0)):
        unit = assembly.pages(rows)
        u.saw(position, unit[0].records.column("date_modified").to_pylist())
        position["after"] = last
        yield unit
    u.end_window("products", position)


def products_by_id(u: Underway, ids: Sequence[str]) -> tuple[Unit, set[str]]:
    """Products by a direct look at their ids: those that are there, and which are not."""
    rows: list[msgspec.Raw] = []
    for start in range(0, len(ids), _IDS_PER_LOOK):
        params = [
            ("id:in", ",".join(ids[start : start + _IDS_PER_LOOK])),
            ("limit", str(_IDS_PER_LOOK)),
            ("include", "variants,custom_fields"),
        ]
        rows += u.client.rows("v3/catalog/products", params, stream="products")
    return ProductAssembly(u).pages(rows), set(ids) - {str(identity(row).id) for row in rows}


class ProductAssembly:
    """Puts products and what belongs to them together.

    Args:
        u: The reading under way.
    """

    def __init__(self, u: Underway) -> None:
        self._client = u.client
        self._intake = u.intake
        self._brands: dict[str, str | None] = {}
        self._pages = replace(_PRODUCTS, given=lambda found: {"brand_name": list(map(self._brand, found))})

    def pages(self, rows: Sequence[msgspec.Raw]) -> list[Page]:
        """The products of an answer, with their variants and categories."""
        taken = self._pages.take(rows, self._intake)
        self._learn_brands({str(one.record.brand_id) for one in taken if one.record.brand_id})
        taken = [one for one in taken if self._has_all_variants(one)]
        try:
            _variants([one.record for one in taken])
        except RejectedRecordError:
            taken = [one for one in taken if self._fits(one)]
        page = self._pages.page(taken, self._intake)
        kept = set(page.records.column("product_id").to_pylist())
        found = [one.record for one in taken if str(one.record.id) in kept]
        parts = [Page("product_variants", _variants(found)), Page("product_category_links", _links(found))]
        return [page, *(part for part in parts if part.records.num_rows)]

    def _has_all_variants(self, one: Taken[Product]) -> bool:
        # Nothing says how many variants come along with a product.
        if not may_have_more(one.record.variants or ()):
            return True
        try:
            one.record.variants = self._all_variants(one.record.id)
        except RejectedRecordError as error:
            self._pages.reject(one, self._intake, error)
            return False
        return True

    def _all_variants(self, product_id: int) -> list[Variant]:
        path = f"v3/catalog/products/{product_id}/variants"
        found = [raw for page in self._client.all_rows(path, stream="products") for raw in page]
        variants = [self._intake.decoded(Variant, raw, "product_variants") for raw in found]
        return list({variant.id: variant for variant in variants}.values())

    def _learn_brands(self, ids: set[str]) -> None:
        new = sorted(ids - self._brands.keys())
        self._brands |= dict.fromkeys(new)
        for start in range(0, len(new), _IDS_PER_LOOK):
            params = [("id:in", ",".join(new[start : start + _IDS_PER_LOOK])), ("limit", str(_IDS_PER_LOOK))]
            request = self._client.request("v3/catalog/brands", params, stream="products", accepts=(404,))
            for raw in rows_of(self._client.send(request)):
                brand = msgspec.json.decode(raw, type=Brand)
                self._brands[str(brand.id)] = str(brand.name or "") or None

    def _brand(self, product: Product) -> str | None:
        return self._brands.get(str(product.brand_id))

    def _fits(self, one: Taken[Product]) -> bool:
        try:
            _variants([one.record])
        except RejectedRecordError as error:
            self._pages.reject(one, self._intake, error)
            return False
        return True


def _variants(products: Sequence[Product]) -> pa.RecordBatch:
    found = [(variant, product.id) for product in products for variant in product.variants or ()]
    return _VARIANTS.batch([variant for variant, _ in found], product_id=[product_id for _, product_id in found])


def _links(products: Sequence[Product]) -> pa.RecordBatch:
    found: list[tuple[int, Any]] = [
        (product.id, one) for product in products for one in dict.fromkeys(product.categories)
    ]
    return _LINKS.batch(found, product_id=[one for one, _ in found], category_id=[one for _, one in found])
