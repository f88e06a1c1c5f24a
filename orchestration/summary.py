"""The summary that a run ends with: what was read, what customers are worth, how good the forecast is, who was told.

Reads marts and ledgers, prints; decides nothing. Amounts are shown in the merchant's currency.
"""

import sys
import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from rich.console import Console
from rich.table import Table

from models.schema import is_there
from orchestration.deployment import Deployment

_QUERIES = Path(__file__).parent / "queries"
_SEGMENTS_SHOWN = 5
_LOG_WIDTH = 120
_LABEL_WIDTH = 12
_NAIVE = "naive"
_NAMED_STREAMS = ("orders", "customers", "refunds", "products")
_COUNTED = (
    "rows_read",
    "rows_inserted",
    "rows_updated",
    "rows_unchanged",
    "rows_deleted",
    "rows_rejected",
    "request_count",
)


def query(deployment: Deployment, name: str, **parameters: Any) -> list[Any]:  # noqa: ANN401 - SQL's values
    """The rows of one of `orchestration/queries/`.

    Args:
        deployment: Open.
        name: The file's name, without its suffix.
        **parameters: The query's parameters.
    """
    with deployment.transformer.connect() as connection:
        return list(connection.execute(sa.text(query_text(name)), parameters))


def query_text(name: str) -> str:
    """One of `orchestration/queries/`, by its file's name without the suffix."""
    return (_QUERIES / f"{name}.sql").read_text(encoding="utf-8")


def summary_console() -> Console:
    """Standard output, as wide as the terminal, or as a log's lines may be."""
    return Console(width=None if sys.stdout.isatty() else _LOG_WIDTH, soft_wrap=False)


def print_summary(
    deployment: Deployment, console: Console, run_id: str | None, merchant_ids: Sequence[str] | None = None
) -> None:
    """Print what a run came to.

    Args:
        deployment: Open.
        console: Where to.
        run_id: The run; None when it failed, and what is shown is what was last published.
        merchant_ids: Whose numbers to print. Default: every declared merchant's.
    """
    if merchant_ids is None:
        merchant_ids = [merchant.merchant_id for merchant in deployment.configuration.merchants]
    with deployment.transformer.connect() as connection:
        is_built = is_there(connection, "marts.customer_360")
    if not is_built:  # the first run failed before dbt made its tables
        console.print("\nNothing is published yet.")
        return
    backtests = query(deployment, "backtest", merchant_ids=merchant_ids)
    deliveries = query(deployment, "deliveries", merchant_ids=merchant_ids, run_id=run_id or "")
    segments = query(deployment, "segments", merchant_ids=merchant_ids)
    examples = query(deployment, "examples", merchant_ids=merchant_ids)
    landings = query(deployment, "landings", merchant_ids=merchant_ids)
    console.print()
    for row in query(deployment, "overview", merchant_ids=merchant_ids):
        mine = row.merchant_id
        console.rule(f"[bold]{row.merchant_name}[/bold], as of {row.as_of_date}", align="left")
        _print_read(console, [landing for landing in landings if landing.merchant_id == mine])
        _print_value(console, row)
        _print_backtest(console, row.currency_code, [metric for metric in backtests if metric.merchant_id == mine])
        _print_segments(console, row, [segment for segment in segments if segment.merchant_id == mine])
        _print_deliveries(
            console,
            deployment,
            mine,
            [sent for sent in deliveries if sent.merchant_id == mine],
            [example for example in examples if example.merchant_id == mine],
        )


def _say(console: Console, label: str, text: str, *, style: str = "") -> None:
    """A label and a text beside it, wrapped under its own beginning."""
    margin = " " * _LABEL_WIDTH
    lines = textwrap.wrap(text, max(console.width - _LABEL_WIDTH, _LABEL_WIDTH), break_on_hyphens=False)
    console.print(f"  {label}".ljust(_LABEL_WIDTH) + f"\n{margin}".join(lines), style=style or None, markup=False)


