"""The project that a session parses once: dbt takes it for its own on every database it is made over to."""

import json
from pathlib import Path

from parsed_project import DATABASE, PLACE_HOLDER, environment_of, hand_out, is_of

URL = "postgresql://somebody:secret@127.0.0.1:6543/some_shop"


def test_the_digest_of_the_connection_is_dbts_own(parsed_project: Path) -> None:
    """dbt wrote the one, and the tests calculate the other: they differ once dbt calculates it in another way."""
    assert is_of(parsed_project, PLACE_HOLDER)


def test_the_project_is_made_over_to_a_database(parsed_project: Path, tmp_path: Path) -> None:
    hand_out(parsed_project, tmp_path, URL)
    assert is_of(tmp_path, environment_of(URL))
    assert not is_of(tmp_path, PLACE_HOLDER)
    manifest = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["nodes"]["model.perennial.fct_orders"]["relation_name"] == '"some_shop"."marts"."fct_orders"'
    assert DATABASE.encode() not in (tmp_path / "partial_parse.msgpack").read_bytes()
