"""Templates: MJML with variables, rendered to a page and a plain text.

A template is checked before anybody is written to: a variable that no customer has, a tag that MJML does not know or a
broken file is an error that names it. Templates run in a sandbox and every value is escaped: neither a template nor a
customer's name can do anything but be shown. Must not read the warehouse.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from html import unescape
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, UndefinedError, nodes
from jinja2.exceptions import SecurityError
from jinja2.meta import find_undeclared_variables
from jinja2.sandbox import ImmutableSandboxedEnvironment
from mjml import mjml2html

from activation.customers import CUSTOMER_COLUMNS
from activation.mail.formats import DEFAULT_LOCALE, filters
from activation.mail.plain_text import plain_text
from activation.rules import closest

READY_MADE = Path(__file__).with_name("ready_made")

CUSTOMER_VARIABLES = (*CUSTOMER_COLUMNS, "first_name", "last_name")
SHOP_VARIABLES = ("name", "url", "postal_address", "from_name")
_LINKS = ("unsubscribe_url",)
_ROOTS = ("customer", "shop", "message", *_LINKS)
_TAGS = frozenset({
    "mjml", "mj-head", "mj-body", "mj-attributes", "mj-all", "mj-class", "mj-breakpoint", "mj-font", "mj-preview",
    "mj-style", "mj-title", "mj-html-attributes", "mj-selector", "mj-html-attribute", "mj-accordion",
    "mj-accordion-element", "mj-accordion-text", "mj-accordion-title", "mj-button", "mj-carousel", "mj-carousel-image",
    "mj-column", "mj-divider", "mj-group", "mj-hero", "mj-image", "mj-navbar", "mj-navbar-link", "mj-raw", "mj-section",
    "mj-social", "mj-social-element", "mj-spacer", "mj-table", "mj-text", "mj-wrapper",
})  # fmt: skip
# MJML is XML, which cannot hold them in any form; a name typed at a checkout can.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TAG = re.compile(r"<(mj[a-z-]*)")


class BadTemplateError(ValueError):
    """A template is wrong; the message says where and what would be right."""


@dataclass(frozen=True)
class Rendered:
    """A message's parts, whole."""

    subject: str
    html: str
    text: str


@dataclass(frozen=True)
class MailTemplate:
    """A template that was checked, with its subject.

    Attributes:
        name: What it is called, for errors.
        mjml: The template.
        subject: The subject's template, one line.
        variables: What `message.…` may name, with its values.
        locale: How money and days are written.
    """

    name: str
    mjml: str
    subject: str
    variables: Mapping[str, Any]
    locale: str = DEFAULT_LOCALE

    def check(self) -> None:
        """Refuse what could not be rendered for every customer.

        Raises:
            BadTemplateError: Names the template, the line and the variable, tag or filter at fault.
        """
        for part, source in (("subject", self.subject), (self.name, self.mjml)):
            self._check_variables(part, source)
        unknown = sorted({tag for tag in _TAG.findall(self.mjml) if tag not in _TAGS})
        if unknown:
            raise BadTemplateError(f"{self.name}: <{unknown[0]}> is no tag of MJML{closest(unknown[0], sorted(_TAGS))}")
        if "unsubscribe_url" not in find_undeclared_variables(_environment(self.locale).parse(self.mjml)):
            raise BadTemplateError(f"{self.name}: shows no way out; link to {{{{ unsubscribe_url }}}} in it")
        self._page(self.mjml)

    def render(self, customer: Mapping[str, Any], shop: Mapping[str, Any], *, unsubscribe_url: str) -> Rendered:
        """The message to one customer.

        Args:
            customer: Their values by variable; those that are missing are null.
            shop: The shop's.
            unsubscribe_url: Their own link.

        Raises:
            BadTemplateError: A template asks of a value what it cannot do.
        """
        values = {
            "customer": {name: customer.get(name) for name in CUSTOMER_VARIABLES},
            "shop": {name: shop.get(name) for name in SHOP_VARIABLES},
            "message": dict(self.variables),
            "unsubscribe_url": unsubscribe_url,
        }
        subject = unescape(self._filled("subject", self.subject, values))  # a subject is no HTML
        mjml = self._filled(self.name, self.mjml, values)
        return Rendered(" ".join(subject.split()), self._page(mjml), plain_text(mjml))

    def _check_variables(self, part: str, source: str) -> None:
        try:
            tree = _environment(self.locale).parse(source)
            named = sorted(find_undeclared_variables(tree))
        except TemplateSyntaxError as error:  # filters that do not exist are among them
            raise BadTemplateError(f"{part}, line {error.lineno}: {error.message}") from None
        for name in named:
            if name not in _ROOTS:
                raise BadTemplateError(f"{part}: there is no variable '{name}'{closest(name, _ROOTS)}")
        known = {"customer": CUSTOMER_VARIABLES, "shop": SHOP_VARIABLES, "message": tuple(self.variables)}
        read = [(node.node, node.attr, node.lineno) for node in tree.find_all(nodes.Getattr)]
        read += [
            (node.node, str(node.arg.value), node.lineno)
            for node in tree.find_all(nodes.Getitem)
            if isinstance(node.arg, nodes.Const)
        ]
        for inner, name, line in read:
            if isinstance(inner, nodes.Name) and inner.name in known and name not in known[inner.name]:
                there = ", ".join(known[inner.name]) or "none; declare it under message.variables"
                raise BadTemplateError(
                    f"{part}, line {line}: there is no variable '{inner.name}.{name}'"
                    f"{closest(name, known[inner.name])} There are: {there}"
                )

    def _filled(self, part: str, source: str, values: Mapping[str, Any]) -> str:
        try:
            return _NOT_XML.sub("", _compiled(self.locale, source).render(values))
        except (TemplateError, SecurityError, UndefinedError, ArithmeticError, TypeError, ValueError) as error:
            # What a value was is not said: it is somebody's.
            raise BadTemplateError(f"{part} cannot be filled in: {type(error).__name__}") from None

    def _page(self, mjml: str) -> str:
        try:
            return mjml2html(mjml, disable_comments=False, fonts={})
        except ValueError as error:
            raise BadTemplateError(f"{self.name} is not MJML: {error}") from None


def template_source(name: str, folder: Path) -> str:
    """The text of a template: one that comes with Perennial, or a file.

    Args:
        name: A ready-made template's name, or the path of an `.mjml` file.
        folder: What the path is relative to: that of `perennial.yml`.

    Raises:
        BadTemplateError: There is no such template, or it cannot be read.
    """
    ready = sorted(path.stem for path in READY_MADE.glob("*.mjml"))
    path = READY_MADE / f"{name}.mjml" if name in ready else folder / name
    if path.suffix != ".mjml":
        offered = ", ".join(ready)
        raise BadTemplateError(f"there is no template '{name}'{closest(name, ready)} Use an .mjml file, or: {offered}")
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadTemplateError(f"{name} cannot be read: {getattr(error, 'strerror', None) or error}") from None


@lru_cache(maxsize=16)
def _environment(locale: str) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.filters.update(filters(locale))
    return environment


@lru_cache(maxsize=64)
def _compiled(locale: str, source: str) -> Template:
    return _environment(locale).from_string(source)
