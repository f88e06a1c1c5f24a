"""Variations that changed though their products did not: WooCommerce marks both, an import may mark neither."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

import msgspec
import pyarrow as pa

from connectors.sources.woocommerce.columns import Conversion
from connectors.sources.woocommerce.decoding import Decoder
from connectors.sources.woocommerce.known import KnownRows
from connectors.sources.woocommerce.product_steps import VARIANT_TABLE, VARIATION, give_products_by_id, variations_of
from connectors.sources.woocommerce.session import Session
from connectors.sources.woocommerce.shapes import Variation
from connectors.sources.woocommerce.tables import Parts
from models.errors import RejectedRecordError
from models.records.woocommerce import PRODUCT_VARIANTS


class _Child(msgspec.Struct):
    id: int
    parent_id: int = 0


_CHILD = Decoder(_Child)


def read_variations(session: Session) -> Iterator[None]:
    """The products of variations that were modified within the chain's bounds."""
    if not session.has_variation_list:
        return
    params = [*session.window("products"), ("_fields", "id,parent_id")]
    for page in session.pages([("variations", params)], stream="product_variants"):
        children = [_CHILD.decode(text) for text in page.texts]
        give_products_by_id(session, {child.parent_id for child in children} - {0})
        yield


def compare_variations(session: Session) -> Iterator[None]:
    """Once a day, the products of variations that are not as the warehouse has them."""
    table = session.known_table(PRODUCT_VARIANTS, PRODUCT_VARIANTS.column_names)
    if table is None or not session.is_reconciling:
        return
    # Those in the trash stand in no list, and went there with their product.
    live = table.filter(pa.array([status != "trash" for status in table.column("status").to_pylist()], pa.bool_()))
    known = KnownRows(PRODUCT_VARIANTS, live, id_column="variation_id", owner_column="product_id")
    compare = _compare_by_list if session.has_variation_list else _compare_by_products
    yield from compare(session, known)


def _compare_by_list(session: Session, known: KnownRows) -> Iterator[None]:
    for page in session.pages([("variations", [])], stream="product_variants"):
        variations = [variation for variation in map(_read_or_none, page.texts) if variation is not None]
        parents = _changed_owners(known, variations, [variation.parent_id or 0 for variation in variations])
        missing = known.missing(page.after_id, None if page.is_last else page.last_id, page.ids)
        give_products_by_id(session, {*parents, *known.owners(missing)} - {0})
        yield


def _compare_by_products(session: Session, known: KnownRows) -> Iterator[None]:
    """The same where the shop has no list of all variations: product by product."""
    expected: dict[int, set[int]] = defaultdict(set)
    for variation_id, owner in zip(known.ids.tolist(), known.owners(known.ids.tolist()), strict=True):
        expected[owner].add(variation_id)
    for product_id in sorted(expected):
        if product_id <= session.chain.last_id or session.is_given("products", product_id):
            continue
        try:
            variations = variations_of(session, product_id)
        except RejectedRecordError:
            variations = []  # told when the product is read
        is_changed = _changed_owners(known, variations, [product_id] * len(variations))
        if is_changed or {variation.id for variation in variations} != expected[product_id]:
            give_products_by_id(session, [product_id])
        session.count_page()
        session.chain.last_id = product_id
        yield


def _changed_owners(known: KnownRows, variations: Sequence[Variation], owners: Sequence[int]) -> set[int]:
    """The products of variations that are new or changed."""
    given = {"product_id": [str(owner) for owner in owners]}
    conversion = Conversion()
    rows = VARIANT_TABLE.batch_of_parts(Parts(list(variations), list(range(len(owners))), given), conversion)
    if conversion.problems:
        return set(owners)
    changed = known.is_new_or_changed([variation.id for variation in variations], rows)
    return {owner for owner, is_changed in zip(owners, changed, strict=True) if is_changed}


def _read_or_none(text: bytes) -> Variation | None:
    try:
        return VARIATION.decode(text)
    except RejectedRecordError:
        return None  # told when its product is read
