"""The pieces of an HTML page: what comes in is text and is escaped, unless a parameter says that it is HTML already."""

import base64
from collections.abc import Iterable, Sequence
from html import escape


def section(title: str, body: str) -> str:
    """A part of the page under a heading; the body is HTML."""
    return f"<section>\n<h2>{escape(title)}</h2>\n{body}\n</section>"


def paragraph(text: str) -> str:
    """A paragraph of a text."""
    return f"<p>{escape(text)}</p>"


def note(text: str) -> str:
    """A paragraph in smaller print."""
    return f'<p class="note">{escape(text)}</p>'


def image(png: bytes, alternative: str) -> str:
    """A picture inside the page, and what to read where it cannot be seen."""
    encoded = base64.b64encode(png).decode()
    return f'<figure><img src="data:image/png;base64,{encoded}" alt="{escape(alternative)}"></figure>'


def table(
    heads: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    numbers: Iterable[int] = (),
    texts: Sequence[int] = (),
    mine: int | None = None,
    is_escaped: bool = False,
) -> str:
    """A table that scrolls by itself where the page is narrower.

    Args:
        heads: The columns' names.
        rows: The cells.
        numbers: Which columns are set to the right.
        texts: Which columns hold sentences, and may break anywhere.
        mine: Which row is marked.
        is_escaped: Whether the rows' cells are HTML.
    """
    right = set(numbers)

    def cells(row: Sequence[str], tag: str, *, is_ready: bool) -> str:
        kinds = ["number" if at in right else "text" if at in texts else "" for at in range(len(row))]
        made = zip(row, kinds, strict=True)
        return "".join(f'<{tag} class="{kind}">{c if is_ready else escape(c)}</{tag}>' for c, kind in made)

    body = "".join(
        _row("mine" if at == mine else "", cells(row, "td", is_ready=is_escaped)) for at, row in enumerate(rows)
    )
    head = cells(heads, "th", is_ready=False)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table></div>'


def _row(kind: str, cells: str) -> str:
    return f'<tr class="{kind}">{cells}</tr>\n'
