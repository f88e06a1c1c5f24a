"""A link lets go exactly whom it was made for, and only the key's owner can make one."""

import base64
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activation.mail.unsubscribing import (
    BadTokenError,
    Recipient,
    one_click_headers,
    signed_token,
    token_of,
    unsubscribe_link,
    verified_recipient,
)

KEY, OTHER = b"k" * 32, b"o" * 32
RECIPIENT = Recipient("cdnow", "shopify:1042", "email", "win_back")


@given(st.builds(Recipient, *[st.text(max_size=20).filter(lambda text: "@" not in text and text.isprintable())] * 4))
def test_a_token_names_its_recipient(recipient: Recipient) -> None:
    assert verified_recipient(signed_token(recipient, KEY), (KEY,)) == recipient


def test_a_token_of_an_earlier_key_works_while_the_key_is_kept() -> None:
    token = signed_token(RECIPIENT, KEY)
    assert verified_recipient(token, (OTHER, KEY)) == RECIPIENT
    with pytest.raises(BadTokenError):
        verified_recipient(token, (OTHER,))


def test_every_altered_character_is_refused() -> None:
    token = signed_token(RECIPIENT, KEY)
    for place in range(len(token)):
        other = "A" if token[place] != "A" else "B"
        with pytest.raises(BadTokenError):
            verified_recipient(token[:place] + other + token[place + 1 :], (KEY,))


def test_the_body_of_one_does_not_fit_the_signature_of_another() -> None:
    mine, other = (
        signed_token(Recipient("cdnow", customer, "email", "win_back"), KEY).split(".") for customer in ("a", "b")
    )
    with pytest.raises(BadTokenError):
        verified_recipient(f"{mine[0]}.{other[1]}", (KEY,))


@pytest.mark.parametrize("token", ["", ".", "1", "1.", "x" * 5_000, "1WyJhIl0.AAAA", "1é.ü"])
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(BadTokenError):
        verified_recipient(token, (KEY,))


def test_the_link_keeps_what_the_endpoint_has() -> None:
    link = unsubscribe_link("https://mail.example/out?shop=a%20b", RECIPIENT, KEY)
    query = parse_qs(urlsplit(link).query)
    assert query["shop"] == ["a b"]
    assert verified_recipient(token_of({name: values[0] for name, values in query.items()}), (KEY,)) == RECIPIENT
    assert one_click_headers(link) == {
        "List-Unsubscribe": f"<{link}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def test_an_address_never_stands_in_a_link() -> None:
    with pytest.raises(ValueError, match="never holds an address"):
        signed_token(Recipient("cdnow", "ana@shop.example", "email", "win_back"), KEY)
    body = signed_token(RECIPIENT, KEY).split(".")[0][1:]
    assert base64.urlsafe_b64decode(body + "==") == b'["cdnow","shopify:1042","email","win_back"]'


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ValueError, match="needs 16 bytes"):
        signed_token(RECIPIENT, b"short")
