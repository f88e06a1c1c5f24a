"""The store's quota: what is left of it is spread, a reserve stays, and a refusal is waited out once."""

import random
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from connectors.messages import HttpRequest, HttpResponse
from connectors.source import ReadReport, SourceRuntime
from connectors.sources.bigcommerce.quota import StoreQuota

REQUEST = HttpRequest("GET", "https://shop.example/v2/orders")


class Shop:
    """A store's window as its replies show it, on a clock that only waiting moves."""

    def __init__(self, *, quota: int = 150, window: float = 30, reserve_rate: float = 0.2) -> None:
        self.now = datetime(2026, 3, 1, 12, tzinfo=UTC)
        self.quota, self.left = quota, quota
        self.window = timedelta(seconds=window)
        self.resets_at = self.now + self.window
        self.report = ReadReport()
        runtime = SourceRuntime(lambda: self.now, self.sleep, random.Random(3), None)  # type: ignore[arg-type]
        self.throttle = StoreQuota(runtime, self.report, reserve_rate=reserve_rate)

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def reply(self, *, others: int = 0) -> HttpResponse:
        while self.now >= self.resets_at:
            self.resets_at += self.window
            self.left = self.quota
        self.left -= 1 + others
        status = 200 if self.left >= 0 else 429
        return HttpResponse(status, self.headers(max(self.left, 0)), b"[]")

    def headers(self, left: int) -> dict[str, str]:
        return {
            "Date": format_datetime(self.now.replace(microsecond=0), usegmt=True),
            "X-Rate-Limit-Requests-Left": str(left),
            "X-Rate-Limit-Requests-Quota": str(self.quota),
            "X-Rate-Limit-Time-Reset-Ms": str(int((self.resets_at - self.now).total_seconds() * 1000)),
            "X-Rate-Limit-Time-Window-Ms": str(int(self.window.total_seconds() * 1000)),
        }

    def request(self, *, others: int = 0, takes: float = 0.01) -> HttpResponse:
        self.sleep(self.throttle.before(REQUEST))
        self.sleep(takes)
        response = self.reply(others=others)
        assert self.throttle.after(REQUEST, response) is None
        return response


def test_a_small_read_waits_for_nothing() -> None:
    shop = Shop()
    for _ in range(70):
        assert shop.throttle.before(REQUEST) == 0.0
        shop.throttle.after(REQUEST, shop.reply())


def test_the_quota_lasts_its_window_and_the_reserve_is_never_touched() -> None:
    shop = Shop()
    lowest = min(int(shop.request().headers["X-Rate-Limit-Requests-Left"]) for _ in range(1_000))
    assert lowest >= 30
    # 120 of 150 per window may be used: a thousand requests take at least eight windows, and not much longer.
    elapsed = (shop.now - datetime(2026, 3, 1, 12, tzinfo=UTC)).total_seconds()
    assert 8 * 30 <= elapsed <= 11 * 30


def test_what_other_apps_use_is_taken_into_account() -> None:
    shop = Shop()
    statuses = {shop.request(others=1).status for _ in range(500)}
    assert statuses == {200}


def test_requests_under_way_count_before_their_replies_arrive() -> None:
    shop = Shop(quota=10, reserve_rate=0.2)
    shop.throttle.after(REQUEST, shop.reply())
    waits = [shop.throttle.before(REQUEST) for _ in range(8)]
    assert waits[:5] == [0.0] * 5  # nine to five left: at least half of ten
    assert all(wait > 0 for wait in waits[5:])
    assert waits[7] >= 30  # two left are the reserve: the next goes when the window is over


@pytest.mark.parametrize("header", ["X-Rate-Limit-Time-Reset-Ms", "X-Retry-After"])
def test_a_refusal_is_waited_out(header: str) -> None:
    shop = Shop()
    value = "15000" if header.endswith("Ms") else "15"
    wait = shop.throttle.after(REQUEST, HttpResponse(429, {header: value}, b""))
    assert wait is not None
    assert 15 <= wait <= 15.5


def test_of_refusals_that_were_under_way_together_one_is_waited_for() -> None:
    shop = Shop()
    shop.left = 0
    refused = [shop.reply() for _ in range(4)]
    first = shop.throttle.after(REQUEST, refused[0])
    assert first is not None
    assert first >= 30
    shop.sleep(first)
    assert all((shop.throttle.after(REQUEST, late) or 0) <= 1.5 for late in refused[1:])


def test_a_refusal_without_a_word_on_the_quota_is_the_clients_to_repeat() -> None:
    shop = Shop()
    assert shop.throttle.after(REQUEST, HttpResponse(429, {}, b"")) is None


def test_a_store_that_refuses_for_ever_is_given_up_in_the_end() -> None:
    shop = Shop()
    answers = [shop.throttle.after(REQUEST, HttpResponse(429, shop.headers(0), b"")) for _ in range(30)]
    assert answers[19] is not None
    assert answers[-1] is None


def test_the_use_is_reported() -> None:
    shop = Shop()
    for _ in range(60):
        shop.request()
    use = shop.report.budgets["store_quota"]
    assert (use.limit, use.used_total) == (150, 60)
    assert use.peak_rate == pytest.approx(0.4)
