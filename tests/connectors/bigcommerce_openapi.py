"""BigCommerce's own OpenAPI files as a judge of requests: path, method, and each parameter's name and type."""

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from connectors.sandbox.faults import Request

# Their files are not among the contracts; the names are from BigCommerce's public reference.
_ELSEWHERE = {
    "v2/coupons": {"id", "code", "name", "type", "min_id", "max_id", "page", "limit", "exclude_type"},
    "v3/promotions": {
        "id", "name", "code", "currency_code", "redemption_type", "status", "page", "limit", "sort", "direction",
    },
    "v3/catalog/brands": {"id", "id:in", "name", "page", "limit", "sort", "direction", "include_fields"},
}  # fmt: skip


@dataclass(frozen=True)
class Operation:
    """One GET of the specification.

    Attributes:
        path: Its path as a pattern.
        parameters: The schema of each query parameter, by name.
    """

    path: re.Pattern[str]
    parameters: dict[str, dict[str, Any]]


def operations(contracts: Path) -> list[Operation]:
    """Every GET that the files of a folder describe."""
    found = []
    for file in sorted(contracts.glob("*.yml")):
        document = yaml.load(file.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        version = (document.get("servers") or [{"url": ""}])[0]["url"].rpartition("/")[2]
        for path, item in document["paths"].items():
            if "get" not in item:
                continue
            written = [*item.get("parameters", []), *item["get"].get("parameters", [])]
            parameters = [_resolved(document, parameter) for parameter in written]
            pattern = re.sub(r"\\\{[^/]+\\\}", "[^/]+", re.escape(f"{version}{path}"))
            query = {one["name"]: one.get("schema", {}) for one in parameters if one.get("in") == "query"}
            found.append(Operation(re.compile(pattern), query))
    return found


def faults_of(request: Request, known: list[Operation]) -> list[str]:
    """What the specification has against a request."""
    path = re.sub(r"^/stores/[^/]+/", "", request.path)
    if request.method != "GET":
        return [f"{request.method} {path}"]
    if path in _ELSEWHERE:
        return [f"{path}: {name}" for name, _ in request.pairs if name not in _ELSEWHERE[path]]
    matching = [one for one in known if one.path.fullmatch(path)]
    if not matching:
        return [f"no such path: {path}"]
    found = []
    for name, value in request.pairs:
        schemas = [one.parameters[name] for one in matching if name in one.parameters]
        if not schemas:
            found.append(f"{path}: no such parameter: {name}")
        elif not any(_fits(value, schema) for schema in schemas):
            found.append(f"{path}: {name} is {value!r}, not {schemas[0]}")
    return found


def _fits(value: str, schema: dict[str, Any]) -> bool:
    if schema.get("type") == "array":
        return all(_fits(one, schema.get("items", {})) for one in value.split(","))
    allowed = schema.get("enum")
    if allowed and value not in allowed and value.partition(":")[0] not in allowed:
        return False
    if schema.get("format") == "date-time":
        return datetime.fromisoformat(value).tzinfo is not None
    kind = schema.get("type")
    if kind in {"integer", "number"}:
        return all(one.isdigit() for one in value.split(","))
    return kind != "boolean" or value in {"true", "false"}


def _resolved(document: dict[str, Any], part: Any) -> Any:
    while isinstance(part, dict) and "$ref" in part:
        found: Any = document
        for step in part["$ref"].removeprefix("#/").split("/"):
            found = found[step.replace("~1", "/")]
        part = found
    return part
