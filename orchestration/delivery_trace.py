"""`perennial trace`: where a delivery came from, step by step, back to the orders at the shop.

Reads only, and holds identifiers and facts; nothing that could name a person.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
import typer
from rich.console import Console
from rich.markup import escape

from connectors.currencies import MINOR_DIGITS
from models.activation import audience_members, deliveries
from models.campaigns import campaign_versions
from models.errors import MisconfiguredError, StopError
from models.identity import current_ids
from models.ml import model_runs
from models.ops import segments
from models.schema import is_there
from orchestration.configuration import Merchant
from orchestration.deployment import Deployment, open_deployment
from orchestration.settings import Settings
from orchestration.summary import query_text, summary_console

_SHORTEST_KEY = 6
_LONGEST_NUMBER = 18
_ORDERS_SHOWN = 20
_HASH_SHOWN = 12
_STANDING = {"True": "as declared now", "False": "declared otherwise since"}

Facts = dict[str, Any]


@dataclass(frozen=True)
class Trace:
    """A delivery and what it came of; each part is JSON-ready, and empty where nothing is known of it.

    Attributes:
        delivery: What was sent where to whom, and what became of it.
        cause: The campaign and its version, arm, step and period; or the audience or segment that is kept in step.
        rule: Which rule chose the customer: its digest then, whether it still stands, and when they entered.
        model: The model run whose values were sent, with the digests of its data and code.
        features: The day whose values were sent, and the day that the model run describes.
        orders: The customer's orders up to that day, as they are known now.
    """

    delivery: Facts
    cause: Facts
    rule: Facts
    model: Facts
    features: Facts
    orders: list[Facts]

    @property
    def as_json(self) -> Facts:
        """All of it, in the order in which it is read."""
        return {
            "delivery": self.delivery,
            "cause": self.cause,
            "rule": self.rule,
            "model_run": self.model,
            "features": self.features,
            "source_orders": self.orders,
        }


def print_trace(settings: Settings, name: str, merchant_id: str | None, *, is_json: bool) -> None:
    """Print where a delivery came from.

    Args:
        settings: The deployment's.
        name: The delivery's number, or its action key, or the key's beginning.
        merchant_id: Only this merchant's deliveries; None for all.
        is_json: Whether for programs.

    Raises:
        StopError: There is no such delivery, or more than one.
    """
    with open_deployment(settings) as deployment:
        trace = trace_of(deployment, name, merchant_id)
    if is_json:
        typer.echo(json.dumps(trace.as_json, indent=2, ensure_ascii=False, allow_nan=False))
    else:
        _print(summary_console(), trace)


def trace_of(deployment: Deployment, name: str, merchant_id: str | None = None) -> Trace:
    """A delivery's trace.

    Raises:
        StopError: As `print_trace`.
    """
    with deployment.transformer.connect() as connection:
        row = _delivery(connection, name, merchant_id)
        details: Mapping[str, Any] = row["details"] or {}
        model = _model(connection, row)
        as_of_date = details.get("as_of_date") or model.get("as_of_date")
        customer_id = current_ids(connection, row["merchant_id"], [row["customer_id"]]).get(
            row["customer_id"], row["customer_id"]
        )
        cause = _cause(connection, row, details)
        rule = _rule(connection, deployment, row, details, as_of_date)
        orders = [] if as_of_date is None else _orders(connection, row["merchant_id"], customer_id, as_of_date)
    delivery = {
        **{name: row[name] for name in ("delivery_id", "action_key", "merchant_id", "customer_id")},
        **({"customer_id_now": customer_id} if customer_id != row["customer_id"] else {}),
        **{name: row[name] for name in ("destination", "provider", "operation", "outcome", "reason", "attempt_count")},
        **{name: row[name] for name in ("provider_reference", "reserved_at", "attempted_at", "run_id")},
    }
    return Trace(
        delivery=_plain(delivery),
        cause=_plain(cause),
        rule=_plain(rule),
        model=_plain(model),
        features=_plain({"as_of_date": as_of_date, "model_as_of_date": model.get("as_of_date")}),
        orders=orders,
    )


def _delivery(connection: sa.Connection, name: str, merchant_id: str | None) -> Mapping[str, Any]:
    table = deliveries
    meant: list[sa.ColumnElement[bool]] = []
    if name.isdecimal() and len(name) <= _LONGEST_NUMBER:
        meant.append(table.c.delivery_id == int(name))
    if len(name) >= _SHORTEST_KEY:
        meant.append(table.c.action_key.startswith(name, autoescape=True))
    if not meant:
        raise StopError(f"{name!r} names no delivery: give its number, or at least {_SHORTEST_KEY} signs of its key")
    asked = sa.select(table).where(sa.or_(*meant)).order_by(table.c.delivery_id).limit(2)
    if merchant_id is not None:
        asked = asked.where(table.c.merchant_id == merchant_id)
    found = connection.execute(asked).mappings().all()
    if not found:
        raise StopError(f"there is no delivery {name!r}; their numbers and keys stand in activation.deliveries")
    if len(found) > 1:
        raise StopError(f"several deliveries' keys begin with {name!r}; give more of the key")
    return dict(found[0])


def _cause(connection: sa.Connection, row: Mapping[str, Any], details: Mapping[str, Any]) -> Facts:
    """What the delivery is part of."""
    if row["campaign"] is not None:
        names = ("campaign", "campaign_version", "arm", "step", "period")
        return {**{name: row[name] for name in names}, **_declared(connection, row, details)}
    return {"audience": row["audience"], "cause": details.get("cause")}


def _declared(connection: sa.Connection, row: Mapping[str, Any], details: Mapping[str, Any]) -> Facts:
    """What the campaign's version of then said about its trigger, and since when it is known."""
    table = campaign_versions
    found = connection.execute(
        sa.select(table.c.declaration, table.c.first_as_of_date).where(
            *(table.c[name] == row[name] for name in ("merchant_id", "campaign", "campaign_version"))
        )
    ).one_or_none()
    if found is None:
        return {"trigger": details.get("trigger")}
    trigger = found.declaration.get("trigger") or {}
    return {
        "trigger": {name: value for name, value in trigger.items() if value is not None},
        "first_as_of_date": found.first_as_of_date,
    }


