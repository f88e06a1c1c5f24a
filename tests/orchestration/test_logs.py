"""What is logged: ids as they are; personal data and secrets never, wherever in an event they stand."""

import json
import logging
import re
from collections.abc import Iterator
from decimal import Decimal

import pytest
import structlog

from orchestration.logs import configure_logs, redact_text

SECRETS = ("ada@example.com", "hunter2", "tr0ub4dor", "Ada", "+49 170 123")
URL = "postgresql://perennial:hunter2@db.example.com:5432/warehouse"


@pytest.fixture
def logs(capsys: pytest.CaptureFixture[str]) -> Iterator[pytest.CaptureFixture[str]]:
    """What is written to standard error; the logging of before is put back afterwards."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield capsys
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("customer ada@example.com left", "customer [struck out] left"),
        ("ada.b+c@mail.example.co.uk", "[struck out]"),
        (URL, "postgresql://perennial:[struck out]@db.example.com:5432/warehouse"),
        ("https://u:p@ss@host/x", "https://u:[struck out]@host/x"),
        ("redis://:hunter2@host", "redis://:[struck out]@host"),
        ("host=db password=hunter2 user=x", "host=db password=[struck out] user=x"),
        ("https://x/y?api_key=hunter2&page=2", "https://x/y?api_key=[struck out]&page=2"),
        ("https://crm.example.com/in", "https://crm.example.com/in"),
        ("merchants[0].stores[1].source: 3 of 4 rows", "merchants[0].stores[1].source: 3 of 4 rows"),
        ("at 10:30:00 on host:5432", "at 10:30:00 on host:5432"),
    ],
)
def test_a_text_is_struck_out_where_it_must_be_and_nowhere_else(text: str, expected: str) -> None:
    assert redact_text(text) == expected
    assert redact_text(expected) == expected


def test_an_event_keeps_its_ids_and_loses_what_is_personal_or_secret(logs: pytest.CaptureFixture[str]) -> None:
    configure_logs("info")
    structlog.get_logger("test").info(
        "delivery of ada@example.com refused",
        merchant_id="paper",
        row_count=3,
        rate=0.5,
        is_last=True,
        email="ada@example.com",
        first_name="Ada",
        api_key="hunter2",
        Authorization="hunter2",
        url=URL,
    )
    event = json.loads(logs.readouterr().err)
    assert event.pop("timestamp")
    assert event == {
        "event": "delivery of [struck out] refused",
        "level": "info",
        "merchant_id": "paper",
        "row_count": 3,
        "rate": 0.5,
        "is_last": True,
        "email": "[struck out]",
        "first_name": "[struck out]",
        "api_key": "[struck out]",
        "Authorization": "[struck out]",
        "url": redact_text(URL),
    }


def test_nothing_hides_inside_lists_maps_and_objects(logs: pytest.CaptureFixture[str]) -> None:
    configure_logs("info")
    structlog.get_logger("test").warning(
        "refused",
        records=[{"customer_id": "c1", "contact": {"email": "ada@example.com", "phone": "+49 170 123"}}],
        cause=ValueError("no login as ada@example.com with password=hunter2"),
        addresses=("ada@example.com",),
        amount=Decimal("11.77"),
    )
    logged = logs.readouterr().err
    assert not [secret for secret in SECRETS if secret in logged]
    event = json.loads(logged)
    assert event["records"][0]["customer_id"] == "c1"
    assert event["amount"] == "11.77"


def test_a_traceback_is_struck_out_too(logs: pytest.CaptureFixture[str]) -> None:
    configure_logs("info")

    def unreachable() -> None:
        raise ConnectionError(f"no route to {URL} for ada@example.com")

    try:
        unreachable()
    except ConnectionError:
        structlog.get_logger("test").exception("stage failed", merchant_id="paper")
        logging.getLogger("library").exception("cannot reach %s", URL)
    logged = logs.readouterr().err
    assert logged.count("Traceback (most recent call last)") == 2
    assert logged.count("ConnectionError: no route to postgresql://perennial:[struck out]@") == 2
    assert not [secret for secret in SECRETS if secret in logged]


def test_libraries_are_heard_from_warnings_on_and_struck_out(logs: pytest.CaptureFixture[str]) -> None:
    configure_logs("info")
    logging.getLogger("library").info("chatter")
    logging.getLogger("library").warning("%s cannot be reached by %s", URL, "ada@example.com")
    logged = logs.readouterr().err
    assert "chatter" not in logged
    assert re.search(r"postgresql://perennial:\[struck out\]@\S+ cannot be reached by \[struck out\]", logged)


def test_the_level_is_kept(logs: pytest.CaptureFixture[str]) -> None:
    configure_logs("error")
    structlog.get_logger("test").warning("quiet")
    logging.getLogger("library").warning("quiet")
    structlog.get_logger("test").error("loud")
    lines = logs.readouterr().err.splitlines()
    assert [json.loads(line)["event"] for line in lines] == ["loud"]
