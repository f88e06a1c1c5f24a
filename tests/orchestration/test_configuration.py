"""perennial.yml: what is read from it, and that every mistake names its key as the file's owner would write it."""

import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from models.errors import MisconfiguredError
from orchestration.configuration import Configuration, load_configuration
from orchestration.references import references
from orchestration.settings import PROJECT_FOLDER, Settings

REFERENCES = {"CRM_URL": "https://crm.example.com/in", "CRM_SECRET": "correct-horse-battery", "EMPTY": ""}
WRITTEN = """
merchants:
  - merchant_id: paper
    merchant_name: Paper and Pens
    time_zone: Europe/Berlin
    currency_code: EUR
    stores:
      - store_id: web
        source:
          type: files
          path: orders.csv
          columns:
            customer_id: buyer
            ordered_at: {column: placed, format: "%d/%m/%Y"}
            amount: total
            currency_code: {constant: EUR}
    audiences:
      - name: loyal
        rule:
          all:
            - {column: order_count, at_least: 3}
            - not: {column: rfm_segment, equals: lost}
    syncs:
      - {audience: loyal, destination: crm, fields: [rfm_segment]}
destinations:
  - {name: crm, type: webhook, url: "${CRM_URL}", secret: "${CRM_SECRET}"}
  - {name: exports, type: file, folder: exports}
"""
SOURCE = "merchants[0].stores[0].source"


def load(folder: Path, text: str) -> Configuration:
    path = folder / "perennial.yml"
    path.write_text(text, encoding="utf-8")
    return load_configuration(path, REFERENCES)


def changed(old: str, new: str) -> str:
    assert WRITTEN.count(old) == 1, old
    return WRITTEN.replace(old, new)


def refusal(folder: Path, text: str) -> MisconfiguredError:
    with pytest.raises(MisconfiguredError) as caught:
        load(folder, text)
    return caught.value


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    configuration = load(tmp_path, WRITTEN)
    merchant = configuration.merchant("paper")
    assert merchant.time_zone == "Europe/Berlin"
    assert merchant.as_of_date is None
    assert merchant.stores[0].source.columns.ordered_at.format == "%d/%m/%Y"
    assert merchant.prediction.horizon_days == 365
    assert [destination.name for destination in configuration.destinations] == ["crm", "exports"]


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        # an unknown key
        ("    currency_code: EUR\n    stores", "    currency: EUR\n    stores", "merchants[0].currency_code"),
        ("merchant_name: Paper and Pens", "merchant_name: P\n    nmae: P", "merchants[0].nmae"),
        ('format: "%d/%m/%Y"', 'formt: "%d/%m/%Y"', f"{SOURCE}.columns.ordered_at.formt"),
        ("name: exports, type: file,", "name: exports, type: file, x: 1,", "destinations[1].x"),
        # a missing key
        ("            amount: total\n", "", f"{SOURCE}.columns.amount"),
        ("          path: orders.csv\n", "", f"{SOURCE}.path"),
        ("          type: files\n", "", f"{SOURCE}.type"),
        ("type: file, folder", "folder", "destinations[1].type"),
        # a wrong type or value
        ("merchant_id: paper", "merchant_id: 5", "merchants[0].merchant_id"),
        ("merchant_id: paper", "merchant_id: Paper!", "merchants[0].merchant_id"),
        ("store_id: web", "store_id: no", "merchants[0].stores[0].store_id"),
        ("    stores:\n", "    max_rejected_rate: 2\n    stores:\n", "merchants[0].max_rejected_rate"),
        ("    stores:\n", "    prediction: {horizon_days: 0}\n    stores:\n", "merchants[0].prediction.horizon_days"),
        ("type: file,", "type: fax,", "destinations[1].type"),
        ("type: files", "type: fils", f"{SOURCE}.type"),
        ("Europe/Berlin", "Europe/Berln", "merchants[0].time_zone"),
        ("    currency_code: EUR\n    stores", "    currency_code: EURO\n    stores", "merchants[0].currency_code"),
        ("format: ", "time_zone: Mars/Base, format: ", f"{SOURCE}.columns.ordered_at.time_zone"),
        # the branches of a union leave no trace in the path
        ("path: orders.csv", "path: 5", f"{SOURCE}.path"),
        ("path: orders.csv", "path: {a: b}", f"{SOURCE}.path"),
        ("path: orders.csv", "path: [a.csv, 5]", f"{SOURCE}.path[1]"),
        ("path: orders.csv", "path: orders.csv\n          customers: 5", f"{SOURCE}.customers"),
        ("path: orders.csv", "path: orders.csv\n          customers: {path: c.csv}", f"{SOURCE}.customers.columns"),
        (
            "path: orders.csv",
            "path: orders.csv\n          customers: {path: '', columns: {customer_id: a}}",
            f"{SOURCE}.customers.path",
        ),
        ('"${CRM_URL}"', "ftp://crm", "destinations[0].url"),
        ('secret: "${CRM_SECRET}"', "secret: short", "destinations[0].secret"),
        # a model's own check names the key below it
        ("path: orders.csv", "path: orders.csv\n          rows: lines", f"{SOURCE}.columns.order_id"),
        ("path: orders.csv", "path: orders.csv\n          refunds: column", f"{SOURCE}.columns.refund_amount"),
        (
            "path: orders.csv",
            "path: orders.csv\n          customers: {path: c.csv, header: false, columns: {customer_id: a}}",
            f"{SOURCE}.customers.column_names",
        ),
        ("fields: [rfm_segment]", "fields: [email]", "merchants[0].syncs[0].consent"),
        # rules, at any depth
        ("order_count, at_least", "order_cuont, at_least", "merchants[0].audiences[0].rule.all[0].column"),
        ("order_count, at_least: 3", "order_count, at_least: x", "merchants[0].audiences[0].rule.all[0].at_least"),
        ("equals: lost", "equals: 5", "merchants[0].audiences[0].rule.all[1].not.equals"),
        ("fields: [rfm_segment]", "fields: [rfm]", "merchants[0].syncs[0].fields"),
    ],
)
def test_a_mistake_names_its_key(tmp_path: Path, old: str, new: str, key: str) -> None:
    error = refusal(tmp_path, changed(old, new))
    assert error.key == key
    assert str(error).startswith(f"{key}: ")
    assert "Value error" not in str(error)


