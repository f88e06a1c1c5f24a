"""`perennial replay`: a past model run made again from the archive, and whether it is the same to the last bit."""

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
import sqlalchemy as sa
import typer

from models.errors import StopError
from models.past_archive import altered_files
from models.reading import read_frame
from models.registry import current_model_run, model_runs_named
from models.schema import OPS, metadata
from orchestration import progress
from orchestration.deployment import Deployment, open_deployment
from orchestration.prediction import forecast_settings, stored_frames
from orchestration.replay_comparison import TableComparison, card_differences, compare_rows
from orchestration.replayed_forecast import ReplayedForecast, forecast_again, inputs_of_run, recorded_settings
from orchestration.settings import Settings
from orchestration.stored_forecasts import merchant_named
from orchestration.transformation import building_versions, project_digest

_LABEL_WIDTH = 20
_DIGITS = 12
_DIGEST = re.compile(r"[0-9a-f]{32,}")
_SHOWN = 5
# What a run notes of itself in the tables of declarations, and what holds for one night.
_OF_THE_RUN = ("run_id", "updated_at", "withheld_reasons", "as_of_date")
_UNEXPLAINED = (
    "the history is another one, though every record in the archive is what its hash says: files may have been written "
    "anew with their hashes, or the raw tables of then were changed by other means than landing"
)


@dataclass(frozen=True)
class Replay:
    """A past model run made again, and what was found.

    Attributes:
        stored: The run's row of `ml.model_runs`.
        replayed: The same made again.
        tables: How its rows compare.
        decisions: Where the card differs: champion, base, parameters, checks, standings.
        circumstances: What was otherwise when it was made again, and may be the cause of a difference.
        since: What has been declared otherwise since, which the replay did not follow.
    """

    stored: sa.Row[Any]
    replayed: ReplayedForecast
    tables: tuple[TableComparison, ...]
    decisions: tuple[str, ...]
    circumstances: tuple[str, ...]
    since: tuple[str, ...]

    @property
    def is_identical(self) -> bool:
        """Whether every prediction, decision and backtest is the same."""
        return not self.decisions and all(table.is_identical for table in self.tables)


def replay_model_run(settings: Settings, model_run_id: str | None, merchant_id: str | None) -> int:
    """Make a model run again, compare it with what is stored, and print what was found.

    Args:
        settings: The deployment's.
        model_run_id: The run, or how its id begins; None is the one in force.
        merchant_id: Whose; None leaves it to the id, or to there being one merchant.

    Returns:
        0 when it is identical, 1 when something differs.

    Raises:
        PerennialError: See `orchestration.replayed_forecast.forecast_again`.
    """
    with open_deployment(settings) as deployment, progress.reporting(sys.stderr):
        found = replayed_run(deployment, named_run(deployment, model_run_id, merchant_id))
    for line in report_lines(found):
        typer.echo(line)
    return 0 if found.is_identical else 1


def named_run(deployment: Deployment, model_run_id: str | None, merchant_id: str | None) -> sa.Row[Any]:
    """The model run that is meant.

    Raises:
        StopError: There is none, or there are several.
        MisconfiguredError: Neither run nor merchant is named, and there are several merchants.
    """
    with deployment.transformer.connect() as connection:
        if model_run_id is None:
            merchant = merchant_named(deployment, merchant_id).merchant_id
            current = current_model_run(connection, merchant)
            if current is None:
                raise StopError(f"no model run of merchant {merchant} is published; name the one that is meant")
            return current
        found = model_runs_named(connection, model_run_id, merchant_id)
    whose = "" if merchant_id is None else f" of merchant {merchant_id}"
    if len(found) != 1:
        raise StopError(
            f"several model runs{whose} begin with {model_run_id!r}; give more of the id"
            if found
            else f"there is no model run {model_run_id!r}{whose}; ml.model_runs lists them"
        )
    return found[0]


