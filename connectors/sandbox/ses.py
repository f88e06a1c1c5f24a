"""A sandbox that takes mail as Amazon SES does: signatures, quotas, a status per entry, no memory of repeats.

It writes down each message before it answers, which is what tests believe. Shares no code with the destination.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.utils import parseaddr
from pathlib import Path
from typing import Any

from connectors.sandbox.aws import signature_problem
from connectors.sandbox.faults import Faults, Request
from connectors.sandbox.journal import Journal
from connectors.sandbox.mailing import MailPlatform
from connectors.sandbox.serving import Reply

REGION = "eu-central-1"
KEY_ID = "AKIASANDBOXSANDBOX00"
SECRET = "a secret of the sandbox's own"  # noqa: S105 - opens nothing but this sandbox

_MOST_ENTRIES = 50
_LARGEST_ENTRY = 262_144
_LARGEST_BULK = 1 << 20
_VARIABLE = re.compile(r"\{\{\{?\s*(\w+)\s*\}?\}\}")
_TAG = re.compile(r"[A-Za-z0-9_.@-]{1,256}")
_HEADER_VALUE = re.compile(r"[ -~]{1,995}")
_STATUSES = {"TooManyRequestsException": 429, "NotFoundException": 404, "UnrecognizedClientException": 403}
_SIGNATURE_STATUS = 403


@dataclass
class SesSandbox(MailPlatform):
    """An account's region, its messages and its suppression list.

    Attributes:
        verified_domains: Domains that mail may be sent from; every one where it is empty.
        rate: Messages in a second; None for any number.
        daily_quota: Messages in a day; None for any number.
        refused: Addresses whose messages are rejected for their content.
        hindered: Addresses whose messages fail in passing, once each.
        state: What the account is: "" for active, or the name of the exception that everything is answered with.
    """

    verified_domains: set[str] = field(default_factory=set)
    rate: int | None = None
    daily_quota: int | None = None
    refused: set[str] = field(default_factory=set)
    hindered: set[str] = field(default_factory=set)
    state: str = ""
    _second: int = 0
    _in_second: int = 0

    def suppress(self, email: str, reason: str = "BOUNCE") -> None:
        """Put an address on the suppression list; mail to it is taken and dropped from now on."""
        self._suppress({"email": email, "reason": reason, "at": self.clock().timestamp()})

    def answer(self, request: Request) -> Reply:
        """Answer one request."""
        now = self.clock().astimezone(UTC)
        problem = signature_problem(request, key_id=KEY_ID, secret=SECRET, region=REGION, service="ses", now=now)
        if problem:
            return _refused(problem, "The request could not be authenticated.", _SIGNATURE_STATUS)
        route = (request.method, request.path)
        if route == ("GET", "/v2/email/suppression/addresses"):
            return self._list(request)
        if route not in {("POST", "/v2/email/outbound-emails"), ("POST", "/v2/email/outbound-bulk-emails")}:
            return _refused("NotFoundException", "There is no such operation.")
        try:
            asked = json.loads(request.body)
        except ValueError:
            return _refused("BadRequestException", "The request is no JSON.")
        if self.state:
            return _refused(self.state, "The account cannot send.")
        if "bulk" in request.path:
            return self._bulk(asked, len(request.body))
        return self._single(asked)

    def _single(self, asked: dict[str, Any]) -> Reply:
        simple = asked.get("Content", {}).get("Simple")
        if not isinstance(simple, dict):
            return _refused("BadRequestException", "One of Simple, Raw and Template is needed.")
        body = {name: part["Data"] for name, part in simple["Body"].items()}
        parts = {"subject": simple["Subject"]["Data"], "text": body.get("Text"), "html": body.get("Html")}
        entry = {
            "to": asked["Destination"]["ToAddresses"],
            "headers": simple.get("Headers", []),
            "tags": asked.get("EmailTags", []),
        }
        status, words, message_id = self._take(asked, entry, parts)
        if status == "ACCOUNT_THROTTLED":
            return _refused("TooManyRequestsException", words)
        if status == "ACCOUNT_DAILY_QUOTA_EXCEEDED":
            return _refused("LimitExceededException", words)
        kinds = {
            "INVALID_PARAMETER": "BadRequestException",
            "MAIL_FROM_DOMAIN_NOT_VERIFIED": "MailFromDomainNotVerifiedException",
            "MESSAGE_REJECTED": "MessageRejected",
            "TRANSIENT_FAILURE": "ThrottlingException",
        }
        return Reply(json.dumps({"MessageId": message_id}).encode()) if not status else _refused(kinds[status], words)

    def _bulk(self, asked: dict[str, Any], size: int) -> Reply:
        entries = asked.get("BulkEmailEntries", [])
        if not 1 <= len(entries) <= _MOST_ENTRIES:
            return _refused("BadRequestException", f"Between 1 and {_MOST_ENTRIES} entries are needed.")
        if size > _LARGEST_BULK:
            return _refused("BadRequestException", "The request is too large.")
        template = asked["DefaultContent"]["Template"]["TemplateContent"]
        results = []
        for one in entries:
            data = one["ReplacementEmailContent"]["ReplacementTemplate"]["ReplacementTemplateData"]
            if len(data.encode()) > _LARGEST_ENTRY:
                return _refused("BadRequestException", "The template data is too large.")
            values = json.loads(data)
            parts: dict[str, str | None] = {name.lower(): _rendered(text, values) for name, text in template.items()}
            entry = {
                "to": one["Destination"]["ToAddresses"],
                "headers": one.get("ReplacementHeaders", []),
                "tags": one.get("ReplacementTags", []),
            }
            status, words, message_id = self._take(asked, entry, parts)
            results.append({"Status": status, "Error": words} if status else _success(message_id))
        return Reply(json.dumps({"BulkEmailEntryResults": results}).encode())

    def _take(self, asked: dict[str, Any], entry: dict[str, Any], parts: dict[str, str | None]) -> tuple[str, str, str]:
        """A status other than success with its words, or an empty one and the message's id."""
        name, address = parseaddr(entry["to"][0])
        sender_name, sender = parseaddr(asked.get("FromEmailAddress", ""))
        if "@" not in address or "@" not in sender:
            return "INVALID_PARAMETER", f"Illegal address: {entry['to'][0]}", ""
        if any(not _TAG.fullmatch(t["Name"]) or not _TAG.fullmatch(t["Value"]) for t in entry["tags"]):
            return "INVALID_PARAMETER", "A tag holds a sign that tags may not hold.", ""
        if any(not _HEADER_VALUE.fullmatch(header["Value"]) for header in entry["headers"]):
            return "INVALID_PARAMETER", "A header holds a sign that headers may not hold.", ""
        if self.verified_domains and sender.rpartition("@")[2] not in self.verified_domains:
            return "MAIL_FROM_DOMAIN_NOT_VERIFIED", f"Domain of {sender} is not verified.", ""
        limited = self._limit()
        if limited:
            return limited
        if address in self.refused:
            return "MESSAGE_REJECTED", f"The message to <{address}> was refused.", ""
        if address in self.hindered:
            self.hindered.remove(address)
            return "TRANSIENT_FAILURE", "Try again.", ""
        self._count += 1
        message_id = f"0102019b8ac0ffee-{self._count:08d}"
        self.journal.write(
            "effect",
            {
                "message_id": message_id,
                "at": self.clock().isoformat(),
                "to": address,
                "to_name": str(make_header(decode_header(name))) or None,
                "from": sender,
                "from_name": str(make_header(decode_header(sender_name))) or None,
                "reply_to": asked.get("ReplyToAddresses", []),
                "headers": {header["Name"]: header["Value"] for header in entry["headers"]},
                "tags": {tag["Name"]: tag["Value"] for tag in entry["tags"]},
                "is_dropped": address.lower() in self._suppressed,
                **parts,
            },
        )
        return "", "", message_id

    def _limit(self) -> tuple[str, str, str] | None:
        now = self.clock()
        if self.daily_quota is not None and self._count >= self.daily_quota:
            return "ACCOUNT_DAILY_QUOTA_EXCEEDED", "Daily message quota exceeded.", ""
        second = int(now.timestamp())
        self._in_second = 1 if second != self._second else self._in_second + 1
        self._second = second
        if self.rate is not None and self._in_second > self.rate:
            return "ACCOUNT_THROTTLED", "Maximum sending rate exceeded.", ""
        return None

    def _list(self, request: Request) -> Reply:
        params = request.params
        size, start = int(params.get("PageSize", 100)), int(params.get("NextToken") or 0)
        since = datetime.fromisoformat(params["StartDate"]).timestamp() if "StartDate" in params else 0.0
        rows = [
            {"EmailAddress": row["email"], "Reason": row["reason"], "LastUpdateTime": row["at"]}
            for row in self.journal.entries("suppression")
            if row["at"] >= since
        ]
        page: dict[str, Any] = {"SuppressedDestinationSummaries": rows[start : start + size]}
        if start + size < len(rows):
            page["NextToken"] = str(start + size)
        return Reply(json.dumps(page).encode())


def _success(message_id: str) -> dict[str, str]:
    return {"Status": "SUCCESS", "MessageId": message_id}


def _rendered(template: str, values: dict[str, str]) -> str:
    # As SES does it, without escaping HTML.
    return _VARIABLE.sub(lambda found: values[found[1]], template)


def _refused(kind: str, words: str, status: int | None = None) -> Reply:
    body = json.dumps({"message": words}).encode()
    return Reply(body, status or _STATUSES.get(kind, 400), "application/json", {"x-amzn-ErrorType": kind})


@contextmanager
def running_ses(
    log_path: Path, clock: Callable[[], datetime], *, port: int = 0, faults: Faults | None = None
) -> Iterator[SesSandbox]:
    """An account's region in a thread of this process, for as long as the block lasts.

    Args:
        log_path: Its log; an existing one is continued.
        clock: Its time, which signatures are held against.
        port: Where to listen on 127.0.0.1; 0 for any free port.
        faults: Rules made beforehand.

    Raises:
        OSError: The port is taken.
    """
    with SesSandbox(Journal(log_path), clock).running(port=port, faults=faults) as sandbox:
        yield sandbox
