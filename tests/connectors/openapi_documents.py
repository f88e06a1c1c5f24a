"""A provider's published OpenAPI document as a judge of requests: path, method, query and body."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from jsonschema import Draft202012Validator

from connectors.sandbox.faults import Request


def faults_of(request: Request, document: dict[str, Any]) -> list[str]:
    """What the document has against a request; empty if nothing."""
    path = _path(request, document)
    operation = document["paths"].get(path, {}).get(request.method.lower())
    if operation is None:
        return [f"no such operation: {request.method} {request.path}"]
    shared = document["paths"][path].get("parameters", [])
    parameters = [_resolved(document, parameter) for parameter in [*shared, *operation.get("parameters", [])]]
    known = {parameter["name"]: parameter["schema"] for parameter in parameters if parameter["in"] == "query"}
    found = []
    for name, value in parse_qsl(request.query):
        typed = _typed(value, known.get(name, {}).get("type"))
        found += [f"no such parameter: {name}"] if name not in known else _against(document, known[name], typed)
    headers = [one["name"] for one in parameters if one["in"] == "header" and one.get("required")]
    found += [f"no such header: {name}" for name in headers if name.lower() not in request.headers]
    body = _resolved(document, operation.get("requestBody", {}))
    if body:
        schema = next(iter(body["content"].values()))["schema"]
        found += _against(document, schema, json.loads(request.body))
    return found


def document(path: Path) -> dict[str, Any]:
    """A document from its file."""
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def _path(request: Request, document: dict[str, Any]) -> str:
    """The document's name of the request's path, which may have holes for ids."""
    if request.path in document["paths"]:
        return request.path
    patterns = ((path, re.sub(r"\\{[^/]+\\}", "[^/]+", re.escape(path))) for path in document["paths"])
    return next((path for path, pattern in patterns if re.fullmatch(pattern, request.path)), "")


def _typed(value: str, kind: str | None) -> object:
    if kind == "array":
        return value.split(",")
    return int(value) if kind == "integer" and value.isdigit() else value


def _against(document: dict[str, Any], schema: dict[str, Any], value: object) -> list[str]:
    validator = Draft202012Validator({**schema, "components": document["components"]})
    return [
        f"{'.'.join(map(str, error.path))}: {error.validator} {error.validator_value}"
        for error in validator.iter_errors(value)
    ]


def _resolved(document: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in part:
        found: Any = document
        for step in part["$ref"].removeprefix("#/").split("/"):
            found = found[step.replace("~1", "/")]
        part = found
    return part
