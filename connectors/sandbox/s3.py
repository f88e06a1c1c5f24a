"""A sandbox bucket: signatures, objects written only where they are not there yet, lists that come in pages.

It writes each object down before it answers. Shares no code with the destination.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape
from pathlib import Path

from connectors.sandbox.aws import signature_problem
from connectors.sandbox.faults import Faults, Request
from connectors.sandbox.journal import Journal
from connectors.sandbox.serving import JournaledPlatform, Reply

REGION = "us-east-1"
KEY_ID = "sandbox-key"
SECRET = "a secret of the sandbox's own"  # noqa: S105 - opens nothing but this sandbox
_XML = "application/xml"


@dataclass
class BucketSandbox(JournaledPlatform):
    """A store with one bucket.

    Attributes:
        bucket: The bucket's name.
        page_size: How many objects one answer lists.
    """

    bucket: str = "exports"
    page_size: int = 1_000
    objects: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.objects = {entry["key"]: entry["text"] for entry in self.journal.entries("object")}

    def answer(self, request: Request) -> Reply:
        """Answer one request."""
        now = self.clock().astimezone(UTC)
        problem = signature_problem(request, key_id=KEY_ID, secret=SECRET, region=REGION, service="s3", now=now)
        if problem:
            return _refused(
                403, "InvalidAccessKeyId" if problem.startswith("Unrecognized") else "SignatureDoesNotMatch"
            )
        bucket, _, key = request.path.removeprefix("/").partition("/")
        if bucket != self.bucket:
            return _refused(404, "NoSuchBucket")
        if request.method == "PUT" and key:
            return self._put(key, request)
        if request.method == "GET" and not key:
            return self._list(request)
        if request.method != "GET":
            return _refused(405, "MethodNotAllowed")
        if key not in self.objects:
            return _refused(404, "NoSuchKey")
        return Reply(self.objects[key].encode(), 200, "application/octet-stream")

    def _put(self, key: str, request: Request) -> Reply:
        if request.headers.get("if-none-match") == "*" and key in self.objects:
            return _refused(412, "PreconditionFailed")
        text = request.body.decode()
        self.journal.write("object", {"key": key, "text": text})
        self.objects[key] = text
        return Reply(b"", 200, _XML, {"ETag": f'"{hashlib.md5(request.body, usedforsecurity=False).hexdigest()}"'})

    def _list(self, request: Request) -> Reply:
        params = request.params
        names = sorted(name for name in self.objects if name.startswith(params.get("prefix", "")))
        left = [name for name in names if name > params.get("continuation-token", "")]
        page = left[: self.page_size]
        rows = "".join(f"<Contents><Key>{escape(name)}</Key></Contents>" for name in page)
        has_more = len(left) > len(page)
        following = f"<NextContinuationToken>{escape(page[-1])}</NextContinuationToken>" if has_more else ""
        truth = str(has_more).lower()
        text = f"<ListBucketResult>{rows}<IsTruncated>{truth}</IsTruncated>{following}</ListBucketResult>"
        return Reply(text.encode(), 200, _XML)


def _refused(status: int, code: str) -> Reply:
    return Reply(f"<Error><Code>{code}</Code><Message>refused</Message></Error>".encode(), status, _XML)


@contextmanager
def running_bucket(
    log_path: Path, clock: Callable[[], datetime], *, port: int = 0, faults: Faults | None = None
) -> Iterator[BucketSandbox]:
    """A store in a thread of this process, for as long as the block lasts.

    Args:
        log_path: Its log; an existing one is continued.
        clock: Its time.
        port: Where to listen on 127.0.0.1; 0 for any free port.
        faults: Rules made beforehand.

    Raises:
        OSError: The port is taken.
    """
    with BucketSandbox(Journal(log_path), clock).running(port=port, faults=faults) as sandbox:
        yield sandbox
