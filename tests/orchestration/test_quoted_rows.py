"""What PostgreSQL quotes of a row at fault stays out of logs and books, and so do a statement's parameters."""

from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest
import sqlalchemy as sa

from models.engine import create_engine
from orchestration.logs import redact_text
from orchestration.merchant_run import MerchantRun

PEOPLE = sa.table("people", sa.column("merchant_id"), sa.column("name"), sa.column("email"))
ROW = {"merchant_id": None, "name": "Zoé Weiß", "email": "zoe@example.org"}


@pytest.fixture
def failure(module_database_url: str) -> sa.exc.IntegrityError:
    """The error of a row that breaks a constraint."""
    engine = create_engine(module_database_url)
    with engine.connect() as connection:
        connection.execute(sa.text("create temporary table people (merchant_id text not null, name text, email text)"))
        with pytest.raises(sa.exc.IntegrityError) as raised:
            connection.execute(PEOPLE.insert(), [ROW])
    engine.dispose()
    return raised.value


def test_an_error_quotes_no_parameters(failure: sa.exc.IntegrityError) -> None:
    assert "Zoé Weiß" in str(failure), "PostgreSQL's own words hold the row; else the other tests prove nothing"
    assert "Zoé Weiß" not in str(failure).split("DETAIL")[1].split("\n", 1)[1]


def test_a_logged_error_quotes_no_row(failure: sa.exc.IntegrityError) -> None:
    text = redact_text(f"Traceback\n{failure}")
    assert "Zoé" not in text
    assert "zoe@" not in text
    assert 'null value in column "merchant_id"' in text


def test_the_books_quote_no_row(failure: sa.exc.IntegrityError, monkeypatch: pytest.MonkeyPatch) -> None:
    noted: list[str] = []
    merchants: Any = [SimpleNamespace(merchant_id="ink")]
    run = MerchantRun(
        cast("Any", None), "run-1", merchants, {"ink": date(2026, 1, 13)}, datetime(2026, 1, 14, tzinfo=UTC)
    )
    monkeypatch.setattr(MerchantRun, "check", lambda *_, message, **__: noted.append(message))

    def work(_: object) -> None:
        raise failure

    outcomes = run.each("landing", work, includes_withheld=True)
    assert noted == list(outcomes.failures.values())
    assert "Zoé" not in noted[0]
    assert noted[0].startswith("unexpected IntegrityError: (psycopg.errors.NotNullViolation) null value in column")
