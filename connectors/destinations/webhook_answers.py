"""What a webhook's answer says about the records that were posted to it.

An endpoint may accept a batch by any 2xx without a word, or answer record by record:
`{"results": [{"action_key": ..., "status": "accepted" | "rejected" | "retry", "reason": ..., "reference": ...}]}`.
A record counts as accepted only if nothing in the answer casts doubt on it. Must not send anything.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any

from connectors.destination import Delivery, DeliveryResult, Outcome
from connectors.destinations.exchanges import Answer, asked_for, is_perhaps_taken, verdict

_LONGEST_WORDS = 200

# Refusals that say nothing about the records: the configuration, the moment, or the batch is at fault.
_NOT_THE_RECORDS = {
    HTTPStatus.UNAUTHORIZED: "the endpoint refused the signature (401); check the destination's secret",
    HTTPStatus.FORBIDDEN: "the endpoint refuses this sender (403); check the destination's url and secret",
    HTTPStatus.NOT_FOUND: "there is nothing at the address (404); check the destination's url",
    HTTPStatus.METHOD_NOT_ALLOWED: "the address does not take POST (405); check the destination's url",
    HTTPStatus.PROXY_AUTHENTICATION_REQUIRED: "a proxy asks for credentials (407)",
    HTTPStatus.GONE: "the address is gone (410); check the destination's url",
    HTTPStatus.LOCKED: "the endpoint is locked (423)",
    HTTPStatus.TOO_EARLY: "the endpoint asks to come back later (425)",
    HTTPStatus.TOO_MANY_REQUESTS: "the endpoint asks to slow down (429)",
    HTTPStatus.SERVICE_UNAVAILABLE: "the endpoint is not available now (503)",
}
_PERHAPS_TAKEN = {
    HTTPStatus.REQUEST_TIMEOUT: "the endpoint or a gateway gave up waiting (408), and may have taken something",
    HTTPStatus.SERVICE_UNAVAILABLE: "the endpoint or a gateway is not available (503), and may have taken something",
}
# One bad record can make an endpoint refuse the whole batch: it is halved until that record is alone.
_SPLITS_A_BATCH = {HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNPROCESSABLE_ENTITY}
_NOT_TAKEN_REDIRECTS = {HTTPStatus.TEMPORARY_REDIRECT, HTTPStatus.PERMANENT_REDIRECT}
_STATUSES = {"accepted": Outcome.ACCEPTED, "rejected": Outcome.REJECTED, "retry": Outcome.RETRY}


def refuses_for_a_part(answer: Answer) -> bool:
    """Whether the batch was refused as a whole although only a part of it may be at fault."""
    return answer.status in _SPLITS_A_BATCH and not _named_results(answer.body)


def results_of(
    answer: Answer, deliveries: Sequence[Delivery], *, is_idempotent: bool, sent_at: datetime
) -> list[DeliveryResult]:
    """One result for each record of a batch.

    Args:
        answer: What the endpoint answered.
        deliveries: The batch.
        is_idempotent: Whether a record that may have been taken can be sent again; if not, it is `maybe_sent`.
        sent_at: When the batch was sent.
    """
    unknown = Outcome.RETRY if is_idempotent else Outcome.MAYBE_SENT
    # This header alone: an endpoint of the merchant's own may mean anything by another one.
    retry_at = asked_for({"Retry-After": answer.headers.get("Retry-After", "")}, sent_at)
    named = _named_results(answer.body)
    is_refusal = answer.status is not None and answer.status // 100 == HTTPStatus.BAD_REQUEST // 100
    if named is not None and (answer.is_success or (is_refusal and named)):
        return [_result(delivery, named.get(delivery.action_key, []), unknown, retry_at) for delivery in deliveries]
    if answer.status is None:
        fate, why, _ = verdict(answer, provider="the endpoint", sent_at=sent_at, sent={}, is_idempotent=is_idempotent)
        return [DeliveryResult(delivery.action_key, fate, why) for delivery in deliveries]
    outcome, reason = _whole(answer, answer.status, unknown, asks_to_wait=retry_at is not None)
    at = retry_at if outcome is Outcome.RETRY else None
    return [DeliveryResult(delivery.action_key, outcome, reason, retry_at=at) for delivery in deliveries]


def _result(
    delivery: Delivery, given: Sequence[dict[str, Any]], unknown: Outcome, retry_at: datetime | None
) -> DeliveryResult:
    """What an answer with results says about one record."""
    outcomes = {_STATUSES.get(str(item.get("status"))) for item in given}
    outcome = outcomes.pop() if len(outcomes) == 1 else None
    if outcome is None:
        reason = "the answer's status for it is not clear" if given else "the answer does not say what became of it"
        return DeliveryResult(delivery.action_key, unknown, reason)
    return DeliveryResult(
        delivery.action_key,
        outcome,
        None if outcome is Outcome.ACCEPTED else _words(given[0].get("reason")) or "the endpoint gave no reason",
        provider_reference=_words(given[0].get("reference")),
        retry_at=retry_at if outcome is Outcome.RETRY else None,
    )


def _whole(answer: Answer, status: int, unknown: Outcome, *, asks_to_wait: bool) -> tuple[Outcome, str | None]:
    """What an answer without results says about every record of the batch."""
    if is_perhaps_taken(status, asks_to_wait=asks_to_wait):
        return unknown, _PERHAPS_TAKEN[HTTPStatus(status)]
    if status in _NOT_THE_RECORDS:
        return Outcome.RETRY, _NOT_THE_RECORDS[HTTPStatus(status)]
    return {2: _success, 3: _redirect, 4: _refusal}.get(status // 100, _failure)(answer, unknown)


def _success(answer: Answer, unknown: Outcome) -> tuple[Outcome, str | None]:
    doubt = _doubt(answer)
    return (Outcome.ACCEPTED, None) if doubt is None else (unknown, doubt)


def _redirect(answer: Answer, unknown: Outcome) -> tuple[Outcome, str | None]:
    # Many applications answer a form that they have taken with 302 or 303; 307 and 308 always mean "not here".
    outcome = Outcome.RETRY if answer.status in _NOT_TAKEN_REDIRECTS else unknown
    return outcome, f"the endpoint redirects ({answer.status}), which is not followed; make the final address its url"


def _refusal(answer: Answer, unknown: Outcome) -> tuple[Outcome, str | None]:
    if answer.status == HTTPStatus.CONFLICT and unknown is Outcome.RETRY:
        return Outcome.RETRY, "the endpoint is still at work on an earlier attempt (409)"
    return Outcome.REJECTED, f"the endpoint refused the record ({answer.status})"


def _failure(answer: Answer, unknown: Outcome) -> tuple[Outcome, str | None]:
    return unknown, f"the endpoint failed ({answer.status})"


def _json(body: bytes) -> Any:  # noqa: ANN401 - whatever an endpoint writes
    # Python's reader, which takes more than a provider's answer is allowed: NaN, and a byte order mark in front.
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _named_results(body: bytes) -> dict[str, list[dict[str, Any]]] | None:
    """The results in an answer by action key, or None when it has none to give."""
    content = _json(body)
    results = content.get("results") if isinstance(content, dict) else None
    if not isinstance(results, list):
        return None
    named: dict[str, list[dict[str, Any]]] = {}
    for item in results:
        if isinstance(item, dict):
            named.setdefault(str(item.get("action_key")), []).append(item)
    return named


def _doubt(answer: Answer) -> str | None:
    """Why a 2xx without results does not mean that the batch was accepted; None when it does."""
    if answer.status == HTTPStatus.MULTI_STATUS:
        return "the endpoint answered 207 without results"
    content = _json(answer.body)
    _, _, kind = answer.headers.get("Content-Type", "").lower().partition(";")[0].partition("/")
    if answer.body.strip() and content is None and "json" in kind:
        return "the answer's JSON is broken off"
    if isinstance(content, dict):
        has_errors = any(content.get(key) for key in ("errors", "error")) or content.get("success") is False
        return f"the endpoint answered {answer.status} with errors that name no record" if has_errors else None
    return None


def _words(value: object) -> str | None:
    is_plain = isinstance(value, str | int) and not isinstance(value, bool)
    return str(value)[:_LONGEST_WORDS] or None if is_plain else None
