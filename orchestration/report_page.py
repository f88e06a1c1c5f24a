"""The page of `perennial report`: one merchant's forecast, read from top to bottom, in HTML that needs nothing else.

Every text from outside goes through `escape`; figures are inside the page, and there is no script. Must not read the
warehouse.
"""

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

import polars as pl

from ml.evaluation.baselines import NAIVE
from ml.forecasts.explanation_wording import capital, model_title, with_titles
from ml.forecasts.predictions import INTERVAL_LEVEL
from orchestration import plots
from orchestration.markup import image, note, paragraph, section, table
from orchestration.plots.accuracy import coverage_rows
from orchestration.report_verdict import ReportData, publication, verdict, words

_NONE = "\N{EN DASH}"
_STYLE = Path(__file__).with_name("report.css")
_MOST_COHORTS = 24
_DRIFT = ("_is_stable", "_are_stable", "customers_stay")
_ERRORS = (
    ("mae", "MAE", ",.3f"),
    ("rmse", "RMSE", ",.3f"),
    ("wape", "WAPE", ".1%"),
    ("bias", "bias", "+,.3f"),
    ("spend_mae", "spend MAE", ",.2f"),
)
_RANKINGS = (
    ("order_auc", "AUC", ".3f"),
    ("order_brier", "Brier", ".3f"),
    ("spearman", "Spearman", ".3f"),
    ("normalised_gini", "Gini", ".3f"),
    ("top_decile_capture_rate", "top tenth", ".1%"),
)
_DEFINITIONS = (
    (
        "Origin",
        "A past day on which every contender forecast with what was known then; the days after it are the test.",
    ),
    ("Purchase day", "A customer and a day with at least one order that counts."),
    ("Naive", "Every customer goes on buying at their own rate so far, for ever: what a forecast has to beat."),
    ("MAE", "Mean absolute error: by how many purchase days the forecast of a customer is off, on average."),
    ("RMSE", "Root mean squared error: the same with large misses weighing more."),
    ("WAPE", "The sum of all errors over the sum of all purchase days."),
    ("Bias", "Expected less actual purchase days per customer: above zero is too many."),
    ("Spend MAE", "Mean absolute error of a customer's spend, in the merchant's currency."),
    (
        "AUC",
        "How often who ordered again within the churn horizon was rated above who did not: .5 is a coin, 1 is always.",
    ),
    ("Brier", "Mean squared error of the probability to order again: lower is better."),
    ("Spearman", "Agreement of the order by forecast with the order by outcome: 1 is the same order."),
    ("Gini", "How much of the ranking that hindsight would give the forecast's ranking reaches: 1 is all of it."),
    ("Top tenth", "The share of all purchase days that the tenth with the highest forecasts made."),
    ("Coverage", "The share of customers whose outcome fell inside the interval that was predicted for them."),
    (
        "Recalibrated",
        "With levels corrected by what earlier origins showed; measured on days that neither fit nor correction saw.",
    ),
    (
        "Loss",
        "Half MAE and half RMSE, each over the naive forecast's, averaged over the origins: below 100% is better.",
    ),
    ("Small figures", "The 95% interval of the figure above, had other customers been drawn."),
)


def report_page(data: ReportData) -> str:
    """The page, whole."""
    title = f"Forecast of {data.merchant_name}, as of {data.run.as_of_date}"
    sections = (
        _verdict(data),
        _figures(data),
        section("Level at each origin", _levels(data)),
        section("Errors of all contenders", _errors(data)),
        section("Who was chosen, and why", _choice(data)),
        section("Does a forecast mean what it says?", _calibration(data)),
        section("Do the intervals hold?", _coverage(data)),
        section("What is to come, by month of first purchase", _cohorts(data)),
        section("Where the value is", _concentration(data)),
        section("How much is other merchants' experience", _prior(data)),
        section("Has anything drifted?", _checks(data, is_drift=True)),
        section("What was checked", _checks(data, is_drift=False)),
        section("What was refused, and why", _refusals(data)),
        section("The fit", _fit(data)),
        section("What the measures mean", _definitions()),
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(title)}</title>\n<style>\n{_STYLE.read_text(encoding='utf-8')}</style>\n</head>\n<body>\n"
        f"<h1>{escape(data.merchant_name)}</h1>\n"
        f'<p class="about">Forecast as of {data.run.as_of_date}, model run <code>{escape(data.run.model_run_id)}</code>'
        "</p>\n" + "\n".join(sections) + "\n</body>\n</html>\n"
    )


