"""Whether intervals enclose what they say: where outcomes fell in their own predicted distributions.

A probability integral transform that is evenly spread is a distribution that holds, at every level at once. Counts and
spend have point masses, within which the place is drawn at random: by the customer's id and a seed, so that it depends
on no row order and on no other customer. Equation numbers are those of docs/models.md. Must not fit a model.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import polars as pl

from ml.estimator import FloatArray, PurchaseEstimator, SpendEstimator
from ml.histories.known_history import KnownHistory
from ml.value.intervals import PredictiveDistributions
from ml.value.lifetime_value import daily_discount_rate
from ml.value.recalibration import Recalibration

PURCHASE_COUNT = "purchase_count"
SPEND = "spend"
VALUE = "clv"
LEVELS = (0.5, 0.8, 0.9, 0.95)
CONFIDENCE = 0.95
_UNITS = 10_000.0

COVERAGE_SCHEMA = pl.Schema(
    {
        "measure": pl.String(),
        "level": pl.Float64(),
        "coverage": pl.Float64(),
        "coverage_low": pl.Float64(),
        "coverage_high": pl.Float64(),
        "ks_distance": pl.Float64(),
        "customer_count": pl.Int64(),
    }
)


@dataclass(frozen=True)
class Actual:
    """What customers did within a horizon, one number each, shape (n,).

    Attributes:
        purchase_count: Purchase days.
        spend: Of those days, in the merchant's currency.
        value: The same, discounted to the horizon's beginning.
    """

    purchase_count: FloatArray
    spend: FloatArray
    value: FloatArray


def actual_within(history: KnownHistory, earlier: KnownHistory, *, days: int, annual_discount_rate: float) -> Actual:
    """What happened within so many days of an earlier day, to the customers known on it, in their summary's order.

    A day's money is discounted from its middle: the models know no days, only times.

    Raises:
        StopError: The window has no day or ends after the history, or the rate has no meaning.
    """
    outcome = history.outcome_of(earlier, days=days)
    end = earlier.as_of_date + timedelta(days=days)
    rows = earlier.summary.select("customer_id").with_row_index("position")
    held_out = (
        history.at(end)
        .net_days.filter(pl.col("purchase_date") > earlier.as_of_date)
        .join(rows, on="customer_id", how="inner", maintain_order="left")
    )
    day = (held_out["purchase_date"] - earlier.as_of_date).dt.total_days().to_numpy()
    money = held_out["units"].to_numpy() / _UNITS * np.exp(-daily_discount_rate(annual_discount_rate) * (day - 0.5))
    value = np.bincount(held_out["position"].to_numpy(), weights=money, minlength=rows.height)
    by_customer = outcome.by_customer
    return Actual(by_customer["purchase_count"].to_numpy(), by_customer["spend"].to_numpy(), value.astype(np.float64))


def customer_uniforms(customer_ids: pl.Series, *, seed: int) -> FloatArray:
    """A number from 0 up to 1 for each customer that looks random and is the same each time, shape (n,)."""
    key = seed.to_bytes(8, "big")
    digests = b"".join(hashlib.blake2b(name.encode(), digest_size=8, key=key).digest() for name in customer_ids)
    return (np.frombuffer(digests, dtype=">u8") >> np.uint64(11)).astype(np.float64) / 2.0**53


def probability_integral_transforms(
    predicted: PredictiveDistributions, actual: Actual, uniforms: FloatArray
) -> dict[str, FloatArray]:
    """Where each outcome fell in its own distribution, at random within a point mass (eq. 56).

    Args:
        predicted: For n customers.
        actual: What they did, in the same order.
        uniforms: `customer_uniforms` of them.

    Returns:
        By measure (`PURCHASE_COUNT`, and with a model of spend `SPEND` and `VALUE`): values in [0, 1], shape (n,),
        evenly spread if the distributions hold.
    """
    counts, factor = predicted.counts, predicted.factor
    below = counts.at_most(actual.purchase_count - 1.0, factor=factor)
    up_to = counts.at_most(actual.purchase_count, factor=factor)
    found = {PURCHASE_COUNT: below + uniforms * (up_to - below)}
    if predicted.totals is not None:
        # What nothing was expected of is far above it, if anything came.
        once = np.maximum(predicted.times_spend, 1e-100)
        for measure, amounts in ((SPEND, actual.spend / once), (VALUE, actual.value / predicted.discount / once)):
            at_most = predicted.totals.at_most(amounts)
            found[measure] = np.where(amounts > 0, at_most, uniforms * at_most)
    return {measure: values.clip(0.0, 1.0) for measure, values in found.items()}


def transforms_at_origin(
    history: KnownHistory,
    earlier: KnownHistory,
    purchases: PurchaseEstimator,
    spend: SpendEstimator | None,
    *,
    days: int,
    annual_discount_rate: float,
    seed: int,
    factor: FloatArray | None = None,
) -> dict[str, FloatArray]:
    """`probability_integral_transforms` of models fitted on an earlier day, by what came within so many days of it."""
    predicted = PredictiveDistributions.of(
        purchases,
        spend,
        earlier.summary,
        horizon_days=days,
        annual_discount_rate=annual_discount_rate,
        factor=factor,
    )
    actual = actual_within(history, earlier, days=days, annual_discount_rate=annual_discount_rate)
    return probability_integral_transforms(
        predicted, actual, customer_uniforms(earlier.summary["customer_id"], seed=seed)
    )


def learnt_recalibrations(origins: Sequence[Mapping[str, FloatArray]]) -> dict[str, Recalibration]:
    """A recalibration per measure, from the transforms at past origins; an origin may lack a measure."""
    measures = sorted({measure for origin in origins for measure in origin})
    return {
        measure: Recalibration.learnt([origin[measure] for origin in origins if measure in origin])
        for measure in measures
    }


def recalibrated(
    transforms: Mapping[str, FloatArray], recalibrations: Mapping[str, Recalibration]
) -> dict[str, FloatArray]:
    """The transforms that recalibrated distributions would have given; a measure without a recalibration as it was."""
    return {
        measure: recalibrations[measure].shares_below(values) if measure in recalibrations else values
        for measure, values in transforms.items()
    }


def kolmogorov_smirnov_distance(transforms: FloatArray) -> float | None:
    """The largest difference between the share of values up to a level, and the level; None of no values."""
    if not transforms.size:
        return None
    ordered = np.sort(transforms)
    ranks = np.arange(1, ordered.size + 1) / ordered.size
    return float(max(np.max(ranks - ordered), np.max(ordered - ranks + 1.0 / ordered.size)))


def coverage_table(
    transforms: Mapping[str, FloatArray], *, seed: int, levels: Sequence[float] = LEVELS, resamples: int = 2000
) -> pl.DataFrame:
    """How many outcomes their central intervals enclosed, with bootstrap confidence intervals of that share.

    To draw customers anew and count those enclosed is to draw a binomial number, so that is what is drawn.

    Args:
        transforms: Values by measure, on data that neither the fit nor a recalibration saw.
        seed: Of the bootstrap.
        levels: Of the intervals.
        resamples: Bootstrap samples.

    Returns:
        `COVERAGE_SCHEMA`, one row per measure and level, sorted; `coverage_low` and `coverage_high` enclose the share
        with 95% confidence. Null where there is no customer.
    """
    rows = []
    for measure in sorted(transforms):
        values = transforms[measure]
        distance = kolmogorov_smirnov_distance(values)
        for level in sorted(levels):
            inside = np.abs(values - 0.5) <= level / 2.0
            bounds: tuple[float | None, ...] = (None, None, None)
            if values.size:
                share = float(np.mean(inside))
                rng = np.random.default_rng([seed, round(level * 10_000)])
                drawn = rng.binomial(values.size, share, size=resamples) / values.size
                tail = (1.0 - CONFIDENCE) / 2.0
                bounds = (share, *(float(end) for end in np.quantile(drawn, [tail, 1.0 - tail])))
            rows.append((measure, level, *bounds, distance, values.size))
    return pl.DataFrame(rows, schema=COVERAGE_SCHEMA, orient="row")