def _print_read(console: Console, landings: Iterable[Any]) -> None:
    for (source, store_id), streams in groupby(landings, key=lambda landing: (landing.source, landing.store_id)):
        if source == "files":
            _print_streams(console, streams)
        else:
            _print_platform(console, store_id, list(streams))


def _print_platform(console: Console, store_id: str, streams: list[Any]) -> None:
    """One line for a platform's store, which fills many streams."""
    total: Counter[str] = Counter()
    for stream in streams:
        total.update({name: getattr(stream, name) for name in _COUNTED})
    if not total["rows_read"] + total["rows_rejected"] + total["rows_deleted"]:
        _say(console, "read", f"{store_id}: nothing new")
        return
    named = {stream.stream: stream.rows_read for stream in streams if stream.stream in _NAMED_STREAMS}
    shown = ", ".join(f"{count:,} {name}" for name, count in named.items() if count)
    others = total["rows_read"] - sum(named.values())
    read = f"{shown}{' and ' if shown else ''}{others:,} other records in {total['request_count']:,} requests"
    _say(
        console,
        "read",
        f"{store_id}: {read}; "
        f"{total['rows_inserted']:,} new, {total['rows_updated']:,} changed, {total['rows_unchanged']:,} as before, "
        f"{total['rows_deleted']:,} gone, {total['rows_rejected']:,} rejected",
    )


def _print_streams(console: Console, landings: Iterable[Any]) -> None:
    for landing in landings:
        stream = f"{landing.store_id}/{landing.stream}"
        if landing.rows_read or landing.rows_rejected:
            _say(
                console,
                "read",
                f"{stream}: {landing.rows_read:,} records, {landing.rows_inserted:,} new, "
                f"{landing.rows_updated:,} changed, {landing.rows_unchanged:,} as before, "
                f"{landing.rows_deleted:,} gone, {landing.rows_rejected:,} rejected",
            )
        elif landing.status == "unchanged":
            _say(console, "read", f"{stream}: nothing new")


def _print_value(console: Console, row: Any) -> None:  # noqa: ANN401 - a row
    currency = row.currency_code
    _say(
        console,
        "orders",
        f"{row.order_count:,} by {row.customer_count:,} customers, {row.first_order_date} to {row.last_order_date}",
    )
    _say(
        console,
        "revenue",
        f"{row.net_amount:,.0f} {currency} net of refunds; "
        f"{row.repeat_customer_count / row.customer_count:.1%} of the customers came back",
    )
    if row.clv_amount is not None:
        _say(
            console,
            "CLV",
            f"{row.clv_amount:,.0f} {currency} over the next {row.clv_horizon_days} days, "
            f"{row.clv_amount / row.customer_count:,.2f} per customer, "
            f"from {row.expected_purchases:,.0f} expected purchases",
            style="bold",
        )
        _say(
            console,
            "churn",
            f"{row.likely_churned_count:,} customers will more likely than not buy nothing "
            f"within {row.churn_horizon_days} days",
        )


def _print_backtest(console: Console, currency: str, metrics: list[Any]) -> None:
    value = {(metric.model_name, metric.metric): metric.value for metric in metrics if metric.value is not None}
    speaks = metrics[0].champion_name if metrics else _NAIVE
    models = sorted(
        {model for model, metric in value if metric == "rmse"},
        key=lambda model: (model != speaks, model == _NAIVE, model),
    )
    if not models or models == [_NAIVE]:
        _say(console, "holdout", "the history is too short to hold a part of it back")
        return
    champion, first = models[0], metrics[0]
    errors = "; ".join(f"{model} MAE {value[model, 'mae']:.3f}, RMSE {value[model, 'rmse']:.3f}" for model in models)
    _say(
        console,
        "holdout",
        f"{_ground(first)}fitted to {first.calibration_end_date}, held against the {first.holdout_days / 7:.0f} weeks "
        "after it. "
        f"Purchases per customer: {errors}. {_off(value, champion, 'purchases', '')}"
        + (
            _off(value, champion, "spend_amount", f" {currency}")
            if (champion, "expected_spend_amount") in value
            else ""
        ),
    )


