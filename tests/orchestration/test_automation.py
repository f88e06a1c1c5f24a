"""What starts by itself: each merchant's night by its own clock, and the alarm about a run that failed."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from orchestration.automation import (
    alert_body,
    due_merchants,
    failed_run_alert,
    nightly_requests,
    nightly_schedule,
    post_alert,
)
from orchestration.configuration import Configuration, load_configuration

ZONES = {
    "york": "America/New_York",
    "kolkata": "Asia/Kolkata",
    "auckland": "Pacific/Auckland",
    "london": "Europe/London",
}
STORE = """
    stores: [{store_id: web, source: {type: files, path: orders.csv, columns:
      {customer_id: a, ordered_at: b, amount: c, currency_code: {constant: EUR}}}}]
"""


def declarations(folder: Path, **as_of_dates: str) -> Path:
    path = folder / "perennial.yml"
    path.write_text(
        "merchants:\n"
        + "".join(
            f"  - merchant_id: {name}\n    merchant_name: {name}\n    time_zone: {zone}\n    currency_code: EUR"
            + (f"\n    as_of_date: {as_of_dates[name]}" if name in as_of_dates else "")
            + STORE
            for name, zone in ZONES.items()
        )
    )
    return path


def test_merchants_whose_night_describes_one_day_share_a_run(tmp_path: Path) -> None:
    configuration = load_configuration(declarations(tmp_path, london="1998-06-30"), {})
    due = [(merchant, at("2026-01-14 01:00")) for merchant in configuration.merchants]
    asked = {
        request.tags["perennial/as_of_date"]: request.run_config["resources"]["deployment"]["config"]["merchant_ids"]
        for request in nightly_requests(due)
    }
    assert asked == {"1998-06-30": ["london"], "2026-01-13": ["york", "kolkata", "auckland"]}
    assert len({request.run_key for request in nightly_requests(due)}) == 2
    assert (
        len({request.run_key for request in nightly_requests(due[1:3])} & {r.run_key for r in nightly_requests(due)})
        == 0
    )


@pytest.fixture
def configuration(tmp_path: Path) -> Configuration:
    return load_configuration(declarations(tmp_path), {})


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def requests_of(configuration: Configuration, first: datetime, hours: int) -> list[tuple[str, str, str]]:
    """Tick, run key and as-of date of every request in so many hourly ticks."""
    return [
        (
            f"{tick:%d %H:%M}",
            f"{request.tags['perennial/merchants']}:{request.tags['perennial/local_date']}",
            request.tags["perennial/as_of_date"],
        )
        for tick in (first + timedelta(hours=hour) for hour in range(hours))
        for due in due_merchants(configuration, tick)
        for request in nightly_requests([due])
    ]


def first_starts(configuration: Configuration, first: datetime, hours: int) -> dict[str, tuple[str, str]]:
    """Per run key, the tick that starts it and the day that it describes; a key that two ticks ask for runs twice."""
    requests = requests_of(configuration, first, hours)
    starts = {key: (tick, as_of_date) for tick, key, as_of_date in requests}
    assert len(starts) == len(requests)
    return starts


def test_each_merchants_night_begins_at_one_by_its_own_clock(configuration: Configuration) -> None:
    assert first_starts(configuration, at("2026-01-14 00:00"), 24) == {
        "london:2026-01-14": ("14 01:00", "2026-01-13"),
        "york:2026-01-14": ("14 06:00", "2026-01-13"),
        "auckland:2026-01-15": ("14 12:00", "2026-01-14"),
        "kolkata:2026-01-15": ("14 20:00", "2026-01-14"),  # 01:30 there, the first full hour of UTC after 01:00
    }


@pytest.mark.parametrize(
    "first",
    ["2026-01-01 00:00", "2026-03-06 00:00", "2026-03-27 00:00", "2026-09-25 00:00", "2026-10-23 00:00"],
)
def test_no_local_date_is_left_out_or_repeated(configuration: Configuration, first: str) -> None:
    starts = first_starts(configuration, at(first), 24 * 12)
    for name in ZONES:
        dates = sorted(key.split(":")[1] for key in starts if key.startswith(f"{name}:"))
        days = [datetime.fromisoformat(day).date() for day in dates]
        assert days == [days[0] + timedelta(days=number) for number in range(len(days))]
        assert 11 <= len(days) <= 13
    for key, (_, as_of_date) in starts.items():
        assert datetime.fromisoformat(as_of_date).date() + timedelta(days=1) == datetime.fromisoformat(key[-10:]).date()


def test_a_clock_that_jumps_over_one_runs_at_two(configuration: Configuration) -> None:
    # In the night to 29 March 2026 London's clocks go from 01:00 GMT to 02:00 BST: there is no 01:00.
    starts = first_starts(configuration, at("2026-03-28 22:00"), 6)
    assert starts["london:2026-03-29"] == ("29 01:00", "2026-03-28")


def test_a_clock_that_shows_one_twice_runs_once(configuration: Configuration) -> None:
    # On 25 October 2026 London's clocks go from 02:00 BST back to 01:00 GMT.
    ticks = [
        (tick, key)
        for tick, key, _ in requests_of(configuration, at("2026-10-24 22:00"), 6)
        if key.startswith("london")
    ]
    assert ticks == [("25 00:00", "london:2026-10-25")]


def test_a_declared_day_wins_over_the_calendar(tmp_path: Path) -> None:
    configuration = load_configuration(declarations(tmp_path, london="1998-06-30"), {})
    (request,) = nightly_requests(due_merchants(configuration, at("2026-01-14 01:00")))
    assert str(request.run_key).endswith(":1998-06-30:2026-01-14")
    assert request.run_config == {
        "resources": {"deployment": {"config": {"merchant_ids": ["london"], "as_of_date": "1998-06-30"}}}
    }


@pytest.fixture
def nightly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dg.ScheduleDefinition:
    """The schedule, over a job that does nothing, in an environment that declares the merchants."""
    monkeypatch.setenv("PERENNIAL_CONFIG", str(declarations(tmp_path)))
    monkeypatch.setenv("PERENNIAL_HOME", str(tmp_path / "home"))

    @dg.op
    def nothing() -> None: ...

    @dg.job(name="nightly")
    def job() -> None:
        nothing()

    return nightly_schedule(job)


def test_the_schedule_asks_for_the_runs_of_the_hour(nightly: dg.ScheduleDefinition) -> None:
    with dg.build_schedule_context(scheduled_execution_time=at("2026-01-14 06:00")) as context:
        evaluated = nightly.evaluate_tick(context)
    (request,) = evaluated.run_requests or ()
    assert request.tags["perennial/merchants"] == "york"
    assert request.tags["perennial/local_date"] == "2026-01-14"
    assert request.tags["perennial/as_of_date"] == "2026-01-13"
    assert request.run_config["resources"]["deployment"]["config"]["merchant_ids"] == ["york"]
    assert evaluated.skip_message is None


def test_the_schedule_says_why_nothing_runs(nightly: dg.ScheduleDefinition) -> None:
    with dg.build_schedule_context(scheduled_execution_time=at("2026-01-14 09:00")) as context:
        evaluated = nightly.evaluate_tick(context)
    assert not evaluated.run_requests
    assert "01:00" in str(evaluated.skip_message)


def test_the_schedule_ticks_every_hour_of_utc(nightly: dg.ScheduleDefinition) -> None:
    assert nightly.cron_schedule == "0 * * * *"
    assert nightly.execution_timezone == "UTC"


# The alarm.


@dataclass
class Webhook:
    """A receiver of alerts on this machine."""

    url: str = ""
    status: int = 204
    requests: list[tuple[str, dict[str, Any]]] = field(default_factory=list)


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    received = Webhook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.requests.append((str(self.headers["Content-Type"]), json.loads(body)))
            if received.status:
                self.send_response(received.status)
                self.end_headers()

        def log_message(self, *_: object) -> None:  # type: ignore[override]  # nothing is to be written
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    received.url = f"http://127.0.0.1:{server.server_port}/alerts"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield received
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_alert_says_which_run_failed_and_what_to_do(webhook: Webhook) -> None:
    post_alert(webhook.url, alert_body("run-1", "nightly", "paper: the batch breaks its data contract"))
    ((content_type, body),) = webhook.requests
    assert content_type == "application/json"
    assert body == {
        "event": "run_failed",
        "run_id": "run-1",
        "job": "nightly",
        "message": "paper: the batch breaks its data contract",
        "what_to_do": "Open the run in the Dagster UI; `ops.merchant_runs` lists what was withheld and why.",
    }


def test_an_alert_carries_no_password() -> None:
    body = alert_body("run-1", "nightly", "cannot reach postgresql://perennial:hunter2@db/warehouse for a@example.com")
    assert "hunter2" not in json.dumps(body)
    assert "a@example.com" not in json.dumps(body)


@pytest.mark.parametrize("status", [500, 404, 0])
def test_an_alert_that_is_not_taken_fails_the_tick(webhook: Webhook, status: int) -> None:
    webhook.status = status  # 0 hangs up without an answer
    with pytest.raises(dg.Failure, match="did not take the alert"):
        post_alert(webhook.url, alert_body("run-1", "nightly", "x"))


def test_a_webhook_that_is_not_there_fails_the_tick() -> None:
    with pytest.raises(dg.Failure, match="did not take the alert"):
        post_alert("http://127.0.0.1:1/alerts", alert_body("run-1", "nightly", "x"))


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://host/x", "alerts", "http://", "", "/alerts", "javascript:1"]
)
def test_no_request_is_made_of_another_kind_of_address(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    monkeypatch.setattr("urllib.request.Request", lambda *arguments, **_: made.append(arguments))
    with pytest.raises(dg.Failure, match="PERENNIAL_ALERT_WEBHOOK_URL is not an http"):
        post_alert(url, {})
    assert made == []


@pytest.fixture
def failed_run() -> Iterator[tuple[dg.DagsterInstance, Any]]:
    """A run that failed, with the instance that recorded it."""

    @dg.op
    def break_off() -> None:
        raise dg.Failure("1 of 2 merchants withheld")

    @dg.job(name="nightly")
    def job() -> None:
        break_off()

    with dg.instance_for_test() as instance:
        yield instance, job.execute_in_process(instance=instance, raise_on_error=False)


def evaluate_sensor(failed_run: tuple[dg.DagsterInstance, Any]) -> Any:
    instance, result = failed_run
    context = dg.build_run_status_sensor_context(
        sensor_name="failed_run_alert",
        dagster_event=result.get_run_failure_event(),
        dagster_instance=instance,
        dagster_run=result.dagster_run,
    ).for_run_failure()
    return failed_run_alert(context)


def test_the_sensor_posts_the_failed_run(
    webhook: Webhook, failed_run: tuple[dg.DagsterInstance, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PERENNIAL_ALERT_WEBHOOK_URL", webhook.url)
    evaluate_sensor(failed_run)
    ((_, body),) = webhook.requests
    assert body["run_id"] == failed_run[1].run_id
    assert body["job"] == "nightly"


def test_the_sensor_posts_nothing_where_nothing_is_set(
    webhook: Webhook, failed_run: tuple[dg.DagsterInstance, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PERENNIAL_ALERT_WEBHOOK_URL", "")
    result = evaluate_sensor(failed_run)
    assert isinstance(result, dg.SkipReason)
    assert webhook.requests == []
