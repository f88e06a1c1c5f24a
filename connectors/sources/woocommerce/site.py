"""Finding a shop's API: where WordPress answers, what it calls itself, and which clock its days follow."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from http import HTTPStatus
from typing import Any
from urllib.parse import urljoin, urlsplit, urlunsplit
from zoneinfo import ZoneInfo

import msgspec

from connectors.messages import HttpRequest, HttpResponse
from connectors.sources.woocommerce.bodies import NotJsonError, api_error, in_words, record
from connectors.sources.woocommerce.zones import zone_named
from models.errors import MisconfiguredError

NAMESPACE = "wc/v3"
_INDEX_FIELDS = "name,url,home,gmt_offset,timezone_string,namespaces"
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 5
_SHOWN = _REDIRECTS | {400, 401, 403, 404, 405, 406, 410, 451}

Send = Callable[[HttpRequest], HttpResponse]


class _Index(msgspec.Struct):
    namespaces: list[str]
    name: str | None = None
    url: str | None = None
    home: str | None = None
    gmt_offset: Any = None
    timezone_string: str | None = None


@dataclass(frozen=True)
class Site:
    """A shop as its WordPress describes itself.

    Attributes:
        base: The address that requests go to, without a trailing slash.
        is_pretty: Whether the API has paths of its own; with WordPress's plain permalinks it has a parameter instead.
        home: What WordPress calls its own address; signatures are made for it.
        url: Where WordPress says that its files are.
        name: The site's title.
        timezone_string: The zone of its days; empty where it is set to a fixed offset.
        gmt_offset: Hours that its clock is ahead of UTC.
        answered_at: The time by the site's own clock; None where it does not say, or a cache answered for it.
    """

    base: str
    is_pretty: bool
    home: str
    url: str | None = None
    name: str | None = None
    timezone_string: str = ""
    gmt_offset: Decimal | None = None
    answered_at: datetime | None = None

    @property
    def zone(self) -> ZoneInfo | None:
        """The zone of the site's days, where it is not a fixed offset."""
        return zone_named(self.timezone_string)

    @property
    def is_encrypted(self) -> bool:
        """Whether requests travel under TLS."""
        return urlsplit(self.base).scheme == "https"

    def request(self, path: str, params: list[tuple[str, str]], stream: str) -> HttpRequest:
        """A request to WooCommerce's API, not signed yet.

        Args:
            path: Behind `wc/v3/`, such as `orders/17`.
            params: The query.
            stream: What it is made for.
        """
        if self.is_pretty:
            return HttpRequest("GET", f"{self.base}/wp-json/{NAMESPACE}/{path}", params, stream=stream)
        # WooCommerce up to 11.0 looks for its path in the address before it takes a key, wherever in it.
        route = [("rest_route", f"/{NAMESPACE}/{path}"), ("_route", f"wp-json/{NAMESPACE}/")]
        return HttpRequest("GET", f"{self.base}/", [*route, *params], stream=stream)


def find_site(send: Send, url: str, key: str) -> Site:
    """Ask the shop for its API's index, as its permalinks have it.

    Args:
        send: Sends a request without a signature.
        url: The shop's address as declared.
        key: The path of the setting, for errors.

    Raises:
        MisconfiguredError: No WooCommerce answers there.
        RetryLaterError: Nothing answers at all.
    """
    found = ""
    for is_pretty in (True, False):
        base, response = _followed(send, url, is_pretty=is_pretty, key=key)
        if response.status in {401, 403}:
            # Plugins hide the index from strangers and let WooCommerce's keys through.
            if api_error(response).code:
                return Site(base, is_pretty, home=base, answered_at=_own_time(response))
        elif response.status == HTTPStatus.OK:
            try:
                return _site(record(response.content, _Index), base, response, is_pretty=is_pretty, key=key)
            except NotJsonError:
                pass
        found = found or f"HTTP {response.status}, {in_words(response.content)}"
    raise MisconfiguredError(
        key,
        f"no WordPress API answers at {url} ({found}). Is this the shop's address, with its folder if it has one? "
        "A maintenance page, a firewall or a plugin that disables the REST API has the same effect",
    )


def _site(index: _Index, base: str, response: HttpResponse, *, is_pretty: bool, key: str) -> Site:
    if NAMESPACE not in index.namespaces:
        raise MisconfiguredError(
            key,
            f"WordPress answers at {base}, but has no WooCommerce API ({NAMESPACE}); activate WooCommerce 3.5 or newer",
        )
    try:
        offset = None if index.gmt_offset in {None, ""} else Decimal(str(index.gmt_offset))
    except ArithmeticError:
        offset = None
    return Site(
        base=base,
        is_pretty=is_pretty,
        home=index.home or base,
        url=index.url,
        name=index.name,
        timezone_string=index.timezone_string or "",
        gmt_offset=offset,
        answered_at=_own_time(response),
    )


def _own_time(response: HttpResponse) -> datetime | None:
    # Hosts keep the index, which is for everybody, for hours: its date is that of the visit that it was made for.
    return response.date if response.headers.get("Age", "0").strip() == "0" else None


def _followed(send: Send, url: str, *, is_pretty: bool, key: str) -> tuple[str, HttpResponse]:
    """The index's answer, and the address that it came from in the end."""
    base = url
    for _ in range(_MOST_REDIRECTS):
        route = [] if is_pretty else [("rest_route", "/")]
        address = f"{base}/wp-json/" if is_pretty else f"{base}/"
        request = HttpRequest("GET", address, [*route, ("_fields", _INDEX_FIELDS)], stream="shop", accepts=_SHOWN)
        response = send(request)
        if response.status not in _REDIRECTS:
            return base, response
        target = _base_of(urljoin(address, response.headers.get("Location", "")), is_pretty=is_pretty)
        if target is None or target == base:
            return base, response  # to a login or a notice: nothing of an API
        _refuse_elsewhere(base, target, key)
        base = target
    raise MisconfiguredError(key, f"{url} redirects in circles; write the address that the shop ends up at")


def _base_of(location: str, *, is_pretty: bool) -> str | None:
    """The shop's address within the address that the index was moved to; None where that is something else."""
    parts = urlsplit(location)
    path = parts.path.rstrip("/")
    if is_pretty:
        if not path.endswith("/wp-json"):
            return None
        path = path.removesuffix("/wp-json")
    elif "rest_route=" not in parts.query:
        return None
    return urlunsplit((parts.scheme, parts.netloc, path.rstrip("/"), "", ""))


def _refuse_elsewhere(base: str, target: str, key: str) -> None:
    """Keys go to the host that was declared, with or without www, and never out of TLS into the clear."""
    here, there = urlsplit(base), urlsplit(target)
    same = (here.hostname or "").removeprefix("www.") == (there.hostname or "").removeprefix("www.")
    if not same or (here.scheme == "https" and there.scheme != "https"):
        raise MisconfiguredError(key, f"{base} redirects to {target}; if that is the shop, write this address")