def _model(connection: sa.Connection, row: Mapping[str, Any]) -> Facts:
    if row["model_run_id"] is None:
        return {}
    table = model_runs
    names = ("model_name", "prediction_basis", "as_of_date", "fitted_at", "published_at", "data_hash", "code_hash")
    found = connection.execute(
        sa.select(*(table.c[name] for name in names)).where(
            table.c.merchant_id == row["merchant_id"], table.c.model_run_id == row["model_run_id"]
        )
    ).one_or_none()
    return {"model_run_id": row["model_run_id"], **(found._asdict() if found else {})}


def _rule(
    connection: sa.Connection,
    deployment: Deployment,
    row: Mapping[str, Any],
    details: Mapping[str, Any],
    as_of_date: date | str | None,
) -> Facts:
    """The rule that chose the customer, then and now."""
    segment = details.get("segment")
    name = segment or row["audience"]
    if name is None:
        return {}
    merchant_id = row["merchant_id"]
    audience = None if segment else _audience(_merchant(deployment, merchant_id), name)
    stored = connection.execute(
        sa.select(segments.c.criteria_hash).where(
            segments.c.merchant_id == merchant_id, segments.c.segment_name == name
        )
    ).scalar_one_or_none()
    now = audience.rule_hash if audience is not None else stored
    then = details.get("rule_hash") or None
    kind = "audience" if audience is not None else "segment"
    facts: Facts = {kind: name, "rule_hash": then or now, "is_as_declared_now": None if then is None else then == now}
    if audience is not None and facts["is_as_declared_now"]:
        facts["rule"] = audience.rule.canonical()
    if as_of_date is not None:
        facts["entered_on"] = _entered(connection, row, name, as_of_date, is_audience=audience is not None)
    return facts


def _entered(
    connection: sa.Connection, row: Mapping[str, Any], name: str, as_of_date: date | str, *, is_audience: bool
) -> Any:  # noqa: ANN401 - a day or a time
    """When the customer entered the audience or the segment that they were in when it was decided."""
    key = {"merchant_id": row["merchant_id"], "customer_id": row["customer_id"]}
    if is_audience:
        table = audience_members
        return connection.execute(
            sa.select(sa.func.max(table.c.entered_at)).where(
                *(table.c[column] == value for column, value in key.items()),
                table.c.audience == name,
                table.c.entered_at <= row["reserved_at"],
            )
        ).scalar_one()
    if not is_there(connection, "marts.segment_memberships"):
        return None
    asked = {**key, "segment_name": name, "as_of_date": as_of_date}
    return connection.execute(sa.text(query_text("traced_stay")), asked).scalar_one()


