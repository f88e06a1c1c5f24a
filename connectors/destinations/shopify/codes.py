"""Discount codes at a Shopify shop: each exists once, however often it is asked for.

A code that is taken already is looked at: with the title and the terms that were asked for it is the one that an
earlier attempt made, and accepted; with others it is somebody else's, and refused. Must not decide who gets a code.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, ClassVar

import aiohttp

from connectors.codes import CodeState
from connectors.destination import Delivery, DeliveryResult, Operation, Outcome, require_batch
from connectors.destinations.exchanges import side_by_side
from connectors.destinations.shopify.calls import ShopCalls, Told, global_id, in_words, payload_of, user_errors
from connectors.outgoing import DiscountCode
from models.errors import RetryLaterError

_CREATE = "discountCodeBasicCreate"
_TAKEN = "TAKEN"
_PASSING = "INTERNAL_ERROR"


@dataclass(frozen=True)
class _Terms:
    """What a code gives to whom, written so that equal terms are equal.

    Not from when till when: an attempt that is made again a day later may be meant to last a day longer.
    """

    title: str
    share: float | None
    amount: Decimal | None
    usage_limit: int | None
    minimum: Decimal | None
    customers: tuple[str, ...]


@dataclass(frozen=True)
class _Held:
    """A code that the shop has."""

    reference: str
    terms: _Terms | None
    is_open: bool
    usage_count: int


class ShopifyCodeDestination:
    """Makes discount codes at a shop.

    Args:
        name: The destination's name.
        batch_size: The most codes at once.
        calls: The shop.
    """

    kind: ClassVar[str] = "shopify"

    def __init__(self, name: str, batch_size: int, calls: ShopCalls) -> None:
        self.name = name
        self.batch_size = batch_size
        self.operations = frozenset({Operation.SEND})
        self.is_idempotent = True
        self._calls = calls
        self._currency: str | None = None

    def send(self, deliveries: Sequence[Delivery], *, sent_at: datetime) -> list[DeliveryResult]:
        """Make a batch of codes."""
        require_batch(self.name, self.batch_size, deliveries)
        if not deliveries:
            return []

        async def work(session: aiohttp.ClientSession) -> list[DeliveryResult]:
            async def one(delivery: Delivery) -> DeliveryResult:
                return await self._make(session, delivery, sent_at)

            return await side_by_side(deliveries, one, at_once=self._calls.at_once)

        return self._calls.together(work, deliveries, sent_at)

    def read_back(self, deliveries: Sequence[Delivery], *, asked_at: datetime) -> list[DeliveryResult]:
        """Which of the codes the shop has, by their names."""

        async def work(session: aiohttp.ClientSession) -> list[DeliveryResult]:
            async def one(delivery: Delivery) -> DeliveryResult:
                code = _code_of(delivery)
                if code is None:
                    return _rejected(delivery)
                return await self._compared(session, delivery, code, asked_at)

            return await side_by_side(deliveries, one, at_once=self._calls.at_once)

        results = self._calls.together(work, deliveries, asked_at) if deliveries else []
        return [
            DeliveryResult(result.action_key, Outcome.MAYBE_SENT, result.reason)
            if result.outcome is Outcome.RETRY and result.reason != _NOT_THERE
            else result
            for result in results
        ]

    def code_state(self, code: str, *, asked_at: datetime) -> CodeState | None:
        """The code as the shop has it."""
        held = self._held(self._asked("code_state", {"code": code}, asked_at))
        return None if held is None else CodeState(code, held.reference, held.is_open, held.usage_count)

    def withdraw_code(self, code: str, *, asked_at: datetime) -> CodeState | None:
        """End a code, and say how often it was used."""
        before = self.code_state(code, asked_at=asked_at)
        if before is None or not before.is_open:
            return before
        told = self._asked("code_deactivate", {"id": before.reference}, asked_at)
        errors = user_errors(told, "discountCodeDeactivate")
        if errors:
            raise RetryLaterError(in_words(errors, {"code": code}))
        # Looked at again: it may have been used between the first look and its end.
        return self.code_state(code, asked_at=asked_at)

    def _asked(self, name: str, variables: Mapping[str, Any], at: datetime) -> Told:
        told = self._calls.once(name, variables, at)
        if told.data is None:
            raise RetryLaterError(f"Shopify did not answer about a code: {told.reason}")
        return told

    async def _make(self, session: aiohttp.ClientSession, delivery: Delivery, at: datetime) -> DeliveryResult:
        code = _code_of(delivery)
        if code is None:
            return _rejected(delivery)
        if code.kind == "fixed":
            refused = await self._wrong_currency(session, delivery, code, at)
            if refused is not None:
                return refused
        told = await self._calls.tell(session, "code_create", {"discount": _input(code)}, at)
        if told.data is None:
            return told.result(delivery)
        errors = user_errors(told, _CREATE)
        if any(error.get("code") == _TAKEN for error in errors):
            return await self._compared(session, delivery, code, at)
        if errors:
            outcome = Outcome.RETRY if any(e.get("code") == _PASSING for e in errors) else Outcome.REJECTED
            return DeliveryResult(delivery.action_key, outcome, in_words(errors, delivery.payload))
        reference = (payload_of(told, _CREATE).get("codeDiscountNode") or {}).get("id")
        if reference is None:
            return await self._in_doubt(session, delivery, code, at)
        return DeliveryResult(delivery.action_key, Outcome.ACCEPTED, provider_reference=reference)

    async def _in_doubt(
        self, session: aiohttp.ClientSession, delivery: Delivery, code: DiscountCode, at: datetime
    ) -> DeliveryResult:
        """What became of a code that was neither named nor refused: the shop is asked; where it has none, who knows."""
        found = await self._compared(session, delivery, code, at)
        if found.outcome is not Outcome.RETRY:
            return found
        reason = f"Shopify answered without a code and without a refusal; read back: {found.reason}"
        return DeliveryResult(delivery.action_key, Outcome.MAYBE_SENT, reason)

    async def _compared(
        self, session: aiohttp.ClientSession, delivery: Delivery, code: DiscountCode, at: datetime
    ) -> DeliveryResult:
        """What the shop's code of this name means for the delivery."""
        told = await self._calls.tell(session, "code_state", {"code": code.code}, at)
        if told.data is None:
            return told.result(delivery)
        held = self._held(told)
        if held is None:
            return DeliveryResult(delivery.action_key, Outcome.RETRY, _NOT_THERE)
        if held.terms == _terms(code) and held.is_open:
            return DeliveryResult(delivery.action_key, Outcome.ACCEPTED, provider_reference=held.reference)
        return DeliveryResult(
            delivery.action_key, Outcome.REJECTED, "the shop has a code of this name already, with other terms or ended"
        )

    async def _wrong_currency(
        self, session: aiohttp.ClientSession, delivery: Delivery, code: DiscountCode, at: datetime
    ) -> DeliveryResult | None:
        """A refusal where an amount is in another currency than the shop's, which Shopify would take the number for."""
        if self._currency is None:
            told = await self._calls.tell(session, "shop_currency", {}, at)
            if told.data is None:
                return told.result(delivery)
            self._currency = str(told.data["shop"]["currencyCode"])
        if code.currency_code == self._currency:
            return None
        reason = f"the amount is in {code.currency_code}, and the shop's currency is {self._currency}"
        return DeliveryResult(delivery.action_key, Outcome.REJECTED, reason)

    @staticmethod
    def _held(told: Told) -> _Held | None:
        node = (told.data or {}).get("codeDiscountNodeByCode")
        if node is None:
            return None
        discount = node["codeDiscount"]
        if discount["__typename"] != "DiscountCodeBasic":
            return _Held(node["id"], None, is_open=False, usage_count=0)
        value = discount["customerGets"]["value"]
        minimum = (discount["minimumRequirement"] or {}).get("greaterThanOrEqualToSubtotal")
        customers = discount["context"].get("customers") or []
        terms = _Terms(
            title=discount["title"],
            share=value.get("percentage"),
            amount=Decimal(value["amount"]["amount"]).normalize() if "amount" in value else None,
            usage_limit=discount["usageLimit"],
            minimum=None if minimum is None else Decimal(minimum["amount"]).normalize(),
            customers=tuple(sorted(customer["id"] for customer in customers)),
        )
        return _Held(node["id"], terms, discount["status"] != "EXPIRED", discount["asyncUsageCount"])


