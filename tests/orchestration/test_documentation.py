"""The generated documents: complete, and found out when they are stale."""

import os
import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from parsed_project import PLACE_HOLDER
from pydantic import BaseModel

from models.schema import metadata
from orchestration.column_lineage import FILE
from orchestration.configuration import Configuration
from orchestration.documentation import configuration_document, cookbook_document, documents, generate, tables_document
from orchestration.settings import PROJECT_FOLDER, Settings
from orchestration.transformation import compiled_models, dbt_project


def sections(document: str) -> dict[str, str]:
    """A document's text by heading of the second level."""
    parts = re.split(r"^## (.+)\n", document, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def schema_keys() -> dict[str, set[str]]:
    """Every key of every model of perennial.yml, as JSON Schema lists them: not the way that the document is made."""
    schema = Configuration.model_json_schema(mode="validation")
    return {
        name: set(model["properties"])
        for name, model in {**schema["$defs"], "Configuration": schema}.items()
        if "properties" in model
    }


def test_every_key_of_the_declarations_is_listed_with_its_meaning() -> None:
    written = sections(configuration_document())
    keys = schema_keys()
    assert len(keys) > 10
    assert set(written) == set(keys)
    for model, names in keys.items():
        rows = re.findall(r"^\| `(\w+)` \| (.*?) \| (.*?) \| (.*) \|$", written[model], re.MULTILINE)
        assert {row[0] for row in rows} == names, model
        assert [row[0] for row in rows if not all(cell.strip() for cell in row)] == [], model


def test_links_within_the_document_lead_somewhere() -> None:
    document = configuration_document()
    headings = {name.lower() for name in sections(document)}
    assert set(re.findall(r"\]\(#([\w-]+)\)", document)) <= headings


def test_required_keys_defaults_and_choices_are_told() -> None:
    document = configuration_document()
    for row in (
        "| `time_zone` | text | required | Decides the merchant's days. |",
        "| `max_rejected_rate` | number | `0.01` |",
        "| `zero_amount_days` | `count`, `ignore` | `count` |",
        "| `as_of_date` | date | none |",
        "| `stores` | list of [Store](#store) | required |",
        "| `secret` | text | required |",
        "| `not` | [Rule](#rule) | none |",
    ):
        assert row in document, row


def test_a_model_without_words_for_its_keys_is_documented_by_its_docstring() -> None:
    from orchestration.documentation import _attributes

    class Shelf(BaseModel):
        """A shelf.

        Attributes:
            width: How wide it is,
                in centimetres.
            name: What it is called.

        Nothing else.
        """

        width: int
        name: str

    assert _attributes(Shelf) == {"width": "How wide it is, in centimetres.", "name": "What it is called."}


def test_every_table_is_listed_with_its_columns(manifest: dict[str, Any]) -> None:
    written = sections(tables_document())
    models = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    assert set(written) == {f"{n['schema']}.{n['name']}" for n in models} | set(metadata.tables)
    for name, table in metadata.tables.items():
        columns = re.findall(r"^\| `(\w+)` \| (\S.*?) \| .* \|$", written[name], re.MULTILINE)
        assert [column for column, _ in columns] == [column.name for column in table.columns], name
        assert written[name].strip().splitlines()[0].startswith(("One row per", "One record per")), name
    for node in models:
        listed = re.findall(r"^\| `(\w+)` \|", written[f"{node['schema']}.{node['name']}"], re.MULTILINE)
        assert listed == list(node["columns"]), node["name"]


def test_the_cookbook_holds_every_query_as_its_file_does() -> None:
    written = cookbook_document()
    paths = sorted((PROJECT_FOLDER / "docs" / "cookbook").glob("*.sql"))
    assert list(sections(written)) == [
        f"{number}. {path.read_text(encoding='utf-8').splitlines()[0].removeprefix('-- ')}"
        for number, path in enumerate(paths, start=1)
    ]
    blocks = re.findall(r"^```sql\n(.*?)^```$", written, re.MULTILINE | re.DOTALL)
    for path, block in zip(paths, blocks, strict=True):
        assert path.read_text(encoding="utf-8").endswith(f"\n{block}"), path.name


def test_types_are_postgresqls_own(manifest: dict[str, Any]) -> None:
    document = tables_document()
    for kind in ("numeric(18, 4)", "timestamptz", "jsonb", "text[]", "double precision", "bigint"):
        assert f"| {kind} |" in document, kind


def test_a_document_is_written_once_and_found_stale_when_it_differs(
    settings: Settings,
    manifest: dict[str, Any],
    parsed_project: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    project = dbt_project(PROJECT_FOLDER, parsed_project)
    compiled = cache(lambda: compiled_models(project, {**os.environ, **PLACE_HOLDER}))
    monkeypatch.setattr("orchestration.documentation.load_compiled_models", compiled)
    checkout = replace(settings, project_folder=tmp_path)
    assert generate(checkout, check_only=True) == 1
    assert (
        "stale: configuration.md, cookbook.md, tables.md, column_lineage.json; run `make docs`"
        in capsys.readouterr().err
    )
    assert not (tmp_path / "docs").exists(), "a check writes nothing"
    assert generate(checkout, check_only=False) == 0
    assert capsys.readouterr().out.splitlines() == [
        *(f"wrote docs/{name}" for name in ("configuration.md", "cookbook.md", "tables.md")),
        "wrote orchestration/column_lineage.json",
    ]
    lineage = (tmp_path / "orchestration" / "column_lineage.json").read_text(encoding="utf-8")
    assert lineage == FILE.read_text(encoding="utf-8"), "stale; run `make docs`"
    assert generate(checkout, check_only=True) == 0
    assert generate(checkout, check_only=False) == 0
    assert capsys.readouterr().out == ""
    changed = tmp_path / "docs" / "tables.md"
    changed.write_text(changed.read_text().replace("tenant", "client"))
    assert generate(checkout, check_only=True) == 1
    assert "stale: tables.md;" in capsys.readouterr().err


def test_generated_documents_say_so_and_end_with_one_line_break(manifest: dict[str, Any]) -> None:
    for name, text in documents().items():
        assert text.startswith("<!-- Generated by `make docs`; do not edit. -->\n"), name
        assert text.endswith("\n"), name
        assert not text.endswith("\n\n"), name
