"""One store's WooCommerce API: signed requests, refusals in the owner's terms, and lists of records.

Tries the ways to present a key one after the other, because sites differ in what reaches WordPress: proxies that end
TLS before it, servers that drop the Authorization header, addresses that are not the site's own.
"""

import base64
import hashlib
import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import NoReturn, Self, TypeVar

import msgspec

from connectors.http import HttpClient, HttpRequest, HttpResponse, HttpStatusError
from connectors.messages import Params
from connectors.source import Notice, ReadReport, SourceRuntime
from connectors.sources.woocommerce.bodies import NotJsonError, api_error, has_other_output, raw_records, record
from connectors.sources.woocommerce.oauth import OAuthKeys, with_scheme
from connectors.sources.woocommerce.settings import WooCommerceSettings
from connectors.sources.woocommerce.site import Site, find_site
from models.errors import MisconfiguredError, RetryLaterError, StopError

T = TypeVar("T")

Credentials = Callable[[HttpRequest], HttpRequest]

# Unique within this process, whatever clock and chance are: a nonce may be used once.
_REQUEST_NUMBERS = itertools.count()
_AUTHENTICATION = "woocommerce_rest_authentication_error"
_WHERE = "WooCommerce > Settings > Advanced > REST API"


class NotPermittedError(Exception):
    """The key works, and its account may not see this."""


