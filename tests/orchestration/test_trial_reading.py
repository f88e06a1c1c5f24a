"""`perennial check-config` reads what a run would read, and refuses what a run would refuse."""

from dataclasses import replace
from pathlib import Path

import pytest

from models.errors import MisconfiguredError
from orchestration import trial_reading
from orchestration.settings import Settings
from orchestration.trial_reading import check_configuration

DECLARED = """
merchants:
  - merchant_id: tea
    merchant_name: Tea
    time_zone: America/Chicago
    currency_code: USD
    stores:
      - store_id: web
        source:
          type: files
          path: sales.csv
          columns:
            order_id: Sale
            customer_id: Buyer
            ordered_at: {column: When, format: "%m/%d/%Y %H:%M"}
            amount: Paid
            currency_code: {constant: USD}
"""


def rows(bad: int, good: int = 2_000) -> list[str]:
    """Bad rows first and good ones after them, more than one page of a small trial held."""
    return [f"b{n},c{n},02/30/2024 10:00,5.00" for n in range(bad)] + [
        f"g{n},c{n % 90},0{1 + n % 3}/1{n % 9}/2024 20:30,1234.50" for n in range(good)
    ]


def checked(settings: Settings, folder: Path, lines: list[str]) -> list[str]:
    (folder / "sales.csv").write_text("\n".join(["Sale,Buyer,When,Paid", *lines]) + "\n", encoding="utf-8")
    (folder / "my.yml").write_text(DECLARED, encoding="utf-8")
    return list(check_configuration(replace(settings, config_path=folder / "my.yml")))


def test_it_counts_the_whole_file_and_shows_a_record(settings: Settings, tmp_path: Path) -> None:
    assert checked(settings, tmp_path, rows(bad=3)) == [
        "my.yml: 1 merchant",
        "tea/web: 2,000 good orders and 3 bad rows",
        (
            "  orders from 2024-01-10 to 2024-03-18, America/Chicago; for example customer c0, 2024-01-10 20:30, "
            "1,234.50 USD"
        ),
        (
            "  a bad row: sales.csv, line 2, When (ordered_at): '02/30/2024 10:00' is not a date or time in the "
            "format %m/%d/%Y %H:%M"
        ),
    ]


def test_a_share_of_bad_rows_that_a_run_would_refuse_is_an_error(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(MisconfiguredError, match=r"30 of 2,030 rows are bad, more than max_rejected_rate allows \(1"):
        checked(settings, tmp_path, rows(bad=30))


def test_a_mapping_that_reads_nothing_is_an_error(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(MisconfiguredError, match=r"merchants\[0\]\.stores\[0\]\.source: 7 of 7 rows are bad"):
        checked(settings, tmp_path, rows(bad=7, good=0))


def test_a_long_history_is_read_in_part_and_it_says_so(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial_reading, "_MOST_RECORDS", 40_000)
    lines = checked(settings, tmp_path, rows(bad=0, good=60_000))
    assert lines[1] == "tea/web: of the first 50,000 rows: 50,000 good orders and 0 bad rows"
