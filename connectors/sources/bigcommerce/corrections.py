"""Rejected records that their owner has corrected: they are read again, for nothing at the platform has changed."""

from collections.abc import Iterator
from datetime import datetime

from connectors.sources.bigcommerce.intake import identity
from connectors.sources.bigcommerce.orders import reread
from connectors.sources.bigcommerce.people import customers_by_id
from connectors.sources.bigcommerce.products import products_by_id
from connectors.sources.bigcommerce.underway import Position, Underway, Unit

# The other streams are read whole, or compared, each time.
_PARTS_OF_ORDERS = {"refunds", "transactions", "order_taxes", "order_discounts", "order_lines", "order_shipping_lines"}


def corrections(u: Underway, position: Position) -> Iterator[Unit]:
    """Read the records again whose corrections came since the last chain of readings."""
    last = u.cursor.get("corrected_at")
    new = [c for c in u.request.corrections if last is None or c.corrected_at > datetime.fromisoformat(last)]
    ids: dict[str, dict[str, None]] = {"orders": {}, "customers": {}, "products": {}}
    for correction in new:
        own = identity(correction.raw_text.encode("utf-8", "replace"))
        stream = "orders" if correction.stream in _PARTS_OF_ORDERS else correction.stream
        found = own.order_id if correction.stream in _PARTS_OF_ORDERS else own.id
        if stream in ids and found is not None:
            ids[stream][str(found)] = None
    if not new:
        return
    # They are few: nobody corrects thousands of records by hand.
    units = list(reread(u, ids["orders"], {}))
    units.append(customers_by_id(u, [one for one in ids["customers"] if not u.has_emitted("customers", one)])[0])
    units.append(products_by_id(u, [one for one in ids["products"] if not u.has_emitted("products", one)])[0])
    u.cursor["corrected_at"] = max(c.corrected_at for c in new).isoformat()
    position["done"] = True
    yield [page for unit in units for page in unit]
