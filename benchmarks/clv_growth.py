"""How fitting and scoring grow from ten thousand customers to ten million, in pieces; and a summary beside pandas.

Usage: python benchmarks/clv_growth.py [--customers 10000 100000 1000000] [--purchases 1000000] [--results FILE]

Customers are those of clv_fit.py that share least, drawn in pieces of at most half a million. The BG/NBD is fitted on
the pieces' gathered histories and each piece is then scored by itself (expected purchases, P(alive), churn, a year's
discounted value), so only what is distinct is ever held. CPU seconds without the drawing, and the process's peak memory
with it. The summary is of shuffled purchase days; the peer is `lifetimes`' own function on the same rows in pandas.
"""

import argparse
import resource
import sys
import warnings
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "benchmarks")]

from clv_fit import commit, cpu_seconds, customers, written  # noqa: E402  # run as a script, from any folder

from ml.histories.purchase_histories import distinct_histories, gathered_histories  # noqa: E402
from ml.histories.purchase_summary import summarise_purchases  # noqa: E402
from ml.purchases.bg_nbd import BetaGeometricNbd  # noqa: E402
from ml.spend.gamma_gamma import GammaGamma  # noqa: E402
from ml.value.churn import churn_probability  # noqa: E402
from ml.value.lifetime_value import lifetime_value  # noqa: E402

PIECE = 500_000
AS_OF = date(2025, 6, 30)


def pieces(count: int) -> Iterator[pl.DataFrame]:
    for begin in range(0, count, PIECE):
        yield customers(min(PIECE, count - begin), seed=begin // PIECE)


def growth(count: int) -> dict[str, object]:
    gathering = 0.0
    gathered = gathered_histories([])
    for piece in pieces(count):
        seconds, gathered = cpu_seconds(lambda gathered=gathered, piece=piece: gathered_histories([gathered, piece]))  # type: ignore[misc, assignment]  # bound at once
        gathering += seconds
    fitting, model = cpu_seconds(lambda: BetaGeometricNbd().fit(gathered))
    assert isinstance(model, BetaGeometricNbd)
    spend = GammaGamma.from_parameters(p=4.0, q=3.5, v=25.0)
    scoring = 0.0
    for piece in pieces(count):
        scoring += cpu_seconds(
            lambda piece=piece: (  # type: ignore[misc]  # bound at once
                lifetime_value(model, spend, piece, horizon_days=365, annual_discount_rate=0.1),
                model.expected_purchases(piece, 365),
                model.probability_alive(piece),
                churn_probability(model, piece, horizon_days=90),
            )
        )[0]
    return {
        "what": "growth",
        "customers": count,
        "distinct": gathered.height,
        "gathering": gathering,
        "fitting": fitting,
        "scoring": scoring,
        "microseconds a customer": (gathering + fitting + scoring) / count * 1e6,
        "peak MiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def summarising(purchases: int) -> dict[str, object]:
    rng = np.random.default_rng(1)
    drawn = {
        "customer": rng.integers(0, purchases // 4, purchases),
        "day": rng.integers(0, 540, purchases),
        "amount": rng.lognormal(3.0, 1.0, purchases).round(2),
    }
    days = (
        pl.DataFrame(drawn)
        .unique(["customer", "day"], keep="first", maintain_order=True)
        .select(
            pl.format("customer-{}", "customer").alias("customer_id"),
            (pl.lit(date(2024, 1, 1)) + pl.duration(days="day")).cast(pl.Date).alias("purchase_date"),
            "amount",
        )
    )
    mine = min(cpu_seconds(lambda: summarise_purchases(days, None, as_of_date=AS_OF))[0] for _ in range(3))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from lifetimes.utils import summary_data_from_transaction_data  # its import warns

        frame = days.to_pandas()
        theirs = min(
            cpu_seconds(
                lambda: summary_data_from_transaction_data(
                    frame, "customer_id", "purchase_date", "amount", observation_period_end=AS_OF
                )
            )[0]
            for _ in range(2)
        )
    return {"what": "summary", "purchases": days.height, "ours": mine, "lifetimes": theirs, "ratio": theirs / mine}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--customers", type=int, nargs="*", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--purchases", type=int, default=1_000_000)
    parser.add_argument("--results", type=Path)
    arguments = parser.parse_args()
    commit()  # Before others commit: what runs is what was there at the start.
    distinct_histories(customers(2_000))  # Nothing is measured cold.
    for count in arguments.customers:
        written(growth(count), arguments.results)
    if arguments.purchases:
        written(summarising(arguments.purchases), arguments.results)


if __name__ == "__main__":
    main()
