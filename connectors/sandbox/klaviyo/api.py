"""Klaviyo's API as far as audiences, events and suppressions need it: one function from a request to a reply.

What a request does is in the journal before its reply is returned. Must not share code with what calls it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from connectors.sandbox.faults import Request
from connectors.sandbox.klaviyo import intake
from connectors.sandbox.klaviyo.account import Account, ConflictError
from connectors.sandbox.klaviyo.documents import (
    RefusedError,
    condition,
    document,
    job_resource,
    page,
    profile_resource,
)
from connectors.sandbox.klaviyo.jobs import IMPORT, SUPPRESS, UNSUPPRESS, Jobs
from connectors.sandbox.klaviyo.limits import Limits
from connectors.sandbox.serving import Reply

SCOPES = frozenset(
    {
        "profiles:read", "profiles:write", "lists:read", "lists:write", "events:write",
        "subscriptions:read", "subscriptions:write",
    }
)  # fmt: skip

_REVISION = re.compile(r"\d{4}-\d{2}-\d{2}(\.[\w-]+)?")
_DEFAULT_UNIQUE_ID = "time:"
_OWN_FAULTS = frozenset({"job_stuck", "job_cancelled", "records_fail", "errors_unnamed"})


@dataclass(frozen=True)
class _Endpoint:
    method: str
    path: re.Pattern[str]
    size: str
    scopes: frozenset[str]
    answer: Callable[..., Reply]

    @property
    def name(self) -> str:
        return f"{self.method} {self.path.pattern}"


class KlaviyoApi:
    """The API of one account.

    Attributes:
        account: The account's books.
        jobs: What it is at work on.
        limits: What it may ask for; None for as much as it likes.
        keys: Per private key its scopes.
        host: The address that links begin with.
    """

    def __init__(self, account: Account, jobs: Jobs, keys: dict[str, frozenset[str]], limits: Limits | None) -> None:
        self.account = account
        self.jobs = jobs
        self.limits = limits
        self.keys = keys
        self.host = "https://a.klaviyo.com"
        self._endpoints = list(self._known())

    def __call__(self, request: Request) -> Reply:
        """Answer one request, and keep a note of it."""
        self.jobs.settle()
        try:
            reply = self._answer(request)
        except RefusedError as error:
            reply = error.reply
        self.account.journal.note(
            "request", method=request.method, path=request.path, status=reply.status, at=self.account.clock()
        )
        self.account.journal.flush()
        return reply

    def _known(self) -> list[_Endpoint]:
        read, write = frozenset({"profiles:read"}), frozenset({"profiles:write"})
        lists_read, lists_write = read | {"lists:read"}, write | {"lists:write"}
        subscriptions_read, subscriptions_write = frozenset({"subscriptions:read"}), frozenset({"subscriptions:write"})
        events = frozenset({"events:write"})
        one = r"/api/%s/([\w-]+)"
        of_list = r"/api/lists/([\w-]+)/relationships/profiles"
        endpoints = [
            ("POST", f"/api/{IMPORT}s", "M", lists_write, self._import),
            ("GET", f"/api/{IMPORT}s", "M", lists_read, partial(self._jobs, IMPORT)),
            ("GET", one % f"{IMPORT}s", "M", lists_read, partial(self._job, IMPORT)),
            ("GET", one % f"{IMPORT}s" + "/import-errors", "M", read, self._import_errors),
            ("GET", "/api/profiles", "L", read, self._profiles),
            ("POST", "/api/profiles", "L", write, self._create_profile),
            ("GET", of_list, "L", lists_read, self._members),
            ("POST", of_list, "M", lists_write, partial(self._change_members, self.account.join)),
            ("DELETE", of_list, "M", lists_write, partial(self._change_members, self.account.leave)),
            ("POST", "/api/events", "XL", events, self._event),
            ("POST", "/api/event-bulk-create-jobs", "M", events, self._events),
        ]
        for kind, scopes in ((SUPPRESS, write | subscriptions_write), (UNSUPPRESS, subscriptions_write)):
            endpoints += [
                ("POST", f"/api/{kind}s", "L", scopes, partial(self._suppression, kind)),
                ("GET", f"/api/{kind}s", "L", subscriptions_read, partial(self._jobs, kind)),
                ("GET", one % f"{kind}s", "L", subscriptions_read, partial(self._job, kind)),
            ]
        return [_Endpoint(method, re.compile(path), *rest) for method, path, *rest in endpoints]  # type: ignore[arg-type]

    def _answer(self, request: Request) -> Reply:
        matching = [(one, one.path.fullmatch(request.path)) for one in self._endpoints]
        known = [(one, matched) for one, matched in matching if matched]
        if not known:
            raise RefusedError(404, "not_found", f"there is nothing at {request.path}")
        for endpoint, matched in known:
            if endpoint.method == request.method:
                return self._limited(endpoint, request, *matched.groups())
        raise RefusedError(405, "method_not_allowed", f"{request.method} is not for {request.path}")

    def _limited(self, endpoint: _Endpoint, request: Request, *names: str) -> Reply:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme != "Klaviyo-API-Key" or key not in self.keys:
            raise RefusedError(401, "not_authenticated", "the private key is missing or not known")
        headers: dict[str, str] = {}
        if self.limits is not None:
            headers, seconds = self.limits.take(endpoint.name, endpoint.size, self.account.clock())
            if seconds is not None:
                refusal = RefusedError(429, "throttled", f"available in {seconds} seconds").reply
                return Reply(refusal.body, 429, refusal.content_type, {"Retry-After": str(seconds)})
        try:
            self._check(endpoint, request, key)
            reply = endpoint.answer(request, *names)
        except RefusedError as error:
            reply = error.reply
        return Reply(reply.body, reply.status, reply.content_type, {**reply.headers, **headers})

    def _check(self, endpoint: _Endpoint, request: Request, key: str) -> None:
        if not _REVISION.fullmatch(request.headers.get("revision", "")):
            raise RefusedError(400, "invalid", "the revision header is missing or no date", parameter="revision")
        missing = endpoint.scopes - self.keys[key]
        if missing:
            raise RefusedError(403, "permission_denied", f"the key has no scope {', '.join(sorted(missing))}")

    def _import(self, request: Request) -> Reply:
        profiles, list_ids = intake.profiles_of(intake.body_of(request, IMPORT))
        for list_id in list_ids:
            self._require_list(list_id)
        job = self.jobs.submit(IMPORT, profiles, list_ids, self._fate(request))
        return document({"data": job_resource(job)}, status=202)

    def _suppression(self, kind: str, request: Request) -> Reply:
        addresses = intake.addresses_of(intake.body_of(request, kind))
        job = self.jobs.submit(kind, addresses, fate=self._fate(request))
        return document({"data": job_resource(job)}, status=202)

    def _jobs(self, kind: str, request: Request) -> Reply:
        wanted = condition(request, "status")
        jobs = [job for job in self.jobs.all(kind) if wanted is None or job.status in wanted.values]
        return page(request, [job_resource(job) for job in jobs], self.host)

    def _job(self, kind: str, _request: Request, job_id: str) -> Reply:
        job = self.jobs.get(kind, job_id)
        if job is None:
            raise RefusedError(404, "not_found", f"there is no {kind} {job_id}")
        return document({"data": job_resource(job)})

    def _import_errors(self, request: Request, job_id: str) -> Reply:
        job = self.jobs.get(IMPORT, job_id)
        if job is None:
            raise RefusedError(404, "not_found", f"there is no {IMPORT} {job_id}")
        return page(request, job.errors, self.host)

    def _profiles(self, request: Request) -> Reply:
        wanted = condition(request, "id", "email", "phone_number", "external_id")
        if wanted is None:
            ids = list(self.account.profiles())
        else:
            found = [self.account.found(wanted.field, value) for value in wanted.values]
            ids = [one for one in dict.fromkeys(found) if one is not None]
        return page(request, [profile_resource(self.account, one, request) for one in ids], self.host)

    def _create_profile(self, request: Request) -> Reply:
        attributes = intake.body_of(request, "profile")["attributes"]
        try:
            profile_id = self.account.upsert(attributes, is_new=True)
        except ConflictError as error:
            meta = {"duplicate_profile_id": error.profile_ids[0]}
            detail = "a profile is known by one of these identifiers already"
            raise RefusedError(409, "duplicate_profile", detail, pointer="/data/attributes", meta=meta) from None
        return document({"data": profile_resource(self.account, profile_id, request)}, status=201)

    def _members(self, request: Request, list_id: str) -> Reply:
        self._require_list(list_id)
        members = [{"type": "profile", "id": one} for one in self.account.lists[list_id]]
        return page(request, members, self.host)

    def _change_members(self, change: Callable[[str, list[str]], None], request: Request, list_id: str) -> Reply:
        self._require_list(list_id)
        profile_ids = intake.members_of(intake.body_of(request, None))
        unknown = [one for one in profile_ids if self.account.found("id", one) is None]
        if unknown:
            raise RefusedError(404, "not_found", f"there is no profile {unknown[0]}")
        change(list_id, profile_ids)
        return Reply(status=204)

    def _event(self, request: Request) -> Reply:
        self._record(*intake.event_of(intake.body_of(request, "event")["attributes"]))
        return Reply(status=202)

    def _events(self, request: Request) -> Reply:
        events = intake.events_of(intake.body_of(request, "event-bulk-create-job"))
        seen: set[tuple[str | None, str, str]] = set()
        for profile, facts in events:
            known = self.account.found("email", str(profile.get("email", "")))
            key = (known or profile.get("email"), facts["metric"], str(facts["unique_id"]))
            if key in seen or (known and self.account.has_event(known, key[1], key[2])):
                raise RefusedError(400, "duplicate_event", "a unique_id is repeated; nothing was recorded")
            seen.add(key)
        for profile, facts in events:
            self._record(profile, facts)
        return Reply(status=202)

    def _record(self, profile: dict[str, Any], facts: dict[str, Any]) -> None:
        try:
            profile_id = self.account.upsert(profile)
        except ConflictError as error:
            # Nothing is said about it: an event that was taken is not yet recorded.
            self.account.journal.note("event_lost", profile_ids=error.profile_ids)
            return
        metric, written = facts.pop("metric"), facts.pop("unique_id")
        unique_id = str(written) if written else f"{_DEFAULT_UNIQUE_ID}{self.account.clock():%Y-%m-%dT%H:%M:%S}"
        self.account.record(profile_id, metric, unique_id, facts)

    def _require_list(self, list_id: str) -> None:
        if list_id not in self.account.lists:
            raise RefusedError(404, "not_found", f"there is no list {list_id}")

    @staticmethod
    def _fate(request: Request) -> str:
        return request.fault if request.fault in _OWN_FAULTS else ""
