"""Access tokens: the static kind, the kind of 24 hours, and the kind of one hour whose refresh token changes hands.

Of the last, Shopify takes each refresh token once. Its successor is on disk before the token that came with it is
used, so that a crash at any point leaves a token that works.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec
from pydantic import SecretStr

from connectors.messages import HttpRequest, HttpResponse
from connectors.source import SourceRuntime
from connectors.sources.shopify.settings import ShopifySettings
from models.errors import MisconfiguredError

SECRET = "shopify_tokens"  # noqa: S105 - a name, not a secret
_MARGIN = timedelta(seconds=60)
_REFUSALS = frozenset({400, 401, 403, 404})
_APP = "the app's client id and secret stand in the Dev Dashboard under Settings, and the app must be installed"

Send = Callable[[HttpRequest], HttpResponse]


class _Grant(msgspec.Struct):
    access_token: str
    expires_in: float | None = None
    refresh_token: str | None = None


class _Refusal(msgspec.Struct):
    error: str = ""
    error_description: str = ""


class _Kept(msgspec.Struct):
    """What is kept on disk, and by which configured token its line began."""

    seed: str
    refresh_token: str
    access_token: str
    expires_at: datetime


class Tokens:
    """The token that queries carry, renewed before it expires and when it is refused.

    Args:
        settings: How the shop lets us in.
        runtime: Clock and secrets.
        key: The settings' path in `perennial.yml`.
    """

    def __init__(self, settings: ShopifySettings, runtime: SourceRuntime, key: str) -> None:
        self._settings = settings
        self._runtime = runtime
        self._key = key
        self._token = _plain(settings.access_token)
        self._expires_at: datetime | None = None

    @property
    def current(self) -> str:
        """The token as it is now; empty before the first was asked for."""
        return self._token or ""

    def ensure(self, send: Send) -> None:
        """Have a token that is good for a while.

        Raises:
            MisconfiguredError: Shopify refuses the credentials.
        """
        if self._token is None and self._settings.refresh_token is not None:
            self._take_up()
        if self._token is None or self._expires_soon():
            self._renew(send)

    def replace_refused(self, send: Send) -> None:
        """Get another token in the place of one that Shopify refused.

        Raises:
            MisconfiguredError: There is no other, or the credentials are refused too.
        """
        if self._settings.access_token is not None:
            raise MisconfiguredError(
                f"{self._key}.access_token",
                "Shopify refuses this token: it was revoked, or the app was uninstalled. Make an app in the Dev "
                "Dashboard, install it, and give its client_id and client_secret instead (docs/connect-shopify.md)",
            )
        self._renew(send)

    def _expires_soon(self) -> bool:
        return self._expires_at is not None and self._runtime.clock() + _MARGIN >= self._expires_at

    def _renew(self, send: Send) -> None:
        if self._settings.refresh_token is None:
            self._take(self._client_credentials(send))
        else:
            self._refresh(send, self._settings.refresh_token)

    def _client_credentials(self, send: Send) -> _Grant:
        granted = self._asked(send, {"grant_type": "client_credentials"})
        if isinstance(granted, _Grant):
            return granted
        raise MisconfiguredError(
            f"{self._key}.client_secret",
            f"Shopify gives no token for these credentials ({_in_words(granted)}); {_APP} in this shop",
        )

    def _refresh(self, send: Send, configured: SecretStr) -> None:
        seed = hashlib.sha256(configured.get_secret_value().encode()).hexdigest()
        kept = self._kept()
        candidates = [configured.get_secret_value()]
        if kept is not None and kept.seed == seed:
            # The configured token was used up by the first refresh; it is tried last, for one whose answer got lost.
            candidates.insert(0, kept.refresh_token)
        refused: _Refusal | None = None
        for candidate in dict.fromkeys(candidates):
            granted = self._asked(send, {"grant_type": "refresh_token", "refresh_token": candidate})
            if isinstance(granted, _Grant):
                self._keep(granted, candidate, seed)
                return
            refused = granted
        raise MisconfiguredError(
            f"{self._key}.refresh_token",
            f"Shopify refuses the refresh token ({_in_words(refused or _Refusal())}): it is older than 90 days, was "
            "used elsewhere, or the app was uninstalled. Install the app again and put its new refresh token here",
        )

    def _keep(self, granted: _Grant, used: str, seed: str) -> None:
        expires_at = self._runtime.clock() + timedelta(seconds=granted.expires_in or 3600)
        kept = _Kept(seed, granted.refresh_token or used, granted.access_token, expires_at)
        self._runtime.secrets.set(SECRET, msgspec.json.encode(kept).decode())
        self._take(granted)

    def _take(self, granted: _Grant) -> None:
        self._token = granted.access_token
        self._expires_at = (
            None if granted.expires_in is None else self._runtime.clock() + timedelta(seconds=granted.expires_in)
        )

    def _take_up(self) -> None:
        """Go on with the token of an earlier run, if it came of the refresh token that is configured."""
        kept, configured = self._kept(), self._settings.refresh_token
        if kept is None or configured is None:
            return
        if kept.seed == hashlib.sha256(configured.get_secret_value().encode()).hexdigest():
            self._token, self._expires_at = kept.access_token, kept.expires_at

    def _kept(self) -> _Kept | None:
        text = self._runtime.secrets.get(SECRET)
        if text is None:
            return None
        try:
            return msgspec.json.decode(text, type=_Kept)
        except msgspec.DecodeError:
            return None

    def _asked(self, send: Send, grant: dict[str, str]) -> "_Grant | _Refusal":
        settings = self._settings
        form = {
            "client_id": settings.client_id or "",
            "client_secret": _plain(settings.client_secret) or "",
            **grant,
        }
        url = f"{settings.base_url}/admin/oauth/access_token"
        headers = {"Accept": "application/json"}
        response = send(HttpRequest("POST", url, headers=headers, form=form, stream="token", accepts=_REFUSALS))
        try:
            if response.status < 300:
                return response.json(_Grant)
            return response.json(_Refusal)
        except msgspec.DecodeError:
            return _Refusal(f"HTTP {response.status}")


def _plain(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()


def _in_words(refusal: _Refusal) -> str:
    return ": ".join(part for part in (refusal.error, refusal.error_description) if part) or "without a reason"
