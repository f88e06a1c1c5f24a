"""Why a contender with a model of its own differs from the base model on one customer, in numbers and in words.

Worked out from the champion's stored fit (`champion_fit` of the model card) and the customer's history. Must not fit
anything.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from ml.contenders.covariates import OTHERS, Encoding
from ml.histories.first_orders import FACTS, UNKNOWN
from ml.histories.known_history import KnownHistory
from ml.histories.opportunity_calendar import Opportunity, opportunity_number
from ml.histories.opportunity_summary import summarise_opportunities
from ml.purchases.bg_bb import BetaGeometricBetaBernoulli
from ml.purchases.bg_nbd_covariates import BetaGeometricNbdWithCovariates

_FACT_WORDS: Mapping[str, str] = {"channel": "channel", "has_discount": "a discount", "country_code": "country"}


@dataclass(frozen=True)
class FirstOrderFact:
    """What one fact of the first order does to a customer's forecast.

    Attributes:
        name: Which of `ml.histories.first_orders.FACTS`.
        level: As which level it counts.
        reference: What most customers have, and what it is compared with.
        factor: The expected purchases over those of the same customer with the reference; 1 for the reference.
    """

    name: str
    level: str
    reference: str
    factor: float


@dataclass(frozen=True)
class OpportunityUse:
    """What a customer made of the opportunities since their first purchase.

    Attributes:
        opportunity: How long each is.
        opportunity_count: How many there have been since (n).
        used_count: In how many of them they bought (x).
        let_pass_count: How many in a row they have let pass since the last (n - t_x).
    """

    opportunity: str
    opportunity_count: int
    used_count: int
    let_pass_count: int


@dataclass(frozen=True)
class Grounds:
    """What the champion knows that the base does not; both empty where it has no model of its own.

    Attributes:
        first_order: One for each fact that the model knows.
        opportunities: None where the champion counts none.
    """

    first_order: tuple[FirstOrderFact, ...] = ()
    opportunities: OpportunityUse | None = None


def grounds_of(
    model_name: str, champion_fit: Mapping[str, Any] | None, history: KnownHistory, *, horizon_days: int
) -> Grounds:
    """Why the champion differs on a customer.

    Args:
        model_name: The champion.
        champion_fit: Of the run's model card; None where there is none.
        history: The customer's, one row of summary.
        horizon_days: Of the prediction.
    """
    if champion_fit is None:
        return Grounds()
    facts = champion_fit["facts"]
    if model_name == BetaGeometricNbdWithCovariates.name:
        encoding = Encoding.from_json(facts["covariates"])
        parameters = {letter: one["value"] for letter, one in champion_fit["parameters"].items()}
        model = BetaGeometricNbdWithCovariates.from_parameters(encoding.columns, parameters)
        return Grounds(first_order=_first_order(encoding, model, history, horizon_days))
    if model_name == BetaGeometricBetaBernoulli.name:
        return Grounds(opportunities=_use(Opportunity(facts["opportunity"]), history))
    return Grounds()


def _first_order(
    encoding: Encoding, model: BetaGeometricNbdWithCovariates, history: KnownHistory, horizon_days: int
) -> tuple[FirstOrderFact, ...]:
    said = dict.fromkeys(FACTS, UNKNOWN) if history.facts is None else history.facts.row(0, named=True)
    names = list(encoding.levels)
    # As they are, and once per fact with that fact at its reference.
    states = [said, *({**said, name: encoding.reference[name]} for name in names)]
    summary = pl.concat([history.summary] * len(states))
    design = encoding.design(pl.DataFrame(states, schema=dict.fromkeys(FACTS, pl.String)))
    counts = model.expected_purchases(pl.concat([summary, design], how="horizontal"), horizon_days).tolist()
    return tuple(
        FirstOrderFact(
            name,
            encoding.level_of(name, said[name]),
            encoding.reference[name],
            counts[0] / without if without > 0 else 1.0,
        )
        for name, without in zip(names, counts[1:], strict=True)
    )


def _use(opportunity: Opportunity, history: KnownHistory) -> OpportunityUse:
    at = history.net_days.select(
        "customer_id", opportunity_number(opportunity, as_of_date=history.as_of_date).alias("opportunity")
    )
    one = summarise_opportunities(at, last_opportunity=0).row(0, named=True)
    seen, last = one["opportunity_count"], one["recency_opportunities"]
    return OpportunityUse(opportunity.value, seen, one["frequency"], seen - last)


def in_words(grounds: Grounds) -> str:
    """The same as sentences; empty where there is nothing to say."""
    texts = []
    if grounds.first_order:
        told = "; ".join(_told(fact) for fact in grounds.first_order)
        texts.append(
            f"The first order, which the model under it takes for alike in all, is what it knows more: {told}."
        )
    if (use := grounds.opportunities) is not None:
        since = f"Of {_counted(use.opportunity_count, use.opportunity)} since that of the first purchase"
        if use.opportunity_count == 0:
            texts.append(f"There has been no {use.opportunity} since that of the first purchase.")
        elif use.let_pass_count == 0:
            texts.append(f"{since} they bought in {use.used_count:,}, the last one among them.")
        else:
            texts.append(f"{since} they bought in {use.used_count:,}, and let the last {use.let_pass_count:,} pass.")
    return " ".join(texts)


def _told(fact: FirstOrderFact) -> str:
    level, reference = (_level(fact.name, level) for level in (fact.level, fact.reference))
    if fact.level == fact.reference:
        return f"{level}, as of most"
    return f"{level} makes it {fact.factor:.2f} times as many as {reference} would"


def _level(name: str, level: str) -> str:
    word = _FACT_WORDS[name]
    if level == UNKNOWN:
        return f"{word} not known"
    if level == OTHERS:
        return f"a rare {word}"
    if name == "has_discount":
        return word if level == "yes" else "no discount"
    return f"{word} {level}"


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
