"""Long-lived processes, as far as they can be told without starting them."""

from dataclasses import replace
from pathlib import Path

import pytest

from models.errors import MisconfiguredError
from orchestration import serving
from orchestration.deployment import Deployment
from orchestration.settings import Settings


@pytest.fixture
def external(settings: Settings, tmp_path: Path) -> Settings:
    """A deployment on a server of somebody's own, with things of its own in its home."""
    home = tmp_path / "home"
    (home / "archive").mkdir(parents=True)
    (home / "archive" / "orders.parquet").write_bytes(b"x")
    return replace(settings, home=home, warehouse_url="postgresql://me:hunter2@db.example.com/warehouse")


def test_dagsters_programs_are_those_beside_this_interpreter(settings: Settings) -> None:
    webserver, daemon = serving._webserver(replace(settings, ui_port=4321), "0.0.0.0"), serving._daemon(settings)
    for program, *_ in (webserver, daemon):
        assert Path(program).is_file()
    assert webserver[webserver.index("-p") + 1] == "4321"
    assert webserver[webserver.index("-h") + 1] == "0.0.0.0"
    assert webserver[webserver.index("-w") + 1] == daemon[daemon.index("-w") + 1]
    assert Path(webserver[webserver.index("-w") + 1]).is_file()


def test_the_receiver_is_served_only_where_something_is_sent_to_it(settings: Settings, tmp_path: Path) -> None:
    assert serving._sends_to_receiver(Deployment(settings, ""))
    path = tmp_path / "perennial.yml"
    text = settings.config_path.read_text(encoding="utf-8")
    path.write_text(text.replace("${PERENNIAL_RECEIVER_URL}", "https://crm.example.com/in"), encoding="utf-8")
    assert not serving._sends_to_receiver(Deployment(replace(settings, config_path=path), ""))


def test_a_server_of_ones_own_is_neither_stopped_nor_shown(
    external: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    serving.stop_warehouse(external)
    serving.print_status(external)
    printed = capsys.readouterr().out
    assert "not Perennial's to stop" in printed
    assert "PERENNIAL_WAREHOUSE_URL" in printed
    assert "hunter2" not in printed


def test_a_warehouse_that_was_never_started_is_stopped(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    serving.print_status(settings)
    serving.stop_warehouse(settings)
    assert capsys.readouterr().out.startswith("warehouse: stopped; data in ")


def test_cleaning_removes_the_home_and_nothing_beside_it(external: Settings, tmp_path: Path) -> None:
    (tmp_path / "exports").mkdir()
    serving.remove_home(external)
    assert not external.home.exists()
    assert (tmp_path / "exports").is_dir()
    serving.remove_home(external)  # again, where there is nothing


def test_cleaning_a_home_that_is_a_link_removes_both_ends(external: Settings, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(external.home)
    serving.remove_home(replace(external, home=link))
    assert not external.home.exists()
    assert not link.is_symlink()


def test_a_home_that_holds_the_checkout_the_declarations_or_a_persons_home_is_not_removed(
    external: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "somebody" / "ada"))
    config = tmp_path / "home" / "perennial.yml"
    config.write_text("")
    somebody = tmp_path / "somebody"
    (somebody / "ada").mkdir(parents=True)
    (tmp_path / "checkout").mkdir()
    for careless in (
        replace(external, home=tmp_path / "checkout", project_folder=tmp_path / "checkout"),
        replace(external, home=tmp_path, project_folder=tmp_path / "checkout"),
        replace(external, config_path=config),
        replace(external, home=somebody),
        replace(external, home=somebody / "ada"),
    ):
        with pytest.raises(MisconfiguredError, match="PERENNIAL_HOME"):
            serving.remove_home(careless)
        assert careless.home.is_dir()


def test_the_receivers_log_lies_in_the_home(settings: Settings) -> None:
    assert serving.receiver_log(settings) == settings.home / "receiver" / "log.jsonl"
