"""The BG/NBD with what is known of customers from their first order, as a contender.

A fact's levels become columns of 0 and 1 (`Encoding`); the model is `ml.purchases.bg_nbd_covariates`, under a ridge
that holds a level to doing little until its customers show that it does more (docs/models.md, section 2d). Must not
hold the model's mathematics.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Self

import numpy as np
import polars as pl

from ml.contenders.parametric import spend_per_day
from ml.contenders.refusals import refusal
from ml.estimator import FitStatus
from ml.evaluation.contender import Forecast, OwnFit
from ml.histories.first_orders import FACTS
from ml.histories.known_history import KnownHistory
from ml.purchases.bg_nbd import BetaGeometricNbd
from ml.purchases.bg_nbd_covariates import BetaGeometricNbdWithCovariates

# Of fewer a level's rate of buying is known to no better than a quarter, and how they leave hardly at all.
FEWEST_CUSTOMERS = 200
FEWEST_REPEAT_CUSTOMERS = 20
# Each combination of levels costs a pass over its own histories.
MOST_LEVELS = 5
# As if a coefficient were Normal with a standard deviation of a half: a factor of 2.7 either way is two of them.
RIDGE = 2.0
OTHERS = "(others)"


@dataclass(frozen=True)
class Encoding:
    """Which level of which fact is which column.

    Attributes:
        reference: Fact to the level that the others are compared with, the most common one.
        levels: Fact to the levels that have a column each; `OTHERS` is all of `pooled` in one.
        pooled: Fact to the levels that are rare. They are the reference where they are too few even together, and so is
            a level that nobody had when this was made.
    """

    reference: Mapping[str, str]
    levels: Mapping[str, tuple[str, ...]]
    pooled: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, facts: pl.DataFrame, frequency: pl.Series) -> Self:
        """The encoding of some customers' facts; facts that tell no two groups apart are not in it.

        Args:
            facts: `ml.histories.first_orders.FACTS` of n customers.
            frequency: Their repeat purchases.
        """
        came_back = facts.with_columns((frequency > 0).alias("came_back"))
        reference, levels, pooled = {}, {}, {}
        for name in FACTS:
            counts = (
                came_back.group_by(pl.col(name).alias("level"))
                .agg(pl.len().alias("customers"), pl.col("came_back").sum().alias("repeat"))
                .sort("customers", "level", descending=[True, False])
            )
            is_enough = (pl.col("customers") >= FEWEST_CUSTOMERS) & (pl.col("repeat") >= FEWEST_REPEAT_CUSTOMERS)
            kept = counts.filter(is_enough)["level"].to_list()[:MOST_LEVELS]
            rest = counts.filter(~pl.col("level").is_in(kept))
            together = rest.select(pl.col("customers").sum(), pl.col("repeat").sum()).filter(is_enough)
            columns = [*kept[1:], *([OTHERS] if together.height else [])]
            if kept and columns:
                reference[name], levels[name] = kept[0], tuple(columns)
                pooled[name] = tuple(sorted(rest["level"].to_list()))
        return cls(reference, levels, pooled)

    @classmethod
    def from_json(cls, written: Mapping[str, Mapping[str, Any]]) -> Self:
        """What `as_json` gave."""
        levels, pooled = ({name: tuple(some) for name, some in written[key].items()} for key in ("levels", "pooled"))
        return cls(dict(written["reference"]), levels, pooled)

    @property
    def as_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return {key: {name: _plain(one) for name, one in said.items()} for key, said in asdict(self).items()}

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns, such as `channel=pos`."""
        return tuple(f"{name}={level}" for name, some in self.levels.items() for level in some)

    def level_of(self, name: str, said: str) -> str:
        """The level as which a fact counts: its own, `OTHERS`, or the reference."""
        if said in self.levels[name]:
            return said
        return OTHERS if OTHERS in self.levels[name] and said in self.pooled[name] else self.reference[name]

    def design(self, facts: pl.DataFrame) -> pl.DataFrame:
        """`columns` of 0 and 1, a row for each of the facts."""
        return facts.select(
            (pl.col(name).is_in(self.pooled[name]) if level == OTHERS else pl.col(name) == level)
            .cast(pl.Float64)
            .alias(f"{name}={level}")
            for name, some in self.levels.items()
            for level in some
        )


@dataclass(frozen=True)
class CovariatesFit:
    """What was fitted on a history.

    Attributes:
        encoding: Of its facts.
        model: The model.
        summary: The history's, with the encoding's columns.
    """

    encoding: Encoding
    model: BetaGeometricNbdWithCovariates
    summary: pl.DataFrame


def covariates_fit(history: KnownHistory) -> CovariatesFit:
    """The model fitted on a history, once.

    Raises:
        UnusableFitError: The history says nothing of first orders, or too little, or the model has no fit on it.
    """
    return history.once(("covariates",), lambda: _fitted(history))


def _fitted(history: KnownHistory) -> CovariatesFit:
    facts, name = history.facts, BetaGeometricNbdWithCovariates.name
    if facts is None:
        raise refusal(
            name,
            FitStatus.TOO_FEW_CUSTOMERS,
            "nothing is known of anybody's first order: no channel, discount or country. Connect the platform itself, "
            "or map a channel in the files",
            history,
        )
    encoding = Encoding.of(facts, history.summary["frequency"])
    if not encoding.columns:
        raise refusal(
            name,
            FitStatus.TOO_FEW_CUSTOMERS,
            f"first orders tell no two groups apart of which each has {FEWEST_CUSTOMERS} customers and "
            f"{FEWEST_REPEAT_CUSTOMERS} who came back. More history may",
            history,
        )
    plain = history.fitted(BetaGeometricNbd)
    if plain.report_ is not None and plain.report_.prior_share > 0:
        raise refusal(
            name,
            FitStatus.TOO_FEW_CUSTOMERS,
            f"the merchant's own data do not carry the plain model yet ({plain.report_.message}), and so none that "
            "tells groups apart",
            history,
        )
    summary = pl.concat([history.summary, encoding.design(facts)], how="horizontal")
    model = BetaGeometricNbdWithCovariates(encoding.columns, ridge=RIDGE).fit(summary, plain=plain)
    return CovariatesFit(encoding, model, summary)


@dataclass(frozen=True)
class WithCovariates:
    """The BG/NBD with covariates and the Gamma-Gamma model of spend."""

    name: ClassVar[str] = BetaGeometricNbdWithCovariates.name

    def forecast(self, history: KnownHistory, *, horizon_days: int, order_horizon_days: int) -> Forecast:
        """See `ml.evaluation.contender.Contender`; spend is expected purchases times expected spend."""
        fit = covariates_fit(history)
        counts = fit.model.expected_purchases(fit.summary, horizon_days)
        silent = fit.model.probability_of_no_purchase(fit.summary, order_horizon_days)
        per_day = spend_per_day(history)
        return Forecast(
            model_name=self.name,
            score=counts,
            order_probability=1.0 - np.clip(silent, 0.0, 1.0),
            purchase_count=counts,
            spend=None if per_day is None else counts * per_day,
        )

    def own_fit(self, history: KnownHistory) -> OwnFit:
        """See `ml.evaluation.contender.FitsOwnModel`."""
        fit = covariates_fit(history)
        if fit.model.report_ is None:
            raise AssertionError("a fit returned without its report")
        return OwnFit(fit.model.report_, {"alpha": "days"}, {"covariates": fit.encoding.as_json})


def _plain(said: str | tuple[str, ...]) -> str | list[str]:
    return said if isinstance(said, str) else list(said)
