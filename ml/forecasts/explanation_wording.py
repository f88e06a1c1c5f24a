"""A customer's prediction in words: one short text per question that somebody would ask of it.

Must not work out anything but roundings; the numbers are `ml.forecasts.explanation`'s.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date

from ml.evaluation.baselines import NAIVE
from ml.forecasts.contender_grounds import in_words
from ml.forecasts.explanation import SILENCE_DAYS, Explanation, Outlook

TITLES: Mapping[str, str] = {
    "bg_nbd": "BG/NBD",
    "mbg_nbd": "MBG/NBD",
    "pareto_nbd": "Pareto/NBD",
    "bg_nbd_covariates": "BG/NBD with covariates",
    "bg_bb": "BG/BB",
    "naive": "the naive forecast",
    "recency": "recency alone",
    "boosting": "gradient boosting",
    "zero_inflated_lognormal": "the zero-inflated lognormal model",
    "mean": "the mean of all contenders",
    "gamma_gamma": "Gamma-Gamma",
}
ASSUMPTIONS: Mapping[str, str] = {
    "as_it_is": "as it is",
    "bought_today": "had they bought on the last day, as usual",
    "silent_for_longer": f"if they stay silent for {SILENCE_DAYS} more days",
    "bought_once_more": "had they bought once more in between",
}
# Of nearly all days nobody needs to be told.
_CERTAIN_TO_COST = 0.995
_CERTAIN = 0.9995
# Those that no sentence holds by chance: `mean` and `boosting` are words.
_NAME = re.compile(
    r"\b(?:(?:boosted|seasonal)_)?"
    r"(?:bg_nbd_covariates|bg_nbd|mbg_nbd|pareto_nbd|bg_bb|gamma_gamma|zero_inflated_lognormal)\b"
)


def model_title(name: str) -> str:
    """A contender's name for readers; names that are made up of others' are spelled out."""
    if name in TITLES:
        return TITLES[name]
    for prefix, text in (("boosted_", "boosting on top of "), ("seasonal_", "the season on top of ")):
        if name.startswith(prefix):
            return text + TITLES.get(name.removeprefix(prefix), name.removeprefix(prefix))
    return name.replace("_", " ")


def with_titles(text: str) -> str:
    """A finding's text with the contenders' names as readers know them."""
    return _NAME.sub(lambda found: model_title(found[0]), text)


def capital(text: str) -> str:
    """The text with a capital first letter."""
    return text[:1].upper() + text[1:]


def worded(explanation: Explanation) -> dict[str, str]:
    """The prediction in words, in the order in which to read it: heading to text."""
    return {
        "history": _history(explanation),
        "still a customer": _alive(explanation),
        "purchases to come": _purchases(explanation),
        "spend": _spend(explanation),
        "lifetime value": _value(explanation),
        "churn": _churn(explanation),
        "next purchase": _next(explanation),
        "standing": _standing(explanation),
        "who says so": _speaker(explanation),
        "what would change": _changes(explanation),
    }


def _history(it: Explanation) -> str:
    past, money = it.history, _money(it)
    text = f"First purchase on {_day(past.first_purchase_date)}"
    if past.repeat_purchase_count == 0:
        text += f" for {money(past.total_spend_amount)}, and none since: {past.silent_days:,} days ago."
    else:
        text += (
            f", last on {_day(past.last_purchase_date)}, {_days(past.silent_days)} ago: "
            f"{_counted(past.repeat_purchase_count, 'repeat purchase')}, {money(past.total_spend_amount)} in all"
        )
        if past.mean_spend_amount is None:
            text += "; none of the repeat purchases cost anything."
        else:
            text += f", {money(past.mean_spend_amount)} on average after the first."
    if past.has_changed:
        text += (
            " Orders or refunds of that time have come in or gone since the prediction was made, which stands on the "
            "history as it was; the next run takes them up."
        )
    return text


def _alive(it: Explanation) -> str:
    now, then = it.prediction["probability_alive"], it.probability_alive_after_purchase
    text = f"With a probability of {_share(now)}."
    past, others = it.history, it.standing
    if past.repeat_purchase_count == 0:
        if now > _CERTAIN:
            return (
                f"{text} That says nothing: the model under this prediction lets nobody leave before a repeat "
                "purchase. The churn probability below is the one to read."
            )
        text += f" Nobody knows this customer's rhythm; they have been silent for {_days(past.silent_days)}."
    else:
        usual = past.usual_gap_days or 1.0
        text += (
            f" It was {_share(then)} on the day of the last purchase; a silence of {_days(past.silent_days)} has left "
            f"it at {_share(now)}. Their usual gap between purchases is {usual:,.0f} days and the longest was "
            f"{past.longest_gap_days:,}, so this silence is {past.silent_days / usual:,.1f} times the usual"
            + ("." if past.silent_days <= (past.longest_gap_days or 0) else " and longer than any before.")
        )
    if others.comparable_count > 1:
        longer = others.less_silent_count / others.comparable_count
        text += (
            f" Of {others.comparable_count:,} customers with about as many repeat purchases, half have been silent for "
            f"{others.comparable_silent_days:,.0f} days or more; {_share(longer)} of them bought more recently."
        )
    return text


def _purchases(it: Explanation) -> str:
    one = it.prediction
    text = (
        f"{one['expected_purchases']:.2f} purchase days are expected in the next {one['clv_horizon_days']:,} days"
        f"{_interval(it, one['purchases_low'], one['purchases_high'], _plain)}. "
    )
    model = (
        f"{it.expected_purchases_while_alive:.2f} if they are still a customer, times the probability of "
        f"{_share(one['probability_alive'])} that they are"
    )
    if one["model_name"] == one["base_model_name"]:
        return f"{text}That is {model}."
    return (
        f"{text}{capital(model_title(one['base_model_name']))} alone expects {it.base_expected_purchases:.2f}: {model}"
        f". {capital(model_title(one['model_name']))} {_times(it.factor)}. " + in_words(it.grounds)
    ).rstrip()


def _times(factor: float) -> str:
    """What another champion makes of the base model's number; of next to nothing no multiple means anything."""
    return f"makes it {factor:.2f} times as many" if factor < 100 else "expects far more than that"


