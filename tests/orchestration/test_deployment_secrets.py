"""What a deployment keeps to its own account, and the spellings of a warehouse's address that it understands."""

import os
import stat
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from orchestration import references as referring
from orchestration.deployment import Deployment, open_deployment, warehouse_url
from orchestration.references import references
from orchestration.settings import Settings


@pytest.fixture
def exported(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment that child processes would get."""
    environment = os.environ.copy()
    monkeypatch.setattr("os.environ", environment)
    return environment


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_spelling_of_the_address_reaches_dagster_and_dbt_as_one_that_they_know(
    settings: Settings, database_url: str, exported: dict[str, str], scheme: str
) -> None:
    address = database_url.partition("://")[2]
    given = replace(settings, warehouse_url=f"{scheme}://{address}")
    with open_deployment(given) as opened:
        assert opened.owner_url == f"postgresql://{address}"
    assert exported["PERENNIAL_DAGSTER_URL"].startswith("postgresql://")
    assert exported["PERENNIAL_DBT_SSLMODE"] == "prefer"
    assert warehouse_url(given, "owner") == f"postgresql://{address}"


def test_what_the_address_says_of_encryption_reaches_dbt(
    settings: Settings, database_url: str, exported: dict[str, str]
) -> None:
    separator = "&" if "?" in database_url else "?"
    given = replace(settings, warehouse_url=f"{database_url}{separator}sslmode=allow&sslrootcert=/etc/ca.pem")
    with open_deployment(given):
        assert exported["PERENNIAL_DBT_SSLMODE"] == "allow"
        assert exported["PERENNIAL_DBT_SSLROOTCERT"] == "/etc/ca.pem"


def test_records_and_logs_are_for_the_deployments_own_account(
    settings: Settings, database_url: str, exported: dict[str, str]
) -> None:
    del exported
    (settings.home / "archive").mkdir(parents=True)
    (settings.home / "archive").chmod(0o755)  # as an earlier version left it
    with open_deployment(replace(settings, warehouse_url=database_url)):
        for name in ("archive", "dagster", "dbt"):
            assert stat.S_IMODE((settings.home / name).stat().st_mode) == 0o700, name


def test_no_password_stands_in_a_deployments_own_words(settings: Settings) -> None:
    url = "postgresql://me:hunter2@db/warehouse"
    told = replace(settings, warehouse_url=url, alert_webhook_url="https://alerts.example.com/hunter2")
    assert "hunter2" not in repr(Deployment(told, url))


def test_a_secret_that_was_begun_and_not_written_is_none(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(_: int) -> str:
        raise KeyboardInterrupt

    plain = replace(settings, references={})
    with monkeypatch.context() as patch:
        patch.setattr(referring.secrets, "token_hex", killed)
        with pytest.raises(KeyboardInterrupt):
            references(plain)
    assert list(settings.home.iterdir()) == []
    assert len(references(plain)["PERENNIAL_RECEIVER_SECRET"]) == 64


def test_of_two_processes_that_make_the_secret_at_once_one_wins_for_both(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    both, seen = threading.Barrier(2), []
    exists = Path.exists

    def exists_for_neither(path: Path) -> bool:
        found = exists(path)
        both.wait(30)
        return found

    monkeypatch.setattr(Path, "exists", exists_for_neither)
    plain = replace(settings, references={})
    threads = [threading.Thread(target=lambda: seen.append(references(plain))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len({given["PERENNIAL_RECEIVER_SECRET"] for given in seen}) == 1
    assert len(seen) == 2
