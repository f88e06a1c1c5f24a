"""Customers' tags and metafields at a Shopify shop: what an audience's members are, and nothing that is not ours.

A customer may have several accounts at a shop, and each is written to. Repeating changes nothing. Must not decide who
is in an audience, nor who is whom.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

import aiohttp

from connectors.destination import Delivery, DeliveryResult, Operation, Outcome, require_batch
from connectors.destinations.exchanges import side_by_side
from connectors.destinations.shopify.calls import ShopCalls, Told, global_id, in_words, payload_of, user_errors
from connectors.directory import CustomerDirectory

_LONGEST_TAG = 255
_MOST_METAFIELDS = 25
_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9_-]")
_NO_ACCOUNT = "the customer has no account at this store"
_GONE = "the shop no longer has the customer's account"


class _RefusedError(Exception):
    """What ends the work on one delivery."""

    def __init__(self, outcome: Outcome, reason: str | None, retry_at: datetime | None = None) -> None:
        super().__init__(reason)
        self.outcome, self.reason, self.retry_at = outcome, reason, retry_at


class ShopifyCustomerDestination(ABC):
    """What tags and metafields have in common.

    Args:
        name: The destination's name.
        batch_size: The most customers at once.
        store_id: The store, as `perennial.yml` calls it, whose accounts are written to.
        calls: The shop.
        directory: Which accounts a customer has.
    """

    kind: ClassVar[str] = "shopify"
    writes_to_accounts: ClassVar[bool] = True

    def __init__(
        self, name: str, batch_size: int, store_id: str, calls: ShopCalls, directory: CustomerDirectory
    ) -> None:
        self.name = name
        self.batch_size = batch_size
        self.operations = frozenset({Operation.UPSERT, Operation.REMOVE})
        self.is_idempotent = True
        self._store_id = store_id
        self._calls = calls
        self._directory = directory

    def send(self, deliveries: Sequence[Delivery], *, sent_at: datetime) -> list[DeliveryResult]:
        """Write to the accounts of a batch of customers."""
        require_batch(self.name, self.batch_size, deliveries)
        if not deliveries:
            return []
        accounts = self._accounts(deliveries)

        async def work(session: aiohttp.ClientSession) -> list[DeliveryResult]:
            async def one(delivery: Delivery) -> DeliveryResult:
                found = accounts.get((delivery.merchant_id, delivery.customer_id), ())
                return await self._send_one(_Turn(self._calls, session, sent_at), delivery, found)

            # What is taken back first: the same accounts may be written to under another id of their owner.
            results: dict[str, DeliveryResult] = {}
            for is_removal in (True, False):
                part = [each for each in deliveries if (each.operation is Operation.REMOVE) is is_removal]
                for result in await side_by_side(part, one, at_once=self._calls.at_once):
                    results[result.action_key] = result
            return [results[delivery.action_key] for delivery in deliveries]

        return self._calls.together(work, deliveries, sent_at)

    def _accounts(self, deliveries: Sequence[Delivery]) -> dict[tuple[str, str], tuple[str, ...]]:
        """The accounts of each customer; of who leaves, those as well that were theirs when they came.

        A shop that merged two accounts carries the tags of both to the one that is left, so that whoever leaves under
        an id of then leaves all accounts of the person.
        """
        found: dict[tuple[str, str], tuple[str, ...]] = {}
        for merchant_id in {delivery.merchant_id for delivery in deliveries}:
            its = [one for one in deliveries if one.merchant_id == merchant_id]
            ids = sorted({one.customer_id for one in its})
            leaving = sorted({one.customer_id for one in its if one.operation is Operation.REMOVE})
            known = dict(self._directory.accounts_of_person(merchant_id, self._store_id, ids))
            for customer_id, accounts in self._directory.account_ids(merchant_id, self._store_id, leaving).items():
                known[customer_id] = tuple(dict.fromkeys([*known.get(customer_id, ()), *accounts]))
            found |= {(merchant_id, customer_id): accounts for customer_id, accounts in known.items()}
        return found

    async def _send_one(self, turn: "_Turn", delivery: Delivery, accounts: Sequence[str]) -> DeliveryResult:
        """Write to each account; whoever is gone is passed over as long as one is left."""
        is_removal = delivery.operation is Operation.REMOVE
        if not is_removal and delivery.operation is not Operation.UPSERT:
            return DeliveryResult(
                delivery.action_key, Outcome.REJECTED, "a shop's customers are kept, and sent nothing"
            )
        try:
            written = [await self._write(turn, global_id("Customer", account), delivery) for account in accounts]
        except _RefusedError as refusal:
            return DeliveryResult(delivery.action_key, refusal.outcome, refusal.reason, retry_at=refusal.retry_at)
        if any(written) or is_removal:
            reference = global_id("Customer", accounts[0]) if accounts else None
            return DeliveryResult(delivery.action_key, Outcome.ACCEPTED, provider_reference=reference)
        return DeliveryResult(delivery.action_key, Outcome.REJECTED, _GONE if accounts else _NO_ACCOUNT)

    @abstractmethod
    async def _write(self, turn: "_Turn", owner: str, delivery: Delivery) -> bool:
        """Bring one account to what the delivery says; False where there is no such account any more."""


@dataclass(frozen=True)
class _Turn:
    """Connections and a time."""

    calls: ShopCalls
    session: aiohttp.ClientSession
    at: datetime

    async def asked(self, name: str, variables: Mapping[str, Any]) -> Mapping[str, Any]:
        """What a document gave.

        Raises:
            _RefusedError: It gave nothing.
        """
        told = await self.calls.tell(self.session, name, variables, self.at)
        if told.data is None:
            raise _RefusedError(told.outcome, told.reason, told.retry_at)
        return told.data

    async def changed(self, name: str, field: str, variables: Mapping[str, Any]) -> None:
        """Make a change.

        Raises:
            _RefusedError: Shopify refused it, or did not answer.
        """
        data = await self.asked(name, variables)
        if not payload_of(Told(data), field):
            raise _RefusedError(Outcome.RETRY, "Shopify's answer does not say whether it was done")
        errors = user_errors(Told(data), field)
        if errors:
            raise _RefusedError(Outcome.REJECTED, in_words(errors, variables))


class ShopifyTagDestination(ShopifyCustomerDestination):
    """Keeps tags: one for the audience, and one for each field with its value. Other tags are left alone."""

    def __init__(self, *place: Any, prefix: str) -> None:  # noqa: ANN401 - as the class above takes them
        super().__init__(*place)
        self._prefix = prefix

    async def _write(self, turn: _Turn, owner: str, delivery: Delivery) -> bool:
        found = (await turn.asked("customer_tags", {"id": owner}))["customer"]
        if found is None:
            return False
        base = _tag(f"{self._prefix}:{delivery.audience}")
        ours = {
            tag.casefold(): tag
            for tag in found["tags"]
            if tag.casefold() == base.casefold() or tag.casefold().startswith(f"{base}:".casefold())
        }
        wanted = {tag.casefold(): tag for tag in _tags(base, delivery)}
        stale = [tag for key, tag in ours.items() if key not in wanted]
        missing = [tag for key, tag in wanted.items() if key not in ours]
        if stale:
            await turn.changed("tags_remove", "tagsRemove", {"id": owner, "tags": stale})
        if missing:
            await turn.changed("tags_add", "tagsAdd", {"id": owner, "tags": missing})
        return True


def _tags(base: str, delivery: Delivery) -> list[str]:
    if delivery.operation is Operation.REMOVE:
        return []
    values = {name: _written(value) for name, value in delivery.payload.items() if value is not None}
    return [base, *(_tag(f"{base}:{name}={value}") for name, value in values.items())]


def _tag(text: str) -> str:
    """A text as one tag: a comma would end it."""
    return " ".join(text.replace(",", " ").split())[:_LONGEST_TAG]


class ShopifyMetafieldDestination(ShopifyCustomerDestination):
    """Keeps metafields: one for each field, in a namespace of the audience's own."""

    def __init__(self, *place: Any, namespace: str) -> None:  # noqa: ANN401 - as the class above takes them
        super().__init__(*place)
        self._namespace = namespace

    async def _write(self, turn: _Turn, owner: str, delivery: Delivery) -> bool:
        namespace = _NOT_IN_A_NAME.sub("_", f"{self._namespace}-{delivery.audience}")
        held = await self._held(turn, owner, namespace)
        if held is None:
            return False
        is_removal = delivery.operation is Operation.REMOVE
        # Shopify has no empty text: a field without one is a field without a value.
        given = {} if is_removal else delivery.payload
        wanted = {name: value for name, value in given.items() if value is not None and value != ""}
        stale = sorted(held - wanted.keys())
        for start in range(0, len(stale), _MOST_METAFIELDS):
            part = [
                {"ownerId": owner, "namespace": namespace, "key": k} for k in stale[start : start + _MOST_METAFIELDS]
            ]
            await turn.changed("metafields_delete", "metafieldsDelete", {"metafields": part})
        fields = [
            {"ownerId": owner, "namespace": namespace, "key": name, "type": _type(value), "value": _written(value)}
            for name, value in wanted.items()
        ]
        for start in range(0, len(fields), _MOST_METAFIELDS):
            chunk = fields[start : start + _MOST_METAFIELDS]
            await turn.changed("metafields_set", "metafieldsSet", {"metafields": chunk})
        return True

    @staticmethod
    async def _held(turn: _Turn, owner: str, namespace: str) -> set[str] | None:
        """The keys that the account has in the namespace; None where there is no such account."""
        held: set[str] = set()
        after: str | None = None
        while True:
            asked = {"id": owner, "namespace": namespace, "after": after}
            customer = (await turn.asked("customer_metafields", asked))["customer"]
            if customer is None:
                return None
            page = customer["metafields"]
            held |= {node["key"] for node in page["nodes"]}
            if not page["pageInfo"]["hasNextPage"]:
                return held
            after = page["pageInfo"]["endCursor"]


def _type(value: object) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "number_integer"
    if isinstance(value, float):
        return "number_decimal"
    return "multi_line_text_field" if "\n" in str(value) else "single_line_text_field"


def _written(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
