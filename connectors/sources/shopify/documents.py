"""The GraphQL documents that the source sends, read from the `.graphql` files beside this module.

Documents share fragments and are sent with these written out.
"""

import re
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

_FRAGMENT = re.compile(r"fragment (\w+) on \w+ \{\n(.*?)\n\}\n", re.DOTALL)
_SPREAD = re.compile(r"\.\.\.(\w+)")
_COMMENT = re.compile(r"^\s*#.*\n", re.MULTILINE)
_OPERATION_NAME = re.compile(r"^(?:query|mutation) (\w+)", re.MULTILINE)


def document_names() -> list[str]:
    """Every document that can be sent: the files' names without their ending, those of fragments left out."""
    names = (file.name.removesuffix(".graphql") for file in _folder().iterdir() if file.name.endswith(".graphql"))
    return sorted(name for name in names if not name.endswith("_fragments"))


@cache
def document(name: str) -> str:
    """A document as it is sent.

    Args:
        name: Its file's name, without the ending.
    """
    return " ".join(_written_out(_text(f"{name}.graphql")).split())


@cache
def operation_name(name: str) -> str:
    """The name that a document gives its operation.

    Raises:
        ValueError: It gives none.
    """
    found = _OPERATION_NAME.search(_text(f"{name}.graphql"))
    if found is None:
        raise ValueError(f"{name}.graphql names no operation")
    return found[1]


def _written_out(text: str) -> str:
    return _SPREAD.sub(lambda found: _written_out(_fragments()[found[1]]), text)


@cache
def _fragments() -> dict[str, str]:
    names = (file.name for file in _folder().iterdir())
    texts = [_text(name) for name in names if name.endswith("_fragments.graphql")]
    return {found[1]: found[2] for text in texts for found in _FRAGMENT.finditer(text)}


def _text(name: str) -> str:
    return _COMMENT.sub("", _folder().joinpath(name).read_text(encoding="utf-8"))


def _folder() -> Traversable:
    return files("connectors.sources.shopify").joinpath("queries")