def _verdict(data: ReportData) -> str:
    texts = "".join(f"<p>{escape(text)}</p>" for text in verdict(data))
    kind = {True: "good", False: "bad", None: ""}[publication(data).is_good]
    return f'<div class="verdict {kind}">{texts}</div>'


def _figures(data: ReportData) -> str:
    totals, card = data.totals, data.run.model_card
    settings = card.get("settings", {})
    shown = (
        ("customers", _number(totals["customer_count"])),
        ("with repeat purchases", _number(card.get("data", {}).get("repeat_customer_count"))),
        (f"purchase days expected in {settings.get('horizon_days', '?')} days", _number(totals["expected_purchases"])),
        (f"CLV over them, {data.currency_code}", _number(totals["clv_amount"])),
        (
            f"more likely than not buy nothing in {settings.get('churn_horizon_days', '?')} days",
            _number(totals["likely_churned_count"]),
        ),
    )
    cells = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in shown)
    return f'<dl class="figures">{cells}</dl>'


def _levels(data: ReportData) -> str:
    totals = data.backtest.filter(
        pl.col("model_name").is_in([data.run.model_name, NAIVE]),
        pl.col("metric").is_in(
            ["expected_purchases", "actual_purchases", "expected_spend_amount", "actual_spend_amount"]
        ),
    )
    if totals.is_empty():
        return _too_short(data)
    value = {(row["calibration_end_date"], row["model_name"], row["metric"]): row["value"] for row in totals.to_dicts()}
    rows = []
    for day, days in totals.select("calibration_end_date", "holdout_days").unique().sort("calibration_end_date").rows():
        cells: list[str] = [str(day), f"{days:,}"]
        for what in ("purchases", "spend_amount"):
            came, said = (value.get((day, data.run.model_name, f"{kind}_{what}")) for kind in ("actual", "expected"))
            cells += [_number(said), _number(came), _off(said, came)]
        cells.append(_off(value.get((day, NAIVE, "expected_purchases")), value.get((day, NAIVE, "actual_purchases"))))
        rows.append(cells)
    spend = f"spend, {data.currency_code}"
    heads = ["forecast on", "days", "purchase days expected", "came", "off", f"{spend}, expected", "came", "off"]
    return (
        paragraph(f"What {model_title(data.run.model_name)} expected of all customers together, and what came.")
        + table([*heads, "naive off"], rows, numbers=range(1, 9))
        + image(plots.holdout_forecast(data.weeks), "Repeat purchases week by week after the latest origin")
        + note(
            f"The weekly course is what {model_title(data.run.base_model_name)} expects of customers of these ages, "
            "whoever they are; its total differs a little from the sum over customers."
        )
    )


def _errors(data: ReportData) -> str:
    latest = data.backtest.filter(pl.col("calibration_end_date") == pl.col("calibration_end_date").max())
    found = {(row["model_name"], row["metric"]): row for row in latest.to_dicts()}
    ranked = [row["model_name"] for row in data.facts.get("standings", ())]
    tables = [_of_contenders(data, found, metrics, ranked) for metrics in (_ERRORS, _RANKINGS)]
    if not any(tables):
        return _too_short(data)
    day = latest["calibration_end_date"][0]
    return paragraph(f"At the latest origin, {day}; the champion is marked.") + "".join(tables)


def _of_contenders(
    data: ReportData, found: Mapping[tuple[str, str], Any], metrics: tuple[tuple[str, str, str], ...], ranked: list[str]
) -> str:
    measured = {model for model, metric in found if metric in {name for name, _, _ in metrics}}
    if not measured:
        return ""
    models = [name for name in ranked if name in measured] + sorted(measured - set(ranked))
    rows = [
        [escape(model_title(model)), *(_measured(found.get((model, metric)), form) for metric, _, form in metrics)]
        for model in models
    ]
    return table(
        ["contender", *(title for _, title, _ in metrics)],
        rows,
        numbers=range(1, len(metrics) + 1),
        mine=models.index(data.run.model_name) if data.run.model_name in models else None,
        is_escaped=True,
    )


