"""`perennial segment` over tables as a night leaves them, and the examples of docs/segments.md."""

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa
import yaml
from paper_shop import MERCHANT
from typer.testing import CliRunner

from activation.customers import customer_360
from activation.segments.criteria import read_segment
from activation.segments.traits import reading
from models.engine import create_engine
from models.errors import MisconfiguredError, StopError
from models.ops import segment_definitions
from orchestration import segment_cli
from orchestration.cli import app
from orchestration.configuration import load_configuration
from orchestration.settings import PROJECT_FOLDER, Settings

SEGMENTS = """
    segments:
      - name: big
        description: More than one order.
        criteria: {trait: order_count, at_least: 2}
      - {name: all_of_them, criteria: {trait: order_count, at_least: 0}}
"""
SIZES = """
    create table marts.segment_sizes as
    select
        'paper' as merchant_id, 'small' as segment_name, date '2024-06-30' as as_of_date, 1200 as member_count,
        3 as entered_count, 2 as left_count
"""
DOCUMENT = (PROJECT_FOLDER / "docs" / "segments.md").read_text(encoding="utf-8")


@pytest.fixture
def deployed(settings: Settings, tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A deployment whose merchant has two segments, and three customers of whom two are big."""
    path = tmp_path / "perennial.yml"
    path.write_text(MERCHANT + SEGMENTS, encoding="utf-8")
    engine = create_engine(database_url, application_name="perennial tests")
    with engine.begin() as connection:
        customer_360.create(connection)
        reading.create_all(connection)
        connection.execute(sa.text("grant select on all tables in schema marts, intermediate to perennial_transformer"))
        row = {"merchant_id": "paper", "as_of_date": date(2024, 6, 30), "currency_code": "EUR"}
        values = {"c1": (2, "10"), "c2": (1, "4"), "c3": (5, None)}
        connection.execute(
            sa.insert(customer_360),
            [
                {**row, "customer_id": name, "order_count": count, "clv_amount": Decimal(clv) if clv else None}
                for name, (count, clv) in values.items()
            ],
        )
    engine.dispose()
    found = replace(settings, config_path=path, warehouse_url=database_url)
    monkeypatch.setattr(segment_cli, "current_settings", lambda: found)
    return found


def said(*words: str) -> str:
    done = CliRunner().invoke(app, ["segment", *words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.usefixtures("deployed")
def test_segments_are_listed_and_previewed(tmp_path: Path) -> None:
    unknown = "(perennial.yml): no night has worked it out yet"
    assert said("list") == f"big {unknown}\n  More than one order.\nall_of_them {unknown}\n"
    shown = said("preview", "big")
    assert "segment big of merchant paper, as of 2024-06-30\n" in shown
    assert "customers: 2 of 3 (66.7%)" in shown
    assert "average CLV: 10.00 EUR; of all customers 7.00 EUR" in shown
    assert "without a prediction: 1" in shown
    assert sorted(re.findall(r"\bc\d\b", shown)) == ["c1", "c3"]
    assert "some of them" not in said("preview", "big", "--sample", "0")

    inline = said("preview", "--criteria", '{"not": {"trait": "order_count", "at_least": 2}}')
    assert "this segment of merchant paper" in inline
    assert "customers: 1 of 3" in inline
    path = tmp_path / "segment.yml"
    path.write_text("name: few\ncriteria:\n  trait: order_count\n  at_most: 1\n", encoding="utf-8")
    assert "segment few of merchant paper" in said("preview", "--file", str(path))
    path.write_text("{trait: order_count, at_most: 1}", encoding="utf-8")
    assert "customers: 1 of 3" in said("preview", "--file", str(path))


@pytest.mark.usefixtures("deployed")
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("preview",), "NAME: say which segment"),
        (("preview", "bigg"), "no segment 'bigg'; there are: big, all_of_them"),
        (("preview", "--criteria", '{"trait": "order_count", "at_least": "2"}'), "^at_least: 'order_count' holds"),
        (("preview", "--criteria", "{"), "--criteria: is neither JSON nor YAML"),
        (("preview", "--criteria", "{}", "--file", "x"), "--criteria: stands beside --file"),
        (("preview", "--file", "nowhere.yml"), "--file: nowhere.yml cannot be read"),
        (("preview", "big", "-m", "stranger"), "no merchant 'stranger'"),
        (("save", "big", "--criteria", '{"trait": "order_count", "at_least": 1}'), "declared in perennial.yml"),
        (("save", "Big", "--criteria", '{"trait": "order_count", "at_least": 1}'), "^name: "),
        (("save", "small"), "--criteria: is needed"),
        (("save", "small", "--criteria", '{"orders": {"at_least": "1"}}'), "^orders.at_least: "),
        (("remove", "big"), "no segment 'big' is defined in ops.segment_definitions"),
    ],
)
def test_what_is_asked_wrongly_is_answered_with_the_way_out(words: tuple[str, ...], message: str) -> None:
    with pytest.raises(MisconfiguredError, match=message):
        said(*words)


def test_a_segment_is_saved_changed_listed_and_removed(deployed: Settings) -> None:
    criteria = '{"trait": "order_count", "at_least": 5.0}'
    assert "small is saved" in said("save", "small", "--criteria", criteria, "--description", "Not the others.")
    assert "small is changed" in said("save", "small", "--criteria", criteria, "--description", "Five or more.")
    assert "customers: 1 of 3" in said("preview", "small")
    engine = create_engine(str(deployed.warehouse_url), application_name="perennial tests")
    with engine.begin() as connection:
        rows = connection.execute(sa.text("select merchant_id, description, criteria from ops.segment_definitions"))
        assert rows.all() == [("paper", "Five or more.", {"trait": "order_count", "at_least": 5})]
        row = {"merchant_id": "paper", "description": "", "criteria": {"orders": {}}}
        connection.execute(segment_definitions.insert(), [{**row, "segment_name": name} for name in ("big", "odd")])
        connection.execute(sa.text(SIZES))
        connection.execute(sa.text("grant select on marts.segment_sizes to perennial_transformer"))
    engine.dispose()
    listed = said("list")
    assert (
        "small (ops.segment_definitions): 1,200 customers as of 2024-06-30, 3 entered and 2 left\n  Five or" in listed
    )
    assert "odd (ops.segment_definitions): no night has worked it out yet\n  wrong: orders: needs exactly one" in listed
    with pytest.raises(MisconfiguredError, match=r"^orders: needs exactly one"):
        said("preview", "odd")
    assert "is removed" in said("remove", "small")
    assert "small" not in said("list")


def test_nothing_published_says_what_to_do(deployed: Settings) -> None:
    engine = create_engine(str(deployed.warehouse_url), application_name="perennial tests")
    with engine.begin() as connection:
        customer_360.drop(connection)
    engine.dispose()
    with pytest.raises(StopError, match="perennial run --merchant paper"):
        said("preview", "big")


@pytest.mark.parametrize(
    ("segments", "key"),
    [
        ("[{name: x, criteria: {all: [{orders: {at_least: two}}]}}]", "criteria.all[0].orders.at_least"),
        ("[{name: x, criteria: {orders: {at_least: 1, where: {amount: {at_least: x}}}}}]",
         "criteria.orders.where.amount.at_least"),
        ("[{name: x, criteria: {trait: nothing, equals: 1}}]", "criteria.trait"),
        ("[{name: X, criteria: {trait: order_count, equals: 1}}]", "name"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_file_names_its_key(tmp_path: Path, segments: str, key: str) -> None:
    path = tmp_path / "perennial.yml"
    path.write_text(f"{MERCHANT}    segments: {segments}\n", encoding="utf-8")
    with pytest.raises(MisconfiguredError) as caught:
        load_configuration(path, {})
    assert caught.value.key == f"merchants[0].segments[0].{key}"


def test_a_name_stands_once(tmp_path: Path) -> None:
    path = tmp_path / "perennial.yml"
    path.write_text(MERCHANT + SEGMENTS.replace("all_of_them", "big"), encoding="utf-8")
    with pytest.raises(MisconfiguredError, match=re.escape("merchants[0].segments[1].name: 'big' is declared twice")):
        load_configuration(path, {})


def test_the_examples_of_the_document_are_criteria(tmp_path: Path) -> None:
    blocks = [yaml.safe_load(block) for block in re.findall(r"^```yaml\n(.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL)]
    assert [sorted(block) for block in blocks] == [["segments"], ["criteria"]]
    path = tmp_path / "perennial.yml"
    path.write_text(MERCHANT + "    segments: " + yaml.safe_dump(blocks[0]["segments"], default_flow_style=True))
    assert len(load_configuration(path, {}).merchants[0].segments) == 3
    assert read_segment("example", "", blocks[1]["criteria"])
    for criteria in re.findall(r"--criteria '(.*?)'", DOCUMENT):
        assert read_segment("example", "", yaml.safe_load(criteria))
    [(path_of, message)] = re.findall(r"`(all\[1\][\w.]+): (.*?)`", DOCUMENT)
    with pytest.raises(MisconfiguredError, match=re.escape(f"{path_of}: {message}")):
        read_segment("example", "", {"all": [{"trait": "order_count", "at_least": 1}, {"orders": {"at_least": "2"}}]})
