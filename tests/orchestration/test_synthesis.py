"""`perennial synthesize`: what it prints is a perennial.yml that reads the files that it wrote."""

from dataclasses import replace
from pathlib import Path

import pytest

from connectors.sandbox.presets import PRESETS
from connectors.sandbox.writing import FORMATS
from models.errors import MisconfiguredError
from orchestration.configuration import load_configuration
from orchestration.settings import Settings
from orchestration.synthesis import list_presets, synthesize_merchant
from orchestration.trial_reading import check_configuration


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is neither the files' nor the declarations', worked in while the test runs."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def test_every_preset_is_listed_with_what_it_shows(capsys: pytest.CaptureFixture[str]) -> None:
    list_presets()
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(PRESETS)
    assert all(line.endswith(preset.description) for line, preset in zip(lines, PRESETS.values(), strict=True))


@pytest.mark.parametrize("preset", PRESETS)
def test_the_printed_declarations_load(
    tmp_path: Path, elsewhere: Path, capsys: pytest.CaptureFixture[str], preset: str
) -> None:
    synthesize_merchant(Path("../shop"), preset, 30, 7, "parquet")
    path = tmp_path / "printed.yml"
    path.write_text(capsys.readouterr().out, encoding="utf-8")
    (merchant,) = load_configuration(path, {}).merchants
    specified = PRESETS[preset].merchant
    assert merchant.merchant_id == preset
    assert merchant.as_of_date == specified.ends_on
    assert [store.store_id for store in merchant.stores] == [store.store_id for store in specified.stores]
    assert {merchant.currency_code, *merchant.exchange_rates} == {store.currency_code for store in specified.stores}


@pytest.mark.parametrize("file_format", FORMATS)
def test_the_printed_declarations_open_the_files(
    tmp_path: Path, elsewhere: Path, settings: Settings, capsys: pytest.CaptureFixture[str], file_format: str
) -> None:
    synthesize_merchant(Path("../shop"), "two_currencies", 30, 7, file_format)
    path = tmp_path / "printed.yml"
    path.write_text(capsys.readouterr().out, encoding="utf-8")
    lines = list(check_configuration(replace(settings, config_path=path)))
    assert lines[0].startswith("printed.yml: 1 merchant")
    stores = [line for line in lines[1:] if not line.startswith(" ")]
    assert [line.split(":")[0] for line in stores] == ["two_currencies/europe", "two_currencies/japan"]
    assert all(" and 0 bad rows" in line and ": 0 good" not in line for line in stores)


def test_what_was_written_is_named(tmp_path: Path, elsewhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    synthesize_merchant(Path("../shop"), "tiny", None, 3, "csv")
    printed = capsys.readouterr().out
    shop = tmp_path / "shop"
    for path in (shop / "orders/web.csv", shop / "customers/web.csv", shop / "truth/customers.parquet"):
        assert path.is_file()
        assert f"#   {path}\n" in printed
    assert " 20 accounts" in printed, "without a number, a preset has as many customers as it was made for"


def test_an_unknown_preset_or_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MisconfiguredError, match="'sesonal' is not one of model_following, seasonal"):
        synthesize_merchant(tmp_path, "sesonal", 10, 1, "csv")
    with pytest.raises(MisconfiguredError, match="'xlsx' is not one of csv, jsonl, parquet"):
        synthesize_merchant(tmp_path, "tiny", 10, 1, "xlsx")
    assert list(tmp_path.iterdir()) == []
