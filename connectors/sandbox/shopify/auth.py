"""Access tokens: static ones, the client-credentials grant, and expiring tokens with refresh tokens that rotate.

All of them expire on the shop's clock.
"""

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import parse_qsl

from connectors.sandbox.faults import Request
from connectors.sandbox.serving import Reply
from connectors.sandbox.shopify.context import ALL_PROTECTED_DATA, ALL_SCOPES, Grants

_HOUR = timedelta(hours=1)
_DAY = timedelta(hours=24)
_REFRESHABLE = timedelta(days=90)
# A refresh whose reply was lost can be repeated for so long, unless its outcome was used already.
_REPEATABLE = timedelta(days=30)


@dataclass(eq=False)
class _Token:
    value: str
    expires_at: datetime | None


@dataclass(eq=False)
class _Refresh:
    """A refresh token, and the pair that it was exchanged for."""

    value: str
    expires_at: datetime
    used_at: datetime | None = None
    next: "_Refresh | None" = None


class Access:
    """The app at the shop: its credentials, its tokens, and what it may see.

    Attributes:
        client_id: The app's id.
        client_secret: Its secret.
        scopes: What the merchant granted; may change while tokens live.
        protected_data: What Shopify approved it for.
    """

    def __init__(
        self,
        clock: Callable[[], datetime],
        *,
        client_id: str = "sandbox-client",
        client_secret: str = "sandbox-secret",  # noqa: S107 - opens nothing but this sandbox
        scopes: frozenset[str] = ALL_SCOPES,
        protected_data: frozenset[str] = ALL_PROTECTED_DATA,
    ) -> None:
        self.client_id, self.client_secret = client_id, client_secret
        self.scopes, self.protected_data = scopes, protected_data
        self._clock = clock
        self._tokens: dict[str, _Token] = {}
        self._refreshes: dict[str, _Refresh] = {}

    @property
    def grants(self) -> Grants:
        """What the app may see now."""
        return Grants(self.scopes, self.protected_data)

    def issue_static_token(self, value: str | None = None) -> str:
        """A token that never expires, as older custom apps have."""
        return self._issue(None, value).value

    def issue_expiring_tokens(self) -> tuple[str, str]:
        """An access token for an hour, and the refresh token that renews it, as an install of a public app gives."""
        refresh = self._issue_refresh()
        return self._issue(_HOUR).value, refresh.value

    def revoke(self) -> None:
        """Uninstall the app: no token works any more."""
        self._tokens.clear()
        self._refreshes.clear()

    def is_valid(self, token: str) -> bool:
        """Whether a request with this access token is let in."""
        known = self._tokens.get(token)
        return known is not None and (known.expires_at is None or self._clock() < known.expires_at)

    def exchange(self, request: Request) -> Reply:
        """Answer at the token endpoint."""
        asked = _fields(request)
        if asked is None:
            return _refusal("invalid_request", "The request body could not be read.")
        if asked.get("client_id") != self.client_id:
            return _refusal("application_cannot_be_found", "The application could not be found.")
        if asked.get("client_secret") != self.client_secret:
            return _refusal("invalid_client", "The client secret is wrong.")
        if asked.get("grant_type") == "client_credentials":
            token = self._issue(_DAY)
            return self._granted(token, _DAY)
        if asked.get("grant_type") == "refresh_token":
            return self._refresh(asked.get("refresh_token", ""))
        return _refusal("unsupported_grant_type", "The grant type is not supported.")

    def _refresh(self, value: str) -> Reply:
        now = self._clock()
        held = self._refreshes.get(value)
        if held is None or now >= held.expires_at or (held.used_at and now >= held.used_at + _REPEATABLE):
            return _refusal("invalid_grant", "The refresh token is invalid, has expired, or was already used.")
        if held.next is None:
            held.used_at, held.next = now, self._issue_refresh()
        # What led to this token was received, or it could not be used: it is retired.
        for former in [each for each in self._refreshes.values() if each.next is held]:
            del self._refreshes[former.value]
        return self._granted(self._issue(_HOUR), _HOUR, held.next)

    def _granted(self, token: _Token, lifetime: timedelta, refresh: _Refresh | None = None) -> Reply:
        answer: dict[str, object] = {
            "access_token": token.value,
            "scope": ",".join(sorted(self.scopes)),
            "expires_in": int(lifetime.total_seconds()) - 1,
        }
        if refresh is not None:
            answer["refresh_token"] = refresh.value
            answer["refresh_token_expires_in"] = int((refresh.expires_at - self._clock()).total_seconds())
        return Reply(json.dumps(answer).encode())

    def _issue(self, lifetime: timedelta | None, value: str | None = None) -> _Token:
        expires_at = None if lifetime is None else self._clock() + lifetime
        token = _Token(value or f"shpat_{secrets.token_hex(16)}", expires_at)
        self._tokens[token.value] = token
        return token

    def _issue_refresh(self) -> _Refresh:
        refresh = _Refresh(f"shprt_{secrets.token_hex(16)}", self._clock() + _REFRESHABLE)
        self._refreshes[refresh.value] = refresh
        return refresh


def _fields(request: Request) -> Mapping[str, str] | None:
    """What was sent to the token endpoint, as a form or as JSON."""
    text = request.body.decode("utf-8", "replace")
    if "json" in request.headers.get("content-type", ""):
        try:
            read = json.loads(text)
        except ValueError:
            return None
        return {str(key): str(value) for key, value in read.items()} if isinstance(read, dict) else None
    return dict(parse_qsl(text))


def _refusal(error: str, description: str) -> Reply:
    return Reply(json.dumps({"error": error, "error_description": description}).encode(), status=400)
