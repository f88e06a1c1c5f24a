"""What users of other Shopify connectors complain of: sums that a binary fraction has been through."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from connectors.sources.shopify.values import Bag, Money, summed

AMOUNTS = st.decimals(min_value=0, max_value=10**9, places=2)


@given(st.lists(AMOUNTS, min_size=2, max_size=6))
def test_r8_sums_of_amounts_are_exact_in_both_currencies(amounts: list[Decimal]) -> None:
    """Failure mode 18: 0.10 and 0.20 are 0.30, and not 0.30000000000000004."""
    bags = [Bag(Money(str(amount)), Money(str(amount * 3))) for amount in amounts]
    shop, presentment = summed(bags)
    assert Decimal(shop) == sum(amounts)
    assert Decimal(presentment) == sum(amounts) * 3
