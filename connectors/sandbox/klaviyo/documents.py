"""JSON:API as Klaviyo writes and reads it: errors, pages, filters, and the resources of an account.

Must not change anything.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from connectors.sandbox.faults import Request
from connectors.sandbox.klaviyo.account import Account
from connectors.sandbox.klaviyo.jobs import IMPORT, Job
from connectors.sandbox.serving import Reply

MEDIA_TYPE = "application/vnd.api+json"

_LARGEST_PAGE = 100
_FILTER = re.compile(r"(any|equals)\(([\w.]+),(.*)\)", re.DOTALL)
_encoded = msgspec.json.Encoder(decimal_format="number").encode


class RefusedError(Exception):
    """A request that is answered with errors.

    Args:
        status: The answer's status.
        code: What kind of error it is.
        detail: In words, which quote what was sent.
        pointer: Where in the body it is.
        parameter: Which parameter it is.
        meta: Further facts.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        pointer: str | None = None,
        parameter: str | None = None,
        meta: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        source = {"pointer": pointer or "/data"} if parameter is None else {"parameter": parameter}
        self.error = {
            "id": hashlib.sha256(detail.encode()).hexdigest()[:32],
            "status": status,
            "code": code,
            "title": {401: "Authentication error.", 404: "Not found.", 409: "Conflict."}.get(status, "Invalid input."),
            "detail": detail,
            "source": source,
            "links": {},
            "meta": dict(meta or {}),
        }

    @property
    def reply(self) -> Reply:
        """The answer."""
        return document({"errors": [self.error]}, status=self.status)


@dataclass(frozen=True)
class Condition:
    """A filter of one condition: a field's value is one of these."""

    field: str
    values: tuple[str, ...]


def condition(request: Request, *fields: str) -> Condition | None:
    """The request's filter, which may name these fields; None where it has none.

    Raises:
        RefusedError: It is none that is known here.
    """
    written = request.params.get("filter")
    if written is None:
        return None
    matched = _FILTER.fullmatch(written)
    try:
        value = msgspec.json.decode(matched[3]) if matched else None
    except msgspec.DecodeError:
        value = None
    is_list = isinstance(value, list) and all(isinstance(one, str) for one in value)
    is_good = is_list if matched and matched[1] == "any" else isinstance(value, str)
    if matched is None or matched[2] not in fields or not is_good or not value:
        raise RefusedError(400, "invalid", f"'{written}' is not a filter of this endpoint", parameter="filter")
    return Condition(matched[2], tuple(value) if isinstance(value, list) else (str(value),))


def document(content: Mapping[str, Any] | None, *, status: int = 200) -> Reply:
    """An answer with a document, or none."""
    return Reply(b"" if content is None else _encoded(content), status, MEDIA_TYPE)


def page(request: Request, resources: Sequence[Any], host: str) -> Reply:
    """The page of a list that a request asks for, with the address of the next one.

    Raises:
        RefusedError: Its size or its cursor is none.
    """
    written = request.params.get("page[size]", "20")
    start = request.params.get("page[cursor]", "0")
    if not written.isdigit() or not 1 <= int(written) <= _LARGEST_PAGE:
        raise RefusedError(400, "invalid", f"'{written}' is not a page's size", parameter="page[size]")
    if not start.isdigit():
        raise RefusedError(400, "invalid", f"'{start}' is no cursor", parameter="page[cursor]")
    end = int(start) + int(written)
    others = [(name, value) for name, value in request.pairs if name != "page[cursor]"]
    links: dict[str, str | None] = {"self": f"{host}{request.path}?{request.query}", "next": None, "prev": None}
    if end < len(resources):
        query = urlencode([*others, ("page[cursor]", str(end))], quote_via=quote)
        links["next"] = f"{host}{request.path}?{query}"
    return document({"data": list(resources[int(start) : end]), "links": links})


def job_resource(job: Job) -> dict[str, Any]:
    """A job as a resource."""
    is_import = job.kind == IMPORT
    attributes: dict[str, Any] = {
        "status": job.status,
        "created_at": job.created_at,
        "total_count": job.total_count,
        "completed_count": job.completed_count,
        "completed_at": job.ends_at if job.is_over else None,
    }
    if is_import:
        attributes["failed_count"] = job.failed_count
        attributes["expires_at"] = job.expires_at
        attributes["started_at"] = None if job.status == "queued" else job.starts_at
    else:
        attributes["skipped_count"] = job.skipped_count
    return {
        "type": job.kind,
        "id": job.job_id,
        "attributes": attributes,
        "links": {"self": f"/api/{job.kind}s/{job.job_id}"},
    }


def profile_resource(account: Account, profile_id: str, request: Request) -> dict[str, Any]:
    """A profile as a resource, with the fields that are asked for, and how it may be written to where that is."""
    attributes = account.profile(profile_id) or {}
    wanted = request.params.get("fields[profile]")
    shown = {n: v for n, v in attributes.items() if wanted is None or n in wanted.split(",")}
    if "subscriptions" in request.params.get("additional-fields[profile]", "").split(","):
        reasons = account.suppressions.get(str(attributes.get("email", "")).casefold(), {})
        marketing = {
            "can_receive_email_marketing": not reasons,
            "consent": "NEVER_SUBSCRIBED",
            "suppression": [{"reason": reason, "timestamp": at} for reason, at in reasons.items()],
        }
        shown["subscriptions"] = {"email": {"marketing": marketing}}
    return {
        "type": "profile",
        "id": profile_id,
        "attributes": shown,
        "links": {"self": f"/api/profiles/{profile_id}"},
    }
