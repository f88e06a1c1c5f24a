"""What bodies must look like to be taken at all: types, numbers and sizes, by Klaviyo's published limits.

What is wrong with one record of an import is that job's affair; here a request is refused as a whole.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from connectors.sandbox.faults import Request
from connectors.sandbox.klaviyo.account import IDENTIFIERS
from connectors.sandbox.klaviyo.documents import MEDIA_TYPE, RefusedError

PROFILES_A_JOB = 10_000
EVENTS_A_JOB = 1_000
ADDRESSES_A_JOB = 100
MEMBERS_A_CALL = 1_000

_LARGEST_BODY_BYTES = 5 * 1000 * 1000
_LARGEST_RECORD_BYTES = 100 * 1000
_LONGEST_METRIC = 128

_encoded = msgspec.json.Encoder(decimal_format="number").encode
_decoder = msgspec.json.Decoder(float_hook=Decimal)  # an amount keeps its digits


def body_of(request: Request, kind: str | None) -> Any:  # noqa: ANN401 - JSON
    """A request's `data`, which is a resource of a kind, or a list of them where none is said.

    Raises:
        RefusedError: It is something else, or too large.
    """
    if request.headers.get("content-type", "").partition(";")[0] not in {MEDIA_TYPE, "application/json"}:
        raise RefusedError(415, "unsupported_media_type", "the body's type is not application/vnd.api+json")
    if len(request.body) > _LARGEST_BODY_BYTES:
        raise RefusedError(413, "payload_too_large", f"the body has {len(request.body)} bytes")
    try:
        data = _decoder.decode(request.body)["data"]
    except (msgspec.DecodeError, KeyError, TypeError):
        raise RefusedError(400, "parse_error", "the body is no document with data") from None
    if kind is None:
        if not isinstance(data, list):
            raise RefusedError(400, "invalid", "data is not a list")
        return data
    if not isinstance(data, dict) or data.get("type") != kind or not isinstance(data.get("attributes"), dict):
        raise RefusedError(400, "invalid", f"data is not a resource of type {kind}")
    return data


def profiles_of(data: Mapping[str, Any]) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    """The profiles of an import, and the lists that they join.

    Raises:
        RefusedError: They are too many, one is too large or known by nothing.
    """
    profiles = _records(data["attributes"], "profiles", PROFILES_A_JOB)
    for place, profile in enumerate(profiles):
        attributes = profile.get("attributes")
        pointer = f"/data/attributes/profiles/data/{place}"
        if not isinstance(attributes, dict):
            raise RefusedError(400, "required", "a profile has no attributes", pointer=pointer)
        if not profile.get("id") and not any(attributes.get(name) for name in IDENTIFIERS):
            raise RefusedError(400, "required", "a profile has no identifier", pointer=f"{pointer}/attributes")
        if len(_encoded(profile)) > _LARGEST_RECORD_BYTES:
            raise RefusedError(400, "too_large", "a profile has more than 100 KB", pointer=pointer)
    lists = data.get("relationships", {}).get("lists", {}).get("data", [])
    return profiles, tuple(str(one["id"]) for one in lists)


def addresses_of(data: Mapping[str, Any]) -> list[str]:
    """The addresses of a suppression.

    Raises:
        RefusedError: They are too many, or one is none.
    """
    profiles = _records(data["attributes"], "profiles", ADDRESSES_A_JOB)
    addresses = [profile.get("attributes", {}).get("email") for profile in profiles]
    for place, address in enumerate(addresses):
        if not address or not isinstance(address, str):
            pointer = f"/data/attributes/profiles/data/{place}/attributes/email"
            raise RefusedError(400, "required", "a profile has no email", pointer=pointer)
    return [str(address) for address in addresses]


def members_of(data: list[Any]) -> list[str]:
    """The profiles that join or leave a list.

    Raises:
        RefusedError: They are too many, or no profiles.
    """
    if len(data) > MEMBERS_A_CALL:
        raise RefusedError(400, "invalid", f"{len(data)} profiles in one call")
    if not data or any(not isinstance(one, dict) or one.get("type") != "profile" or not one.get("id") for one in data):
        raise RefusedError(400, "invalid", "data holds what is no profile")
    return [str(one["id"]) for one in data]


def events_of(data: Mapping[str, Any]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """The events of a bulk request: each with the profile it is about.

    Raises:
        RefusedError: They are too many, or one is not whole.
    """
    found = []
    for one in _records(data["attributes"], "events-bulk-create", EVENTS_A_JOB):
        attributes = one.get("attributes", {})
        for event in attributes.get("events", {}).get("data", []):
            facts = {**event.get("attributes", {}), "profile": attributes.get("profile")}
            if attributes.get("backfill"):
                facts["backfill"] = True
            found.append(event_of(facts))
    if len(found) > EVENTS_A_JOB:
        raise RefusedError(400, "invalid", f"{len(found)} events in one call")
    return found


def event_of(attributes: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """An event's profile attributes, and what is recorded of it: metric, unique_id and the rest.

    Raises:
        RefusedError: It has no metric's name, no properties, or no identifier of a profile.
    """
    metric = _part(attributes, "metric").get("name")
    if not isinstance(metric, str) or not 0 < len(metric) < _LONGEST_METRIC:
        raise RefusedError(400, "required", "the metric has no name", pointer="/data/attributes/metric")
    if not isinstance(attributes.get("properties"), dict):
        raise RefusedError(400, "required", "the event has no properties", pointer="/data/attributes/properties")
    profile = _part(attributes, "profile")
    if not any(profile.get(name) for name in IDENTIFIERS):
        raise RefusedError(400, "required", "the profile has no identifier", pointer="/data/attributes/profile")
    value = attributes.get("value")
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | Decimal)):
        raise RefusedError(400, "invalid", "the value is no number", pointer="/data/attributes/value")
    names = ("properties", "time", "value", "value_currency", "backfill")
    facts = {name: attributes[name] for name in names if attributes.get(name) is not None}
    return profile, {"metric": metric, "unique_id": attributes.get("unique_id"), **facts}


def _part(attributes: Mapping[str, Any], name: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = attributes[name]["data"]["attributes"]
    except (KeyError, TypeError):
        raise RefusedError(400, "required", f"there is no {name}", pointer=f"/data/attributes/{name}") from None
    return found


def _records(attributes: Mapping[str, Any], name: str, most: int) -> list[dict[str, Any]]:
    holder = attributes.get(name)
    records = holder.get("data") if isinstance(holder, dict) else None
    pointer = f"/data/attributes/{name}/data"
    if not isinstance(records, list) or not records or not all(isinstance(one, dict) for one in records):
        raise RefusedError(400, "invalid", f"{name} holds no records", pointer=pointer)
    if len(records) > most:
        raise RefusedError(400, "invalid", f"{len(records)} records in one call", pointer=pointer)
    return records