def replayed_run(deployment: Deployment, stored: sa.Row[Any]) -> Replay:
    """Make a stored run again and compare; see `replay_model_run`."""
    replayed = forecast_again(deployment, stored)
    forecast = replayed.computed.forecast
    with deployment.transformer.connect() as connection:
        tables = tuple(
            _compared(connection, stored, table, frame)
            for table, frame in stored_frames(forecast, replayed.settings.currency_code)
        )
    decisions = [
        f"{name}: {kept} stored, {made} replayed"
        for name, kept, made in (
            ("champion", stored.model_name, forecast.model_name),
            ("base", stored.base_model_name, forecast.base_model_name),
            ("basis", stored.prediction_basis, forecast.prediction_basis),
        )
        if kept != made
    ]
    decisions += card_differences(stored.model_card, forecast.model_card)
    decisions += card_differences({"parameters": stored.parameters}, {"parameters": forecast.parameters})
    circumstances = _circumstances(deployment, stored, replayed)
    if stored.data_hash != forecast.data_hash:
        circumstances += _of_the_archive(replayed)
    return Replay(stored, replayed, tables, tuple(decisions), tuple(circumstances), tuple(_since(deployment, stored)))


def _compared(
    connection: sa.Connection, stored: sa.Row[Any], table: sa.Table, replayed: pl.DataFrame
) -> TableComparison:
    query = sa.select(*(table.c[name] for name in replayed.columns)).where(
        table.c.merchant_id == stored.merchant_id, table.c.model_run_id == stored.model_run_id
    )
    if "as_of_date" in table.c:
        query = query.where(table.c.as_of_date == stored.as_of_date)  # whose partition it is
    key = [column.name for column in table.primary_key if column.name not in {"merchant_id", "model_run_id"}]
    return compare_rows(table.fullname, key, read_frame(connection, query), replayed)


def _circumstances(deployment: Deployment, stored: sa.Row[Any], replayed: ReplayedForecast) -> list[str]:
    """What was not as it had been when the run was made."""
    forecast, inputs = replayed.computed.forecast, inputs_of_run(stored)
    digest = project_digest(deployment.settings.project_folder / "dbt_project")
    return [
        *replayed.missing,
        *_changed("the code of ml", {"hash": stored.code_hash}, {"hash": forecast.code_hash}),
        *_changed("the library", stored.model_card["versions"], forecast.model_card["versions"]),
        *_changed("the dbt project", {"digest": inputs.project_digest}, {"digest": digest}),
        *_changed("the library", {k: v for k, v in inputs.versions.items() if k != "postgresql"}, building_versions()),
        *_changed(
            "the server", {"postgresql": inputs.versions.get("postgresql")}, {"postgresql": _server_version(deployment)}
        ),
        *_changed("the number of", {"threads": stored.thread_count}, {"threads": replayed.computed.thread_count}),
    ]


