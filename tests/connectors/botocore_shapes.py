"""A botocore service model as a judge of requests: path, query and body, by the shapes that the model gives."""

import gzip
import json
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from connectors.sandbox.faults import Request


def service_model(path: Path) -> dict[str, Any]:
    """The model in a compressed file."""
    content: dict[str, Any] = json.loads(gzip.decompress(path.read_bytes()))
    return content


def faults_of(request: Request, model: dict[str, Any]) -> list[str]:
    """What the model has against a request; empty if nothing."""
    for operation in model["operations"].values():
        http = operation["http"]
        if (http["method"], http["requestUri"]) == (request.method, request.path):
            shape = model["shapes"][operation["input"]["shape"]]
            return [*_query_faults(request, shape, model), *_body_faults(request, shape, model)]
    return [f"no such operation: {request.method} {request.path}"]


def _query_faults(request: Request, shape: dict[str, Any], model: dict[str, Any]) -> Iterator[str]:
    members = {
        member["locationName"]: member["shape"]
        for member in shape["members"].values()
        if member.get("location") == "querystring"
    }
    for name, value in request.pairs:
        if name not in members:
            yield f"no such parameter: {name}"
            continue
        kind = model["shapes"][members[name]]["type"]
        if kind == "integer" and not value.isdigit():
            yield f"{name} is no integer"
        if kind == "timestamp" and datetime.fromisoformat(value).tzinfo is None:
            yield f"{name} has no zone"


def _body_faults(request: Request, shape: dict[str, Any], model: dict[str, Any]) -> Iterator[str]:
    if request.method == "GET":
        return
    yield from _misfits("", json.loads(request.body), shape, model)


def _misfits(path: str, value: Any, shape: dict[str, Any], model: dict[str, Any]) -> Iterator[str]:
    kind = shape["type"]
    if kind == "structure":
        yield from _structure_misfits(path, value, shape, model)
    elif kind == "list":
        inner = model["shapes"][shape["member"]["shape"]]
        if len(value) > shape.get("max", len(value)):
            yield f"{path} is too long"
        for place, part in enumerate(value):
            yield from _misfits(f"{path}.{place}", part, inner, model)
    elif kind == "string":
        yield from _text_misfits(path, value, shape)
    else:
        yield f"{path}: {kind} was not expected"


def _structure_misfits(path: str, value: Any, shape: dict[str, Any], model: dict[str, Any]) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path} is no structure"
        return
    yield from (f"{path}.{name} is missing" for name in shape.get("required", ()) if name not in value)
    for name, part in value.items():
        if name not in shape["members"]:
            yield f"{path}.{name} does not exist"
        else:
            inner = model["shapes"][shape["members"][name]["shape"]]
            yield from _misfits(f"{path}.{name}", part, inner, model)


def _text_misfits(path: str, value: Any, shape: dict[str, Any]) -> Iterator[str]:
    if not isinstance(value, str):
        yield f"{path} is no text"
    elif not shape.get("min", 0) <= len(value) <= shape.get("max", len(value)):
        yield f"{path} is {len(value)} long"
    elif "pattern" in shape and not re.fullmatch(shape["pattern"].strip("^$"), value):
        yield f"{path} does not match"
    elif "enum" in shape and value not in shape["enum"]:
        yield f"{path} is none of {shape['enum']}"
