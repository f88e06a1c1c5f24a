"""The checkout's side of discount codes: which are taken, for whom, how often, and what they take off."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from connectors.sandbox.shopify.merchandise import Discount
from connectors.sandbox.shopify.merchandising import MerchandiseDesk
from connectors.sandbox.shopify.money import decimal_amount
from connectors.sandbox.shopify.ordering import Item, OrderDesk, Reduction
from connectors.sandbox.shopify.records import Order


class CodeRefusedError(Exception):
    """The checkout does not take a code; the message is what the buyer reads."""


class PromotionDesk(MerchandiseDesk, OrderDesk):
    """Where buyers enter codes."""

    def buy_with_codes(
        self,
        codes: Sequence[str],
        *,
        lines: Sequence[Item],
        customer: int | None = None,
        **order: Any,  # noqa: ANN401 - as place_order takes them
    ) -> Order:
        """Place an order for which codes are entered; they are used up by it.

        Args:
            codes: As the buyer types them.
            lines: What is bought.
            customer: Who buys; None for a guest.
            order: Whatever else an order takes.

        Raises:
            CodeRefusedError: A code is unknown, not open now, used up, for somebody else, or for larger orders.
        """
        with self.lock:
            bought = sum(self._price_of(item) * item.quantity for item in lines)
            discounts = [self._taken(code, bought, customer) for code in codes]
            made = self.place_order(
                lines=lines,
                customer=customer,
                discounts=[_reduction(self, *one) for one in discounts],
                **order,
            )
            for discount, code in discounts:
                for held in discount.codes:
                    held.usage_count += held.code == code
                known_at, discount.updated_at = discount.updated_at, made.created_at
                discount.usage_count += 1
                self.discounts.touched(discount, known_at)
            return made

    def _taken(self, typed: str, bought: int, customer: int | None) -> tuple[Discount, str]:
        found = self.discount_of(typed)
        if found is None or found.status(self.now()) != "ACTIVE":
            raise CodeRefusedError("Enter a valid discount code")
        code = next(held for held in found.codes if held.code.casefold() == typed.casefold())
        if found.usage_limit is not None and code.usage_count >= found.usage_limit:
            raise CodeRefusedError("Discount has reached its usage limit")
        if found.customer_ids and customer not in found.customer_ids:
            raise CodeRefusedError("Discount is not available for this customer")
        if found.minimum is not None and bought < found.minimum:
            raise CodeRefusedError("Spend more to use this discount")
        return found, code.code

    def _price_of(self, item: Item) -> int:
        if item.price is not None or item.variant_id is None:
            return self._minor(item.price or 0)
        return self.variants[item.variant_id].price


def _reduction(shop: PromotionDesk, discount: Discount, code: str) -> Reduction:
    if discount.kind == "DiscountCodeFreeShipping":
        return Reduction(code, percentage=Decimal(100), is_for_shipping=True)
    if discount.percentage is not None:
        return Reduction(code, percentage=discount.percentage * 100)
    return Reduction(code, amount=decimal_amount(discount.amount, shop.currency))