class WooCommerceClient:
    """A store's API. Use as a context manager.

    Args:
        settings: Where the shop is, and its key.
        runtime: Clock, waiting and chance.
        report: Where requests, waits and notices go.
        key: The path of the settings in `perennial.yml`, for errors.

    Attributes:
        site: The shop, once it was opened.
    """

    site: Site

    def __init__(self, settings: WooCommerceSettings, *, runtime: SourceRuntime, report: ReadReport, key: str) -> None:
        self._settings = settings
        self._runtime = runtime
        self._report = report
        self._key = key
        self._credentials: Credentials | None = None
        self._clock_offset = timedelta()
        self._http = HttpClient(
            runtime,
            report,
            headers={"Accept": "application/json"},
            signer=self._signed,
            timeout_seconds=settings.timeout_seconds,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._http.close()

    def open(self) -> Site:
        """Find the shop and a way to present the key that it accepts.

        Raises:
            MisconfiguredError: There is no shop, or it refuses the key.
            RetryLaterError: It does not answer.
        """
        self.site = find_site(self._http.send, self._settings.url, f"{self._key}.url")
        self._set_clock(self.site.answered_at)
        # A cache may have answered so far, with its own idea of the time; what a key opens comes from WordPress itself.
        self._set_clock(self._find_credentials().date)
        return self.site

    @property
    def now(self) -> datetime:
        """The time by the shop's clock."""
        return self._runtime.clock() + self._clock_offset

    @property
    def clock_offset(self) -> timedelta:
        """How far the shop's clock is ahead of ours."""
        return self._clock_offset

    def get(self, path: str, params: Params, *, stream: str, kind: type[T]) -> T:
        """One object.

        Raises:
            NotPermittedError: The key's account may not see it.
            MisconfiguredError: The key is not accepted any more.
            RetryLaterError: The shop does not answer, or not with data.
            StopError: It refuses the request.
        """
        response = self._settled(self._request(path, params, stream))
        try:
            return record(response.content, kind)
        except NotJsonError as error:
            self._no_data(response, error)

    def records(self, path: str, params: Params, *, stream: str) -> tuple[list[msgspec.Raw], int | None]:
        """One page of a list, and how many records the whole list has, where the shop says.

        Raises:
            NotPermittedError: As `get`.
        """
        return self.records_of(self._settled(self._request(path, params, stream)))

    def pages(
        self, path: str, queries: Iterable[Params], *, stream: str
    ) -> Iterator[tuple[list[msgspec.Raw], int | None]]:
        """Several pages of a list, some of them in flight at a time, in order.

        Raises:
            NotPermittedError: As `get`.
        """
        requests = (self._request(path, params, stream) for params in queries)
        answers = self._http.send_all(requests, ahead=self._settings.requests_in_flight)
        while True:
            try:
                response = next(answers)
            except StopIteration:
                return
            except HttpStatusError as error:
                self._refused(error.response)
            yield self.records_of(response)

    def find(self, path: str, params: Params, *, stream: str) -> bytes | None:
        """One record by its own address; None where WooCommerce itself says that there is none.

        Raises:
            NotPermittedError: As `get`.
        """
        response = self._settled(replace(self._request(path, params, stream), accepts=frozenset({404})))
        if response.status == 404:
            error = api_error(response)
            # A 404 of the web server, or of a route that is switched off, says nothing about the record.
            if not error.code or error.code == "rest_no_route":
                raise RetryLaterError(
                    f"{response.url} is not found, but the answer is not WooCommerce's: {error.answer}"
                )
            return None
        try:
            return bytes(record(response.content, msgspec.Raw))
        except NotJsonError as error:
            self._no_data(response, error)

    def has_route(self, path: str, *, stream: str) -> bool:
        """Whether the shop's version of WooCommerce has this list."""
        request = self._request(path, [("per_page", "1"), ("_fields", "id")], stream)
        return self._settled(replace(request, accepts=frozenset({404}))).status != 404

    def records_of(self, response: HttpResponse) -> tuple[list[msgspec.Raw], int | None]:
        """The records of an answered list, and the length of the whole list."""
        try:
            records = raw_records(response.content)
        except NotJsonError as error:
            self._no_data(response, error)
        if has_other_output(response.content):
            self._notice(
                "shop_prints_into_answers",
                "the shop prints warnings or blanks before its data, which were cut off; a plugin or theme is faulty, "
                "and PHP's display_errors is on: switch it off, it also tells visitors about the server",
            )
        total = response.headers.get("X-WP-Total", "")
        return records, int(total) if total.isdigit() else None

    def _request(self, path: str, params: Params, stream: str) -> HttpRequest:
        return self.site.request(path, list(params), stream)

    def _settled(self, request: HttpRequest) -> HttpResponse:
        try:
            return self._http.send(request)
        except HttpStatusError as error:
            self._refused(error.response)

    def _signed(self, request: HttpRequest) -> HttpRequest:
        return self._credentials(request) if self._credentials else request

    def _set_clock(self, answered_at: datetime | None) -> None:
        if answered_at is not None:
            self._clock_offset = answered_at - self._runtime.clock()

    def _find_credentials(self) -> HttpResponse:  # noqa: RET503 - what comes after the loop raises
        """Go through the ways to present the key until one is accepted, and return the answer to it."""
        refusals: list[HttpResponse] = []
        for name, credentials in self._ways():
            self._credentials = credentials
            request = self._request("orders", [("per_page", "1"), ("_fields", "id")], "orders")
            response = self._http.send(replace(request, accepts=frozenset({301, 302, 307, 308, 401, 403, 404})))
            if response.status == 200:
                self.records_of(response)
                return response
            if response.status != 401:
                self._refused_at_start(response)
            if _is_about_the_key(name, response):
                self._unauthorized(response)
            refusals.append(response)
        telling = [refusal for refusal in refusals if api_error(refusal).code == _AUTHENTICATION]
        self._unauthorized([*telling, refusals[-1]][0])

    def _ways(self) -> Iterator[tuple[str, Credentials]]:
        """How a key may be presented, the usual way first; never in the clear."""
        home = self.site.home
        if self.site.is_encrypted:
            yield "basic", self._basic
            yield "oauth", self._oauth(with_scheme(home, "https"))
            # Where TLS ends before WordPress, it believes to be asked in the clear and takes signatures only.
            yield "oauth", self._oauth(with_scheme(home, "http"))
            yield "query", self._query_keys
            return
        homes = [with_scheme(home, "http"), with_scheme(home, "https"), self.site.base]
        for address in dict.fromkeys(homes):
            yield "oauth", self._oauth(address)

    def _keys(self) -> tuple[str, str]:
        return self._settings.consumer_key.get_secret_value(), self._settings.consumer_secret.get_secret_value()

    def _basic(self, request: HttpRequest) -> HttpRequest:
        token = base64.b64encode(":".join(self._keys()).encode()).decode()
        return replace(request, headers={**request.headers, "Authorization": f"Basic {token}"})

    def _query_keys(self, request: HttpRequest) -> HttpRequest:
        consumer_key, consumer_secret = self._keys()
        keys = [("consumer_key", consumer_key), ("consumer_secret", consumer_secret)]
        return replace(request, params=[*request.params, *keys])

    def _oauth(self, home: str) -> Credentials:
        keys = OAuthKeys(*self._keys(), home)

        def sign(request: HttpRequest) -> HttpRequest:
            now = self.now
            seed = f"{now.isoformat()} {next(_REQUEST_NUMBERS)} {self._runtime.random.getrandbits(128)}"
            nonce = hashlib.sha256(seed.encode()).hexdigest()[:32]
            timestamp = int(now.astimezone(UTC).timestamp())
            params = keys.signed(request.method, request.url, request.params, timestamp=timestamp, nonce=nonce)
            return replace(request, params=params)

        return sign

    def _refused_at_start(self, response: HttpResponse) -> NoReturn:
        if response.status == 403 and not api_error(response).code:
            self._refused(response)
        if response.status == 403:
            raise MisconfiguredError(
                f"{self._key}.consumer_key",
                f"the shop knows the key, but the account that it belongs to may not see orders ({_said(response)}). "
                f"Make a key for an administrator or a shop manager under {_WHERE}",
            )
        raise MisconfiguredError(
            f"{self._key}.url",
            f"WooCommerce's orders are not found at {self.site.base} (HTTP {response.status}, {_said(response)}). With "
            "Settings > Permalinks set to Plain some versions have no API: choose another structure there",
        )

    def _unauthorized(self, response: HttpResponse) -> NoReturn:
        said = _said(response)
        code = api_error(response).code
        if code and not code.startswith("woocommerce_"):
            raise MisconfiguredError(
                f"{self._key}.url",
                f"the shop's REST API is closed: {said}. A plugin disables it, or the server keeps the key from it: "
                "allow WooCommerce's keys to use wc/v3 there",
            )
        advice = f"Make a key with read permission under {_WHERE}, and write it and its secret"
        if "permission" in said.lower():
            advice = f"Give the key read permission under {_WHERE}"
        elif not self.site.is_pretty:
            advice += (
                ". With Settings > Permalinks set to Plain some versions accept no key: choose another structure there"
            )
        raise MisconfiguredError(
            f"{self._key}.consumer_key",
            f"the shop refuses the key: {said}. It was revoked, its secret is another's, or the server lets no key "
            f"through. {advice}",
        )

    def _refused(self, response: HttpResponse) -> NoReturn:
        """Say what a refusal means that will not pass by itself."""
        error = api_error(response)
        if response.status == 401:
            self._unauthorized(response)
        if response.status == 403 and error.code:
            raise NotPermittedError(error.message or error.code)
        if response.status == 403 or 300 <= response.status < 400:
            raise RetryLaterError(
                f"{response.url} answers HTTP {response.status} with {error.answer or 'a redirect'} in place of data: "
                "a firewall, a maintenance page or a login stands before the shop's API"
            )
        raise StopError(f"{response.url} refuses the request: HTTP {response.status}, {_said(response)}")

    def _no_data(self, response: HttpResponse, error: NotJsonError) -> NoReturn:
        raise RetryLaterError(
            f"{response.url} answers with {error} in place of data; the shop is in maintenance, or a plugin, a "
            "firewall or PHP itself breaks its answers"
        ) from error

    def _notice(self, code: str, message: str) -> None:
        if all(notice.code != code for notice in self._report.notices):
            self._report.notices.append(Notice(code, message))


def _is_about_the_key(way: str, response: HttpResponse) -> bool:
    """Whether WordPress has seen the key and says what is wrong with it, so that no other way would do better."""
    error = api_error(response)
    if error.code != _AUTHENTICATION:
        return False
    # A signature for another address is refused with the same code, and in the shop's language.
    return way == "basic" or any(words in error.message.lower() for words in ("consumer key", "permission"))


def _said(response: HttpResponse) -> str:
    error = api_error(response)
    if error.message or error.code:
        return f"{error.message} ({error.code})"
    return error.answer
