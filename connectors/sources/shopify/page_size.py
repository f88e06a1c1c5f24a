"""How many records to ask for at a time: as many as one query's price allows, learned from what queries cost."""

from dataclasses import dataclass

LARGEST_COST = 1000
"""Shopify refuses a single query that is reckoned at more."""

_LARGEST_PAGE = 250
_AIM = 0.9


@dataclass
class PageSize:
    """The size of one document's pages.

    Attributes:
        records: How many records a page has.
        parts: How many of each record's parts come at once; the rest is fetched.
        has_parts: Whether the document asks for parts at all.
    """

    records: int = 25
    parts: int = 20
    has_parts: bool = False

    @property
    def of_parts(self) -> dict[str, int]:
        """The variable that says how many parts come at once."""
        return {"parts": self.parts} if self.has_parts else {}

    def learn(self, asked_for: int, cost: float | None) -> None:
        """Take note of what a page was reckoned at, and grow or shrink towards what a query may cost."""
        if not cost or not asked_for:
            return
        affordable = int(asked_for * LARGEST_COST * _AIM / cost)
        self.records = max(1, min(_LARGEST_PAGE, affordable, self.records * 4))

    def shrink(self) -> bool:
        """Ask for less after a query was refused as too costly; False where it cannot be less."""
        if self.records > 1:
            self.records = max(1, self.records // 2)
            return True
        if self.has_parts and self.parts > 1:
            self.parts = max(1, self.parts // 2)
            return True
        return False
