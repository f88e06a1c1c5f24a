"""Customers drawn from the models' own stories, purchase by purchase, to see whether an estimator finds the truth.

Shares no code with the estimators: it draws times and amounts, not likelihoods.
"""

from datetime import date

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


def simulate_purchase_days(
    rng: np.random.Generator,
    customers: int,
    *,
    as_of: date,
    r: float,
    alpha: float,
    a: float,
    b: float,
    oldest: float = 720.0,
    spend: tuple[float, float, float] = (6.0, 4.0, 15.0),
    prefix: str = "c",
) -> pl.DataFrame:
    """Purchase days of customers who come evenly over `oldest` days and follow the BG/NBD and the Gamma-Gamma."""
    age = rng.uniform(0.0, oldest, customers)
    rate, dropout = rng.gamma(r, 1.0 / alpha, customers), rng.beta(a, b, customers)
    p, q, v = spend
    nu = rng.gamma(q, 1.0 / v, customers)
    who, when = [np.arange(customers)], [np.zeros(customers)]
    active, now = who[0], when[0]
    while active.size:
        now = now + rng.exponential(1.0, active.size) / rate[active]
        stays = now <= age[active]
        active, now = active[stays], now[stays]
        who.append(active)
        when.append(now)
        stays = rng.uniform(size=active.size) >= dropout[active]
        active, now = active[stays], now[stays]
    person, at = np.concatenate(who), np.concatenate(when)
    days_ago = np.floor(age[person] - at).astype(np.int64)
    return (
        pl.DataFrame({"person": person, "days_ago": days_ago, "amount": rng.gamma(p, 1.0 / nu[person])})
        .group_by("person", "days_ago", maintain_order=True)
        .agg(pl.col("amount").sum())
        .select(
            pl.format("{}{}", pl.lit(prefix), pl.col("person")).alias("customer_id"),
            (pl.lit(as_of) - pl.duration(days=pl.col("days_ago"))).cast(pl.Date).alias("purchase_date"),
            pl.col("amount").round(2),
        )
    )
