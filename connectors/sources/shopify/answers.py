"""The frame of Shopify's GraphQL answers: data, errors that come with status 200, and what the query cost."""

from decimal import Decimal
from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")


class ThrottleStatus(msgspec.Struct, rename="camel"):
    """The bucket of points that an app has in a shop."""

    maximum_available: float
    currently_available: float
    restore_rate: float


class Cost(msgspec.Struct, rename="camel"):
    """What a query was reckoned at, and what it took."""

    requested_query_cost: float | None = None
    actual_query_cost: float | None = None
    throttle_status: ThrottleStatus | None = None


class SearchWarning(msgspec.Struct):
    """A filter that Shopify did not understand, and left out."""

    field: str | None = None
    message: str = ""


class Search(msgspec.Struct):
    """How a filter was understood."""

    query: str = ""
    warnings: list[SearchWarning] | None = None


class Extensions(msgspec.Struct):
    """What comes beside the data."""

    cost: Cost | None = None
    search: list[Search] | None = None


class ErrorExtensions(msgspec.Struct, rename="camel"):
    """An error's code, and what a permission would need."""

    code: str = ""
    cost: float | None = None
    max_cost: float | None = None
    required_access: str | None = None


class GraphqlError(msgspec.Struct):
    """An error in an answer with status 200."""

    message: str = ""
    path: list[str | int] | None = None
    extensions: ErrorExtensions | None = None

    @property
    def code(self) -> str:
        """The error's code; empty for none."""
        return self.extensions.code if self.extensions else ""

    @property
    def field_path(self) -> str:
        """The path without places in lists, such as orders.nodes.email."""
        return ".".join(step for step in self.path or () if isinstance(step, str))


class Frame(msgspec.Struct):
    """An answer without its data."""

    errors: list[GraphqlError] | str | None = None
    extensions: Extensions | None = None

    @property
    def cost(self) -> Cost | None:
        """What the query cost, where it says."""
        return self.extensions.cost if self.extensions else None

    @property
    def error_list(self) -> list[GraphqlError]:
        """The errors; Shopify writes those of a bad token as one text."""
        if isinstance(self.errors, str):
            return [GraphqlError(self.errors)]
        return self.errors or []


class Data(msgspec.Struct, Generic[T]):
    """An answer's data."""

    data: T | None = None


class PageInfo(msgspec.Struct, rename="camel"):
    """Where a page of a list ends."""

    has_next_page: bool
    end_cursor: str | None = None


class Connection(msgspec.Struct, Generic[T], rename="camel"):
    """A page of a list."""

    nodes: list[T]
    page_info: PageInfo


class Records(msgspec.Struct):
    """A page of a root list; each record as it was written, or null where it may not be seen."""

    connection: Connection[msgspec.Raw] | None = None


class Nodes(msgspec.Struct):
    """Records that were asked for by id; null for each that is not there."""

    nodes: list[msgspec.Raw] | None = None


class Identity(msgspec.Struct, rename="camel", gc=False):
    """A record's id and when it was last changed."""

    id: str
    updated_at: str | None = None


frame_decoder = msgspec.json.Decoder(Frame)
identity_decoder = msgspec.json.Decoder(Identity)


def number(global_id: str) -> str:
    """The number at the end of a global id such as gid://shopify/Order/450789469."""
    return global_id[global_id.rindex("/") + 1 :]


def number_of(node: Identity | None) -> str | None:
    """The number of what a record refers to; None where it refers to nothing."""
    return None if node is None else number(node.id)


def decimal_text(value: Decimal | None) -> str | None:
    """A number as text, for a column of decimals."""
    return None if value is None else format(value, "f")