def _changed(what: str, then: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    return [
        f"{what} {name} was {_short(then.get(name))} and is {_short(now.get(name))}"
        for name in sorted({*then, *now})
        if then.get(name) != now.get(name)
    ]


def _short(value: Any) -> str:  # noqa: ANN401 - texts and numbers
    """A value as people read it; of a digest the digits that tell it from another."""
    if value is None:
        return "absent"
    text = str(value)
    return text[:_DIGITS] if _DIGEST.fullmatch(text) else text


def _server_version(deployment: Deployment) -> str:
    with deployment.transformer.connect() as connection:
        return str(connection.scalar(sa.select(sa.func.current_setting("server_version"))))


def _of_the_archive(replayed: ReplayedForecast) -> list[str]:
    """Why the history that was made again is not the one that the run read."""
    found = [
        (
            f"{file.path.relative_to(batch.root).as_posix()} of the archive was changed: {file.record_count:,} of its "
            "records are not what their hash says"
        )
        for store in replayed.stores
        for batch in store.batches
        for file in altered_files([batch])
    ]
    return found or [_UNEXPLAINED]


def _since(deployment: Deployment, stored: sa.Row[Any]) -> list[str]:
    """What is declared otherwise now; the replay follows what was declared then."""
    changed = []
    declared = {m.merchant_id: m for m in deployment.configuration.merchants}
    if stored.merchant_id in declared:
        then = recorded_settings(stored)
        now = forecast_settings(declared[stored.merchant_id], stored.as_of_date)
        changed = _changed("prediction:", then.as_json, now.as_json)
    else:
        changed.append("the merchant is no longer declared in perennial.yml")
    with deployment.transformer.connect() as connection:
        for name, rows in inputs_of_run(stored).declared.items():
            table = metadata.tables[f"{OPS}.{name}"]
            query = sa.select(sa.func.to_jsonb(sa.literal_column(table.name))).select_from(table)
            now_rows = connection.scalars(query.where(table.c.merchant_id == stored.merchant_id)).all()
            if _stated(rows) != _stated(now_rows):
                changed.append(f"ops.{name} holds something else: {_rows_in_words(rows, now_rows)}")
    return changed


def _stated(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    return sorted(str(sorted((k, v) for k, v in row.items() if k not in _OF_THE_RUN)) for row in rows)


def _rows_in_words(then: Sequence[Mapping[str, Any]], now: Sequence[Mapping[str, Any]]) -> str:
    if len(then) == len(now) == 1:
        names = {name: value for name, value in then[0].items() if name not in _OF_THE_RUN}
        return "; ".join(_changed("", names, {name: now[0].get(name) for name in names})).strip()
    return f"{len(then)} rows then, {len(now)} now"


def report_lines(replay: Replay) -> list[str]:
    """What was found, for people: what it was made from, each part's verdict, and the verdict on all."""
    stored, replayed = replay.stored, replay.replayed
    forecast = replayed.computed.forecast

    def line(label: str, text: str) -> str:
        return f"  {label:<{_LABEL_WIDTH}}{text}"

    lines = [
        (
            f"Model run {stored.model_run_id} of merchant {stored.merchant_id}, as of {stored.as_of_date}, "
            f"made {stored.fitted_at:%Y-%m-%d %H:%M} UTC"
        )
    ]
    for store in replayed.stores:
        at = store.position
        lines.append(
            line(
                f"{at.store_id} ({at.source})",
                f"{at.batch_count:,} batches, up to number {at.batch_number:,}; {store.landed_since:,} landed since",
            )
        )
    history = "as it was" if stored.data_hash == forecast.data_hash else "another one"
    lines += [
        line("raw tables", f"{replayed.row_count:,} rows from the archive"),
        line(
            "purchase history",
            f"{history}: {stored.data_hash[:_DIGITS]} stored, {forecast.data_hash[:_DIGITS]} replayed",
        ),
        line("decisions", f"{len(replay.decisions):,} differences" if replay.decisions else _decided(stored)),
        *(line("", difference) for difference in replay.decisions[:_SHOWN]),
    ]
    for table in replay.tables:
        digests = table.stored_digest[:_DIGITS]
        if not table.is_identical:
            digests += f" stored, {table.replayed_digest[:_DIGITS]} replayed"
        lines.append(line(table.name.removeprefix("ml."), f"{table.in_words} ({digests})"))
    lines.append("")
    if replay.is_identical:
        count = sum(table.stored_count for table in replay.tables)
        lines.append(f"identical: {count:,} rows and every decision, to the last bit")
        lines += [f"  although {text}" for text in replay.circumstances]
    else:
        lines.append("different. What may be the cause:")
        unknown = ["nothing that is known of: the machine itself, or its mathematics library, may round otherwise"]
        lines += [f"  - {text}" for text in replay.circumstances or unknown]
    lines += [f"  Since then: {text}; the replay kept to what was declared then" for text in replay.since]
    return lines


def _decided(stored: sa.Row[Any]) -> str:
    return f"identical: {stored.model_name} speaks, on {stored.base_model_name} ({stored.prediction_basis})"
