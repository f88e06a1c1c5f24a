"""The page of `perennial campaign report`: what one campaign brought, in HTML that needs nothing else.

Every text from outside goes through `escape`. Must not read the warehouse.
"""

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from activation.experiments.assignment import HOLDOUT, MESSAGE
from activation.experiments.lift import Interval, Lift
from orchestration import plots
from orchestration.campaign_commands import effect_lines
from orchestration.markup import image, note, paragraph, section, table

if TYPE_CHECKING:
    from orchestration.campaign_report import CampaignData

_STYLE = Path(__file__).with_name("report.css")
_NAMES = {MESSAGE: "message", HOLDOUT: "held out"}
_DEFINITIONS = (
    ("Held out", "Customers who met the same trigger and may be written to, and got nothing: chosen by a hash before."),
    ("Brought", "Mean revenue of the message's arm less that of those held out, times the customers of the arm."),
    (
        "Interval",
        "What the difference may be, at 95%: it leaves out zero in at most 5 of 100 campaigns without effect.",
    ),
    (
        "Forecast",
        "Each customer's expected revenue in the window, as it was before sending; differences in it are taken out.",
    ),
    ("Window", "The days after a customer was enrolled whose orders count, less what came back of them."),
)


def campaign_page(data: "CampaignData") -> str:
    """The page, whole."""
    campaign = data.campaign
    title = f"Campaign {campaign.name}, as of {data.as_of_date}"
    sections = [_verdict(data), _figures(data)]
    if data.lift is not None:
        sections.append(section("What it brought", _effect(data.lift, data.currency_code)))
    elif data.launch is not None:
        sections.append(
            section("What it can find", "".join(paragraph(line.strip()) for line in effect_lines(data.launch)))
        )
    sections += [
        section("The arms", _arms(data)),
        section("Messages", _messages(data)),
        section("Who took no part, and why", _counted("reason", data.refusals, "Nobody whom the trigger found.")),
        section("What the words mean", _definitions()),
    ]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(title)}</title>\n<style>\n{_STYLE.read_text(encoding='utf-8')}</style>\n</head>\n<body>\n"
        f"<h1>{escape(campaign.name.replace('_', ' ').capitalize())}</h1>\n"
        f'<p class="about">Campaign of {escape(data.merchant_name)}, as of {data.as_of_date}, version '
        f"<code>{escape(campaign.version[:12])}</code></p>\n" + "\n".join(sections) + "\n</body>\n</html>\n"
    )


def verdict(data: "CampaignData") -> tuple[str, ...]:
    """What the campaign brought, in sentences."""
    found, currency = data.lift, data.currency_code
    if found is None:
        wait = f" The first window still open ends on {data.first_end_date}." if data.first_end_date else ""
        return ("Nothing can be said yet.", f"{data.too_few}.{wait}".capitalize())
    total = found.total_revenue
    interval = f"{total.low:,.0f} and {total.high:,.0f} {currency} at {found.level:.0%}"
    if found.revenue.low > 0:
        return (f"It brought {total.estimate:,.0f} {currency}.", f"Between {interval}: more than chance explains.")
    if found.revenue.high < 0:
        return (f"It cost {-total.estimate:,.0f} {currency}.", f"Between {interval}: less than without it.")
    return ("Whether it brought anything cannot be told.", f"Between {interval}, which may be chance.")


def _verdict(data: "CampaignData") -> str:
    found = data.lift
    kind = "" if found is None or not found.revenue.is_clear_of_zero else "good" if found.revenue.low > 0 else "bad"
    return f'<div class="verdict {kind}">' + "".join(f"<p>{escape(text)}</p>" for text in verdict(data)) + "</div>"


def _figures(data: "CampaignData") -> str:
    shown = [
        ("customers in the message's arm", f"{data.arms[MESSAGE].customer_count:,}"),
        ("held out", f"{data.arms[HOLDOUT].customer_count:,}"),
        ("whose window is still open", f"{data.waiting_count:,}"),
        ("messages sent", f"{data.outcomes.get('accepted', 0):,}"),
    ]
    if data.lift is not None:
        shown.append(("of the variance the forecast takes away", f"{data.lift.variance_reduction:.0%}"))
    cells = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in shown)
    return f'<dl class="figures">{cells}</dl>'


def _effect(found: Lift, currency: str) -> str:
    rows = [
        ["revenue in all", *_ends(found.total_revenue, ",.0f"), currency],
        ["revenue per customer", *_ends(found.revenue, ",.2f"), currency],
        ["the same without the forecast", *_ends(found.unadjusted, ",.2f"), currency],
        ["customers who order", *_ends(found.conversion.times(100), "+.1f"), "points"],
    ]
    return (
        image(
            plots.lift_intervals({"With the forecast": found.revenue, "Without it": found.unadjusted}, currency),
            "Incremental revenue per customer with its interval",
        )
        + table(["difference to those held out", "estimate", "from", "to", "in"], rows, numbers=(1, 2, 3), mine=0)
        + note(f"p = {found.p_value:.3f} of no difference in revenue, by dealing the arms again at random.")
    )


def _ends(interval: Interval, form: str) -> tuple[str, str, str]:
    return format(interval.estimate, form), format(interval.low, form), format(interval.high, form)


def _arms(data: "CampaignData") -> str:
    rows = []
    for arm, outcomes in data.arms.items():
        count = outcomes.customer_count
        if not count:
            rows.append([_NAMES[arm], "0", "", "", "", "", ""])
            continue
        rows.append(
            [
                _NAMES[arm],
                f"{count:,}",
                f"{outcomes.buyer_count:,}",
                f"{outcomes.buyer_count / count:.1%}",
                f"{outcomes.revenue.sum():,.0f}",
                f"{outcomes.revenue.mean():,.2f}",
                f"{outcomes.forecast.mean():,.2f}",
            ]
        )
    currency = data.currency_code
    heads = ["arm", "customers", "ordered", "share", f"revenue, {currency}", "per customer", "forecast per customer"]
    return paragraph(
        f"Customers whose window of {data.campaign.window_days} days is over; "
        f"{data.campaign.holdout_share:.0%} were declared to be held out."
    ) + table(heads, rows, numbers=range(1, 7))


def _messages(data: "CampaignData") -> str:
    return _counted("became", data.outcomes, "None was due yet.") + (
        _counted("reason why one was not sent", data.reasons, "") if data.reasons else ""
    )


def _counted(head: str, counts: Mapping[str, int], nothing: str) -> str:
    if not counts:
        return paragraph(nothing)
    rows = [[name, f"{count:,}"] for name, count in sorted(counts.items(), key=lambda one: (-one[1], one[0]))]
    return table([head, "customers"], rows, numbers=(1,))


def _definitions() -> str:
    lines = "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in _DEFINITIONS)
    return f'<dl class="words">{lines}</dl>'
