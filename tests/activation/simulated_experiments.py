"""Customers whose revenue follows a known law, dealt into arms, with a known effect."""

from dataclasses import dataclass

import numpy as np

from activation.experiments.lift import ArmOutcomes, outcomes_of


@dataclass(frozen=True)
class Experiment:
    """Two arms, and what the message really brought per customer of its arm."""

    message: ArmOutcomes
    holdout: ArmOutcomes
    effect: float
    conversion_effect: float


def simulated_experiment(
    random: np.random.Generator,
    *,
    customers: int = 600,
    share: float = 0.1,
    rate: float = 1.0,
    variation: float = 0.7,
    uplift: float = 0.0,
) -> Experiment:
    """Gamma rates, Poisson orders, lognormal amounts; the message makes everybody buy so much more often."""
    rates = random.gamma(1.0, rate, customers)
    amounts = np.exp(random.normal(3.5, 0.4, customers))
    is_held = random.permutation(customers) < round(share * customers)
    realised = rates * np.where(is_held, 1.0, 1.0 + uplift)
    orders = random.poisson(realised)
    whose = np.repeat(np.arange(customers), orders)
    prices = amounts[whose] * np.exp(random.normal(-(variation**2) / 2, variation, len(whose)))
    revenue = np.bincount(whose, weights=prices, minlength=customers)
    forecast = rates * amounts

    def arm(chosen: np.ndarray) -> ArmOutcomes:
        return outcomes_of(revenue[chosen], forecast[chosen], orders[chosen] > 0)

    written = ~is_held
    conversion = np.exp(-rates[written]) - np.exp(-rates[written] * (1 + uplift))
    return Experiment(arm(written), arm(is_held), uplift * float(forecast[written].mean()), float(conversion.mean()))