def _choice(data: ReportData) -> str:
    reasons = "".join(
        f"<li>{escape(capital(with_titles(reason)))}.</li>" for reason in data.facts.get("champion_reasons", ())
    )
    standings = data.facts.get("standings", ())
    rows = [
        [
            model_title(row["model_name"]),
            "yes" if row["is_eligible"] else "no",
            str(row["origin_count"]),
            *(_share(row[name]) for name in ("loss", "loss_low", "loss_high", "mae_over_naive", "rmse_over_naive")),
        ]
        for row in standings
    ]
    heads = ["contender", "may win", "origins", "loss", "from", "to", "MAE over naive", "RMSE over naive"]
    names = [row["model_name"] for row in standings]
    mine = names.index(data.run.model_name) if data.run.model_name in names else None
    standing = table(heads, rows, numbers=range(2, 8), mine=mine) if rows else ""
    return f"<ul>{reasons}</ul>{standing}" if reasons or rows else note("The run kept no reasons.")


def _calibration(data: ReportData) -> str:
    for name in (data.run.model_name, data.run.base_model_name):
        rows = data.deciles.filter(pl.col("model_name") == name)
        if rows.height:
            break
    else:
        return _too_short(data)
    return image(plots.calibration_by_decile(rows), f"Expected and actual, tenth by tenth, of {model_title(name)}")


def _coverage(data: ReportData) -> str:
    found = coverage_rows(data.backtest)
    if found.is_empty():
        return _too_short(data)
    rows = [
        [
            {"purchase_count": "purchase days", "clv": "CLV"}.get(row["measure"], row["measure"]),
            "recalibrated" if row["is_recalibrated"] else "as predicted",
            _share(row["level"]),
            _share(row["coverage"]),
            f"{_share(row['coverage_low'])} to {_share(row['coverage_high'])}",
            f"{100 * (row['coverage'] - row['level']):+.1f}",
        ]
        for row in found.to_dicts()
    ]
    remark = (
        ""
        if found["is_recalibrated"].any()
        else note("No earlier origin lies far enough back to measure the recalibration on days that it has not seen.")
    )
    heads = ["of", "intervals", "should enclose", "enclosed", "95% interval", "points off"]
    return (
        image(plots.interval_coverage(data.backtest), "Measured less nominal coverage")
        + table(heads, rows, numbers=range(2, 6))
        + remark
    )


def _cohorts(data: ReportData) -> str:
    horizon = int(data.run.model_card.get("settings", {}).get("horizon_days", 365))
    if data.cohorts.is_empty():
        return note("The run kept no totals by month.")
    said = {(row["cohort"], row["quantity"]): row for row in data.cohorts.to_dicts()}
    months = data.cohorts.drop_nulls("cohort_month")["cohort"].unique().sort(descending=True).to_list()
    rows = []
    for cohort in ["all", *months[:_MOST_COHORTS]]:
        count, value = (said.get((cohort, quantity)) for quantity in ("purchase_count", "clv"))
        cells = [cohort, _number((count or value or {}).get("customer_count"))]
        for one in (count, value):
            cells += [_number(None), _NONE] if one is None else [_number(one["expected"]), _band(one)]
        rows.append(cells)
    heads = ["first purchase", "customers", "purchase days", "band", f"CLV, {data.currency_code}", "band"]
    left_out = len(months) - _MOST_COHORTS
    return (
        paragraph(
            f"Of customers who are there already, within {horizon:,} days. A band is to hold {INTERVAL_LEVEL:.0%} of "
            "the time: it is as wide as the customers' own chances and the misses of earlier totals make it."
        )
        + image(
            plots.cohort_totals(
                data.cohorts, currency_code=data.currency_code, horizon_days=horizon, level=INTERVAL_LEVEL
            ),
            "Expected purchase days and CLV by month of first purchase, with bands",
        )
        + table(heads, rows, numbers=range(1, 6), mine=0)
        + (note(f"{left_out:,} earlier months are in the figure and in ml.cohort_forecasts.") if left_out > 0 else "")
    )