def _ground(metric: Any) -> str:  # noqa: ANN401 - a row
    """Who speaks for the merchant, where that is not a model of its own data alone."""
    if metric.prediction_basis == "prior":
        return f"{metric.prior_share:.0%} of the model is other merchants' experience; "
    if metric.prediction_basis == _NAIVE:
        return "no model did better than everybody going on at their own rate, so that is what is predicted; "
    return f"{metric.champion_name} speaks for the merchant; "


def _off(value: dict[tuple[str, str], float], model: str, measure: str, unit: str) -> str:
    """A sentence that holds an expected total against the one that came."""
    expected, actual = value[model, f"expected_{measure}"], value[model, f"actual_{measure}"]
    what = "Spend" if unit else "Purchases"
    share = f" ({expected / actual - 1:+.0%})" if actual else ""
    return f"{what}: {expected:,.0f}{unit} expected, {actual:,.0f}{unit} came{share}. "


def _print_segments(console: Console, row: Any, segments: list[Any]) -> None:  # noqa: ANN401 - a row
    if not segments:
        return
    table = Table(box=None, padding=(0, 1), title_justify="left", show_edge=False)
    table.add_column(f"  top segments, {row.currency_code}", no_wrap=True)
    for heading in ("customers", "net revenue", "CLV", "CLV each", "churn"):
        table.add_column(heading, justify="right", no_wrap=True)
    for segment in segments[:_SEGMENTS_SHOWN]:
        table.add_row(
            f"  {segment.rfm_segment}",
            f"{segment.customer_count:,}",
            f"{segment.net_amount:,.0f}",
            _shown(segment.clv_amount, ",.0f"),
            _shown(segment.average_clv_amount, ",.2f"),
            _shown(segment.average_churn_probability, ".0%"),
        )
    console.print()
    console.print(table)
    console.print()


def _shown(value: Any, form: str) -> str:  # noqa: ANN401 - SQL's numbers
    """A number, or a dash where nothing is predicted: none is not nought."""
    return "-" if value is None else format(value, form)


def _print_deliveries(
    console: Console, deployment: Deployment, merchant_id: str, deliveries: list[Any], examples: list[Any]
) -> None:
    merchant = deployment.configuration.merchant(merchant_id)
    described = {audience.name: audience.description for audience in merchant.audiences}
    named = {(sent.campaign is not None, sent.campaign or sent.audience) for sent in deliveries}
    for is_campaign, name in sorted(named):
        said = "" if is_campaign else described.get(name, "")
        _say(console, "campaign" if is_campaign else "audience", f"{name}: {said}".rstrip(": "))
        for sent in (s for s in deliveries if (s.campaign if is_campaign else s.audience) == name):
            reason = f": {sent.reason}" if sent.reason else ""
            now = f"{sent.run_delivery_count:,} in this run" if sent.run_delivery_count else "none in this run"
            _say(
                console,
                "",
                f"{sent.destination}: {sent.delivery_count:,} {sent.operation} {sent.outcome} ({now}){reason}",
            )
        for example in (e for e in examples if not is_campaign and e.audience == name):
            _say(
                console,
                "",
                f"such as customer {example.customer_id}, {example.rfm_segment}: CLV {example.clv_amount:,.2f} "
                f"{example.currency_code}, {example.churn_probability:.0%} likely to buy nothing "
                f"within {example.churn_horizon_days} days",
            )


def print_notices(console: Console, notices: Mapping[str, Sequence[str]]) -> None:
    """Print what the owners of stores have to know."""
    for label, messages in notices.items():
        for message in messages:
            _say(console, "note", f"{label}: {message}", style="bold yellow")


def print_next(console: Console) -> None:
    """Print what to look at next."""
    console.print("\nNext:")
    for command, what in (
        ("make ui", "the asset graph, with checks and plots"),
        (".venv/bin/perennial warehouse url --role reader", "the marts, for BI tools"),
        ("docs/your-own-data.md", "your own export instead"),
    ):
        console.print(f"  {command:<48} {what}", markup=False, highlight=False)
