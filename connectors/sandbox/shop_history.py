"""What happened at a shop before anybody looked: who bought what and when, in no platform's terms.

A history is put into a platform's sandbox by `filling`. Who buys and how much is given; people, products and what an
order's lines are is made up, follows from ids and seeds, and is marked as such.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import polars as pl

from connectors.currencies import MINOR_DIGITS
from connectors.sandbox.catalogue import BasketLine, Catalogue, CatalogueProduct, generated_catalogue
from connectors.sandbox.personas import generated_people

PLATFORMS = ("shopify", "bigcommerce", "woocommerce")
GENERATED = "generated"
"""The mark of a person who does not exist."""


@dataclass(frozen=True)
class Buyer:
    """A person with an account.

    Attributes:
        buyer_id: Known outside the shop; the shop gives numbers of its own.
        email: In a domain that is reserved for examples.
        first_name: Made up.
        last_name: Made up.
        has_email_consent: None if nobody asked.
        email_consent_at: When they decided.
        registered_at: When the account was opened.
    """

    buyer_id: str
    email: str
    first_name: str
    last_name: str
    has_email_consent: bool | None
    email_consent_at: datetime | None
    registered_at: datetime


@dataclass(frozen=True)
class Purchase:
    """An order, paid and shipped.

    Attributes:
        buyer_id: Who bought.
        ordered_at: When, in UTC.
        lines: What, at which prices.
        shipping: What was charged for bringing it; with the lines it is the order's amount to the cent.
    """

    buyer_id: str
    ordered_at: datetime
    lines: tuple[BasketLine, ...]
    shipping: Decimal


@dataclass(frozen=True)
class ShopHistory:
    """One shop's past.

    Attributes:
        name: The shop's name.
        currency_code: Of all of its amounts.
        time_zone: IANA name.
        catalogue: What it sells.
        buyers: In the order in which they registered.
        purchases: In the order in which they were made.
    """

    name: str
    currency_code: str
    time_zone: str
    catalogue: Catalogue
    buyers: Sequence[Buyer]
    purchases: Sequence[Purchase]


@dataclass(frozen=True)
class Sale:
    """What is known of a purchase: who, when, how many things, for how much."""

    buyer_id: str
    ordered_at: datetime
    quantity: int
    amount: Decimal


def platform_of(buyer_id: str) -> str:
    """Which of the three shops a person buys at: always the same one, and about a third of all people each."""
    digest = hashlib.blake2b(buyer_id.encode(), digest_size=8).digest()
    return PLATFORMS[int.from_bytes(digest, "big") % len(PLATFORMS)]


def shared_out(
    sales: Iterable[Sale], *, merchant_id: str, name: str, currency_code: str, time_zone: str, seed: int = 0
) -> Mapping[str, ShopHistory]:
    """One merchant's sales as the histories of three shops, one on each platform.

    Args:
        sales: In any order; those of one moment keep theirs.
        merchant_id: The people's tenant: the same buyer id is somebody else at another merchant.
        name: The merchant's name, of which the shops' are made.
        currency_code: Of all amounts.
        time_zone: Of all three.
        seed: Another seed gives other people and products.
    """
    ordered = sorted(sales, key=lambda sale: sale.ordered_at)
    first: dict[str, datetime] = {}
    for sale in ordered:
        first.setdefault(sale.buyer_id, sale.ordered_at)
    people = {buyer.buyer_id: buyer for buyer in _buyers(first, merchant_id, seed)}
    digits = MINOR_DIGITS[currency_code]
    shipping = Decimal(299 if digits else 300).scaleb(-min(digits, 2))
    histories = {}
    for number, platform in enumerate(PLATFORMS):
        catalogue = generated_catalogue(currency_code=currency_code, seed=seed + number)
        sold = [product for product in catalogue.products if not product.is_gift_card]
        own = [sale for sale in ordered if platform_of(sale.buyer_id) == platform]
        histories[platform] = ShopHistory(
            name=f"{name} ({platform})",
            currency_code=currency_code,
            time_zone=time_zone,
            catalogue=catalogue,
            buyers=[people[buyer_id] for buyer_id in first if platform_of(buyer_id) == platform],
            purchases=[
                Purchase(sale.buyer_id, sale.ordered_at, _lines(sale, charged, sold, place, digits), charged)
                for place, sale in enumerate(own)
                for charged in [shipping if sale.amount > 2 * shipping else Decimal(0)]
            ],
        )
    return histories


def _buyers(first_ordered_at: Mapping[str, datetime], merchant_id: str, seed: int) -> Iterator[Buyer]:
    ids, moments = list(first_ordered_at), list(first_ordered_at.values())
    before = pl.Series(moments, dtype=pl.Datetime("us", "UTC"))
    people = generated_people(merchant_id, ids, before, seed=seed)
    for person, registered_at in zip(people.to_pylist(), moments, strict=True):
        yield Buyer(
            buyer_id=person["customer_id"],
            email=person["email"],
            first_name=person["first_name"],
            last_name=person["last_name"],
            has_email_consent=person["has_email_consent"],
            email_consent_at=person["email_consent_at"],
            registered_at=registered_at,
        )


def _lines(
    sale: Sale, shipping: Decimal, sold: Sequence[CatalogueProduct], place: int, digits: int
) -> tuple[BasketLine, ...]:
    """So many things that cost the amount less shipping: of two products where it cannot be shared out evenly."""
    quantity = max(sale.quantity, 1)
    price, dearer = divmod(int((sale.amount - shipping).scaleb(digits)), quantity)
    lines = []
    for number, (count, each) in enumerate(((quantity - dearer, price), (dearer, price + 1))):
        if count:
            product = sold[(place + 17 * number) % len(sold)]
            variant = product.variants[place % len(product.variants)]
            lines.append(BasketLine(product, variant, count, Decimal(each).scaleb(-digits)))
    return tuple(lines)
