"""A small generated product catalogue, for shops that need something to sell, and baskets that cost what they must.

Everything follows from the seed. Titles and vendors are made up, and every vendor says so by its name.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from random import Random

from connectors.currencies import MINOR_DIGITS

# A department, its categories, and for each the nouns that its products are called by.
_DEPARTMENTS: dict[str, dict[str, tuple[str, ...]]] = {
    "Kitchen": {
        "Cookware": ("Skillet", "Saucepan", "Casserole", "Baking Tray"),
        "Tableware": ("Bowl", "Plate Set", "Carafe", "Mug"),
    },
    "Home": {
        "Textiles": ("Throw", "Cushion", "Towel Set", "Tablecloth"),
        "Lighting": ("Desk Lamp", "Lantern", "Wall Light", "Candle Holder"),
    },
    "Outdoors": {
        "Garden": ("Planter", "Trowel", "Watering Can", "Hammock"),
        "Travel": ("Backpack", "Bottle", "Rain Jacket", "Blanket"),
    },
}
_ADJECTIVES = ("Plain", "Northern", "Harbour", "Quiet", "Copper", "Meadow", "Slate", "Linen", "Amber", "Winter")
_VENDORS = ("Example Goods", "Sample & Daughters", "Placeholder Works")
_OPTIONS: dict[str, tuple[str, ...]] = {"Size": ("Small", "Medium", "Large"), "Color": ("Natural", "Blue", "Red")}
_CENTS = (0, 50, 90, 95, 99)
GIFT_CARD_TITLE = "Gift Card"


@dataclass(frozen=True)
class Category:
    """A place in the category tree.

    Attributes:
        name: Its name, once in the catalogue.
        parent: The name of the category that holds it; empty at the top.
    """

    name: str
    parent: str = ""


@dataclass(frozen=True)
class CatalogueVariant:
    """What is put into a basket.

    Attributes:
        sku: Once in the catalogue; no SKU of another catalogue's seed.
        options: The choice by option; empty for a product that comes in one form.
        price: In the catalogue's currency.
        weight_grams: 0 for what isn't shipped.
    """

    sku: str
    options: tuple[tuple[str, str], ...]
    price: Decimal
    weight_grams: int


@dataclass(frozen=True)
class CatalogueProduct:
    """A product.

    Attributes:
        title: Its name, once in the catalogue.
        description: A plain sentence.
        vendor: Who makes it.
        categories: The names of its categories, the innermost first.
        tags: Free words.
        variants: At least one.
        is_gift_card: Whether it is money to spend later.
    """

    title: str
    description: str
    vendor: str
    categories: tuple[str, ...]
    tags: tuple[str, ...]
    variants: tuple[CatalogueVariant, ...]
    is_gift_card: bool = False


@dataclass(frozen=True)
class Catalogue:
    """What one shop sells."""

    currency_code: str
    categories: tuple[Category, ...]
    products: tuple[CatalogueProduct, ...]


@dataclass(frozen=True)
class BasketLine:
    """So many of one variant, at a price that need not be the one in the catalogue now."""

    product: CatalogueProduct
    variant: CatalogueVariant
    quantity: int
    unit_price: Decimal


def generated_catalogue(*, currency_code: str = "USD", products: int = 48, seed: int = 0) -> Catalogue:
    """A catalogue with that many products, the last of which is a gift card."""
    random = Random(f"catalogue {seed}")  # noqa: S311 - products, not secrets
    kinds = [
        (department, category, noun)
        for department, categories in _DEPARTMENTS.items()
        for category, nouns in categories.items()
        for noun in nouns
    ]
    made: list[CatalogueProduct] = []
    for number in range(max(products - 1, 0)):
        department, category, noun = kinds[number % len(kinds)]
        # Each kind goes through the adjectives from a place of its own, so that no title comes twice.
        lap = number // len(kinds)
        turn, used = (number % len(kinds) + lap) % len(_ADJECTIVES), lap // len(_ADJECTIVES)
        title = f"{_ADJECTIVES[turn]} {noun}" + (f" No. {used + 1}" if used else "")
        price = _price(random.randint(4, 120), random.choice(_CENTS), currency_code)
        made.append(
            CatalogueProduct(
                title=title,
                description=f"A generated product of the category {category.lower()}.",
                vendor=random.choice(_VENDORS),
                categories=(category, department),
                tags=tuple(
                    sorted(random.sample(("new", "bestseller", "sale", "handmade", "gift"), random.randint(0, 2)))
                ),
                variants=_variants(random, f"S{seed}-{number + 1:04}", price, currency_code),
            )
        )
    made.append(_gift_card(seed, currency_code))
    tree = [Category(department) for department in _DEPARTMENTS]
    tree += [Category(name, department) for department, names in _DEPARTMENTS.items() for name in names]
    return Catalogue(currency_code, tuple(tree), tuple(made))


def basket(
    products: Sequence[CatalogueProduct], amount: Decimal, currency_code: str, random: Random, *, most_lines: int = 4
) -> tuple[BasketLine, ...]:
    """Lines of different products that cost exactly an amount, in the smallest units of a currency.

    Args:
        products: What to choose from; gift cards are left aside.
        amount: What they cost together; a line of no amount is the result of 0.
        currency_code: Decides the smallest unit.
        random: Chooses.
        most_lines: No more lines than this.
    """
    sold = [product for product in products if not product.is_gift_card]
    unit = Decimal(1).scaleb(-MINOR_DIGITS[currency_code])
    left = int(amount / unit)
    if left * unit != amount:
        message = f"{amount} is not a whole number of {currency_code} {unit}"
        raise ValueError(message)
    count = random.randint(1, min(most_lines, len(sold), max(left // 100, 1)))
    lines = []
    for product, lines_left in zip(random.sample(sold, count), range(count, 0, -1), strict=True):
        share = left if lines_left == 1 else random.randint(left // (2 * lines_left), left // lines_left)
        quantity = random.choice([n for n in (1, 1, 1, 2, 3) if n == 1 or (share and share % n == 0)])
        lines.append(BasketLine(product, random.choice(product.variants), quantity, share // quantity * unit))
        left -= share
    return tuple(lines)


def _price(whole: int, cents: int, currency_code: str) -> Decimal:
    digits = MINOR_DIGITS[currency_code]
    return Decimal(whole * 100) if digits == 0 else Decimal(whole) + Decimal(cents) / 100


def _variants(random: Random, sku: str, price: Decimal, currency_code: str) -> tuple[CatalogueVariant, ...]:
    grams = random.randint(1, 40) * 50
    names = random.choice(((), ("Size",), ("Color",), ("Size", "Color")))
    choices: list[tuple[tuple[str, str], ...]] = [()]
    for name in names:
        choices = [(*choice, (name, value)) for choice in choices for value in _OPTIONS[name]]
    step = _price(2, 0, currency_code)
    return tuple(
        CatalogueVariant(f"{sku}-{place}", choice, price + step * _size(choice), grams)
        for place, choice in enumerate(choices, 1)
    )


def _size(choice: tuple[tuple[str, str], ...]) -> int:
    return _OPTIONS["Size"].index(dict(choice).get("Size", "Small"))


def _gift_card(seed: int, currency_code: str) -> CatalogueProduct:
    variants = tuple(
        CatalogueVariant(f"S{seed}-GIFT-{whole}", (("Denomination", str(whole)),), _price(whole, 0, currency_code), 0)
        for whole in (25, 50, 100)
    )
    return CatalogueProduct(
        GIFT_CARD_TITLE, "Money to spend later.", _VENDORS[0], (), ("gift",), variants, is_gift_card=True
    )