@pytest.mark.parametrize(
    ("old", "new", "hint"),
    [
        ("Europe/Berlin", "Europe/Berln", "write one such as Europe/Berlin"),
        ("    currency_code: EUR\n    stores", "    currency_code: EURO\n    stores", "write one such as EUR"),
        ("order_count, at_least", "order_cuont, at_least", "did you mean 'order_count'?"),
        ("at_least: 3", "at_leest: 3", "did you mean 'at_least'?"),
        ("destination: crm", "destination: crn", "declared are: crm, exports"),
        ("audience: loyal", "audience: loyl", "declared are: loyal"),
    ],
)
def test_a_mistake_comes_with_a_way_out(tmp_path: Path, old: str, new: str, hint: str) -> None:
    assert hint in str(refusal(tmp_path, changed(old, new)))


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    text = changed("Europe/Berlin", "Mars/Base").replace("            amount: total\n", "")
    message = str(refusal(tmp_path, text))
    assert "merchants[0].time_zone: " in message
    assert f"\n  {SOURCE}.columns.amount: " in message


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (changed("audience: loyal", "audience: gone"), "merchants[0].syncs[0].audience"),
        (changed("destination: crm", "destination: gone"), "merchants[0].syncs[0].destination"),
        (changed("name: exports", "name: crm"), "destinations[1].name"),
        (
            changed(
                "    audiences:\n", "    audiences:\n      - {name: loyal, rule: {column: clv_amount, at_least: 1}}\n"
            ),
            "merchants[0].audiences[1].name",
        ),
        (
            changed("    syncs:\n", "    syncs:\n      - {audience: loyal, destination: crm, fields: [order_count]}\n"),
            "merchants[0].syncs[1].destination",
        ),
        (
            changed(
                "    stores:\n",
                "    exchange_rates: {USD: [{valid_from_date: 2024-01-01, rate: 1}, "
                "{valid_from_date: 2024-01-01, rate: 2}]}\n    stores:\n",
            ),
            "merchants[0].exchange_rates.USD[1].valid_from_date",
        ),
        (
            changed(
                "    stores:\n",
                "    loyalty: {name: points, point_value_amount: 0.01, rules: [{valid_from_date: 2026-01-01}], "
                "destination: crm, rewards: [{name: five_off, title: Five, amount: 5, points: 50, "
                "uplift: {low: 0, rate: 0.1, high: 0.2, source: a guess, campaign: gone}}]}\n    stores:\n",
            ),
            "merchants[0].loyalty.rewards[0].uplift.campaign",
        ),
    ],
)
def test_names_are_unique_and_known(tmp_path: Path, text: str, key: str) -> None:
    assert refusal(tmp_path, text).key == key


