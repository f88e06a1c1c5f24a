"""A message is whole and safe: variables known, values escaped, a way out, and the same words in plain text."""

from datetime import date
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activation.mail.plain_text import plain_text
from activation.mail.templates import READY_MADE, BadTemplateError, MailTemplate, Rendered, template_source

SHOP = {"name": "Tea & Co", "url": "https://shop.example/?a=1&b=2", "postal_address": "1 Quay, Bristol"}
WORDS = {"headline": "Welcome back", "preview": "p", "body": "It has been <b>long</b>.", "button": "Look"}
LINK = "https://mail.example/u?token=abc"


def page(body: str, *, head: str = "") -> str:
    out = '<mj-text><a href="{{ unsubscribe_url }}">Unsubscribe</a></mj-text>'
    return (
        f"<mjml><mj-head>{head}</mj-head><mj-body><mj-section><mj-column>{body}{out}"
        "</mj-column></mj-section></mj-body></mjml>"
    )


def template(body: str, *, subject: str = "Hello", locale: str = "en_US", **variables: object) -> MailTemplate:
    return MailTemplate("mine.mjml", page(body), subject, variables, locale)


def rendered(made: MailTemplate, **customer: object) -> Rendered:
    made.check()
    return made.render(customer, SHOP, unsubscribe_url=LINK)


