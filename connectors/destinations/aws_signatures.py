"""Signature Version 4, with which AWS and whoever speaks its language tell who asks. Must not know what is asked."""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

from connectors.destinations.exchanges import Call

_ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True)
class AwsAccess:
    """Who asks.

    Attributes:
        key_id: The access key's id.
        secret_key: Its secret.
        region: Where the service is.
        service: Its name in signatures, such as ses or s3.
        session_token: Of temporary credentials.
    """

    key_id: str
    secret_key: str = field(repr=False)
    region: str
    service: str
    session_token: str | None = field(default=None, repr=False)


def signed(
    access: AwsAccess,
    at: datetime,
    method: str,
    url: str,
    *,
    query: Sequence[tuple[str, str]] = (),
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
) -> Call:
    """A request with its signature.

    Args:
        access: Who asks.
        at: When; the service refuses what is more than minutes off its own time.
        method: In capitals.
        url: Without a query; a path of letters, digits and `-_.~/` only, which mean the same encoded or not.
        query: Names and values, not encoded.
        headers: Headers to sign beside host, date and the body's digest.
        body: The body.
    """
    parts = urlsplit(url)
    stamp = f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    digest = hashlib.sha256(body).hexdigest()
    sent = {**(headers or {}), "X-Amz-Date": stamp, "X-Amz-Content-Sha256": digest}
    if access.session_token:
        sent["X-Amz-Security-Token"] = access.session_token
    named = {name.lower(): " ".join(value.split()) for name, value in {**sent, "Host": parts.netloc}.items()}
    names = ";".join(sorted(named))
    written = "&".join(sorted(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in query))
    canonical = "\n".join(
        [
            method,
            quote(parts.path or "/", safe="/-_.~"),
            written,
            *(f"{name}:{named[name]}" for name in sorted(named)),
            "",
            names,
            digest,
        ]
    )
    scope = f"{stamp[:8]}/{access.region}/{access.service}/aws4_request"
    to_sign = "\n".join([_ALGORITHM, stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = b"AWS4" + access.secret_key.encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.new(key, to_sign.encode(), "sha256").hexdigest()
    credential = f"{access.key_id}/{scope}"
    sent["Authorization"] = f"{_ALGORITHM} Credential={credential}, SignedHeaders={names}, Signature={signature}"
    return Call(method, f"{url}?{written}" if written else url, body, sent)
