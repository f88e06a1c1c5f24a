"""Puts a shop's history into a platform's sandbox, back-dated, as if the shop had been there all the time."""

from datetime import datetime

from connectors.sandbox import bigcommerce, shopify, woocommerce
from connectors.sandbox.shop_history import GENERATED, ShopHistory


def fill_shopify(shop: shopify.Shop, history: ShopHistory) -> None:
    """Register the buyers of a history and place its orders, which are paid and shipped at once."""
    with shop.lock:
        variants = shop.stock(history.catalogue, at=_opened_at(history)).variants
        accounts = {
            buyer.buyer_id: shop.add_customer(
                email=buyer.email,
                first_name=buyer.first_name,
                last_name=buyer.last_name,
                created_at=buyer.registered_at,
                has_email_consent=buyer.has_email_consent,
                email_consent_at=buyer.email_consent_at,
                tags=(GENERATED,),
            ).id
            for buyer in history.buyers
        }
        for purchase in history.purchases:
            shop.place_order(
                customer=accounts[purchase.buyer_id],
                lines=[
                    shopify.Item(variants[line.variant.sku], line.quantity, line.unit_price) for line in purchase.lines
                ],
                delivery=shopify.Delivery(purchase.shipping),
                ordered_at=purchase.ordered_at,
                fulfilled=True,
                tags=(GENERATED,),
            )


def fill_bigcommerce(shop: bigcommerce.Shop, history: ShopHistory) -> None:
    """Register the buyers of a history and place its orders, which are completed at once."""
    with shop.lock:
        items = shop.load_catalogue(history.catalogue, created_at=_opened_at(history))
        accounts = {
            buyer.buyer_id: shop.create_customer(
                buyer.email,
                first_name=buyer.first_name,
                last_name=buyer.last_name,
                company=GENERATED,
                accepts_emails=bool(buyer.has_email_consent),
                created_at=buyer.registered_at,
            )
            for buyer in history.buyers
        }
        for buyer in history.buyers:
            if buyer.has_email_consent:
                shop.subscribe(
                    buyer.email,
                    first_name=buyer.first_name,
                    last_name=buyer.last_name,
                    subscribed_at=buyer.email_consent_at,
                )
        for purchase in history.purchases:
            lines = [
                bigcommerce.Item(item.product_id, item.variant_id, line.quantity, line.unit_price)
                for line in purchase.lines
                for item in [items[line.variant.sku]]
            ]
            shop.place_order(
                lines,
                customer=accounts[purchase.buyer_id],
                status_id=10,
                shipping=purchase.shipping,
                ordered_at=purchase.ordered_at,
            )


def fill_woocommerce(shop: woocommerce.Shop, history: ShopHistory) -> None:
    """Register the buyers of a history and place its orders, which are completed at once."""
    with shop.lock:
        items = shop.load_catalogue(history.catalogue, created_at=_opened_at(history))
        accounts = {
            buyer.buyer_id: shop.create_customer(
                buyer.email,
                first_name=buyer.first_name,
                last_name=buyer.last_name,
                username=f"{GENERATED}.{buyer.buyer_id}",
                billing={"first_name": buyer.first_name, "last_name": buyer.last_name, "country": "US"},
                created_at=buyer.registered_at,
            )
            for buyer in history.buyers
        }
        for purchase in history.purchases:
            lines = [
                woocommerce.Item(item.product_id, item.variation_id, line.quantity, line.unit_price)
                for line in purchase.lines
                for item in [items[line.variant.sku]]
            ]
            shop.place_order(
                lines,
                customer=accounts[purchase.buyer_id],
                status="completed",
                shipping=purchase.shipping,
                ordered_at=purchase.ordered_at,
            )


def _opened_at(history: ShopHistory) -> datetime | None:
    return history.purchases[0].ordered_at if history.purchases else None
