"""A Shopify shop's metafields told in the words of deliveries: the shop knows accounts and keys, and no action."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors.destination import Delivery, DeliveryResult
from connectors.destinations.shopify.calls import ShopCalls
from connectors.destinations.shopify.customers import ShopifyMetafieldDestination
from connectors.destinations.shopify.settings import ShopifyActivationSettings
from connectors.sandbox.shopify import Shop


class Accounts:
    """Each of a few customers has one account."""

    def __init__(self, shop: Shop, count: int = 9) -> None:
        self.of = {f"c{n}": str(shop.add_customer(email=f"c{n}@shop.example").id) for n in range(count)}

    def account_ids(
        self, _merchant_id: str, _store_id: str, customer_ids: Sequence[str]
    ) -> Mapping[str, tuple[str, ...]]:
        return {one: (self.of[one],) for one in customer_ids}

    def accounts_of_person(
        self, merchant_id: str, store_id: str, customer_ids: Sequence[str]
    ) -> Mapping[str, tuple[str, ...]]:
        return self.account_ids(merchant_id, store_id, customer_ids)


class Noting(ShopifyMetafieldDestination):
    """The destination, which holds what the shop changed during a batch beside the batch."""

    def __init__(self, settings: ShopifyActivationSettings, shop: Shop, accounts: Accounts) -> None:
        place = (settings.name, settings.batch_size, "web", ShopCalls(settings), accounts)
        super().__init__(*place, namespace=settings.namespace)
        self.shop, self.known = shop, accounts
        self.effects: list[dict[str, Any]] = []

    def send(self, deliveries: Sequence[Delivery], *, sent_at: datetime) -> list[DeliveryResult]:
        before = len(self.shop.effects)
        results = super().send(deliveries, sent_at=sent_at)
        by_owner = {f"gid://shopify/Customer/{self.known.of[one.customer_id]}": one for one in deliveries}
        changed: dict[str, dict[str, Any]] = {}
        for effect in self.shop.effects[before:]:
            changed.setdefault(effect["owner"], {})[effect["key"]] = effect.get("value")
        for owner, fields in changed.items():
            delivery = by_owner[owner]
            kept = {name: value for name, value in fields.items() if value is not None}
            names = ("action_key", "merchant_id", "audience", "customer_id")
            facts = {name: getattr(delivery, name) for name in names}
            self.effects.append({**facts, "operation": "upsert" if kept else "remove", "payload": kept})
        return results
