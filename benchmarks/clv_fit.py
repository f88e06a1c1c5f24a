"""CPU time of fitting the models and of a year's discounted value, against `lifetimes` on the same customers.

Usage: python benchmarks/clv_fit.py [--customers 250000 1000000] [--peer-customers 1000000]
                                    [--pareto-customers 250000] [--only gamma_gamma] [--results FILE]

Two kinds of customers, both with a fixed seed: drawn from the BG/NBD itself in whole days, acquired over nine months,
so that most histories are distinct and no two spend the same; and drawn with replacement from the full CDNOW file,
acquired over three months, so that many share one. Our cost goes with what is distinct, the peer's with the customers.
CPU seconds, for wall-clock seconds depend on who else is at work; ours are the best of three. The likelihoods are
compared before a ratio is printed. Each line of results is also appended to FILE as JSON.
"""

import argparse
import json
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from cdnow_purchases import AS_OF, all_purchase_days  # noqa: E402  # run as a script, from any folder
from simulated_customers import simulate_bg_nbd, simulate_spend  # noqa: E402

from ml.fitting.likelihood_estimator import LikelihoodEstimator  # noqa: E402  # run as a script, from any folder
from ml.histories.purchase_summary import summarise_purchases  # noqa: E402
from ml.purchases.bg_nbd import BetaGeometricNbd  # noqa: E402
from ml.purchases.mbg_nbd import ModifiedBetaGeometricNbd  # noqa: E402
from ml.purchases.pareto_nbd import ParetoNbd  # noqa: E402
from ml.spend.gamma_gamma import GammaGamma  # noqa: E402
from ml.value.churn import churn_probability  # noqa: E402
from ml.value.lifetime_value import lifetime_value  # noqa: E402


def customers(count: int, *, seed: int = 0) -> pl.DataFrame:
    rng = np.random.default_rng(20_260_101 + seed)
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


OURS: dict[str, type[LikelihoodEstimator]] = {
    model.name: model for model in (BetaGeometricNbd, ModifiedBetaGeometricNbd, ParetoNbd)
}
EVERYTHING = (*OURS, GammaGamma.name, "predictions")


def predictions(summary: pl.DataFrame) -> Callable[[], object]:
    model, spend = BetaGeometricNbd().fit(summary), GammaGamma().fit(summary)
    return lambda: (
        lifetime_value(model, spend, summary, horizon_days=365, annual_discount_rate=0.1),
        model.expected_purchases(summary, 365),
        model.probability_alive(summary),
        churn_probability(model, summary, horizon_days=90),
    )


def ours(summary: pl.DataFrame, wanted: set[str]) -> dict[str, tuple[float, float]]:
    """CPU seconds and log-likelihood by what was done."""
    found: dict[str, tuple[float, float]] = {}
    for model in (*OURS.values(), GammaGamma):
        if model.name not in wanted:
            continue
        runs = [cpu_seconds(lambda model=model: model().fit(summary)) for _ in range(3)]  # type: ignore[misc]  # bound at once
        report = runs[0][1].report_  # type: ignore[attr-defined]  # each has one
        found[model.name] = min(seconds for seconds, _ in runs), report.log_likelihood
    if "predictions" not in wanted:
        return found
    value = predictions(summary)
    found["predictions"] = min(cpu_seconds(value)[0] for _ in range(3)), 0.0
    return found


def peer(summary: pl.DataFrame, wanted: set[str]) -> dict[str, tuple[float, float]]:
    """The same of `lifetimes`; the log-likelihood is ours at its parameters, for its own is in its own unit of time."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import lifetimes  # its import warns

        x, t_x, T = (summary[name].to_numpy() for name in ("frequency", "recency_days", "age_days"))
        mean = summary["monetary_value"].fill_null(0.0).to_numpy()
        spends = mean > 0
        fitters = {"bg_nbd": lifetimes.BetaGeoFitter, "mbg_nbd": lifetimes.ModifiedBetaGeoFitter}
        fitters["pareto_nbd"] = lifetimes.ParetoNBDFitter
        found: dict[str, tuple[float, float]] = {}
        for name, fitter in fitters.items():
            if name not in wanted:
                continue
            seconds, fit = cpu_seconds(lambda fitter=fitter: fitter().fit(x, t_x, T))  # type: ignore[misc]  # bound at once
            at = OURS[name].from_parameters(**dict(fit.params_))  # type: ignore[attr-defined]  # untyped library
            found[name] = seconds, float(at.log_likelihood(summary).sum())
        if GammaGamma.name not in wanted:
            return found
        count = summary["spend_day_count"].to_numpy()[spends]
        seconds, fit = cpu_seconds(lambda: lifetimes.GammaGammaFitter().fit(count, mean[spends]))
        found["gamma_gamma"] = seconds, float(-fit._negative_log_likelihood_ * count.size)  # type: ignore[attr-defined]  # the same
    return found


def written(line: dict[str, object], results: Path | None) -> None:
    print("  ".join(f"{name} {value:.4g}" if isinstance(value, float) else f"{value}" for name, value in line.items()))
    if results:
        with results.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"command": " ".join(sys.argv), "commit": commit(), **line}) + "\n")


@cache
def commit() -> str:
    found = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False).stdout
    return found.strip()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--customers", type=int, nargs="+", default=[250_000, 1_000_000])
    parser.add_argument("--peer-customers", type=int, default=250_000, help="0 leaves the peer out")
    parser.add_argument("--pareto-customers", type=int, default=20_000, help="up to how many the Pareto/NBD is fitted")
    parser.add_argument("--only", nargs="+", choices=EVERYTHING, default=EVERYTHING)
    parser.add_argument("--results", type=Path)
    arguments = parser.parse_args()
    commit()  # Before others commit: what runs is what was there at the start.
    ours(customers(2_000), set(EVERYTHING))  # Nothing is measured cold.
    for kind, draw in (("simulated", customers), ("cdnow", cdnow_customers)):
        counts = sorted({*arguments.customers, arguments.peer_customers} - {0})
        for count in counts:
            summary, wanted = draw(count), set(arguments.only)
            if count > arguments.pareto_customers:
                wanted -= {ParetoNbd.name}
            mine = ours(summary, wanted)
            theirs = peer(summary, wanted) if count <= arguments.peer_customers else {}
            for name, (seconds, likelihood) in mine.items():
                line: dict[str, object] = {"kind": kind, "customers": count, "what": name, "ours": seconds}
                if name in theirs:
                    line |= {"lifetimes": theirs[name][0], "ratio": theirs[name][0] / seconds}
                    # Above zero: ours found the higher likelihood.
                    line["likelihood gained"] = (likelihood - theirs[name][1]) / abs(likelihood)
                written(line, arguments.results)


if __name__ == "__main__":
    main()