def _merchant(deployment: Deployment, merchant_id: str) -> Merchant | None:
    try:
        return deployment.configuration.merchant(merchant_id)
    except MisconfiguredError:  # no longer declared
        return None


def _audience(merchant: Merchant | None, name: str) -> Any:  # noqa: ANN401 - the audience, or None
    return next((one for one in merchant.audiences if one.name == name), None) if merchant else None


def _orders(connection: sa.Connection, merchant_id: str, customer_id: str, as_of_date: date | str) -> list[Facts]:
    asked = {"merchant_id": merchant_id, "customer_id": customer_id, "as_of_date": as_of_date}
    rows = connection.execute(sa.text(query_text("traced_orders")), asked).mappings()
    return [
        {
            "platform": row["source_name"],
            "store_id": row["store_id"],
            "order_id": row["order_id"],
            "order_date": row["order_date"].isoformat(),
            "amount": format(row["amount"], "f"),
            "currency_code": row["currency_code"],
        }
        for row in rows
    ]


def _plain(facts: Facts) -> Facts:
    """The facts that are known, as JSON takes them."""
    return {
        name: value.isoformat() if hasattr(value, "isoformat") else value
        for name, value in facts.items()
        if value is not None
    }


def _print(console: Console, trace: Trace) -> None:
    delivery, cause, model = trace.delivery, trace.cause, trace.model
    place = delivery.get("provider") or delivery["destination"]
    console.print(
        f"[bold]Delivery {delivery['delivery_id']}[/bold]  {escape(delivery['operation'])} for customer "
        f"{escape(delivery['customer_id'])} of {escape(delivery['merchant_id'])} to {escape(place)}: "
        f"{escape(delivery['outcome'])}"
    )
    _line(console, "key", delivery["action_key"])
    _line(console, "reason", delivery.get("reason"))
    _line(console, "reference", delivery.get("provider_reference"))
    _line(console, "sent at", delivery.get("attempted_at"))
    _line(console, "customer now", delivery.get("customer_id_now"))
    if "campaign" in cause:
        console.print(
            f"← [bold]campaign[/bold] {escape(cause['campaign'])}, version {_short(cause['campaign_version'])}"
        )
        _line(console, "arm, step", ", ".join(str(cause[name]) for name in ("arm", "step") if name in cause))
        _line(console, "period", cause.get("period"))
        _line(console, "trigger", json.dumps(cause["trigger"], ensure_ascii=False) if "trigger" in cause else None)
        _line(console, "since", cause.get("first_as_of_date"))
    else:
        console.print(f"← [bold]sync[/bold] of {escape(cause['audience'])}: {escape(cause.get('cause', ''))}")
    rule = trace.rule
    if rule:
        kind = "audience" if "audience" in rule else "segment"
        standing = _STANDING.get(str(rule.get("is_as_declared_now")), "")
        version = f"rule {_short(rule['rule_hash'])}" if "rule_hash" in rule else "whose rule is not known any more"
        console.print(f"← [bold]{kind}[/bold] {escape(rule[kind])}, {version}{f' ({standing})' if standing else ''}")
        _line(console, "rule", json.dumps(rule["rule"], ensure_ascii=False) if "rule" in rule else None)
        _line(console, "entered", rule.get("entered_on"))
    if model:
        name = model.get("model_name", "no longer stored")
        console.print(f"← [bold]model run[/bold] {_short(model['model_run_id'])}, {escape(name)}")
        _line(console, "fitted at", model.get("fitted_at"))
        _line(console, "data, code", ", ".join(_short(model[n]) for n in ("data_hash", "code_hash") if n in model))
    console.print(f"← [bold]features[/bold] as of {trace.features.get('as_of_date', 'a day that is not known')}")
    console.print(f"← [bold]orders[/bold] up to that day, as they are known now: {len(trace.orders):,}")
    for order in trace.orders[-_ORDERS_SHOWN:]:
        places = MINOR_DIGITS.get(order["currency_code"], 2)
        console.print(
            f"    {order['order_date']}  {escape(order['platform'])} {escape(order['store_id'])}  "
            f"{escape(order['order_id'])}  {Decimal(order['amount']):,.{places}f} {order['currency_code']}"
        )
    if len(trace.orders) > _ORDERS_SHOWN:
        console.print(f"    and {len(trace.orders) - _ORDERS_SHOWN:,} before these; --json has all")


def _line(console: Console, name: str, value: object) -> None:
    if value:
        console.print(f"    {name}: {escape(str(value))}")


def _short(text: str) -> str:
    return escape(text[:_HASH_SHOWN])
