"""Customers drawn from the models' own stories, purchase by purchase, to see whether an estimator finds the truth.

Shares no code with the estimators: it draws times and amounts, not likelihoods.
"""

import numpy as np
import polars as pl


def simulate_bg_nbd(
    rng: np.random.Generator, customers: int, *, r: float, alpha: float, a: float, b: float, oldest: float = 540.0
) -> pl.DataFrame:
    """Histories in continuous days of customers acquired evenly over the first half of `oldest` days."""
    age = oldest - rng.uniform(0.0, oldest / 2.0, customers)
    rate = rng.gamma(r, 1.0 / alpha, customers)
    dropout = rng.beta(a, b, customers)
    now = np.zeros(customers)
    last = np.zeros(customers)
    x = np.zeros(customers)
    active = np.ones(customers, dtype=bool)
    while active.any():
        now[active] += rng.exponential(1.0, int(active.sum())) / rate[active]
        active &= now <= age
        x[active] += 1.0
        last[active] = now[active]
        active &= rng.uniform(size=customers) >= dropout
    return pl.DataFrame({"frequency": x, "recency_days": last, "age_days": age})


def simulate_spend(rng: np.random.Generator, counts: np.ndarray, *, p: float, q: float, v: float) -> np.ndarray:
    """The mean of `counts` purchases of each customer."""
    nu = rng.gamma(q, 1.0 / v, counts.size)
    return rng.gamma(p * counts, 1.0 / (nu * counts))