def test_two_merchants_or_two_stores_of_one_name_are_refused(tmp_path: Path) -> None:
    merchant = re.search(r"  - merchant_id.*?(?=destinations:\n)", WRITTEN, re.DOTALL)
    store = re.search(r"      - store_id.*?(?=    audiences:)", WRITTEN, re.DOTALL)
    assert merchant is not None
    assert store is not None
    assert refusal(tmp_path, WRITTEN.replace(merchant[0], merchant[0] * 2)).key == "merchants[1].merchant_id"
    assert refusal(tmp_path, WRITTEN.replace(store[0], store[0] * 2)).key == "merchants[0].stores[1].store_id"


def test_a_key_that_stands_twice_is_refused_where_it_stands(tmp_path: Path) -> None:
    error = refusal(
        tmp_path, changed("    time_zone: Europe/Berlin\n", "    time_zone: UTC\n    time_zone: Europe/Berlin\n")
    )
    assert "'time_zone' stands twice" in str(error)
    assert "line 6" in str(error)


def test_a_declared_merchant_is_found_and_another_is_not(tmp_path: Path) -> None:
    configuration = load(tmp_path, WRITTEN)
    with pytest.raises(MisconfiguredError, match=r"no merchant 'pens' is declared; there are: paper"):
        configuration.merchant("pens")


# References to the environment.


def test_references_are_resolved_anywhere_in_a_text(tmp_path: Path) -> None:
    configuration = load(tmp_path, changed('"${CRM_URL}"', '"${CRM_URL}/v2?from=${CRM_URL}"'))
    assert configuration.destinations[0].url == "https://crm.example.com/in/v2?from=https://crm.example.com/in"  # type: ignore[union-attr]  # it is the webhook


@pytest.mark.parametrize("name", ["ABSENT", "EMPTY", "crm_secret"])
def test_a_missing_reference_names_the_key_and_the_variable(tmp_path: Path, name: str) -> None:
    error = refusal(tmp_path, changed("${CRM_SECRET}", f"${{{name}}}"))
    assert error.key == "destinations[0].secret"
    assert f"${{{name}}}" in str(error)


@pytest.mark.parametrize("written", ["${CRM-SECRET-OF-OURS}", "${}", "${CRM SECRET}"])
def test_what_looks_like_a_reference_never_passes_for_a_secret(tmp_path: Path, written: str) -> None:
    error = refusal(tmp_path, changed("${CRM_SECRET}", written))
    assert error.key == "destinations[0].secret"
    assert "no variable's name" in str(error)


def test_a_secret_stands_neither_in_the_declarations_text_nor_in_an_error(tmp_path: Path) -> None:
    secret = REFERENCES["CRM_SECRET"]
    configuration = load(tmp_path, WRITTEN)
    assert configuration.destinations[0].secret.get_secret_value() == secret  # type: ignore[union-attr]  # it is the webhook
    assert secret not in repr(configuration)
    assert secret not in str(configuration.model_dump())
    for old, new in (
        ('"${CRM_URL}"', "ftp://crm"),
        ('secret: "${CRM_SECRET}"', 'secret: ["${CRM_SECRET}"]'),
        ('secret: "${CRM_SECRET}"', 'secret: "${CRM_SECRET}", batch_size: "${CRM_SECRET}"'),
    ):
        error = refusal(tmp_path, changed(old, new))
        assert secret not in str(error)
        assert secret not in repr(error)
        assert error.__cause__ is None


# Exchange rates.


@pytest.mark.parametrize(
    ("written", "expected"),
    [("1.1", "1.1"), ("0.00625", "0.00625"), ("'1.10'", "1.10"), ("2", "2"), ("1.0e-05", "0.00001")],
)
def test_a_rate_is_exactly_what_is_written(tmp_path: Path, written: str, expected: str) -> None:
    short = load(tmp_path, changed("    stores:\n", f"    exchange_rates: {{USD: {written}}}\n    stores:\n"))
    dated = load(
        tmp_path,
        changed(
            "    stores:\n",
            f"    exchange_rates: {{USD: [{{valid_from_date: 2020-01-01, rate: {written}}}]}}\n    stores:\n",
        ),
    )
    (always,) = short.merchants[0].exchange_rates["USD"]
    (since,) = dated.merchants[0].exchange_rates["USD"]
    assert always.rate == since.rate == Decimal(expected)
    assert always.valid_from_date == date(1970, 1, 1)
    assert since.valid_from_date == date(2020, 1, 1)


