"""The sandbox account behaves as the published interface says, by itself: no destination is asked here."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from connectors.sandbox.faults import Request
from connectors.sandbox.klaviyo import SCOPES, Account, Jobs, Journal, KlaviyoApi, Limits
from connectors.sandbox.serving import Reply

KEY = "pk_of_the_test"
NOW = datetime(2026, 1, 5, 1, 0, 30, tzinfo=UTC)
IMPORTS = "/api/profile-bulk-import-jobs"


class Sandbox:
    """The API without a server, and a client of a few lines."""

    def __init__(self, journal: Path) -> None:
        self.now = NOW
        self.account = Account(lambda: self.now, Journal(journal))
        self.account.lists["L1"] = {}
        self.jobs = Jobs(self.account)
        self.api = KlaviyoApi(self.account, self.jobs, {KEY: SCOPES}, Limits())

    def reply(self, method: str, path: str, body: Any = None, *, fault: str = "", **headers: str) -> Reply:
        given = {"authorization": f"Klaviyo-API-Key {KEY}", "revision": "2026-07-15", **headers}
        parts = urlsplit(path)
        content = b"" if body is None else json.dumps({"data": body}).encode()
        given.setdefault("content-type", "application/vnd.api+json")
        return self.api(Request(method, parts.path, parts.query, given, content, fault))

    def __call__(self, method: str, path: str, body: Any = None, **more: str) -> tuple[int, dict[str, Any]]:
        answer = self.reply(method, path, body, **more)
        assert isinstance(answer.body, bytes)
        return answer.status, json.loads(answer.body) if answer.body else {}

    def pass_(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    return Sandbox(tmp_path / "klaviyo.jsonl")


def importing(*profiles: dict[str, Any], list_id: str | None = None) -> dict[str, Any]:
    data = [{"type": "profile", "attributes": profile} for profile in profiles]
    lists = {"lists": {"data": [{"type": "list", "id": list_id}]}} if list_id else {}
    attributes = {"profiles": {"data": data}}
    return {"type": "profile-bulk-import-job", "attributes": attributes, "relationships": lists}


def code_of(answer: tuple[int, dict[str, Any]]) -> tuple[int, str]:
    return answer[0], answer[1]["errors"][0]["code"]


def test_nobody_gets_in_without_a_key_a_revision_and_a_scope(sandbox: Sandbox) -> None:
    assert code_of(sandbox("GET", "/api/profiles", authorization="Klaviyo-API-Key other")) == (401, "not_authenticated")
    assert code_of(sandbox("GET", "/api/profiles", authorization=f"Bearer {KEY}"))[0] == 401
    assert code_of(sandbox("GET", "/api/profiles", revision="")) == (400, "invalid")
    sandbox.api.keys[KEY] = frozenset({"profiles:read"})
    assert code_of(sandbox("POST", IMPORTS, importing({"email": "a@shop.example"}))) == (403, "permission_denied")
    assert code_of(sandbox("GET", "/api/nothing"))[0] == 404
    assert code_of(sandbox("PATCH", "/api/profiles"))[0] == 405


def test_a_job_takes_its_time_and_shows_when_it_is_complete(sandbox: Sandbox) -> None:
    status, begun = sandbox("POST", IMPORTS, importing({"email": "a@shop.example"}, {"email": "bad"}, list_id="L1"))
    path = f"{IMPORTS}/{begun['data']['id']}"
    assert (status, begun["data"]["attributes"]["status"]) == (202, "queued")
    assert sandbox.account.profile_count == 0
    sandbox.pass_(2)
    assert sandbox("GET", path)[1]["data"]["attributes"]["status"] == "processing"
    assert len(sandbox("GET", f'{IMPORTS}?filter=any(status,["queued","processing"])')[1]["data"]) == 1
    sandbox.pass_(1)
    attributes = sandbox("GET", path)[1]["data"]["attributes"]
    counted = {name: attributes[name] for name in ("status", "total_count", "completed_count", "failed_count")}
    assert counted == {"status": "complete", "total_count": 2, "completed_count": 1, "failed_count": 1}
    [error] = sandbox("GET", f"{path}/import-errors")[1]["data"]
    assert error["attributes"]["source"]["pointer"] == "/data/attributes/profiles/data/1/attributes/email"
    assert error["attributes"]["original_payload"] == {"email": "bad"}
    assert len(sandbox.account.lists["L1"]) == 1
    assert sandbox("GET", f'{IMPORTS}?filter=equals(status,"queued")')[1]["data"] == []


def test_limits_are_by_the_second_and_by_the_minute(sandbox: Sandbox) -> None:
    first = sandbox.reply("GET", IMPORTS)
    assert (first.headers["RateLimit-Remaining"], first.headers["RateLimit-Reset"]) == ("149", "30")
    answers = [sandbox.reply("GET", IMPORTS) for _ in range(10)]
    assert [one.status for one in answers] == [200] * 9 + [429]
    assert answers[-1].headers == {"Retry-After": "1"}
    for _ in range(14):
        sandbox.pass_(1)
        assert [sandbox.reply("GET", IMPORTS).status for _ in range(10)] == [200] * 10
    sandbox.pass_(1)
    assert sandbox.reply("GET", IMPORTS).headers == {"Retry-After": "15"}
    assert sandbox.reply("GET", "/api/profiles").status == 200  # each endpoint has its own
    sandbox.pass_(15)
    assert sandbox.reply("GET", IMPORTS).status == 200


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (importing(), (400, "invalid")),
        (importing({"first_name": "Zoë"}), (400, "required")),
        (importing({"email": "a@shop.example", "title": "x" * 100_001}), (400, "too_large")),
        (importing(*[{"email": "a@shop.example"}] * 10_001), (400, "invalid")),
        (importing({"email": "a@shop.example"}, list_id="nowhere"), (404, "not_found")),
        (importing(*[{"email": "a@shop.example", "title": "x" * 90_000}] * 60), (413, "payload_too_large")),
        ({"type": "profile"}, (400, "invalid")),
        ([], (400, "invalid")),
    ],
)
def test_what_is_not_taken_begins_no_job(sandbox: Sandbox, body: Any, expected: tuple[int, str]) -> None:
    assert code_of(sandbox("POST", IMPORTS, body)) == expected
    assert sandbox("GET", IMPORTS)[1]["data"] == []
    assert code_of(sandbox("POST", IMPORTS, body, **{"content-type": "text/plain"}))[0] == 415


def test_a_profile_is_made_once_and_two_never_become_one(sandbox: Sandbox) -> None:
    def create(**attributes: str) -> tuple[int, dict[str, Any]]:
        return sandbox("POST", "/api/profiles", {"type": "profile", "attributes": attributes})

    assert create(email="a@shop.example", external_id="1")[0] == 201
    again = create(email="A@Shop.example")
    assert code_of(again) == (409, "duplicate_profile")
    assert again[1]["errors"][0]["meta"]["duplicate_profile_id"] == "01P000000001"
    assert create(email="b@shop.example")[0] == 201
    sandbox("POST", IMPORTS, importing({"email": "b@shop.example", "external_id": "1"}))
    sandbox.pass_(60)
    found = sandbox("GET", '/api/profiles?filter=any(external_id,["1","2"])&fields[profile]=email')
    assert [one["attributes"] for one in found[1]["data"]] == [{"email": "a@shop.example"}]
    errors = sandbox("GET", f"{IMPORTS}/01J000000001/import-errors")[1]["data"]
    assert errors[0]["attributes"]["code"] == "duplicate_profile"


def test_a_repeated_event_is_one_event_alone_and_refuses_its_whole_bulk(sandbox: Sandbox) -> None:
    def event(unique_id: str) -> dict[str, Any]:
        attributes = {
            "metric": {"data": {"type": "metric", "attributes": {"name": "win-back"}}},
            "profile": {"data": {"type": "profile", "attributes": {"email": "a@shop.example"}}},
            "properties": {},
            "unique_id": unique_id,
        }
        return {"type": "event", "attributes": attributes}

    def bulk(*unique_ids: str) -> dict[str, Any]:
        profile = event("")["attributes"]["profile"]
        events = {"data": [event(one) for one in unique_ids]}
        one = {"type": "event-bulk-create", "attributes": {"backfill": True, "profile": profile, "events": events}}
        return {"type": "event-bulk-create-job", "attributes": {"events-bulk-create": {"data": [one]}}}

    assert [sandbox("POST", "/api/events", event("one"))[0] for _ in range(2)] == [202, 202]
    assert sandbox.account.event_count == 1
    assert code_of(sandbox("POST", "/api/event-bulk-create-jobs", bulk("two", "one"))) == (400, "duplicate_event")
    assert code_of(sandbox("POST", "/api/event-bulk-create-jobs", bulk("two", "two"))) == (400, "duplicate_event")
    assert sandbox.account.event_count == 1
    assert sandbox("POST", "/api/event-bulk-create-jobs", bulk("two", "three"))[0] == 202
    assert sandbox.account.event_count == 3
    kinds = [
        (entry["kind"], entry.get("starts_flows")) for entry in sandbox.account.journal.noted() if "metric" in entry
    ]
    assert kinds == [("event", True), ("event_repeated", None), ("event", False), ("event", False)]


def test_lists_come_in_pages_and_lose_members_but_no_profiles(sandbox: Sandbox) -> None:
    ids = [sandbox.account.upsert({"email": f"c{n}@shop.example"}) for n in range(150)]
    path = "/api/lists/L1/relationships/profiles"
    assert sandbox("POST", path, [{"type": "profile", "id": one} for one in ids])[0] == 204
    assert code_of(sandbox("POST", path, [{"type": "profile", "id": "unknown"}]))[0] == 404
    found: list[str] = []
    following = f"{path}?{urlencode([('page[size]', '100')])}"
    while following:
        content = sandbox("GET", following)[1]
        found += [one["id"] for one in content["data"]]
        following = content["links"]["next"]
    assert found == ids
    assert parse_qsl(urlsplit(content["links"]["self"]).query)[-1] == ("page[cursor]", "100")
    assert code_of(sandbox("GET", f"{path}?page[size]=101"))[0] == 400
    assert sandbox("DELETE", path, [{"type": "profile", "id": ids[0]}])[0] == 204
    assert (len(sandbox.account.lists["L1"]), sandbox.account.profile_count) == (149, 150)
    assert sandbox.account.journal.noted("list_left")[0]["profile_ids"] == [ids[0]]


def test_a_filter_that_the_endpoint_does_not_know_is_refused(sandbox: Sandbox) -> None:
    for written in (
        'any(first_name,["Zoë"])',
        "any(email,[1])",
        'equals(email,"a"',
        'less-than(email,"a")',
        "any(email,[])",
    ):
        assert code_of(sandbox("GET", f"/api/profiles?{urlencode([('filter', written)])}")) == (400, "invalid")


def test_what_happened_is_on_disk_before_the_answer(sandbox: Sandbox) -> None:
    sandbox("POST", "/api/profiles", {"type": "profile", "attributes": {"email": "a@shop.example"}})
    written = [json.loads(line)["kind"] for line in sandbox.account.journal.path.read_text().splitlines()]
    assert written == ["profile", "request"]