_NOT_THERE = "the shop has no code of this name"


def _code_of(delivery: Delivery) -> DiscountCode | None:
    if delivery.operation is not Operation.SEND:
        return None
    try:
        code = DiscountCode.of(delivery.payload)
    except (KeyError, TypeError, ValueError, ArithmeticError):
        return None
    return code if code.kind == "percentage" or code.currency_code else None


def _rejected(delivery: Delivery) -> DeliveryResult:
    return DeliveryResult(delivery.action_key, Outcome.REJECTED, "the payload is no discount code")


def _terms(code: DiscountCode) -> _Terms:
    is_share = code.kind == "percentage"
    return _Terms(
        title=code.title,
        share=float(code.amount) if is_share else None,
        amount=None if is_share else code.amount.normalize(),
        usage_limit=code.usage_limit,
        minimum=None if code.minimum_amount is None else code.minimum_amount.normalize(),
        customers=() if code.customer_reference is None else (global_id("Customer", code.customer_reference),),
    )


def _input(code: DiscountCode) -> dict[str, Any]:
    """The code as Shopify's input."""
    if code.kind == "percentage":
        value: dict[str, Any] = {"percentage": float(code.amount)}
    else:
        value = {"discountAmount": {"amount": format(code.amount, "f"), "appliesOnEachItem": False}}
    context: dict[str, Any] = {"all": "ALL"}
    if code.customer_reference is not None:
        context = {"customers": {"add": [global_id("Customer", code.customer_reference)]}}
    given: dict[str, Any] = {
        "title": code.title,
        "code": code.code,
        "startsAt": _text(code.starts_at),
        "usageLimit": code.usage_limit,
        "customerGets": {"value": value, "items": {"all": True}},
        "context": context,
    }
    if code.ends_at is not None:
        given["endsAt"] = _text(code.ends_at)
    if code.minimum_amount is not None:
        least = format(code.minimum_amount, "f")
        given["minimumRequirement"] = {"subtotal": {"greaterThanOrEqualToSubtotal": least}}
    return given


def _second(moment: datetime) -> datetime:
    """A time as Shopify keeps it: in whole seconds."""
    return moment.astimezone(UTC).replace(microsecond=0)


def _text(moment: datetime) -> str:
    return _second(moment).isoformat().replace("+00:00", "Z")
