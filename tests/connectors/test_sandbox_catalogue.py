"""What the sandbox shops sell."""

from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sandbox.catalogue import basket, generated_catalogue


@pytest.mark.parametrize("currency_code", ["USD", "JPY", "KWD"])
def test_a_catalogue_follows_from_its_seed(currency_code: str) -> None:
    catalogue = generated_catalogue(currency_code=currency_code, products=300, seed=3)
    assert catalogue == generated_catalogue(currency_code=currency_code, products=300, seed=3)
    other = generated_catalogue(currency_code=currency_code, products=300, seed=4)
    skus = [v.sku for c in (catalogue, other) for p in c.products for v in p.variants]
    assert len(set(skus)) == len(skus)
    assert len({p.title for p in catalogue.products}) == 300
    assert [p.title for p in catalogue.products if p.is_gift_card] == ["Gift Card"]
    names = {category.name for category in catalogue.categories}
    assert {category.parent for category in catalogue.categories} - {""} <= names
    assert {name for p in catalogue.products for name in p.categories} <= names


def test_a_currency_without_cents_has_none() -> None:
    prices = [v.price for p in generated_catalogue(currency_code="JPY").products for v in p.variants]
    assert all(price == int(price) for price in prices)


@given(st.integers(0, 10**7), st.integers(0, 10**6), st.sampled_from(["USD", "JPY", "KWD"]))
def test_a_basket_costs_what_it_must(units: int, seed: int, currency_code: str) -> None:
    places = {"USD": 2, "JPY": 0, "KWD": 3}[currency_code]
    amount = Decimal(units).scaleb(-places)
    lines = basket(generated_catalogue().products, amount, currency_code, Random(seed))
    assert sum((line.unit_price * line.quantity for line in lines), Decimal(0)) == amount
    assert len({line.product.title for line in lines}) == len(lines) <= 4
    assert all(line.unit_price == round(line.unit_price, places) for line in lines)


def test_half_a_cent_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="not a whole number"):
        basket(generated_catalogue().products, Decimal("1.005"), "USD", Random(1))
