"""The plain-text part of a message, from the same MJML as its page: the words in their order, with links written out.

Must not know what the words are about.
"""

import re
from html.parser import HTMLParser

_WORDS = frozenset({"mj-text", "mj-button", "mj-table", "mj-social-element", "mj-navbar-link"})
_BLOCKS = frozenset({"p", "div", "h1", "h2", "h3", "h4", "ul", "ol", "table"})
_SPACES = re.compile(r"[ \t\r\n]+")
_RULE = "-" * 40


def plain_text(mjml: str) -> str:
    """The words of a message that is otherwise ready, as text of short paragraphs."""
    reader = _Reader()
    reader.feed(mjml)
    reader.close()
    return reader.text()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._paragraphs: list[str] = []
        self._now: list[str] = []
        self._words = 0
        self._links: list[tuple[str | None, int]] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = dict(attributes)
        if tag in _WORDS:
            self._end()
            self._words += 1
        if tag == "mj-divider":
            self._end()
            self._paragraphs.append(_RULE)
        elif tag == "mj-image" and values.get("alt"):
            self._end()
            self._paragraphs.append(str(values["alt"]))
        elif tag in {"br", "li", "tr"}:
            self._now.append("\n" + ("- " if tag == "li" else ""))
        elif tag in {"td", "th"}:
            self._now.append(" ")
        elif tag in _BLOCKS:
            self._now.append("\n\n")
        if tag in {"a", "mj-button", "mj-social-element", "mj-navbar-link"}:
            self._links.append((values.get("href"), len(self._now)))

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attributes)
        if tag in _WORDS or tag == "a":
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in {"a", "mj-button", "mj-social-element", "mj-navbar-link"} and self._links:
            link, start = self._links.pop()
            shown = "".join(self._now[start:]).strip()
            if link and link != shown:
                self._now.append(f": {link}" if shown else link)
        if tag in _BLOCKS:
            self._now.append("\n\n")
        if tag in _WORDS:
            self._end()
            self._words -= 1

    def handle_data(self, data: str) -> None:
        if self._words:
            self._now.append(_SPACES.sub(" ", data))

    def _end(self) -> None:
        text = "".join(self._now)
        for paragraph in re.split(r"\n\s*\n", text):
            lines = [line.strip() for line in paragraph.split("\n")]
            if joined := "\n".join(line for line in lines if line):
                self._paragraphs.append(joined)
        self._now.clear()

    def text(self) -> str:
        self._end()
        return "\n\n".join(self._paragraphs) + "\n"
