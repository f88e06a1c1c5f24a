"""One click takes a recipient off every list of messages, and a program that only looks at the link does not."""

import asyncio

import pytest
from aiohttp.test_utils import TestClient, TestServer

from activation.mail.unsubscribing import Recipient, unsubscribe_link
from orchestration.unsubscribing import unsubscribe_application

KEY = b"k" * 32
RECIPIENT = Recipient("shop", "shopify:1042", "email", "win_back")
LINK = unsubscribe_link("/unsubscribe", RECIPIENT, KEY)


def asked(method: str, link: str, *, data: dict[str, str] | None = None) -> tuple[int, str, list[Recipient]]:
    """The answer's status and page, and who was let go by the time it came."""
    gone: list[Recipient] = []

    async def ask() -> tuple[int, str]:
        application = unsubscribe_application((KEY,), gone.append, {"shop": "Tea & Co"})
        async with TestClient(TestServer(application)) as client:
            answer = await client.request(method, link, data=data)
            return answer.status, await answer.text()

    return *asyncio.run(ask()), gone


def test_one_click_lets_go() -> None:
    status, page, gone = asked("POST", LINK, data={"List-Unsubscribe": "One-Click"})
    assert (status, gone) == (200, [RECIPIENT])
    assert "Tea &amp; Co" in page


def test_looking_at_the_link_lets_nobody_go() -> None:
    status, page, gone = asked("GET", LINK)
    assert (status, gone) == (200, [])
    assert '<form method="post">' in page


@pytest.mark.parametrize("link", ["/unsubscribe", "/unsubscribe?token=x", LINK[:-3] + "AAA"])
def test_what_is_not_ours_lets_nobody_go(link: str) -> None:
    for method in ("GET", "POST"):
        status, page, gone = asked(method, link)
        assert (status, gone) == (404, [])
        assert "does not work" in page


def test_another_deployments_merchant_is_not_ours() -> None:
    link = unsubscribe_link("/unsubscribe", Recipient("other", "c1", "email", "win_back"), KEY)
    assert asked("POST", link)[0] == 404
