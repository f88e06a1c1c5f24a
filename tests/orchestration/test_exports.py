"""`perennial export` over marts as dbt leaves them."""

import csv
import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from operator import itemgetter
from pathlib import Path
from typing import Any

import psycopg
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from models.copied_rows import CopiedRows
from models.engine import connect
from models.errors import MisconfiguredError, PerennialError, StopError
from models.roles import TRANSFORMER
from orchestration import exports
from orchestration.cli import app
from orchestration.configuration import Configuration
from orchestration.deployment import Deployment
from orchestration.settings import Settings

COLUMNS = {"customer_id": "a", "ordered_at": "b", "amount": "c", "currency_code": {"constant": "EUR"}}
ROWS = [("paper", "c:1", Decimal("12.5000")), ("paper", "c:2", None), ("ink", "c:1", Decimal("-1.0000"))]


def merchant(name: str) -> dict[str, Any]:
    return {
        "merchant_id": name,
        "merchant_name": name,
        "time_zone": "UTC",
        "currency_code": "EUR",
        "stores": [{"store_id": "web", "source": {"type": "files", "path": "orders.csv", "columns": COLUMNS}}],
    }


@pytest.fixture
def deployment(settings: Settings, database_url: str) -> Iterator[Deployment]:
    with connect(database_url, role=TRANSFORMER, autocommit=True) as connection:
        for schema, name in (("marts", "customer_360"), ("marts", "dim_customers"), ("vault", "customer_contacts")):
            connection.execute(
                f"create table {schema}.{name} (merchant_id text, customer_id text, net_amount numeric(18, 4))".encode()
            )
        connection.cursor().executemany("insert into marts.customer_360 values (%s, %s, %s)", ROWS)
    with Deployment(settings, database_url) as opened:
        opened.__dict__["configuration"] = Configuration.model_validate(
            {"merchants": [merchant("paper"), merchant("ink"), merchant("new")]}
        )
        yield opened