class Tags(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.links: list[str | None] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.links += [value for name, value in attrs if name == "href" and tag == "a"]

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.mark.parametrize("name", sorted(path.stem for path in READY_MADE.glob("*.mjml")))
def test_ready_made_templates_are_whole(name: str) -> None:
    made = MailTemplate(name, template_source(name, Path()), "{{ message.headline }}, {{ shop.name }}", WORDS)
    for customer in (
        {},
        {
            "first_name": "Ana",
            "last_order_date": date(1998, 1, 2),
            "first_order_date": date(1997, 1, 2),
            "next_purchase_date": date(1998, 7, 8),
            "order_count": 3,
        },
    ):
        message = rendered(made, **customer)
        tags = Tags(message.html)
        assert message.subject == "Welcome back, Tea & Co"
        assert LINK in tags.links
        assert LINK in message.text
        assert SHOP["url"] in tags.links
        for words in ("Welcome back", "It has been <b>long</b>.", "Tea & Co", "1 Quay, Bristol"):
            assert words in message.text
            assert words in " ".join(" ".join(tags.words).split()) or "<b>" in words
        assert "None" not in message.text
        assert ("Ana" in message.text) == bool(customer)


def test_a_value_can_only_be_shown() -> None:
    evil = '"><script>alert(1)</script>{{ 7*7 }}<mj-text>x</mj-text>'
    message = rendered(template("<mj-text>Hi {{ customer.first_name }}</mj-text>"), first_name=evil)
    assert "script" not in Tags(message.html).names
    assert evil in message.text
    assert "49" not in message.html


@given(st.text(max_size=40))
def test_any_name_can_be_shown(name: str) -> None:
    made = template("<mj-text>Hi {{ customer.first_name }}!</mj-text>", subject="For {{ customer.first_name }}")
    message = made.render({"first_name": name}, SHOP, unsubscribe_url=LINK)
    shown = "".join(c for c in name if c in "\t\n\r" or (c >= " " and c not in "\ufffe\uffff"))
    assert message.subject == " ".join(f"For {shown}".split())
    assert "\n" not in message.subject
    assert "\r" not in message.subject
    assert set(Tags(message.html).names) == set(Tags(rendered(made).html).names)


def test_an_unknown_variable_is_named_before_anybody_is_written_to() -> None:
    for body, message in (
        ("<mj-text>{{ customer.frist_name }}</mj-text>", r"mjml, line 1: .*'customer.frist_name'; did you mean 'f"),
        ("<mj-text>{% if false %}{{ custmer.first_name }}{% endif %}</mj-text>", "'custmer'; did you mean 'customer'"),
        ("<mj-text>{{ message.offer }}</mj-text>", "'message.offer' There are: none; declare it"),
        ("<mj-text>{{ customer['emial'] }}</mj-text>", "'customer.emial'"),
        ("<mj-text>{{ customer.email }}</mj-text>", "'customer.email'"),
        ("<mj-text>{{ customer.clv_amount | mony }}</mj-text>", "mony"),
        ("<mj-txt>x</mj-txt>", "<mj-txt> is no tag of MJML; did you mean 'mj-text'"),
        ("<mj-text>{{ customer.</mj-text>", "mine.mjml, line 1"),
        ("<mj-text>", "is not MJML"),
        ("<mj-include path='x.mjml' />", "<mj-include> is no tag"),
    ):  # fmt: skip
        with pytest.raises(BadTemplateError, match=message):
            template(body).check()
    with pytest.raises(BadTemplateError, match=r"subject, line 1: .*'customer\.nme'"):
        template("<mj-text>x</mj-text>", subject="{{ customer.nme }}").check()


def test_a_template_needs_a_way_out() -> None:
    with pytest.raises(BadTemplateError, match="shows no way out"):
        MailTemplate("mine.mjml", "<mjml><mj-body><mj-text>x</mj-text></mj-body></mjml>", "x", {}).check()


def test_the_sandbox_lets_nothing_out() -> None:
    made = template("<mj-text>{{ customer.first_name.__class__.__mro__ }}</mj-text>")
    with pytest.raises(BadTemplateError, match="cannot be filled in"):
        rendered(made, first_name="secret name")


def test_an_error_never_holds_a_value() -> None:
    made = template("<mj-text>{{ customer.first_name | money('EUR') }}</mj-text>")
    with pytest.raises(BadTemplateError) as error:
        rendered(made, first_name="secret name")
    assert "secret" not in str(error.value)


@pytest.mark.parametrize(
    ("locale", "written"),
    [
        ("en_US", "$1,234.50 January 2, 1998 1,234.5 12%"),
        ("de_DE", "1.234,50\u00a0$ 2. Januar 1998 1.234,5 12\u00a0%"),
    ],
)
def test_values_are_written_in_the_readers_language(locale: str, written: str) -> None:
    body = (
        "<mj-text>{{ customer.clv_amount | money('USD') }} {{ customer.last_order_date | day }} "
        "{{ customer.clv_amount | number }} {{ customer.churn_probability | percent }}</mj-text>"
    )
    message = rendered(
        template(body, locale=locale),
        clv_amount=Decimal("1234.50"),
        last_order_date=date(1998, 1, 2),
        churn_probability=0.12,
    )
    assert message.text.startswith(written)


def test_what_is_missing_is_written_as_nothing() -> None:
    body = "<mj-text>[{{ customer.clv_amount | money('EUR') }}{{ customer.last_order_date | day }}]</mj-text>"
    assert rendered(template(body)).text.startswith("[]")


def test_plain_text_has_the_words_and_the_links() -> None:
    text = plain_text(
        page(
            '<mj-text>One<br/>two &amp; <a href="https://a.example">three</a></mj-text><mj-divider />'
            '<mj-image src="x.png" alt="A teapot" /><mj-button href="https://b.example">Go</mj-button>'
            "<mj-text><ul><li>first</li><li>second</li></ul></mj-text>",
            head="<mj-title>not shown</mj-title><mj-preview>nor this</mj-preview>",
        )
    )
    assert text == (
        f"One\ntwo & three: https://a.example\n\n{'-' * 40}\n\nA teapot\n\nGo: https://b.example\n\n"
        "- first\n- second\n\nUnsubscribe: {{ unsubscribe_url }}\n"
    )


def test_templates_are_found_by_name_or_path(tmp_path: Path) -> None:
    (tmp_path / "own.mjml").write_text("<mjml></mjml>")
    assert template_source("own.mjml", tmp_path) == "<mjml></mjml>"
    assert "<mjml" in template_source("win_back", tmp_path)
    with pytest.raises(BadTemplateError, match="no template 'winback'; did you mean 'win_back'"):
        template_source("winback", tmp_path)
    with pytest.raises(BadTemplateError, match=r"none\.mjml cannot be read: No such file"):
        template_source("none.mjml", tmp_path)
