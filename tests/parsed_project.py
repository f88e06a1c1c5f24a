"""The dbt project as a session parsed it once, made over to the database that a test works on.

dbt writes the database's name into every relation of a parsed project, and a digest of the connection beside it; on
another database it parses all of it again, which takes as long as building it. Here both are put in their place.
"""

import os
import pprint
import re
import shutil
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import msgpack
import yaml

PROJECT = Path(__file__).resolve().parents[1] / "dbt_project"
# Stands in no other text of the project.
DATABASE = "the_database_that_is_named_later"
PLACE_HOLDER = {"PERENNIAL_DBT_DATABASE": DATABASE}
PARSED_FILES = ("manifest.json", "partial_parse.msgpack", "project.sha256")

_VARIABLE = re.compile(r"\{\{ env_var\('(?P<name>\w+)', '(?P<default>.*)'\)(?P<number> \| as_number)? \}\}")


def environment_of(url: str) -> dict[str, str]:
    """The variables that tell dbt which database it works on."""
    parts = urlsplit(url)
    return {
        "PERENNIAL_DBT_HOST": parts.hostname or "127.0.0.1",
        "PERENNIAL_DBT_PORT": str(parts.port or 5432),
        "PERENNIAL_DBT_USER": unquote(parts.username or ""),
        "PERENNIAL_DBT_PASSWORD": unquote(parts.password or ""),
        "PERENNIAL_DBT_DATABASE": parts.path.removeprefix("/"),
    }


def hand_out(parsed: Path, target: Path, url: str | None = None) -> None:
    """Put the parsed project where an invocation of dbt, or a run of ours, would otherwise parse it again.

    Args:
        parsed: The session's, parsed with the variables of `PLACE_HOLDER`.
        target: The folder to put it into.
        url: The database to make it over to; None leaves it to dbt to parse it again once there is one.
    """
    target.mkdir(parents=True, exist_ok=True)
    for name in PARSED_FILES:
        shutil.copyfile(parsed / name, target / name)
    if url is None:
        return
    environment = environment_of(url)
    database = environment["PERENNIAL_DBT_DATABASE"]
    manifest, kept = target / "manifest.json", target / "partial_parse.msgpack"
    manifest.write_text(manifest.read_text(encoding="utf-8").replace(DATABASE, database), encoding="utf-8")
    content = _renamed(msgpack.unpackb(kept.read_bytes(), strict_map_key=False), database)
    content["state_check"]["profile_hash"]["checksum"] = _connection_digest(environment)
    kept.write_bytes(msgpack.packb(content))


def is_of(parsed: Path, environment: Mapping[str, str]) -> bool:
    """Whether dbt takes a parsed project for one of the database that variables tell of."""
    content = msgpack.unpackb((parsed / "partial_parse.msgpack").read_bytes(), strict_map_key=False)
    digest: str = content["state_check"]["profile_hash"]["checksum"]
    return digest == _connection_digest(environment)


def _renamed(value: Any, database: str) -> Any:
    if isinstance(value, str):
        return value.replace(DATABASE, database)
    if isinstance(value, dict):
        return {_renamed(key, database): _renamed(inner, database) for key, inner in value.items()}
    return [_renamed(inner, database) for inner in value] if isinstance(value, list) else value


def _connection_digest(environment: Mapping[str, str]) -> str:
    """What dbt holds against the connection of the last parse, as it calculates it."""
    from dbt.adapters.postgres.connections import PostgresCredentials  # its import takes a second

    profiles = yaml.safe_load((PROJECT / "profiles.yml").read_text(encoding="utf-8"))
    output = {
        key: _filled_in(value, environment) for key, value in profiles["perennial"]["outputs"]["warehouse"].items()
    }
    for key in ("type", "threads"):
        del output[key]
    credentials = PostgresCredentials.from_dict(PostgresCredentials.translate_aliases(output))
    return sha256(pprint.pformat(sorted(credentials.connection_info())).encode()).hexdigest()


def _filled_in(value: Any, environment: Mapping[str, str]) -> Any:
    found = _VARIABLE.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return value
    text = environment.get(found["name"], os.environ.get(found["name"], found["default"]))
    return int(text) if found["number"] else text