@pytest.fixture
def export(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """The command, on the deployment; a failure is raised as it is."""
    monkeypatch.setattr(exports, "open_deployment", lambda _: deployment)

    def call(*arguments: object) -> str:
        done = CliRunner().invoke(app, ["export", *map(str, arguments)])
        if isinstance(done.exception, PerennialError):
            raise done.exception
        assert done.exit_code == 0, done.output
        return done.output

    return call


def rows(path: Path) -> list[tuple[Any, ...]]:
    return sorted((tuple(row.values()) for row in pq.read_table(path).to_pylist()), key=itemgetter(0, 1))


def test_a_mart_becomes_a_file(export: Callable[..., str], tmp_path: Path) -> None:
    said = export("customer_360", "--to", tmp_path / "customers.parquet")
    assert rows(tmp_path / "customers.parquet") == sorted(ROWS, key=itemgetter(0, 1))
    assert "customers.parquet: 3 rows of marts.customer_360, 3 columns, 0.0 MB" in said


def test_of_a_merchant_and_in_the_columns_asked_for(export: Callable[..., str], tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    export("marts.customer_360", "--to", path, "-m", "paper", "--columns", "net_amount, customer_id")
    with path.open(newline="") as file:
        names, *values = csv.reader(file)
    assert names == ["net_amount", "customer_id"]
    assert sorted(values) == [["", "c:2"], ["12.5000", "c:1"]]
    export("customer_360", "--to", tmp_path / "b.parquet", "-m", "paper", "-m", "ink")
    assert len(rows(tmp_path / "b.parquet")) == 3
    assert "0 rows" in export("customer_360", "--to", tmp_path / "c.xlsx", "-m", "new")


def test_a_file_is_what_it_is_said_to_be(export: Callable[..., str], tmp_path: Path) -> None:
    export("customer_360", "--to", tmp_path / "customers", "--format", "parquet")
    assert len(rows(tmp_path / "customers")) == 3
    export("customer_360", "--to", tmp_path / "CUSTOMERS.XLSX")
    assert (tmp_path / "CUSTOMERS.XLSX").read_bytes().startswith(b"PK")


def test_what_is_there_is_replaced_only_by_force(export: Callable[..., str], tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(b"mine")
    with pytest.raises(MisconfiguredError, match="is there already; replace it with --force"):
        export("customer_360", "--to", path)
    assert path.read_bytes() == b"mine"
    export("customer_360", "--to", path, "--force")
    assert len(rows(path)) == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("custmer360", "--to", "a.csv"), "MART: 'custmer360' is none of the 2 marts; the nearest: customer_360"),
        (("zzz", "--to", "a.csv"), "there are: customer_360, dim_customers"),
        (("vault.customer_contacts", "--to", "a.csv"), "is none of the 2 marts"),
        (("customer_contacts", "--to", "a.csv"), "is none of the 2 marts"),
        (("customer_360; drop table x", "--to", "a.csv"), "is none of the 2 marts; the nearest: customer_360"),
        (("customer_360", "--to", "a.csv", "--columns", "net_amont"), "no column 'net_amont'; the nearest: net_amount"),
        (("customer_360", "--to", "a.csv", "--columns", "net_amount,net_amount"), "--columns: a column is named twice"),
        (("customer_360", "--to", "a.csv", "-m", "papr"), "papr"),
        (("customer_360", "--to", "a.json"), "--to: 'a.json' ends in none of parquet, csv, xlsx; say --format"),
        (("customer_360", "--to", "a.csv", "--format", "json"), "--format: 'json'; use one of parquet, csv, xlsx"),
        (("customer_360", "--to", "nowhere/a.csv"), "there is no folder nowhere"),
        (("customer_360", "--to", "folder.csv"), "folder.csv is a folder; name a file in it"),
    ],
)
def test_what_is_wrong_is_named_with_the_way_out(
    export: Callable[..., str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    message: str,
) -> None:
    (tmp_path / "folder.csv").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MisconfiguredError, match=message):
        export(*arguments)
    assert [path.name for path in tmp_path.iterdir() if path.name != "home"] == ["folder.csv"]


def test_where_nothing_was_built_it_says_so(export: Callable[..., str], deployment: Deployment, tmp_path: Path) -> None:
    with deployment.transformer.begin() as connection:
        connection.execute(sa.text("drop table marts.customer_360, marts.dim_customers"))
    with pytest.raises(MisconfiguredError, match="no marts yet; make them: perennial run"):
        export("customer_360", "--to", tmp_path / "a.csv")


def test_it_reads_with_a_readers_rights(deployment: Deployment) -> None:
    contacts = sa.table("customer_contacts", sa.column("customer_id"), schema="vault")
    with deployment.reader.connect() as connection, pytest.raises(sa.exc.ProgrammingError) as refused:
        list(CopiedRows(connection, sa.select(contacts)))
    assert isinstance(refused.value.orig, psycopg.errors.InsufficientPrivilege)


def test_a_failure_on_the_way_leaves_no_file(
    export: Callable[..., str], deployment: Deployment, tmp_path: Path
) -> None:
    with deployment.transformer.begin() as connection:
        connection.execute(sa.text("insert into marts.customer_360 values ('paper', 'c:3', 'NaN')"))
    with pytest.raises(StopError, match="column net_amount holds a value"):
        export("customer_360", "--to", tmp_path / "a.parquet")
    assert list(tmp_path.glob("*a.parquet*")) == []