def _band(row: Mapping[str, Any]) -> str:
    return f"{row['low']:,.0f} to {row['high']:,.0f}"


def _concentration(data: ReportData) -> str:
    horizon = int(data.run.model_card.get("settings", {}).get("horizon_days", 365))
    return image(plots.clv_concentration(data.values, horizon_days=horizon), "Concentration of predicted value")


def _prior(data: ReportData) -> str:
    share, mean = data.facts.get("prior_share") or 0.0, data.totals["prior_share"] or 0.0
    if share == 0:
        return paragraph("None: the merchant's own history carries the models.")
    return paragraph(
        f"{share:.0%} of what is known of the model's parameters is other merchants' experience, and {mean:.0%} of the "
        "rate of buying of the average customer. It falls with every purchase that comes in."
    )


def _checks(data: ReportData, *, is_drift: bool) -> str:
    checks = [check for check in data.facts.get("checks", ()) if check["name"].endswith(_DRIFT) == is_drift]
    if not checks:
        return note("The run kept no findings of this kind.")
    rows = []
    for check in sorted(checks, key=lambda check: (check["has_passed"], not check["is_blocking"])):
        kind = "passed" if check["has_passed"] else "failed"
        said = "passed" if check["has_passed"] else "withholds" if check["is_blocking"] else "look at it"
        found = f'<span class="{kind}">{said}</span>'
        rows.append([escape(words(check["name"])), found, escape(with_titles(check["message"]))])
    return table(["check", "found", "figures"], rows, texts=(2,), is_escaped=True)


def _refusals(data: ReportData) -> str:
    rows = [
        [model_title(row["model_name"]), row["calibration_end_date"], with_titles(row["reason"])]
        for row in data.facts.get("refusals", ())
    ]
    if not rows:
        return paragraph("Nothing: every contender forecast at every origin.")
    return table(["contender", "on", "because"], rows, texts=(2,))


def _fit(data: ReportData) -> str:
    card = data.run.model_card
    rows = [
        [
            model_title(fit["model_name"]),
            letter,
            f"{one['value']:,.5g}",
            "" if one["standard_error"] is None else f"{one['standard_error']:,.2g}",
            "" if one["unit"] == "1" else one["unit"],
        ]
        for fit in (*card.get("fits", ()), data.facts.get("champion_fit"))
        if fit is not None
        for letter, one in fit["parameters"].items()
    ]
    window = card.get("data", {})
    versions = ", ".join(f"{name} {version}" for name, version in sorted(card.get("versions", {}).items()))
    return table(["model", "parameter", "value", "standard error", "unit"], rows, numbers=(2, 3)) + note(
        f"Purchases from {window.get('first_purchase_date', '?')} to {window.get('as_of_date', '?')}; data "
        f"{str(window.get('data_hash', '?'))[:12]}, code {str(card.get('code_hash', '?'))[:12]}; {versions}."
    )


def _definitions() -> str:
    lines = "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in _DEFINITIONS)
    return f'<dl class="words">{lines}</dl>'


def _too_short(data: ReportData) -> str:
    return note(f"Nothing to show: {data.facts.get('backtest_problem') or 'nothing could be measured'}.")


def _measured(row: Mapping[str, Any] | None, form: str) -> str:
    if row is None or row["value"] is None:
        return _NONE
    text = format(row["value"], form)
    if row["value_low"] is None or row["value_high"] is None:
        return text
    return f"{text}<small>{format(row['value_low'], form)} to {format(row['value_high'], form)}</small>"


def _number(value: float | None) -> str:
    return _NONE if value is None else f"{value:,.0f}"


def _share(value: float | None) -> str:
    return _NONE if value is None else f"{value:.1%}"


def _off(expected: float | None, actual: float | None) -> str:
    return _NONE if expected is None or not actual else f"{expected / actual - 1:+.1%}"
