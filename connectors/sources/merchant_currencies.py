"""Whether a merchant can count what a shop earns: in its own currency, or in one that it declares a rate for."""

from connectors.source import Notice


def currency_notice(shop_currency: str | None, currency_codes: frozenset[str]) -> Notice | None:
    """What the owner has to know before the first order is counted; None where there is nothing to tell.

    Args:
        shop_currency: The shop's currency; None where the platform does not say.
        currency_codes: The merchant's currency and those that it declares rates for; empty where that is not known.
    """
    if not shop_currency or not currency_codes or shop_currency in currency_codes:
        return None
    return Notice(
        "currency_without_rate",
        f"the shop sells in {shop_currency}, and the merchant counts in another currency and declares no rate for it: "
        f"its publish is withheld until exchange_rates of the merchant has one for {shop_currency}, valid from the day "
        "of the first order; or set the merchant's currency_code to the shop's",
    )
