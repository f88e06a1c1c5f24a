"""Unsubscribing: a signed link per recipient, which mail programs may follow with one click (RFC 8058).

The link names the merchant, the customer by their id, the channel and the campaign; never an address. Whoever has it
can withdraw that one consent and nothing else, and nobody can make one for somebody else. Must not store anything.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

_VERSION = "1"
_PARAMETER = "token"
_SHORTEST_KEY = 16
_LONGEST_TOKEN = 2_000


class BadTokenError(ValueError):
    """The token was not made with the key, or was altered on the way."""


@dataclass(frozen=True)
class Recipient:
    """Whom a link lets go.

    Attributes:
        merchant_id: The tenant.
        customer_id: The person, by their id.
        channel: Of what they no longer want, such as `email`.
        campaign: The campaign whose message held the link.
    """

    merchant_id: str
    customer_id: str
    channel: str
    campaign: str


def signed_token(recipient: Recipient, key: bytes) -> str:
    """The recipient as a token that only the key's owner can make.

    Raises:
        ValueError: The key is shorter than 16 bytes, or the customer's id is an address.
    """
    if len(key) < _SHORTEST_KEY:
        raise ValueError(f"the key that signs links needs {_SHORTEST_KEY} bytes or more, and has {len(key)}")
    if "@" in recipient.customer_id:
        raise ValueError("a link never holds an address, and the customer's id looks like one")
    parts = [recipient.merchant_id, recipient.customer_id, recipient.channel, recipient.campaign]
    body = _VERSION + _encoded(json.dumps(parts, ensure_ascii=False, separators=(",", ":")).encode())
    return f"{body}.{_encoded(_signature(body, key))}"


def verified_recipient(token: str, keys: tuple[bytes, ...]) -> Recipient:
    """The recipient that a token names.

    Args:
        token: As it came, from anybody.
        keys: The key in force, and earlier ones whose links shall go on working.

    Raises:
        BadTokenError: None of the keys signed it. Which part is wrong is not said, and takes no measurable time.
    """
    body, separator, signature = token.partition(".")
    given = signature.encode("ascii", "replace")
    # Every key is tried, and each in constant time: how long it takes tells nothing about how near a guess is.
    is_signed = [hmac.compare_digest(_encoded(_signature(body, key)).encode(), given) for key in keys]
    if not separator or len(token) > _LONGEST_TOKEN or not any(is_signed) or not body.startswith(_VERSION):
        raise BadTokenError("the link is not one of ours, or was altered")
    try:
        merchant_id, customer_id, channel, campaign = json.loads(_decoded(body.removeprefix(_VERSION)))
    except ValueError:
        raise BadTokenError("the link is not one of ours, or was altered") from None
    return Recipient(merchant_id, customer_id, channel, campaign)


def unsubscribe_link(endpoint: str, recipient: Recipient, key: bytes) -> str:
    """The address under which the recipient is let go.

    Args:
        endpoint: Where `perennial serve unsubscribe` can be reached; parameters that it has are kept.
        recipient: Whom the link is for.
        key: What it is signed with.
    """
    parts = urlsplit(endpoint)
    query = [*parse_qsl(parts.query, keep_blank_values=True), (_PARAMETER, signed_token(recipient, key))]
    return urlunsplit(parts._replace(query=urlencode(query)))


def token_of(query: Mapping[str, str]) -> str:
    """The token among a request's parameters; empty when there is none."""
    return query.get(_PARAMETER, "")


def one_click_headers(link: str) -> dict[str, str]:
    """The headers by which a mail program offers to unsubscribe with one click."""
    return {"List-Unsubscribe": f"<{link}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def _signature(body: str, key: bytes) -> bytes:
    return hmac.new(key, b"perennial unsubscribe " + body.encode("utf-8", "surrogatepass"), hashlib.sha256).digest()


def _encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
