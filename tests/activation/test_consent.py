import pytest
import sqlalchemy as sa
from activated_shop import Shop
from hypothesis import given
from hypothesis import strategies as st

from activation.consent import Contact, Refusal, email_refusal, is_email_address, read_contacts
from activation.customers import customer_contacts


def contact(**values: object) -> Contact:
    known = {"email": "jo@shop.example", "first_name": "Jo", "last_name": "Doe", "has_email_consent": True}
    return Contact(**{**known, **values})  # type: ignore[arg-type]  # a test's own values


def test_only_consent_that_is_true_and_an_address_that_is_one_pass() -> None:
    assert email_refusal(contact()) is None


@pytest.mark.parametrize(
    ("found", "refusal"),
    [
        (None, Refusal.NO_CONTACT),
        (contact(has_email_consent=None), Refusal.CONSENT_UNKNOWN),
        (contact(has_email_consent=False), Refusal.NO_CONSENT),
        (contact(has_email_consent=1), Refusal.NO_CONSENT),
        (contact(has_email_consent="yes"), Refusal.NO_CONSENT),
        (contact(email=None), Refusal.NO_EMAIL),
        (contact(email=""), Refusal.NO_EMAIL),
        (contact(email="not an address"), Refusal.BAD_EMAIL),
        (contact(is_ambiguous=True), Refusal.AMBIGUOUS),
    ],
)
def test_everything_else_is_refused_with_its_reason(found: Contact | None, refusal: Refusal) -> None:
    assert email_refusal(found) is refusal


@pytest.mark.parametrize(
    "address",
    ["a@b.co", "first.last+tag@sub.shop.example", "o'neil@shop.example", "x@bücher.example", "X@SHOP.FR"],
)
def test_addresses_that_customers_have(address: str) -> None:
    assert is_email_address(address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "@",
        "shop.example",
        "a@",
        "@shop.example",
        "a@localhost",
        "a@shop..example",
        "a@-shop.example",
        "a@shop.example.",
        "a@127.0.0.1",
        "a b@shop.example",
        " a@shop.example",
        "a@shop.example\n",
        "a@shop.example\r\nBcc: b@shop.example",
        "a..b@shop.example",
        ".a@shop.example",
        "a@b@shop.example",
        "a,b@shop.example",
        "<a@shop.example>",
        f"{'a' * 65}@shop.example",
        f"a@{'b' * 64}.example",
        f"a@{'b.' * 130}example",
    ],
)
def test_texts_that_are_no_address(address: str) -> None:
    assert not is_email_address(address)


@given(st.text(max_size=300))
def test_any_text_gets_an_answer(text: str) -> None:
    assert is_email_address(text) in {True, False}
    assert not is_email_address(f"{text} @shop.example")


def test_personal_values_stay_out_of_a_contacts_text() -> None:
    assert "jo" not in repr(contact()).lower()


def test_contacts_are_read_per_merchant_and_two_records_are_one_too_many(shop: Shop) -> None:
    shop.customer("a")
    shop.customer("b")
    with shop.engine.begin() as connection:
        connection.execute(
            sa.update(customer_contacts).values(merchant_id="other").where(customer_contacts.c.customer_id == "b")
        )
        shop_row = {"merchant_id": "cdnow", "customer_id": "c", "has_email_consent": True, "email": "c@shop.example"}
        connection.execute(sa.insert(customer_contacts), [shop_row, {**shop_row, "has_email_consent": False}])
        found = read_contacts(connection, "cdnow", ["a", "b", "c", "d"])
    assert set(found) == {"a", "c"}
    assert email_refusal(found["a"]) is None
    assert email_refusal(found["c"]) is Refusal.AMBIGUOUS