@pytest.mark.parametrize("rate", ["abc", "", "0", "-1", "true", ".nan", ".inf"])
def test_what_is_no_rate_is_refused_under_the_key_that_was_written(tmp_path: Path, rate: str) -> None:
    error = refusal(tmp_path, changed("    stores:\n", f"    exchange_rates: {{USD: {rate}}}\n    stores:\n"))
    assert error.key == "merchants[0].exchange_rates.USD"


def test_a_rate_of_no_currency_is_refused(tmp_path: Path) -> None:
    error = refusal(tmp_path, changed("    stores:\n", "    exchange_rates: {XXZ: 1}\n    stores:\n"))
    assert error.key == "merchants[0].exchange_rates.XXZ"


# Mismatches of totals that are accepted.


def test_a_store_says_which_totals_may_be_off(tmp_path: Path) -> None:
    written = "        reconciliation: {tolerance_amount: 0.05, accepted_order_ids: [1042, '0077']}\n        source:\n"
    accepted = load(tmp_path, changed("        source:\n", written)).merchants[0].stores[0].reconciliation
    assert (accepted.tolerance_amount, accepted.accepted_order_ids) == (Decimal("0.05"), ["1042", "0077"])
    none = load(tmp_path, WRITTEN).merchants[0].stores[0].reconciliation
    assert (none.tolerance_amount, none.accepted_order_ids) == (0, [])


@pytest.mark.parametrize("written", ["tolerance_amount: -0.01", "tolerance_amount: .nan", "accepted_order_ids: ['']"])
def test_what_cannot_be_accepted_is_refused(tmp_path: Path, written: str) -> None:
    error = refusal(tmp_path, changed("        source:\n", f"        reconciliation: {{{written}}}\n        source:\n"))
    assert error.key.startswith(f"merchants[0].stores[0].reconciliation.{written.partition(':')[0]}")


# The file itself.


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"merchants: [", "not readable YAML"),
        (b"\xff\xfe\x00merchants", "not readable YAML"),
        (b"merchants: 1998-02-31", "day is out of range"),
        (b"", "starts with `merchants:`"),
        (b"- a", "starts with `merchants:`"),
        (b"merchants: []", "merchants"),
        (b"merchants: !!python/object/apply:os.system ['true']", "not readable YAML"),
    ],
)
def test_a_file_of_another_kind_is_refused_by_name(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "perennial.yml"
    path.write_bytes(content)
    with pytest.raises(MisconfiguredError, match=re.escape(message)):
        load_configuration(path, {})


def test_an_absent_file_and_a_folder_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(MisconfiguredError, match=r"shops\.yml: no such file in .*PERENNIAL_CONFIG"):
        load_configuration(tmp_path / "shops.yml", {})
    with pytest.raises(MisconfiguredError, match="cannot be read"):
        load_configuration(tmp_path, {})


def test_the_shipped_declarations_are_valid(tmp_path: Path) -> None:
    settings = Settings(PROJECT_FOLDER, tmp_path / "home", PROJECT_FOLDER / "perennial.yml")
    configuration = load_configuration(settings.config_path, references(settings))
    assert [merchant.merchant_id for merchant in configuration.merchants] == ["cdnow"]
    assert configuration.merchants[0].as_of_date == date(1998, 6, 30)


def documented_examples() -> list[tuple[str, str]]:
    documents = [PROJECT_FOLDER / "README.md", *sorted((PROJECT_FOLDER / "docs").rglob("*.md"))]
    return [
        (f"{path.name}:{text[: block.start()].count(chr(10)) + 1}", block.group(1))
        for path in documents
        for text in [path.read_text(encoding="utf-8")]
        for block in re.finditer(r"^```ya?ml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
        if re.sub(r"^\s*(#.*)?\n", "", block.group(1), flags=re.MULTILINE).startswith("merchants:")
    ]


def test_every_documented_example_is_valid(tmp_path: Path) -> None:
    path = tmp_path / "perennial.yml"
    for place, example in documented_examples():
        path.write_text(example, encoding="utf-8")
        names = dict.fromkeys(re.findall(r"\$\{(\w+)\}", example), "https://crm.example.com/of-the-environment")
        try:
            load_configuration(path, names)
        except MisconfiguredError as error:
            pytest.fail(f"{place} is not valid: {error}")
