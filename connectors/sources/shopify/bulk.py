"""Bulk queries: Shopify runs one in the background and writes its result to a file.

A job is followed by its id to its end. A job of ours that a killed run left behind is taken up by its text, for a bulk
query over years of orders takes hours.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec

from connectors.source import SourceRuntime
from connectors.sources.shopify.client import ShopifyClient
from connectors.sources.shopify.documents import document, operation_name
from models.errors import RetryLaterError, StopError

_FIRST_POLL_SECONDS = 1.0
_LONGEST_POLL_SECONDS = 30.0
_MAX_RUNS = 3
# A file is good for seven days. One of this age still holds nearly everything; what changed since is read after it.
_REUSED_FOR = timedelta(hours=6)
_RECENT = 20
_RUNNING = frozenset({"CREATED", "RUNNING", "CANCELING"})


class BulkFailedError(Exception):
    """Shopify did not get the query done, several times over; another way may."""


class BulkOperation(msgspec.Struct, rename="camel"):
    """A job. Its counts are strings."""

    id: str
    status: str
    query: str
    created_at: str
    error_code: str | None = None
    completed_at: str | None = None
    object_count: str = "0"
    root_object_count: str = "0"
    url: str | None = None
    partial_data_url: str | None = None


class _ById(msgspec.Struct, rename="camel"):
    bulk_operation: BulkOperation | None = None


class _Nodes(msgspec.Struct):
    nodes: list[BulkOperation]


class _Recent(msgspec.Struct, rename="camel"):
    bulk_operations: _Nodes


class _UserError(msgspec.Struct):
    message: str
    code: str | None = None


class _Started(msgspec.Struct, rename="camel"):
    bulk_operation: BulkOperation | None = None
    user_errors: list[_UserError] = []


class _Run(msgspec.Struct, rename="camel"):
    bulk_operation_run_query: _Started | None = None


@dataclass(frozen=True)
class BulkResult:
    """What a finished job gave.

    Attributes:
        id: The job's.
        url: Where its file is; None where it found nothing.
        object_count: The file's lines.
        root_count: Those of them that are not parts.
    """

    id: str
    url: str | None
    object_count: int
    root_count: int


class BulkQueries:
    """Runs bulk queries in one shop.

    Args:
        client: The shop.
        runtime: The time now.
        mark: What the app may see, as a few characters. It stands in the queries' names: a file that was written under
            other permissions is not taken up.
        wait_minutes: How long to wait for a job.
    """

    def __init__(self, client: ShopifyClient, runtime: SourceRuntime, *, mark: str, wait_minutes: float) -> None:
        self._client = client
        self._runtime = runtime
        self._mark = mark
        self._wait = timedelta(minutes=wait_minutes)

    def start(self, name: str, *, stream: str) -> None:
        """Have Shopify begin with a query that will be wanted, unless it is too busy."""
        text = self._text(name)
        if self._ours(text, stream) is None:
            self._ask(text, stream)

    def result(self, name: str, *, stream: str, takes_up: bool = True) -> BulkResult:
        """The result of a query.

        Args:
            name: The document's name.
            stream: The stream that it is for.
            takes_up: Whether a job of ours that is under way or just done will do.

        Raises:
            BulkFailedError: It failed several times, or the app may not see everything that it asks for.
            RetryLaterError: It takes longer than we wait, or was cancelled.
            StopError: Shopify does not take the query.
        """
        text = self._text(name)
        deadline = self._runtime.clock() + self._wait
        operation = self._ours(text, stream) if takes_up else None
        for _ in range(_MAX_RUNS):
            operation = self._finished(operation or self._started(text, stream, deadline), stream, deadline)
            if operation.status == "COMPLETED":
                return BulkResult(
                    operation.id, operation.url, int(operation.object_count), int(operation.root_object_count)
                )
            if operation.status in {"CANCELED", "CANCELING"}:
                raise RetryLaterError(
                    f"the bulk query for {stream} was cancelled in the shop's admin or by another app; the next run "
                    "starts it again"
                )
            if operation.error_code == "ACCESS_DENIED":
                # It does not say to what; the list's own pages do.
                raise BulkFailedError(f"the bulk query for {stream} was denied")
            # FAILED, whose partial file is no result, or EXPIRED.
            operation = None
        raise BulkFailedError(f"the bulk query for {stream} failed {_MAX_RUNS} times")

    def _text(self, name: str) -> str:
        operation = operation_name(name)
        return document(name).replace(operation, f"{operation}_{self._mark}", 1)

    def _ours(self, text: str, stream: str) -> BulkOperation | None:
        answer = self._client.query("bulk_recent", {"first": _RECENT}, stream=stream)
        now = answer.date or self._runtime.clock()
        for operation in answer.data(_Recent).bulk_operations.nodes:
            if " ".join(operation.query.split()) != text:
                continue
            if operation.status in {"CREATED", "RUNNING"}:
                return operation
            if operation.status == "COMPLETED":
                done_at = datetime.fromisoformat(operation.completed_at or operation.created_at).astimezone(UTC)
                return operation if now - done_at <= _REUSED_FOR else None
        return None

    def _started(self, text: str, stream: str, deadline: datetime) -> BulkOperation:
        pause = _FIRST_POLL_SECONDS
        while True:
            operation = self._ask(text, stream)
            if operation is not None:
                return operation
            self._pause(pause, stream, deadline)
            pause = min(pause * 2, _LONGEST_POLL_SECONDS)

    def _ask(self, text: str, stream: str) -> BulkOperation | None:
        """Start a job; None where as many run already as may.

        Raises:
            StopError: Shopify does not take the query.
        """
        answer = self._client.query("bulk_run", {"query": text}, stream=stream)
        started = answer.data(_Run).bulk_operation_run_query or _Started()
        if any(error.code in {"OPERATION_IN_PROGRESS", "LIMIT_REACHED"} for error in started.user_errors):
            return None
        if started.user_errors or started.bulk_operation is None:
            words = "; ".join(error.message for error in started.user_errors) or "without a reason"
            raise StopError(f"Shopify does not take the bulk query for {stream}: {words}")
        return started.bulk_operation

    def _finished(self, operation: BulkOperation, stream: str, deadline: datetime) -> BulkOperation:
        pause = _FIRST_POLL_SECONDS
        while operation.status in _RUNNING:
            self._pause(pause, stream, deadline)
            pause = min(pause * 1.5, _LONGEST_POLL_SECONDS)
            answer = self._client.query("bulk_by_id", {"id": operation.id}, stream=stream)
            found = answer.data(_ById).bulk_operation
            if found is None:
                raise RetryLaterError(
                    f"Shopify no longer knows the bulk query for {stream}; the next run starts it again"
                )
            operation = found
        return operation

    def _pause(self, seconds: float, stream: str, deadline: datetime) -> None:
        if self._runtime.clock() >= deadline:
            raise RetryLaterError(
                f"Shopify is still working on the bulk query for {stream} after {self._wait.total_seconds() / 60:g} "
                "minutes (bulk_wait_minutes); the next run takes it up"
            )
        self._client.wait(seconds)


def count_mismatch(stream: str, what: str, read: int, told: int) -> StopError:
    """The failure of a file that does not hold what its job counted."""
    return StopError(
        f"Shopify's bulk file of {stream} holds {read:,} {what}, and its job counted {told:,}: the file is not whole. "
        "Nothing of it was kept; the next run reads it again"
    )
