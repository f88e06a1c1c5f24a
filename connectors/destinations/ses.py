"""Amazon SES (API v2): an email per request, or fifty with a status each inside one answer; its suppression list.

SES knows no repeats: whatever may have been taken is `maybe_sent`. The action key travels as a message tag, which event
publishing repeats in every event. Must not decide who receives what.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import formataddr
from http import HTTPStatus
from typing import Any, ClassVar, Literal, Self

import aiohttp
import idna
from pydantic import Field, model_validator

from connectors.destination import Delivery, DeliveryResult, Operation, Outcome
from connectors.destinations.aws_settings import AwsSettings
from connectors.destinations.aws_signatures import signed
from connectors.destinations.batches import BatchDestination
from connectors.destinations.exchanges import (
    Answer,
    exchange,
    judged,
    side_by_side,
    without_values,
)
from connectors.outgoing import Email
from connectors.suppressing import Suppression, SuppressionKind
from models.errors import MisconfiguredError, RetryLaterError

_SEND = "/v2/email/outbound-emails"
_SEND_BULK = "/v2/email/outbound-bulk-emails"
_SUPPRESSED = "/v2/email/suppression/addresses"
_MOST_ENTRIES = 50
_LARGEST_BULK_BYTES = 900_000  # SES takes a megabyte
_LARGEST_ENTRY = 262_144
_MOST_HEADERS = 15
_PAGE = 1_000
_LARGEST_PAGE_BYTES = 8 << 20
_HEADER_NAME = re.compile(r"[!-9;-@A-~]{1,126}")
_HEADER_VALUE = re.compile(r"[ -~]{1,995}")
_NOT_A_TAG = re.compile(r"[^A-Za-z0-9_.@-]")
_LONGEST_TAG = 256
# Refusals with status 400 that say nothing about the message: the account, the sender or the moment is at fault.
_NOT_THE_MESSAGE = {
    "AccountSuspendedException": "the account may not send any more",
    "ExpiredTokenException": "the credentials have expired",
    "InvalidSignatureException": "the signature does not hold; check the credentials and this machine's clock",
    "LimitExceededException": "a quota is used up",
    "MailFromDomainNotVerifiedException": "the sender's domain is not verified",
    "SendingPausedException": "sending is paused",
    "Throttling": "it asks to slow down",
    "ThrottlingException": "it asks to slow down",
    "TooManyRequestsException": "it asks to slow down",
    "UnrecognizedClientException": "it does not know the access key",
}
_UNFIT = {HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE}
_REJECTED_ENTRIES = {"MESSAGE_REJECTED", "INVALID_PARAMETER"}
_KINDS = {"BOUNCE": SuppressionKind.BOUNCE, "COMPLAINT": SuppressionKind.COMPLAINT}


class SesSettings(AwsSettings):
    """Amazon SES in `perennial.yml`.

    Attributes:
        type: `ses`.
        name: What campaigns call it.
        region: Such as eu-central-1.
        access_key_id: Of a user or role that may send mail.
        url: Another address than the region's, such as a sandbox's.
        configuration_set: The configuration set that publishes the messages' events.
        bulk: Whether fifty messages go in one request; SES then puts the rendered parts together itself.
        batch_size: The most messages that are under way before their outcomes are recorded.
        concurrency: How many requests are made side by side.
        timeout_seconds: For one request.
    """

    example: ClassVar[str] = "https://email.eu-central-1.amazonaws.com"

    type: Literal["ses"]
    region: str = Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")
    access_key_id: str = Field(min_length=8)
    configuration_set: str | None = Field(default=None, min_length=1)
    bulk: bool = False
    batch_size: int = Field(default=100, ge=1, le=1_000)
    concurrency: int = Field(default=8, ge=1, le=64)
    timeout_seconds: float = Field(default=15.0, gt=0, le=300)

    @model_validator(mode="after")
    def _has_an_address(self) -> Self:
        return self if self.url else self.model_copy(update={"url": f"https://email.{self.region}.amazonaws.com"})


class SesDestination(BatchDestination):
    """Sends emails through Amazon SES."""

    kind: ClassVar[str] = "ses"

    def __init__(self, settings: SesSettings) -> None:
        super().__init__(settings)
        self.operations = frozenset({Operation.SEND})
        self.is_idempotent = False
        self._settings = settings
        self._access = settings.access("ses")

    async def _send(
        self, session: aiohttp.ClientSession, deliveries: Sequence[Delivery], sent_at: datetime
    ) -> list[DeliveryResult]:
        results: dict[str, DeliveryResult] = {}
        emails: list[tuple[Delivery, Email]] = []
        for delivery in deliveries:
            email, refusal = _email_of(delivery)
            if email is None:
                results[delivery.action_key] = DeliveryResult(delivery.action_key, Outcome.REJECTED, refusal)
            else:
                emails.append((delivery, email))

        async def one(group: Sequence[tuple[Delivery, Email]]) -> list[DeliveryResult]:
            return await self._send_group(session, group, sent_at)

        groups = [[each] for each in emails] if not self._settings.bulk else list(_groups(emails))
        for made in await side_by_side(groups, one, at_once=self._settings.concurrency):
            results |= {result.action_key: result for result in made}
        return [results[delivery.action_key] for delivery in deliveries]

    async def _send_group(
        self, session: aiohttp.ClientSession, group: Sequence[tuple[Delivery, Email]], sent_at: datetime
    ) -> list[DeliveryResult]:
        is_bulk = self._settings.bulk and not _is_too_large(group[0][1])
        content = _bulk_content(group) if is_bulk else _content(*group[0])
        if self._settings.configuration_set is not None:
            content["ConfigurationSetName"] = self._settings.configuration_set
        url = f"{self._settings.url}{_SEND_BULK if is_bulk else _SEND}"
        body = _json(content)
        call = signed(self._access, sent_at, "POST", url, headers={"Content-Type": "application/json"}, body=body)
        answer = await exchange(session, call)
        if len(group) > 1 and _may_be_one_message(answer):
            middle = len(group) // 2  # nothing of it was taken: the halves tell whose fault it was
            first = await self._send_group(session, group[:middle], sent_at)
            return first + await self._send_group(session, group[middle:], sent_at)
        if not answer.is_success:
            return [_refused(delivery, answer, sent_at) for delivery, _ in group]
        if is_bulk:
            return _entries(group, answer)
        delivery, _ = group[0]
        reference = _object(answer).get("MessageId")
        if not isinstance(reference, str):
            reason = "SES answered without naming a message"
            return [DeliveryResult(delivery.action_key, Outcome.MAYBE_SENT, reason)]
        return [DeliveryResult(delivery.action_key, Outcome.ACCEPTED, provider_reference=reference)]

    def suppressions(self, since: datetime, *, asked_at: datetime) -> Iterator[Suppression]:
        """Every bounce and complaint on the account's list since a time, to the last page."""
        token = ""
        while True:
            page = self._page(since, token, asked_at)
            for row in page["SuppressedDestinationSummaries"]:
                at = row["LastUpdateTime"]
                moment = datetime.fromtimestamp(at, UTC) if isinstance(at, int | float) else datetime.fromisoformat(at)
                yield Suppression(row["EmailAddress"], _KINDS[row["Reason"]], moment)
            token = page.get("NextToken") or ""
            if not token:
                return

    def _page(self, since: datetime, token: str, at: datetime) -> Mapping[str, Any]:
        query = [("PageSize", str(_PAGE)), ("StartDate", f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}")]
        query += [("NextToken", token)] if token else []
        call = signed(self._access, at, "GET", f"{self._settings.url}{_SUPPRESSED}", query=query)
        answer = self._over(lambda session: exchange(session, call, largest=_LARGEST_PAGE_BYTES))
        page = answer.json()
        if answer.is_success and isinstance(page, dict) and "SuppressedDestinationSummaries" in page:
            return page
        if answer.status in {401, 403}:
            raise MisconfiguredError(
                f"destinations.{self.name}.access_key_id", f"may not read SES's suppression list ({answer.status})"
            )
        what = answer.error if answer.status is None else f"HTTP {answer.status}"
        raise RetryLaterError(f"SES's suppression list could not be read ({what})")


def _email_of(delivery: Delivery) -> tuple[Email | None, str | None]:
    """The email, or why there is none that SES would take."""
    try:
        email = Email.of(delivery.payload)
        bad = [n for n, v in email.headers.items() if not (_HEADER_NAME.fullmatch(n) and _HEADER_VALUE.fullmatch(v))]
        _sender(email), _recipient(email)
    except UnicodeError:
        return None, "SES takes no such address"
    except (KeyError, TypeError, ValueError):
        return None, "the payload is no email"
    if delivery.operation is not Operation.SEND:
        return None, "SES sends messages, and keeps no audience"
    if bad or len(email.headers) > _MOST_HEADERS:
        return None, f"SES takes no such header: {', '.join(bad) or 'more than 15 of them'}"
    return email, None


def _content(delivery: Delivery, email: Email) -> dict[str, Any]:
    """The request for one message."""
    message: dict[str, Any] = {
        "Subject": _text(email.subject),
        "Body": {"Text": _text(email.text), "Html": _text(email.html)},
    }
    if email.headers:
        message["Headers"] = _headers(email)
    return {
        **_sender(email),
        "Destination": _recipient(email),
        "Content": {"Simple": message},
        "EmailTags": _tags(delivery, email),
    }


def _bulk_content(group: Sequence[tuple[Delivery, Email]]) -> dict[str, Any]:
    """The request for several messages of one sender: a template of nothing but the rendered parts."""
    _, first = group[0]
    parts = {"Subject": "{{{subject}}}", "Text": "{{{text}}}", "Html": "{{{html}}}"}
    entries = [_entry(delivery, email) for delivery, email in group]
    empty = json.dumps({"subject": "", "text": "", "html": ""})
    content = {"Template": {"TemplateContent": parts, "TemplateData": empty}}
    return {**_sender(first), "DefaultContent": content, "BulkEmailEntries": entries}


def _entry(delivery: Delivery, email: Email) -> dict[str, Any]:
    """A message's part of a bulk request."""
    entry: dict[str, Any] = {
        "Destination": _recipient(email),
        "ReplacementEmailContent": {"ReplacementTemplate": {"ReplacementTemplateData": _template_data(email)}},
        "ReplacementTags": _tags(delivery, email),
    }
    return {**entry, "ReplacementHeaders": _headers(email)} if email.headers else entry


def _groups(emails: Sequence[tuple[Delivery, Email]]) -> Iterator[list[tuple[Delivery, Email]]]:
    """The emails by sender, in requests that SES takes whole; their order within a sender stays."""
    waiting: dict[str, list[tuple[Delivery, Email]]] = {}
    sizes: dict[str, int] = {}
    for delivery, email in emails:
        if _is_too_large(email):
            yield [(delivery, email)]
            continue
        sender, size = json.dumps(_sender(email)), len(_json(_entry(delivery, email)))
        group = waiting.setdefault(sender, [])
        if group and (len(group) >= _MOST_ENTRIES or sizes[sender] + size > _LARGEST_BULK_BYTES):
            yield group
            group = waiting[sender] = []
            sizes[sender] = 0
        group.append((delivery, email))
        sizes[sender] = sizes.get(sender, 0) + size
    yield from waiting.values()


def _is_too_large(email: Email) -> bool:
    """Whether a message goes by itself, because an entry of a bulk request must be smaller."""
    return len(_template_data(email).encode()) > _LARGEST_ENTRY


def _json(content: Mapping[str, Any]) -> bytes:
    """What is sent."""
    return json.dumps(content, separators=(",", ":"), allow_nan=False).encode()


def _object(answer: Answer) -> Mapping[str, Any]:
    content = answer.json()
    return content if isinstance(content, dict) else {}


def _template_data(email: Email) -> str:
    return json.dumps({"subject": email.subject, "text": email.text, "html": email.html}, ensure_ascii=False)


def _sender(email: Email) -> dict[str, Any]:
    sender: dict[str, Any] = {"FromEmailAddress": _person(email.from_address, email.from_name)}
    return sender if email.reply_to is None else {**sender, "ReplyToAddresses": [_address(email.reply_to)]}


def _recipient(email: Email) -> dict[str, list[str]]:
    return {"ToAddresses": [_person(email.to_address, email.to_name)]}


def _person(address: str, name: str | None) -> str:
    return formataddr((name, _address(address))) if name else _address(address)


def _address(address: str) -> str:
    """An address in the signs that SES takes: a host of others has a form in these; a name before the @ has none."""
    if address.isascii():
        return address
    name, _, host = address.rpartition("@")
    return f"{name.encode('ascii').decode()}@{idna.encode(host, uts46=True).decode()}"


def _text(text: str) -> dict[str, str]:
    return {"Data": text, "Charset": "UTF-8"}


def _headers(email: Email) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in email.headers.items()]


