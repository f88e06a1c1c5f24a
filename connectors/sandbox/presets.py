"""A catalogue of synthetic merchants that each have one thing to tell apart."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType

from connectors.sandbox.merchants import Bots, Guests, Refunds, Resellers, SyntheticMerchant, SyntheticStore
from connectors.sandbox.purchase_process import RegimeChange
from models.errors import MisconfiguredError


@dataclass(frozen=True)
class Preset:
    """A merchant of the catalogue.

    Attributes:
        description: What it is there to show.
        merchant: Its specification, with a customer count and a seed to be replaced.
    """

    description: str
    merchant: SyntheticMerchant


_SEASONAL = SyntheticMerchant(month_paces=(0.7, 0.7, 0.8, 0.9, 0.9, 0.8, 0.7, 0.8, 1.0, 1.1, 1.7, 1.9))

PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        "model_following": Preset("Follows BG/NBD and Gamma-Gamma to the letter.", SyntheticMerchant()),
        "seasonal": Preset("November and December sell more than twice what July does.", _SEASONAL),
        "regime_change": Preset(
            "From July of the second year, everybody buys half as often.",
            SyntheticMerchant(regime_change=RegimeChange(date(2024, 7, 1), 0.5)),
        ),
        "refunds_and_guests": Preset(
            "One order in eight is refunded, four in ten of those in part; a third of the people start as guests.",
            SyntheticMerchant(refunds=Refunds(0.125, 0.4, 12.0), guests=Guests(0.33, 0.5)),
        ),
        "two_currencies": Preset(
            "A shop in Germany that sells in euros, and in yen from Tokyo; some customers buy at both.",
            SyntheticMerchant(
                time_zone="Europe/Berlin",
                currency_code="EUR",
                stores=(
                    SyntheticStore("europe", "EUR", 1.0, 0.7),
                    SyntheticStore("japan", "JPY", 0.00625, 0.3),
                ),
                elsewhere_rate=0.05,
                refunds=Refunds(0.05, 0.3),
            ),
        ),
        "bot_and_reseller": Preset(
            "One program places 300 tiny orders a day for a month, and two traders stock up every week.",
            SyntheticMerchant(bots=Bots(count=1), resellers=Resellers(count=2)),
        ),
        "one_order_each": Preset("Nobody ever comes back.", SyntheticMerchant(month_paces=(0.0,) * 12)),
        "tiny": Preset(
            "Twenty customers, fewer than any model can be fitted to.", SyntheticMerchant(customer_count=20)
        ),
    }
)


def preset_merchant(name: str, *, customer_count: int | None = None, seed: int = 1) -> SyntheticMerchant:
    """A merchant of the catalogue, named after its preset.

    Args:
        name: A key of `PRESETS`.
        customer_count: How many people; the preset's own number by default.
        seed: Chooses one such merchant.

    Raises:
        MisconfiguredError: No preset has that name.
    """
    if name not in PRESETS:
        raise MisconfiguredError("preset", f"{name!r} is not one of {', '.join(PRESETS)}")
    merchant = PRESETS[name].merchant
    return replace(merchant, merchant_id=name, seed=seed, customer_count=customer_count or merchant.customer_count)
