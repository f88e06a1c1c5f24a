"""Words from outside without what was sent there: reasons stand in ledgers and logs, where no customer's values may."""

import re
from collections.abc import Iterable

_SHORTEST = 3  # shorter values, such as a score, would blank out half of every sentence


def blanked(text: str, values: Iterable[str]) -> str:
    """A text without any of these values, however they are capitalised; the longest go first."""
    for value in sorted(dict.fromkeys(values), key=len, reverse=True):
        if len(value) >= _SHORTEST:
            text = re.sub(re.escape(value), "…", text, flags=re.IGNORECASE)
    return text
