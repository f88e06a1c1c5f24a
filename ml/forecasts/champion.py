"""Which contender speaks for a merchant, and whether it may: decided on rolling origins, with words for both.

A nightly choice between models that are about as good flips back and forth, and every flip moves every customer's
number. So whoever holds the place keeps it until somebody is better by a margin and beyond what other customers could
have changed (docs/models.md, "Choosing a champion"). Must not run a contender.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from ml.estimator import FloatArray
from ml.evaluation.baselines import NAIVE
from ml.evaluation.bootstrap import LEVEL, interval
from ml.evaluation.rolling_origins import OriginBacktest, RollingBacktest
from ml.forecasts.forecast_checks import ForecastCheck

# On CDNOW's last 39 weeks the errors of the three parametric models lie up to three hundredths apart; below one a
# change of model moves customers' numbers for nothing that a merchant could see.
MARGIN = 0.01

STANDINGS_SCHEMA = pl.Schema(
    {
        "model_name": pl.String(),
        "is_parametric": pl.Boolean(),
        "is_eligible": pl.Boolean(),
        "origin_count": pl.Int32(),
        "loss": pl.Float64(),
        "loss_low": pl.Float64(),
        "loss_high": pl.Float64(),
        "mae_over_naive": pl.Float64(),
        "rmse_over_naive": pl.Float64(),
    }
)


@dataclass(frozen=True)
class ChampionChoice:
    """Who speaks for the merchant.

    Attributes:
        champion: Whose counts are published; None when nobody is eligible.
        base: The parametric model under it, from which everything but the counts comes; the champion itself when that
            is parametric; None when no parametric model is eligible.
        incumbent: Who held the place before, as it was handed in.
        reasons: Sentences, the decisive one first.
        standings: `STANDINGS_SCHEMA`, one row per contender, those who may win first, the lowest loss first. Losses are
            relative to the naive forecast's (1 is as good), each over the origins at which the contender forecast.
    """

    champion: str | None
    base: str | None
    incumbent: str | None
    reasons: tuple[str, ...]
    standings: pl.DataFrame

    @property
    def has_changed(self) -> bool:
        """Whether somebody else held the place before; a first champion changes nothing."""
        return self.incumbent is not None and self.champion != self.incumbent


@dataclass(frozen=True)
class _Loss:
    """Errors of purchase days over those of the naive forecast, averaged over origins: in all, and per replicate."""

    value: float
    replicates: FloatArray
    mae: float
    rmse: float


def choose_champion(
    rolling: RollingBacktest,
    *,
    parametric: Sequence[str],
    incumbent: str | None,
    incumbent_base: str | None = None,
    margin: float = MARGIN,
) -> ChampionChoice:
    """Choose who forecasts purchase days.

    The loss is the mean over origins of half MAE and half RMSE, each over the naive forecast's (eq. 38): MAE alone
    prefers whoever says zero to all, RMSE alone whoever gets the few best customers right. Any two are compared on the
    origins where both forecast and on the same resampled customers.

    Args:
        rolling: With the naive forecast among its contenders.
        parametric: The names of the models that can be a base. They are simpler than any other contender, and as simple
            as each other: without an incumbent the one with the lowest loss starts. The others come in the order of
            `rolling.contenders`, simpler ones first.
        incumbent: Who holds the place; None when nobody does.
        incumbent_base: The base under it; None is the incumbent itself, where it is parametric.
        margin: The share of its loss by which the holder has to be beaten.

    Raises:
        ValueError: The naive forecast is not among the contenders.
    """
    if NAIVE not in rolling.contenders:
        raise ValueError(f"{NAIVE} is not among the contenders: {', '.join(rolling.contenders) or 'none'}")
    origins = _measurable(rolling)
    eligible = {name: at for name in rolling.contenders if (at := _eligible_origins(name, origins))}
    models = [name for name in rolling.contenders if name in parametric and name in eligible]
    others = [name for name in rolling.contenders if name not in parametric and name != NAIVE and name in eligible]
    standings = _standings(rolling, origins, parametric, {*models, *others})
    reasons = _why_not(rolling, origins, {*models, *others})
    if not models and not others:
        why = "no contender forecast purchase days at the latest origin and at half of all origins"
        if not origins:
            why = _nothing_measurable(rolling)
        return ChampionChoice(None, None, incumbent, (f"there is no champion: {why}", *reasons), standings)
    if incumbent is not None and incumbent not in eligible:
        reasons.insert(0, f"{incumbent} held the place and cannot keep it: {_absence(incumbent, rolling, origins)}")
    holder = incumbent if incumbent in (*models, *others) else _lowest(models or others, origins)
    champion, contests = _contested(holder, [*models, *others], origins, margin)
    base, base_contests = _base(champion, models, incumbent_base or incumbent, origins, margin)
    loss = _pooled(champion, eligible[champion])
    low, high = interval(loss.replicates)
    reach = "" if low is None or high is None else f" ({LEVEL:.0%} interval {low:.1%} to {high:.1%})"
    decisive = (
        f"{champion} {'keeps the place' if champion == incumbent else 'is the champion'}: over "
        f"{_counted(len(eligible[champion]))} its errors are {loss.value:.1%} of the naive forecast's{reach}"
    )
    return ChampionChoice(champion, base, incumbent, (decisive, *contests, *base_contests, *reasons), standings)


def _base(
    champion: str, models: list[str], held: str | None, origins: list[OriginBacktest], margin: float
) -> tuple[str | None, list[str]]:
    if champion in models or not models:
        return (champion if champion in models else None), []
    base, _ = _contested(held if held in models else _lowest(models, origins), models, origins, margin)
    return base, [f"{base} is the parametric model under it"]


def gate(rolling: RollingBacktest, model_name: str) -> ForecastCheck:
    """Whether a contender may be published: not when it is worse than the naive forecast beyond the bootstrap interval.

    A history too short for an origin proves nothing against a model, and the check passes and says so.
    """
    origins = _eligible_origins(model_name, _measurable(rolling))
    if not origins:
        why = _absence(model_name, rolling, _measurable(rolling)) or "there is nothing to measure by"
        return _gate_check(f"{model_name} could not be held against the naive forecast: {why}", has_passed=True)
    loss = _pooled(model_name, origins)
    low, high = interval(loss.replicates)
    found = (
        f"over {_counted(len(origins))} the mean absolute error of {model_name} is {loss.mae:.1%} and its root mean "
        f"squared error {loss.rmse:.1%} of the naive forecast's (everybody going on at their own rate), together "
        f"{loss.value:.1%}"
    )
    if low is None or high is None:
        return _gate_check(f"{found}; there are too few customers for an interval", has_passed=True)
    found += f" with a {LEVEL:.0%} interval of {low:.1%} to {high:.1%}"
    if low <= 1.0:
        return _gate_check(found, has_passed=True)
    return _gate_check(
        f"{found}: worse than no model at all, whichever customers are drawn. The forecast is stored and not "
        "published. Look at the weekly course for a break (a closed shop, a campaign, orders that have not landed) "
        "and at the calibration by decile for the customers it gets wrong",
        has_passed=False,
    )


def _gate_check(message: str, *, has_passed: bool) -> ForecastCheck:
    return ForecastCheck("not_worse_than_naive", has_passed, message)


def _measurable(rolling: RollingBacktest) -> list[OriginBacktest]:
    """The origins at which the naive forecast erred: there alone can another be measured against it."""
    return [
        origin
        for origin in rolling.origins
        if (naive := origin.losses.get(NAIVE)) is not None and naive.mae > 0 and naive.rmse > 0
    ]


def _eligible_origins(name: str, origins: list[OriginBacktest]) -> list[OriginBacktest]:
    """Where a contender forecast; nothing unless that is the latest origin and half of all.

    Not every origin: as origins move on day by day, one early fit that fails and succeeds in turn would take a champion
    in and out of the contest.
    """
    found = [origin for origin in origins if name in origin.losses]
    return found if found and found[-1] is origins[-1] and 2 * len(found) >= len(origins) else []


def _pooled(name: str, origins: list[OriginBacktest]) -> _Loss:
    pairs = [(origin.losses[name], origin.losses[NAIVE]) for origin in origins]
    mae, mae_replicates = _over_naive([(one.mae, one.mae_replicates) for pair in pairs for one in pair])
    rmse, rmse_replicates = _over_naive([(one.rmse, one.rmse_replicates) for pair in pairs for one in pair])
    return _Loss((mae + rmse) / 2.0, (mae_replicates + rmse_replicates) / 2.0, mae, rmse)


def _over_naive(errors: list[tuple[float, FloatArray]]) -> tuple[float, FloatArray]:
    """Mean ratio of each first to the naive one after it. Replicates in which that is zero are undefined."""
    ours, naive = errors[::2], errors[1::2]
    value = float(np.mean([one / other for (one, _), (other, _) in zip(ours, naive, strict=True)]))
    ratios = [
        np.where(other > 0, one / np.where(other > 0, other, 1.0), np.nan)
        for (_, one), (_, other) in zip(ours, naive, strict=True)
    ]
    return value, np.asarray(np.mean(ratios, axis=0))


def _lowest(names: list[str], origins: list[OriginBacktest]) -> str:
    """The first that no later one beats, however narrowly, on the origins where both forecast."""
    best = names[0]
    for name in names[1:]:
        ours, theirs = _on_common_origins(name, best, origins)
        if ours.value < theirs.value:
            best = name
    return best


def _on_common_origins(one: str, other: str, origins: list[OriginBacktest]) -> tuple[_Loss, _Loss]:
    common = [origin for origin in origins if one in origin.losses and other in origin.losses]
    return _pooled(one, common), _pooled(other, common)


def _contested(holder: str, names: list[str], origins: list[OriginBacktest], margin: float) -> tuple[str, list[str]]:
    """Whoever holds the place after each has challenged in turn, and what became of every challenge."""
    contests = []
    for name in names:
        if name == holder:
            continue
        ours, theirs = _on_common_origins(name, holder, origins)
        gain = 1.0 - ours.value / theirs.value if theirs.value > 0 else 0.0
        low, high = interval(ours.replicates - theirs.replicates)
        if gain <= 0:
            contests.append(f"{name} is no better than {holder}: worse by {-gain:.2%}")
        elif gain < margin:
            contests.append(f"{name} is better than {holder} by {gain:.2%}, less than the margin of {margin:.1%}")
        elif low is None or high is None or high >= 0:
            contests.append(f"{name} is better than {holder} by {gain:.2%}, which other customers could have undone")
        else:
            contests.append(f"{name} is better than {holder} by {gain:.2%}, beyond chance, and takes the place")
            holder = name
    return holder, contests


def _standings(
    rolling: RollingBacktest, origins: list[OriginBacktest], parametric: Sequence[str], eligible: set[str]
) -> pl.DataFrame:
    rows = []
    for name in rolling.contenders:
        at = [origin for origin in origins if name in origin.losses]
        facts = (name, name in parametric, name in eligible, len(at))
        if at:
            loss = _pooled(name, at)
            rows.append((*facts, loss.value, *interval(loss.replicates), loss.mae, loss.rmse))
        else:
            rows.append((*facts, None, None, None, None, None))
    table = pl.DataFrame(rows, schema=STANDINGS_SCHEMA, orient="row")
    return table.sort("is_eligible", "loss", descending=[True, False], nulls_last=True, maintain_order=True)


def _why_not(rolling: RollingBacktest, origins: list[OriginBacktest], eligible: set[str]) -> list[str]:
    """One sentence per contender who may not win, where there is anything to be won."""
    return [
        f"{name} stays out: {_absence(name, rolling, origins)}"
        for name in rolling.contenders
        if origins and name not in eligible and name != NAIVE
    ]


def _absence(name: str, rolling: RollingBacktest, origins: list[OriginBacktest]) -> str:
    """Why somebody is not eligible; empty for those who are."""
    if name not in rolling.contenders:
        return "it is no longer among the contenders"
    if not origins:
        return _nothing_measurable(rolling)
    missing = [origin for origin in origins if name not in origin.losses]
    refused = [origin for origin in missing if name in origin.refusals]
    if not missing:
        return ""
    if not refused:
        return "it says nothing of how many purchase days there will be"
    latest = refused[-1]
    return (
        f"it refused {len(refused)} of {_counted(len(origins))}, on {latest.history.as_of_date} because "
        f"{latest.refusals[name]}"
    )


def _nothing_measurable(rolling: RollingBacktest) -> str:
    return rolling.problem or "the naive forecast made no mistake at any origin"


def _counted(origins: int) -> str:
    return "1 origin" if origins == 1 else f"{origins} origins"
