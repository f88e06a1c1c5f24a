"""A sandbox that takes mail as SendGrid does: limits, complaints per field, suppressed addresses, no memory of repeats.

It writes down each message before it answers, which is what tests believe. Shares no code with the destination.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from connectors.sandbox.faults import Faults, Request
from connectors.sandbox.journal import Journal
from connectors.sandbox.mailing import MailPlatform
from connectors.sandbox.serving import Reply

_LARGEST_MESSAGE_BYTES = 30 << 20
_LONGEST_ARGUMENTS = 10_000
_MOST_RECIPIENTS = 1_000
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+|[^@\s]+@localhost")
_RESERVED_HEADERS = {
    "x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type", "content-transfer-encoding", "to", "from",
    "subject", "reply-to", "cc", "bcc",
}  # fmt: skip
_LISTS = {"bounces", "spam_reports", "unsubscribes", "invalid_emails", "blocks"}
_WINDOW_SECONDS = 60

Problem = tuple[str | None, str]


@dataclass
class SendGridSandbox(MailPlatform):
    """The account, its messages and its suppressions.

    Attributes:
        api_key: What opens it.
        sender_domains: Domains that mail may be sent from; every one where it is empty.
        allowance: Requests in a minute; None for any number.
    """

    api_key: str
    sender_domains: set[str] = field(default_factory=set)
    allowance: int | None = None
    _window: int = 0
    _used: int = 0

    def suppress(self, email: str, list_name: str = "bounces", *, reason: str = "550 5.1.1 no such mailbox") -> None:
        """Put an address on one of the lists; mail to it is taken and dropped from now on."""
        created = int(self.clock().timestamp())
        self._suppress({"list": list_name, "email": email, "created": created, "reason": reason})

    def answer(self, request: Request) -> Reply:
        """Answer one request."""
        if request.headers.get("authorization") != f"Bearer {self.api_key}":
            return _refused(401, [(None, "authorization required")])
        limits = self._limits()
        if limits is not None and self._used > (self.allowance or 0):
            return _refused(429, [(None, "too many requests")], limits)
        if request.path == "/v3/mail/send":
            reply = self._mail(request) if request.method == "POST" else _refused(405, [(None, "method not allowed")])
        elif request.path.startswith("/v3/suppression/") and request.path.rpartition("/")[2] in _LISTS:
            reply = self._list(request)
        else:
            return _refused(404, [(None, "not found")])
        return Reply(reply.body, reply.status, reply.content_type, {**reply.headers, **(limits or {})})

    def _limits(self) -> dict[str, str] | None:
        if self.allowance is None:
            return None
        window = int(self.clock().timestamp()) // _WINDOW_SECONDS
        self._used = 1 if window != self._window else self._used + 1
        self._window = window
        return {
            "X-RateLimit-Limit": str(self.allowance),
            "X-RateLimit-Remaining": str(max(0, self.allowance - self._used)),
            "X-RateLimit-Reset": str((window + 1) * _WINDOW_SECONDS),
        }

    def _mail(self, request: Request) -> Reply:
        if len(request.body) > _LARGEST_MESSAGE_BYTES:
            return _refused(413, [(None, "content too large")])
        try:
            message = json.loads(request.body)
        except ValueError:
            return _refused(400, [(None, "Bad Request")])
        problems = list(_problems(message))
        if problems:
            return _refused(400, problems)
        domain = message["from"]["email"].rpartition("@")[2].lower()
        if self.sender_domains and domain not in self.sender_domains:
            return _refused(403, [("from", "The from address does not match a verified Sender Identity.")])
        self._count += 1
        message_id = f"sandbox{self._count:08d}"
        self.journal.write("effect", *self._deliveries(message, message_id))
        return Reply(b"", 202, "text/plain; charset=utf-8", {"X-Message-Id": message_id})

    def _deliveries(self, message: dict[str, Any], message_id: str) -> Iterator[dict[str, Any]]:
        content = {part["type"]: part["value"] for part in message["content"]}
        for envelope in message["personalizations"]:
            for recipient in envelope["to"]:
                yield {
                    "message_id": message_id,
                    "at": self.clock().isoformat(),
                    "to": recipient["email"],
                    "to_name": recipient.get("name"),
                    "from": message["from"],
                    "reply_to": message.get("reply_to", {}).get("email"),
                    "subject": envelope.get("subject", message.get("subject")),
                    "text": content.get("text/plain"),
                    "html": content.get("text/html"),
                    "headers": {**message.get("headers", {}), **envelope.get("headers", {})},
                    "categories": message.get("categories", []),
                    "arguments": {**message.get("custom_args", {}), **envelope.get("custom_args", {})},
                    "is_dropped": recipient["email"].lower() in self._suppressed,
                }

    def _list(self, request: Request) -> Reply:
        params = request.params
        name = request.path.rpartition("/")[2]
        limit, offset = int(params.get("limit", 500)), int(params.get("offset", 0))
        start, end = int(params.get("start_time", 0)), int(params.get("end_time", 1 << 40))
        if not 1 <= limit <= 500 or offset < 0:
            return _refused(400, [("limit", "limit must be between 1 and 500")])
        rows = [
            {"created": row["created"], "email": row["email"], **_more(name, row)}
            for row in reversed(self.journal.entries("suppression"))
            if row["list"] == name and start <= row["created"] <= end
        ]
        return Reply(json.dumps(rows[offset : offset + limit]).encode())


def _more(name: str, row: dict[str, Any]) -> dict[str, Any]:
    if name == "spam_reports":
        return {"ip": "127.0.0.1"}
    return {} if name == "unsubscribes" else {"reason": row["reason"], "status": row["reason"][4:9]}


def _problems(message: Any) -> Iterator[Problem]:  # noqa: ANN401 - whatever was sent
    if not isinstance(message, dict):
        yield None, "Bad Request"
        return
    envelopes = message.get("personalizations")
    if not isinstance(envelopes, list) or not envelopes:
        yield "personalizations", "The personalizations field is required and must have at least one personalization."
        envelopes = []
    if len(envelopes) > _MOST_RECIPIENTS:
        yield "personalizations", "There are too many personalizations."
    for number, envelope in enumerate(envelopes):
        yield from _envelope_problems(f"personalizations.{number}", envelope, message.get("subject"))
    yield from _address_problems("from.email", message.get("from"))
    if "reply_to" in message:
        yield from _address_problems("reply_to.email", message["reply_to"])
    yield from _content_problems(message.get("content"))
    yield from _header_problems(message.get("headers", {}))
    categories = message.get("categories", [])
    if len(categories) > 10 or any(len(category) > 255 for category in categories):
        yield "categories", "There can be no more than 10 categories of 255 characters each."


def _content_problems(content: Any) -> Iterator[Problem]:  # noqa: ANN401 - whatever was sent
    if not isinstance(content, list) or not content:
        yield "content", "Unless a valid template_id is provided, the content parameter is required."
        return
    types = [part.get("type") for part in content]
    if "text/plain" in types and types[0] != "text/plain":
        yield "content", "If present, text/plain and text/html may only be provided in this order."
    for number, part in enumerate(content):
        if not part.get("value"):
            yield f"content.{number}.value", "The content value must be a string at least one character in length."


def _header_problems(headers: dict[str, Any]) -> Iterator[Problem]:
    for name, value in headers.items():
        if name.lower() in _RESERVED_HEADERS:
            yield f"headers.{name}", "The header cannot be set."
        if not isinstance(value, str):
            yield f"headers.{name}", "The header value must be a string."


def _envelope_problems(place: str, envelope: dict[str, Any], subject: str | None) -> Iterator[Problem]:
    recipients = envelope.get("to")
    if not isinstance(recipients, list) or not recipients:
        yield f"{place}.to", "The to array is required for all personalization objects, and must have at least one."
        recipients = []
    for number, recipient in enumerate(recipients):
        yield from _address_problems(f"{place}.to.{number}.email", recipient)
    if not envelope.get("subject", subject):
        yield "subject", "The subject is required. You can get around this requirement if you use a template."
    arguments = envelope.get("custom_args", {})
    if any(not isinstance(value, str) for value in arguments.values()):
        yield f"{place}.custom_args", "The custom_args values must be strings."
    if len(json.dumps(arguments)) > _LONGEST_ARGUMENTS:
        yield f"{place}.custom_args", "The custom_args are too large."


def _address_problems(place: str, person: Any) -> Iterator[Problem]:  # noqa: ANN401 - whatever was sent
    address = person.get("email") if isinstance(person, dict) else None
    if not isinstance(address, str) or not _ADDRESS.fullmatch(address):
        yield place, f"Does not contain a valid address: '{address}'."


def _refused(status: int, problems: list[Problem], headers: dict[str, str] | None = None) -> Reply:
    errors = [{"message": words, "field": place, "help": None} for place, words in problems]
    return Reply(json.dumps({"errors": errors}).encode(), status, "application/json", headers or {})


@contextmanager
def running_sendgrid(
    log_path: Path, api_key: str, clock: Callable[[], datetime], *, port: int = 0, faults: Faults | None = None
) -> Iterator[SendGridSandbox]:
    """An account in a thread of this process, for as long as the block lasts.

    Args:
        log_path: Its log; an existing one is continued.
        api_key: What opens it.
        clock: Its time.
        port: Where to listen on 127.0.0.1; 0 for any free port.
        faults: Rules made beforehand.

    Raises:
        OSError: The port is taken.
    """
    with SendGridSandbox(Journal(log_path), clock, api_key).running(port=port, faults=faults) as sandbox:
        yield sandbox
