"""`perennial explain`: what drives a customer's prediction, for people to read or as JSON."""

import json
import textwrap
from typing import Any

import sqlalchemy as sa
import typer
from rich.console import Console
from rich.table import Table

from ml.forecasts.explanation import Explanation, Standing, StoredRun, comparable_frequencies, explain
from ml.forecasts.explanation_wording import ASSUMPTIONS, worded
from models.errors import StopError
from models.ml import predictions
from orchestration.deployment import Deployment, open_deployment
from orchestration.settings import Settings
from orchestration.stored_forecasts import customer_history, merchant_named, stored_run
from orchestration.summary import query, summary_console

_LABEL_WIDTH = 21
_SIMILAR_SHOWN = 3


def explain_customer(
    settings: Settings, customer_id: str, merchant_id: str | None, model_run_id: str | None, *, is_json: bool
) -> None:
    """Print what drives a customer's prediction.

    Raises:
        MisconfiguredError: It is not said which merchant is meant.
        StopError: There is no model run, no such customer in it, or nothing to explain it by.
    """
    with open_deployment(settings) as deployment:
        merchant = merchant_named(deployment, merchant_id)
        explanation = explanation_of(deployment, merchant.merchant_id, customer_id, model_run_id)
    if is_json:
        said = {**explanation.as_json, "in_words": worded(explanation)}
        typer.echo(json.dumps(said, indent=2, ensure_ascii=False, allow_nan=False))
    else:
        print_explanation(summary_console(), merchant.merchant_name, explanation)


def explanation_of(
    deployment: Deployment, merchant_id: str, customer_id: str, model_run_id: str | None = None
) -> Explanation:
    """A customer's explanation by the run in force, or by one that is named.

    Raises:
        StopError: See `explain_customer`.
    """
    with deployment.transformer.connect() as connection:
        run = stored_run(connection, merchant_id, model_run_id)
        prediction = _prediction(connection, run, customer_id)
        history = customer_history(connection, run, customer_id)
    least, most = comparable_frequencies(prediction["frequency"])
    (standing,) = query(
        deployment,
        "standing",
        merchant_id=merchant_id,
        model_run_id=run.model_run_id,
        as_of_date=run.as_of_date,
        customer_id=customer_id,
        least_frequency=least,
        most_frequency=most,
    )
    return explain(run, prediction, history, Standing(*standing))


def _prediction(connection: sa.Connection, run: StoredRun, customer_id: str) -> dict[str, Any]:
    table = predictions
    of_run = (
        table.c.merchant_id == run.merchant_id,
        table.c.model_run_id == run.model_run_id,
        table.c.as_of_date == run.as_of_date,
    )
    row = (
        connection.execute(sa.select(table).where(*of_run, table.c.customer_id == customer_id)).mappings().one_or_none()
    )
    if row is not None:
        return dict(row)
    similar = connection.scalars(
        sa.select(table.c.customer_id)
        .where(*of_run, table.c.customer_id.contains(customer_id, autoescape=True))
        .order_by(table.c.customer_id)
        .limit(_SIMILAR_SHOWN)
    ).all()
    examples = (
        similar
        or connection.scalars(
            sa.select(table.c.customer_id).where(*of_run).order_by(table.c.customer_id).limit(_SIMILAR_SHOWN)
        ).all()
    )
    raise StopError(
        f"merchant {run.merchant_id} has no customer {customer_id!r} among those predicted as of {run.as_of_date}; ids "
        f"are those of marts.customer_360, such as {', '.join(examples) or 'none'}"
    )


def print_explanation(console: Console, merchant_name: str, explanation: Explanation) -> None:
    """Print an explanation: its texts under each other, then what would change it as a table."""
    one = explanation.prediction
    console.rule(f"[bold]{_plain(one['customer_id'])}[/bold], {_plain(merchant_name)}", align="left")
    texts = worded(explanation)
    if len(explanation.outlooks) > 1:
        texts.pop("what would change")  # as a table
    margin = " " * _LABEL_WIDTH
    for label, text in texts.items():
        lines = textwrap.wrap(text, max(console.width - _LABEL_WIDTH, _LABEL_WIDTH), break_on_hyphens=False)
        console.print(f"  {label}".ljust(_LABEL_WIDTH) + f"\n{margin}".join(lines), markup=False, highlight=False)
    if "what would change" in texts:
        return
    table = Table(box=None, padding=(0, 0, 0, 2))
    table.add_column("what would change", overflow="fold")
    headings = ("still a customer", "purchase days", "CLV", f"nothing in {one['churn_horizon_days']} days")
    for heading in headings:
        table.add_column(heading, justify="right")
    for outlook in explanation.outlooks:
        table.add_row(
            ASSUMPTIONS[outlook.assumption],
            f"{outlook.probability_alive:.1%}",
            f"{outlook.expected_purchases:.2f}",
            f"{outlook.clv_amount:,.{explanation.minor_digits}f}",
            f"{outlook.churn_probability:.1%}",
        )
    console.print()
    console.print(table)


def _plain(text: str) -> str:
    """A text that rich takes no markup from."""
    return text.replace("[", "\\[")
