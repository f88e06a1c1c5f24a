"""The kinds of files that stand beside those of orders, as data: what each fills, and what no row may lack."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from connectors.sources.files.assembly import RecordAssembly
from connectors.sources.files.columns import FieldMapping
from models.records import Stream
from models.records.files import CUSTOMERS, MARKETING_SPEND, ORDER_ITEMS, PRODUCTS


@dataclass(frozen=True)
class FileKind:
    """One kind of files.

    Attributes:
        stream: What its rows fill.
        required: The fields that no row may lack.
        constants: What a record says where the files do not, by column.
        counted: The key's column that is made of content and occurrence where the files hold none.
    """

    stream: Stream
    required: tuple[str, ...]
    constants: Mapping[str, Any] = field(default_factory=dict)
    counted: str | None = None

    def assembly(self, mappings: Mapping[str, FieldMapping], *, later_files_win: bool) -> RecordAssembly:
        """What makes records of the rows of files with these mappings."""
        return RecordAssembly(
            self.stream,
            constants=self.constants,
            counted=None if self.counted in mappings else self.counted,
            later_files_win=later_files_win,
        )


KINDS: dict[str, FileKind] = {
    "customers": FileKind(CUSTOMERS, ("customer_id",), {"is_generated": False}),
    "order_items": FileKind(ORDER_ITEMS, ("order_id", "amount", "currency_code"), counted="line_id"),
    "products": FileKind(PRODUCTS, ("product_id", "currency_code"), {"valid_from": date(1900, 1, 1)}),
    "marketing_spend": FileKind(
        MARKETING_SPEND, ("spend_date", "channel", "amount", "currency_code"), counted="spend_id"
    ),
}
"""By the key of `perennial.yml` that they stand under."""