@pytest.fixture
def segments(deployment: Deployment, parsed_project: Path) -> None:
    """A segment that one of two customers of one id is in, and one that everybody left, in the marts as contracted."""
    manifest = json.loads((parsed_project / "manifest.json").read_text(encoding="utf-8"))
    statements = []
    for mart in ("segment_sizes", "segment_memberships"):
        columns = manifest["nodes"][f"model.perennial.{mart}"]["columns"].values()
        kinds = ", ".join(f"{column['name']} {column['data_type']}" for column in columns)
        statements.append(f"create table marts.{mart} ({kinds})")
    sizes = ("'paper', 'regulars'", "'paper', 'quiet'", "'ink', 'bulk'")
    stays = ("'paper', 'regulars', 'c:1', true", "'paper', 'regulars', 'c:1', false", "'ink', 'bulk', 'c:1', true")
    for mart, columns, rows_written in (
        ("segment_sizes", "merchant_id, segment_name", sizes),
        (
            "segment_memberships",
            "merchant_id, segment_name, customer_id, is_current",
            (*stays, "'paper', 'regulars', 'c:2', false"),
        ),
    ):
        statements += [f"insert into marts.{mart} ({columns}) values ({row})" for row in rows_written]
    with deployment.transformer.begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))


@pytest.mark.usefixtures("segments")
def test_of_a_segment_its_customers_of_now(export: Callable[..., str], tmp_path: Path) -> None:
    said = export("--segment", "regulars", "--to", tmp_path / "a.parquet")
    assert rows(tmp_path / "a.parquet") == [ROWS[0]]
    assert "1 rows of marts.customer_360" in said
    export("customer_360", "--segment", "bulk", "--to", tmp_path / "b.parquet", "-m", "ink")
    assert rows(tmp_path / "b.parquet") == [ROWS[2]]
    export("--segment", "quiet", "--to", tmp_path / "c.parquet")
    assert rows(tmp_path / "c.parquet") == []


@pytest.mark.usefixtures("segments")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--segment", "regular"), "there is no segment 'regular'; the nearest: regulars"),
        (("--segment", "bulk", "-m", "paper"), "there is no segment 'bulk'; there are: quiet, regulars"),
        (("--segment", "bulk", "-m", "new"), "none has been counted yet; see perennial segment list"),
        (("segment_sizes", "--segment", "bulk"), "marts.segment_sizes has no customer_id; its rows are in no segment"),
    ],
)
def test_a_segment_that_is_not_there_is_named(
    export: Callable[..., str], tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    with pytest.raises(MisconfiguredError, match=message):
        export(*arguments, "--to", tmp_path / "a.csv")
    assert not (tmp_path / "a.csv").exists()


def test_a_failure_while_rows_are_on_their_way_leaves_no_file(
    export: Callable[..., str], deployment: Deployment, tmp_path: Path
) -> None:
    with deployment.transformer.begin() as connection:
        connection.execute(sa.text("truncate marts.customer_360"))
        connection.execute(
            sa.text(
                "insert into marts.customer_360"
                " select 'paper', repeat('x', case number when 1 then 40000 else 100 end), 1"
                " from generate_series(1, 300000) as number"
            )
        )
    with pytest.raises(StopError, match="column customer_id holds a text of 40,000 characters"):
        export("customer_360", "--to", tmp_path / "a.xlsx")
    assert list(tmp_path.glob("*a.xlsx*")) == []


def test_a_full_disk_is_one_message(
    export: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(StopError, match=r"a\.csv cannot be written: No space left on device"):
        export("customer_360", "--to", tmp_path / "a.csv")
    assert list(tmp_path.glob("*a.csv*")) == []


def test_every_mart_has_types_that_files_have(parsed_project: Path, deployment: Deployment) -> None:
    manifest = json.loads((parsed_project / "manifest.json").read_text(encoding="utf-8"))
    marts = [node for node in manifest["nodes"].values() if node.get("schema") == "marts"]
    kinds = {column["data_type"] for node in marts for column in node["columns"].values()}
    assert {"text", "text[]", "numeric(18, 4)", "timestamptz", "date", "boolean", "double precision"} <= kinds
    with deployment.reader.connect() as connection:
        nulls = (sa.literal_column(f"null::{kind}").label(f"c{place}") for place, kind in enumerate(sorted(kinds)))
        (batch,) = CopiedRows(connection, sa.select(*nulls))
    assert batch.num_columns == len(kinds)
