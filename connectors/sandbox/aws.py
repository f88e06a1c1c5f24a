"""Signature Version 4 from the service's side: does a request come from who it says, now, and unchanged?

Written from the published description, and shares no code with whoever signs.
"""

import hashlib
import hmac
import re
from datetime import UTC, datetime, timedelta
from functools import reduce
from urllib.parse import quote

from connectors.sandbox.faults import Request

_HEADER = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<id>[^/]+)/(?P<scope>[^,]+), ?SignedHeaders=(?P<names>[^,]+), ?"
    r"Signature=(?P<signature>[0-9a-f]{64})"
)
_MOST_SKEW = timedelta(minutes=5)


def signature_problem(request: Request, *, key_id: str, secret: str, region: str, service: str, now: datetime) -> str:
    """What is wrong with a request's signature, by the name that AWS gives it; empty where it holds."""
    found = _HEADER.fullmatch(request.headers.get("authorization", ""))
    if found is None:
        return "MissingAuthenticationTokenException"
    if found["id"] != key_id:
        return "UnrecognizedClientException"
    stamp = request.headers.get("x-amz-date", "")
    try:
        at = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return "IncompleteSignatureException"
    if found["scope"] != f"{stamp[:8]}/{region}/{service}/aws4_request" or abs(at - now) > _MOST_SKEW:
        return "InvalidSignatureException"
    if request.headers.get("x-amz-content-sha256") != hashlib.sha256(request.body).hexdigest():
        return "InvalidSignatureException"
    names = found["names"].split(";")
    if "host" not in names or "x-amz-date" not in names:
        return "InvalidSignatureException"
    query = sorted((quote(n, safe="-_.~"), quote(v, safe="-_.~")) for n, v in request.pairs)
    lines = [request.method, quote(request.path, safe="/-_.~"), "&".join("=".join(pair) for pair in query)]
    lines += [f"{name}:{' '.join(request.headers.get(name, '').split())}" for name in names]
    lines += ["", found["names"], request.headers["x-amz-content-sha256"]]
    hashed = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{found['scope']}\n{hashed}"
    key = reduce(
        lambda key, part: hmac.new(key, part.encode(), hashlib.sha256).digest(),
        found["scope"].split("/"),
        f"AWS4{secret}".encode(),
    )
    expected = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    return "" if hmac.compare_digest(expected, found["signature"]) else "InvalidSignatureException"
