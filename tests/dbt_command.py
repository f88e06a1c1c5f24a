"""Running dbt in tests: a process that stays, artefacts outside the checkout, a connection from a libpq URL."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dbt_served import invoke
from parsed_project import PROJECT, environment_of

NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"


@dataclass(frozen=True)
class Dbt:
    """dbt on one database.

    Attributes:
        url: The database, as its owner reaches it.
        target: Where the artefacts go; kept between invocations, so that only the first one parses everything.
    """

    url: str
    target: Path

    def __call__(self, *arguments: str, expect_failure: bool = False) -> dict[str, Any]:
        """Run a dbt command; returns each node's status by the node's name."""
        folders = ("--profiles-dir", PROJECT, "--project-dir", PROJECT)
        outputs = ("--target-path", self.target, "--log-path", self.target / "logs")
        flags = ("--no-use-colors", "--warn-error")
        everything = [str(argument) for argument in (*flags, *arguments, *folders, *outputs)]
        done = invoke(everything, environment_of(self.url))
        assert done.is_success != expect_failure, done.output[-8000:]
        results = self.target / "run_results.json"
        if arguments[0] == "parse" or not results.exists():
            return {}
        names = {unique_id: node["name"] for unique_id, node in self.nodes().items()}
        statuses = json.loads(results.read_text(encoding="utf-8"))["results"]
        return {names[r["unique_id"]]: r["status"] for r in statuses if r["unique_id"] in names}

    def manifest(self) -> dict[str, Any]:
        """The parsed project."""
        manifest: dict[str, Any] = json.loads((self.target / "manifest.json").read_text(encoding="utf-8"))
        return manifest

    def nodes(self) -> dict[str, Any]:
        """Models and tests by their unique ids."""
        manifest = self.manifest()
        return {**manifest["nodes"], **manifest["unit_tests"]}
