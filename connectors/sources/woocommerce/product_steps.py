"""Products, whole: with their categories and their variations."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pyarrow as pa

from connectors.messages import Params
from connectors.sources.woocommerce.columns import Conversion, moment_or_none
from connectors.sources.woocommerce.decoding import Decoder
from connectors.sources.woocommerce.order_steps import by_ids, chunked
from connectors.sources.woocommerce.session import Session
from connectors.sources.woocommerce.shapes import Link, Product, Variation
from connectors.sources.woocommerce.tables import Parts, Table
from connectors.sources.woocommerce.walks import ListWalk, Position
from models.errors import RejectedRecordError
from models.records.woocommerce import PRODUCT_CATEGORY_LINKS, PRODUCT_VARIANTS, PRODUCTS

# A page has room for the variations of about as many products as this.
_PARENTS_AT_A_TIME = 20

_PRODUCT = Decoder(Product)
VARIATION = Decoder(Variation)
PRODUCT_TABLE = Table(PRODUCTS, Product)
VARIANT_TABLE = Table(PRODUCT_VARIANTS, Variation, ["product_id"])
_LINKS = Table(PRODUCT_CATEGORY_LINKS, Link, ["product_id"])

Read = tuple[Product, bytes]


def product_lists(session: Session, params: Params) -> list[tuple[str, Params]]:
    """The lists that hold every product, each limited further."""
    return [("products", [("status", status), *params]) for status in session.chain.product_statuses]


def read_products(session: Session) -> Iterator[None]:
    """Every product that was modified within the chain's bounds."""
    for page in session.pages(product_lists(session, session.window("products")), stream="products"):
        products = decoded_products(session, page.texts)
        own = [read for read in products if session.is_within(moment_or_none(read[0].date_modified_gmt))]
        for product, _ in own:
            session.note_modified("products", moment_or_none(product.date_modified_gmt))
        give_products(session, own)
        yield


def decoded_products(session: Session, texts: Sequence[bytes]) -> list[Read]:
    """The products that can be read, with their texts."""
    return session.decoded(PRODUCTS, _PRODUCT, texts, "products")


def give_products_by_id(session: Session, ids: Iterable[int]) -> int:
    """Products as they are now, and those that WooCommerce says are gone.

    Returns:
        How many were there, be it in no list.
    """
    found_count = 0
    for chunk in chunked(product_id for product_id in ids if not session.is_given("products", product_id)):
        texts = []
        for path, params in product_lists(session, by_ids(chunk)):
            records, _ = session.client.records(path, params, stream="products")
            texts += [bytes(record) for record in records]
        give_products(session, decoded_products(session, texts))
        gone = []
        for product_id in chunk:
            if session.is_given("products", product_id):
                found_count += 1
                continue
            text = session.client.find(f"products/{product_id}", [], stream="products")
            if text is None:
                gone.append(product_id)
                continue
            found_count += 1
            give_products(session, decoded_products(session, [text]))
        session.output.delete("products", gone)
    return found_count


def give_products(session: Session, products: Sequence[Read]) -> None:
    """Products with their categories and variations; those that cannot be understood are set aside whole."""
    fresh = {product.id: (product, text) for product, text in products if not session.is_given("products", product.id)}
    whole = list(fresh.values())
    variations = _variations_of(session, whole)
    whole = [read for read in whole if read[0].id in variations]
    while whole:
        batches, problems = _batches([product for product, _ in whole], variations)
        for position, problem in problems.items():
            session.reject(PRODUCTS, "products", position + 1, problem, whole[position][1])
        if not problems:
            for stream, batch in batches.items():
                session.output.add(stream, batch, [text for _, text in whole] if stream == "products" else ())
            session.output.given["products"].update(product.id for product, _ in whole)
            return
        whole = [read for position, read in enumerate(whole) if position not in problems]


def _batches(
    products: Sequence[Product], variations: dict[int, list[Variation]]
) -> tuple[dict[str, pa.RecordBatch], dict[int, RejectedRecordError]]:
    conversion = Conversion()
    batches = {"products": PRODUCT_TABLE.batch(products, conversion)}
    problems = dict(conversion.problems)
    children_of: tuple[tuple[Table, list[list[Any]]], ...] = (
        (VARIANT_TABLE, [list(variations[product.id]) for product in products]),
        (_LINKS, [list({link.id: link for link in product.categories}.values()) for product in products]),
    )
    for table, children in children_of:
        owners = [position for position, own in enumerate(children) for _ in own]
        given = {"product_id": [str(products[position].id) for position in owners]}
        own_conversion = Conversion()
        parts = Parts([child for own in children for child in own], owners, given)
        batches[table.stream.name] = table.batch_of_parts(parts, own_conversion)
        for row, problem in own_conversion.problems.items():
            named = RejectedRecordError(f"{table.stream.name}.{problem.field}", problem.reason)
            problems.setdefault(owners[row], named)
    return batches, problems


def _variations_of(session: Session, products: Sequence[Read]) -> dict[int, list[Variation]]:
    """Per product, its variations; a product is missing where they cannot be understood."""
    found: dict[int, list[Variation]] = {product.id: [] for product, _ in products if not _is_variable(product)}
    variable = [read for read in products if _is_variable(read[0])]
    several = _of_several(session, [product for product, _ in variable]) if session.has_variation_list else {}
    for product, text in variable:
        own = several.get(product.id, {})
        if own and own.keys() == set(product.variations):
            found[product.id] = list(own.values())
            continue
        status = "trash" if product.status == "trash" else "any"
        try:
            found[product.id] = variations_of(session, product.id, status)
        except RejectedRecordError as error:
            session.reject(PRODUCTS, f"products/{product.id}/variations", 1, error, text)
    return found


def variations_of(session: Session, product_id: int, status: str = "any") -> list[Variation]:
    """The variations of a product, by its own list.

    Raises:
        RejectedRecordError: One of them cannot be understood.
    """
    path = f"products/{product_id}/variations"
    walk = ListWalk(session.client, path, [("status", status)], stream="product_variants", position=Position())
    return [VARIATION.decode(record) for page in walk.pages() for record in page.texts]


def _is_variable(product: Product) -> bool:
    # A product in the trash does not name its variations, which went there with it.
    return bool(product.variations) or (product.status == "trash" and "variable" in (product.type or ""))


def _of_several(session: Session, products: Sequence[Product]) -> dict[int, dict[int, Variation]]:
    """Per product and id the variations of several products, as far as they come in one list."""
    found: dict[int, dict[int, Variation]] = defaultdict(dict)
    ids = [product.id for product in products if product.variations]
    for start in range(0, len(ids), _PARENTS_AT_A_TIME):
        parents = ids[start : start + _PARENTS_AT_A_TIME]
        params = [("parent", ",".join(map(str, parents)))]
        walk = ListWalk(session.client, "variations", params, stream="product_variants", position=Position())
        for page in walk.pages():
            for text in page.texts:
                try:
                    variation = VARIATION.decode(text)
                except RejectedRecordError:
                    continue  # told when it is read with its own product
                if variation.parent_id not in parents:
                    return found  # the filter is not understood, so that each product's own list is shorter
                found[variation.parent_id][variation.id] = variation
    return found
