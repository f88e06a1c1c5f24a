"""CPU time of fitting the BG/NBD and of a year's discounted value, against `lifetimes` on the same customers.

Usage: python benchmarks/clv_fit.py [--peer-customers 250000] [--customers 250000 1000000]

Two kinds of customers, both with a fixed seed: drawn from the model itself in whole days, acquired over nine months,
so that most histories are distinct; and drawn with replacement from the full CDNOW file, acquired over three months,
so that many share one. The fit's cost goes with the distinct histories, the peer's with the customers. CPU seconds,
for wall-clock seconds depend on who else is at work.
"""

import argparse
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from cdnow_purchases import AS_OF, all_purchase_days  # noqa: E402  # run as a script, from any folder
from simulated_customers import simulate_bg_nbd, simulate_spend  # noqa: E402

from ml.histories.purchase_summary import summarise_purchases  # noqa: E402
from ml.purchases.bg_nbd import BetaGeometricNbd  # noqa: E402  # run as a script, from any folder
from ml.spend.gamma_gamma import GammaGamma  # noqa: E402
from ml.value.churn import churn_probability  # noqa: E402
from ml.value.lifetime_value import lifetime_value  # noqa: E402


def customers(count: int) -> pl.DataFrame:
    rng = np.random.default_rng(20_260_101)
    drawn = simulate_bg_nbd(rng, count, r=0.5, alpha=40.0, a=0.8, b=2.5)
    whole = drawn.with_columns(pl.col("recency_days", "age_days").ceil())
    x = whole["frequency"].to_numpy()
    spend = simulate_spend(rng, np.maximum(x, 1.0), p=4.0, q=3.5, v=25.0)
    return whole.with_columns(
        pl.Series("spend_day_count", x),
        pl.when(pl.col("frequency") > 0).then(pl.Series(spend)).alias("monetary_value"),
    )


def cdnow_customers(count: int) -> pl.DataFrame:
    summary = summarise_purchases(all_purchase_days(), None, as_of_date=AS_OF)
    return summary.sample(count, with_replacement=True, seed=1)


def cpu_seconds(work: Callable[[], object]) -> tuple[float, object]:
    begin = time.process_time()
    result = work()
    return time.process_time() - begin, result


def ours(summary: pl.DataFrame) -> dict[str, float]:
    fit, model = cpu_seconds(lambda: BetaGeometricNbd().fit(summary))
    spend_fit, spend = cpu_seconds(lambda: GammaGamma().fit(summary))
    assert isinstance(model, BetaGeometricNbd)
    assert isinstance(spend, GammaGamma)
    value, _ = cpu_seconds(
        lambda: (
            lifetime_value(model, spend, summary, horizon_days=365, annual_discount_rate=0.1),
            model.expected_purchases(summary, 365),
            model.probability_alive(summary),
            churn_probability(model, summary, horizon_days=90),
        )
    )
    assert model.report_ is not None
    return {
        "BG/NBD fit": fit,
        "Gamma-Gamma fit": spend_fit,
        "all predictions": value,
        "log-likelihood": model.report_.log_likelihood or 0.0,
    }


def peer(summary: pl.DataFrame) -> dict[str, float]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from lifetimes import BetaGeoFitter, GammaGammaFitter  # its import warns

        x, t_x, T = (summary[name].to_numpy() for name in ("frequency", "recency_days", "age_days"))
        fit, model = cpu_seconds(lambda: BetaGeoFitter().fit(x, t_x, T))
        mean = summary["monetary_value"].fill_null(0.0).to_numpy()
        has_spend = mean > 0
        spend_fit, spend = cpu_seconds(lambda: GammaGammaFitter().fit(x[has_spend], mean[has_spend]))
        value, _ = cpu_seconds(
            lambda: spend.customer_lifetime_value(  # type: ignore[attr-defined]  # untyped library
                model,
                series_of(x),
                series_of(t_x),
                series_of(T),
                series_of(mean),
                time=12,
                discount_rate=0.008,
            )
        )
        likelihood = -model._negative_log_likelihood_ * x.size + x.sum() * np.log(model._scale)  # type: ignore[attr-defined]  # noqa: SLF001  # untyped library, which publishes it nowhere else
    return {
        "BG/NBD fit": fit,
        "Gamma-Gamma fit": spend_fit,
        "all predictions": value,
        "log-likelihood": float(likelihood),
    }


def series_of(values: np.ndarray) -> object:
    import pandas as pd  # only the peer wants it

    return pd.Series(values)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--customers", type=int, nargs="+", default=[250_000, 1_000_000])
    parser.add_argument("--peer-customers", type=int, default=250_000, help="0 leaves the peer out")
    arguments = parser.parse_args()
    ours(customers(2_000))  # Nothing is measured cold.
    measures = ["BG/NBD fit", "Gamma-Gamma fit", "all predictions", "log-likelihood"]
    print(f"{'CPU seconds':<32}" + "".join(f"{name:>18}" for name in measures))
    for kind, draw in (("simulated", customers), ("cdnow", cdnow_customers)):
        counts = sorted({*arguments.customers, arguments.peer_customers} - {0})
        mine = {count: ours(draw(count)) for count in counts}
        for count, found in mine.items():
            print(f"{kind + ', ours':<20}{count:>12,}" + "".join(f"{found[name]:>18.3f}" for name in measures))
        if count := arguments.peer_customers:
            theirs = peer(draw(count))
            print(f"{kind + ', lifetimes':<20}{count:>12,}" + "".join(f"{theirs[name]:>18.3f}" for name in measures))
            print(f"{'ratio':<32}" + "".join(f"{theirs[name] / mine[count][name]:>18.1f}" for name in measures[:3]))


if __name__ == "__main__":
    main()
