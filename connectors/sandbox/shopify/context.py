"""What holds for one request: who asks, what they may see, and what went wrong on the way."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from connectors.sandbox.shopify.books import Books
from connectors.sandbox.shopify.records import Order

if TYPE_CHECKING:
    from connectors.sandbox.shopify.bulk import BulkOperations

# Without `read_all_orders` an app sees the orders of so many days.
RECENT_DAYS = 60
_APPROVAL = "See https://shopify.dev/docs/apps/launch/protected-customer-data for more details."


class QueryError(Exception):
    """What makes a top-level field fail."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.message, self.code = message, code


@dataclass
class Grants:
    """What the merchant and Shopify allow the app.

    Attributes:
        scopes: The access scopes.
        protected_data: The kinds of protected customer data it is approved for: orders, customers, name, email, phone
            and address.
        title: The app's title.
    """

    scopes: frozenset[str]
    protected_data: frozenset[str]
    title: str = "Sandbox app"

    @property
    def is_limited(self) -> bool:
        """Whether any field can be denied."""
        return not (self.scopes >= ALL_SCOPES and self.protected_data >= ALL_PROTECTED_DATA)


ALL_SCOPES = frozenset(
    {
        "read_all_orders",
        "read_customers",
        "read_discounts",
        "read_orders",
        "read_products",
        "write_customers",
        "write_discounts",
    },
)
ALL_PROTECTED_DATA = frozenset({"orders", "customers", "name", "email", "phone", "address"})


@dataclass
class Context:
    """One request's view of the shop.

    Attributes:
        shop: The shop.
        grants: What may be seen.
        bulk: The shop's bulk operations.
        now: When it came.
        fault: The name of the fault that the request asks for.
        errors: What to answer beside the data.
        path: Where in the data the execution is; kept only for limited apps.
        searches: What to say about queries.
    """

    shop: Books
    grants: Grants
    bulk: "BulkOperations"
    now: datetime
    fault: str = ""
    errors: list[dict[str, Any]] = field(default_factory=list)
    path: list[str | int] = field(default_factory=list)
    searches: list[dict[str, Any]] = field(default_factory=list)

    @property
    def oldest_order(self) -> datetime | None:
        """Orders from before are hidden; None if all can be seen."""
        return None if "read_all_orders" in self.grants.scopes else self.now - timedelta(days=RECENT_DAYS)

    def sees(self, order: Order | None) -> bool:
        """Whether an order is there for this app."""
        return order is not None and (self.oldest_order is None or order.created_at >= self.oldest_order)

    def deny_scope(self, name: str, scope: str, locations: list[dict[str, int]]) -> None:
        """Note that a field needs a scope that the app doesn't have."""
        required = f"`{scope}` access scope."
        self.errors.append(
            {
                "message": f"Access denied for {name} field. Required access: {required}",
                "locations": locations,
                "extensions": {
                    "code": "ACCESS_DENIED",
                    "documentation": "https://shopify.dev/api/usage/access-scopes",
                    "requiredAccess": required,
                },
                "path": list(self.path),
            }
        )

    def deny_data(self, name: str, protects: str, locations: list[dict[str, int]]) -> None:
        """Note that a field holds customer data that the app isn't approved for."""
        objects = {"orders": "access the Order object", "customers": "access the Customer object"}
        objects["address"] = "access the MailingAddress object"
        what = objects.get(protects, f"use the {name} field")
        self.errors.append(
            {
                "message": f"This app is not approved to {what}. {_APPROVAL}",
                "locations": locations,
                "extensions": {"code": "ACCESS_DENIED"},
                "path": list(self.path),
            }
        )

    def fail(self, error: QueryError, locations: list[dict[str, int]]) -> None:
        """Note what made a field fail."""
        self.errors.append(
            {
                "message": error.message,
                "locations": locations,
                "extensions": {"code": error.code},
                "path": list(self.path),
            }
        )
