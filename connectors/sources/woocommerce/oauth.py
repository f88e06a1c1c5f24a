"""OAuth 1.0a as WooCommerce checks it: one-legged, HMAC-SHA256, in the query string.

For shops without TLS, where WooCommerce refuses the key and secret themselves. It follows RFC 5849 but for what it
signs: the address that WordPress believes it has (its `home`), not the one that was asked, and the secret alone as key.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote, urlsplit, urlunsplit

from connectors.messages import Params


@dataclass(frozen=True)
class OAuthKeys:
    """A consumer key with its secret, and the address that WordPress signs for.

    Attributes:
        consumer_key: The key.
        consumer_secret: The secret.
        home: WordPress's own address, with the scheme under which it thinks that it was asked.
    """

    consumer_key: str
    consumer_secret: str
    home: str

    def signed(self, method: str, url: str, params: Params, *, timestamp: int, nonce: str) -> list[tuple[str, str]]:
        """The query with everything that WooCommerce needs to accept it.

        Args:
            method: GET or POST.
            url: Where the request goes, without its query.
            params: The query, in order, not yet encoded; no name may come twice.
            timestamp: Seconds since 1970 by the shop's clock; it accepts 15 minutes either way.
            nonce: A text that was not used before.
        """
        complete = [
            *params,
            ("oauth_consumer_key", self.consumer_key),
            ("oauth_nonce", nonce),
            ("oauth_signature_method", "HMAC-SHA256"),
            ("oauth_timestamp", str(timestamp)),
        ]
        base = signature_base(method, signed_address(self.home, url), complete)
        digest = hmac.new(f"{self.consumer_secret}&".encode(), base.encode(), hashlib.sha256).digest()
        return [*complete, ("oauth_signature", base64.b64encode(digest).decode())]


def signature_base(method: str, address: str, params: Iterable[tuple[str, str]]) -> str:
    """The text that is signed: names and values encoded, sorted by name, joined, and encoded once more."""
    # WooCommerce sorts by the names as they are; ours are ASCII, whose encoded order is the same.
    # Encoding once more what is encoded touches nothing but its percent signs.
    query = "&".join(f"{_encoded(name)}={_encoded(value)}" for name, value in sorted(params))
    twice = query.replace("%", "%25").replace("=", "%3D").replace("&", "%26")
    return f"{method.upper()}&{_encoded(address)}&{twice}"


def signed_address(home: str, url: str) -> str:
    """The address that WordPress takes a request to have been sent to.

    It takes the path as it arrived, cuts off its own folder, and puts the rest behind its home. Without a rest, as with
    plain permalinks (`/?rest_route=…`), no slash follows the home.
    """
    folder = f"{urlsplit(home).path.rstrip('/')}/"
    path = urlsplit(url).path or "/"
    rest = path.removeprefix(folder).lstrip("/")
    return f"{home.rstrip('/')}/{rest}" if rest else home.rstrip("/")


def with_scheme(url: str, scheme: str) -> str:
    """The same address under another scheme."""
    return urlunsplit((scheme, *urlsplit(url)[1:]))


@lru_cache(maxsize=256)
def _encoded(text: str) -> str:
    # Most of a query is as it was in the one before.
    return quote(text, safe="~")