def _spend(it: Explanation) -> str:
    money, own = _money(it), it.own_spend_share
    text = f"A purchase day is expected to cost {money(it.prediction['expected_spend_amount'])}. "
    if it.spend_day_share < _CERTAIN_TO_COST:
        text += (
            f"In that is that {_share(it.spend_day_share)} of the merchant's repeat purchase days cost anything after "
            "refunds. "
        )
    mean = it.history.mean_spend_amount
    if it.history.spend_day_count == 0 or mean is None:
        return f"{text}Nothing was spent on a repeat purchase yet, so that this is what the merchant's customers spend."
    return (
        f"{text}Their own mean of {money(mean)} over {_counted(it.history.spend_day_count, 'repeat purchase day')} "
        f"counts for {_share(own)}, the merchant's of {money(it.merchant_spend_amount)} for the other "
        f"{_share(1.0 - own)}."
    )


def _value(it: Explanation) -> str:
    one, money = it.prediction, _money(it)
    text = (
        f"{money(one['clv_amount'])} over {one['clv_horizon_days']:,} days, discounted at "
        f"{_share(one['annual_discount_rate'])} a year"
        f"{_interval(it, one['clv_low_amount'], one['clv_high_amount'], money)}."
    )
    if one["residual_clv_amount"] is None:
        return f"{text} Without a discount rate there is no value of all the future."
    return f"{text} All that is to come, without a horizon: {money(one['residual_clv_amount'])}."


