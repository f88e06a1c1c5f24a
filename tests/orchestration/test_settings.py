"""The one settings object: parity with `.env.example`, defaults, and errors that name the variable."""

import re
from pathlib import Path

import pytest

from models.errors import MisconfiguredError
from orchestration.settings import PROJECT_FOLDER, Settings

SOURCE = (PROJECT_FOLDER / "orchestration" / "settings.py").read_text(encoding="utf-8")


def test_the_example_file_lists_exactly_the_variables_that_are_read() -> None:
    read = set(re.findall(r'"(PERENNIAL_[A-Z_]+)"', SOURCE))
    listed = set(re.findall(r"^(PERENNIAL_[A-Z_]+)=", (PROJECT_FOLDER / ".env.example").read_text(), re.MULTILINE))
    assert read == listed


def test_every_variable_of_the_example_file_is_explained() -> None:
    lines = (PROJECT_FOLDER / ".env.example").read_text().splitlines()
    assert all(lines[i - 1].startswith("#") for i, line in enumerate(lines) if re.match("PERENNIAL_", line))


def test_an_empty_environment_gives_the_project_folders_defaults(tmp_path: Path) -> None:
    settings = Settings.from_environment({}, project_folder=tmp_path)
    assert settings.home == tmp_path / ".perennial"
    assert settings.config_path == tmp_path / "perennial.yml"
    assert settings.warehouse_url is None


def test_the_environment_wins_over_the_env_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PERENNIAL_UI_PORT=4000\nPERENNIAL_LOG_LEVEL=debug\n")
    settings = Settings.from_environment({"PERENNIAL_UI_PORT": "5000"}, project_folder=tmp_path)
    assert settings.ui_port == 5000
    assert settings.log_level == "debug"


@pytest.mark.parametrize(
    ("name", "value"),
    [("PERENNIAL_UI_PORT", "eighty"), ("PERENNIAL_UI_PORT", "70000"), ("PERENNIAL_LOG_LEVEL", "loud")],
)
def test_a_wrong_value_names_its_variable(name: str, value: str, tmp_path: Path) -> None:
    with pytest.raises(MisconfiguredError, match=name):
        Settings.from_environment({name: value}, project_folder=tmp_path)


def test_secrets_do_not_stand_in_the_settings_own_text(tmp_path: Path) -> None:
    settings = Settings.from_environment({"PERENNIAL_WEBHOOK_SECRET": "tell-nobody"}, project_folder=tmp_path)
    assert "tell-nobody" not in repr(settings)
