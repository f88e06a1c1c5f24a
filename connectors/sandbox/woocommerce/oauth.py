"""Who asks: WooCommerce's keys over TLS, and OAuth 1.0a signatures without it.

Over TLS a key comes as Basic authentication or in the query. Over plain HTTP it must sign; a key that is sent openly
counts as none. A key that does not exist is no error of its own: the request goes on as nobody's.
"""

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

from connectors.sandbox.faults import Request
from connectors.sandbox.woocommerce.parameters import PhpValue, php_arguments
from connectors.sandbox.woocommerce.state import ApiKey, ShopState

_WINDOW_SECONDS = 15 * 60
_PARAMETERS = (
    "oauth_consumer_key",
    "oauth_timestamp",
    "oauth_nonce",
    "oauth_signature",
    "oauth_signature_method",
)
_METHODS = {"HMAC-SHA1": hashlib.sha1, "HMAC-SHA256": hashlib.sha256}
_HEADER_PART = re.compile(r'(oauth_[a-z_-]*)=(?:"([^"]*)"|([^,]*))')
_READS = ("GET", "HEAD")


class UnauthorizedError(Exception):
    """A request that is refused before it reaches anything.

    Args:
        code: WooCommerce's name for the reason.
        message: The reason in words.
        is_basic: Whether it came with Basic authentication.
    """

    def __init__(self, code: str, message: str, *, is_basic: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.is_basic = is_basic


@dataclass(frozen=True)
class Gate:
    """Decides whose request it is.

    Attributes:
        shop: The shop, with its keys and its clock.
        home: The site's address, scheme and all.
        is_tls: Whether the request counts as encrypted.
    """

    shop: ShopState
    home: str
    is_tls: bool

    def key_of(self, request: Request) -> ApiKey | None:
        """The key that a request shows; None if it shows none, or one that isn't there.

        Raises:
            UnauthorizedError: The key is there, and something else is wrong.
        """
        key = self._plain(request) if self.is_tls else None
        key = key or self._signed(request)
        if key is not None:
            needed = "read" if request.method in _READS else "write"
            if needed not in key.permissions.split("_"):
                message = f"The API key provided does not have {needed} permissions."
                raise UnauthorizedError("woocommerce_rest_authentication_error", message)
        return key

    def _known(self, consumer_key: str) -> ApiKey | None:
        return next((key for key in self.shop.keys if key.consumer_key == consumer_key), None)

    def _plain(self, request: Request) -> ApiKey | None:
        params = request.params
        consumer_key, secret = params.get("consumer_key", ""), params.get("consumer_secret", "")
        if not (consumer_key and secret):
            scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
            if scheme.lower() == "basic":
                decoded = base64.b64decode(encoded).decode("utf-8", "replace")
                consumer_key, _, secret = decoded.partition(":")
        key = self._known(consumer_key) if consumer_key and secret else None
        if key is not None and not hmac.compare_digest(key.consumer_secret.encode(), secret.encode()):
            raise UnauthorizedError(
                "woocommerce_rest_authentication_error", "Consumer secret is invalid.", is_basic=True
            )
        return key

    def _signed(self, request: Request) -> ApiKey | None:
        params = {**php_arguments(request.query), **_header_parameters(request.headers.get("authorization", ""))}
        missing = [name for name in _PARAMETERS if not params.get(name)]
        if len(missing) == len(_PARAMETERS):
            return None
        if missing:
            plural = "s" if len(missing) > 1 else ""
            message = f"Missing OAuth parameter{plural} {', '.join(missing)}"
            raise UnauthorizedError("woocommerce_rest_authentication_missing_parameter", message)
        key = self._known(str(params["oauth_consumer_key"]))
        if key is None:
            raise _refused("Consumer key is invalid.")
        self._check_signature(request, params, key)
        self._check_nonce(str(params["oauth_timestamp"]), str(params["oauth_nonce"]), key)
        return key

    def _check_signature(self, request: Request, params: dict[str, PhpValue], key: ApiKey) -> None:
        method = _METHODS.get(str(params["oauth_signature_method"]))
        if method is None:
            raise _refused("Invalid signature - signature method is invalid.")
        sent = unquote(str(params["oauth_signature"]).replace(" ", "+"))
        # The site's own address, but with the scheme that WordPress believes to be asked by.
        home = f"{'https' if self.is_tls else 'http'}://{self.home.partition('://')[2]}"
        signed = base_string(request, params, home)
        digest = hmac.new(f"{key.consumer_secret}&".encode(), signed.encode(), method).digest()
        if not hmac.compare_digest(base64.b64encode(digest), sent.encode()):
            raise _refused("Invalid signature - provided signature does not match.")

    def _check_nonce(self, timestamp: str, nonce: str, key: ApiKey) -> None:
        at, now = int(timestamp) if timestamp.isdigit() else 0, self.shop.now()
        if not now - _WINDOW_SECONDS <= at <= now + _WINDOW_SECONDS:
            raise _refused("Invalid timestamp.")
        if nonce in key.nonces.values():
            raise _refused("Invalid nonce - nonce has already been used.")
        key.nonces[at] = nonce
        for used_at in [used_at for used_at in key.nonces if used_at < now - _WINDOW_SECONDS]:
            del key.nonces[used_at]


def base_string(request: Request, params: dict[str, PhpValue], home: str) -> str:
    """What a signature is made of: the method, the site's own address with the path, and the sorted parameters.

    Args:
        request: The request.
        params: All its parameters, those of the Authorization header among them.
        home: The site's address, whatever address the client used.
    """
    site_path = urlsplit(home).path.rstrip("/") + "/"
    path = request.path.removeprefix(site_path).lstrip("/")
    rest = {name: value for name, value in params.items() if name != "oauth_signature"}
    pairs = _joined({_encoded(name): rest[name] for name in sorted(rest)})
    return "&".join((request.method, _encoded(f"{home.rstrip('/')}/{path}"), "%26".join(pairs)))


def _joined(params: dict[str, PhpValue], outer: str = "") -> list[str]:
    pairs: list[str] = []
    for name, value in params.items():
        full = f"{outer}%5B{name}%5D" if outer else name
        if isinstance(value, dict):
            pairs += _joined(value, full)
        else:
            pairs.append(_encoded(f"{full}={_encoded(value)}"))
    return pairs


def _encoded(text: str) -> str:
    return quote(text, safe="-._~")


def _header_parameters(header: str) -> dict[str, str]:
    if not header.startswith("OAuth "):
        return {}
    return {name: unquote(quoted or bare) for name, quoted, bare in _HEADER_PART.findall(header)}


def _refused(message: str) -> UnauthorizedError:
    return UnauthorizedError("woocommerce_rest_authentication_error", message)