def _tags(delivery: Delivery, email: Email) -> list[dict[str, str]]:
    """Names and values as SES takes them: letters, digits and few signs."""
    tags = {**{str(name): str(value) for name, value in email.tags.items()}, "action_key": delivery.action_key}
    return [
        {"Name": _NOT_A_TAG.sub("-", name)[:_LONGEST_TAG], "Value": _NOT_A_TAG.sub("-", value)[:_LONGEST_TAG] or "-"}
        for name, value in tags.items()
    ]


def _entries(group: Sequence[tuple[Delivery, Email]], answer: Answer) -> list[DeliveryResult]:
    """What became of each message of a bulk request, entry by entry."""
    results = _object(answer).get("BulkEmailEntryResults")
    if not isinstance(results, list) or len(results) != len(group):
        reason = "SES's answer does not have one status for each message"
        return [DeliveryResult(delivery.action_key, Outcome.MAYBE_SENT, reason) for delivery, _ in group]
    made = []
    for (delivery, _), entry in zip(group, results, strict=True):
        status, words = str(entry.get("Status")), entry.get("Error")
        if status == "SUCCESS":
            made.append(
                DeliveryResult(delivery.action_key, Outcome.ACCEPTED, provider_reference=entry.get("MessageId"))
            )
            continue
        outcome = Outcome.REJECTED if status in _REJECTED_ENTRIES else Outcome.RETRY
        said = f": {without_values(str(words), delivery.payload)}" if words else ""
        made.append(DeliveryResult(delivery.action_key, outcome, f"SES did not take it ({status}{said})"))
    return made


def _kind(answer: Answer) -> str:
    """What SES calls a refusal."""
    body = _object(answer)
    kind = answer.headers.get("x-amzn-ErrorType") or str(body.get("__type") or body.get("code") or "")
    return kind.partition(":")[0].rpartition("#")[2]


def _may_be_one_message(answer: Answer) -> bool:
    """Whether a request was refused as a whole for something that a part of it may be free of."""
    return answer.status in _UNFIT and _kind(answer) not in _NOT_THE_MESSAGE


def _refused(delivery: Delivery, answer: Answer, sent_at: datetime) -> DeliveryResult:
    body, kind = _object(answer), _kind(answer)
    if kind in _NOT_THE_MESSAGE:
        reason = f"SES did not take it: {_NOT_THE_MESSAGE[kind]} ({kind})"
        result = judged(delivery, answer, provider="SES", sent_at=sent_at)
        return DeliveryResult(delivery.action_key, Outcome.RETRY, reason, retry_at=result.retry_at)
    words = ": ".join(str(part) for part in (kind, body.get("message") or body.get("Message")) if part)
    return judged(delivery, answer, provider="SES", sent_at=sent_at, words=words or None, is_own_answer=bool(kind))