def _churn(it: Explanation) -> str:
    one = it.prediction
    return (
        f"With a probability of {_share(one['churn_probability'])} they buy nothing within "
        f"{one['churn_horizon_days']:,} days, whether they have left or only wait."
    )


def _next(it: Explanation) -> str:
    due = it.prediction["next_purchase_date"]
    if due is None:
        return (
            f"Beyond {it.prediction['clv_horizon_days']:,} days: of such customers fewer than half buy again by then, "
            "even of those who are still customers."
        )
    return f"By {_day(due)} half of such customers, if they are still customers, have bought again."


def _standing(it: Explanation) -> str:
    others = it.standing
    if others.customer_count < 2:
        return "The merchant's only customer."
    share = others.lower_value_count / others.customer_count
    return f"Of higher predicted value than {_share(share)} of the merchant's {others.customer_count:,} customers."


def _speaker(it: Explanation) -> str:
    one = it.prediction
    champion, base = model_title(one["model_name"]), model_title(one["base_model_name"])
    text = (
        capital(champion)
        if one["model_name"] == one["base_model_name"]
        else f"{capital(champion)}, over {base}, which gives all that is not a count"
    )
    text += f", as of {_day(one['as_of_date'])} (model run {one['model_run_id'][:12]})."
    if one["prediction_basis"] == NAIVE:
        text += (
            " Everybody goes on at their own rate: no model did better in this merchant's past, so take it for no more."
        )
    prior = one["prior_share"] or 0.0
    text += (
        f" {_share(prior)} of the rate of buying is other merchants' experience."
        if prior > 0
        else " Nothing of it is other merchants' experience."
    )
    if not it.is_in_force:
        text += " This run is not published: nothing that was sent or shown rests on it."
    return text


def _changes(it: Explanation) -> str:
    now, *others = it.outlooks
    if not others:
        champion, base = (model_title(it.prediction[name]) for name in ("model_name", "base_model_name"))
        return f"Not known: {base} can say what would, and {champion} expects far more of this customer than it does."
    return " ".join(f"{capital(ASSUMPTIONS[other.assumption])}: {_change(it, now, other)}." for other in others)


def _change(it: Explanation, now: Outlook, other: Outlook) -> str:
    money = _money(it)
    ratio = other.clv_amount / now.clv_amount - 1.0 if now.clv_amount > 0 else 0.0
    return (
        f"{money(other.clv_amount)} over the horizon instead of {money(now.clv_amount)} ({ratio:+.0%}), from "
        f"{other.expected_purchases:.2f} purchase days; still a customer {_share(other.probability_alive)}, no "
        f"purchase within {it.prediction['churn_horizon_days']:,} days {_share(other.churn_probability)}"
    )


def _money(it: Explanation) -> Callable[[float], str]:
    """How the explanation's amounts are written: with their currency, and as many places as it has."""
    digits, currency = it.minor_digits, it.prediction["currency_code"]
    return lambda amount: f"{amount:,.{digits}f} {currency}"


def _interval(it: Explanation, low: float | None, high: float | None, form: Callable[[float], str]) -> str:
    if low is None or high is None:
        return ""
    return f" ({form(low)} to {form(high)} for {_share(it.prediction['interval_level'])} of such customers)"


def _plain(count: float) -> str:
    """A bound of a count: whole as outcomes are, unless a champion has scaled it."""
    return f"{count:.2f}".rstrip("0").rstrip(".")


def _share(share: float) -> str:
    """A share as a percentage; never 0% or 100% of what is neither."""
    percent = 100.0 * share
    if 0 < percent < 0.1:
        return "less than 0.1%"
    if 99.9 < percent < 100:
        return "more than 99.9%"
    return f"{percent:.1f}%" if percent < 9.95 or 90.05 < percent < 100 else f"{percent:.0f}%"


def _days(days: int) -> str:
    return _counted(days, "day")


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _day(day: date) -> str:
    return day.isoformat()
