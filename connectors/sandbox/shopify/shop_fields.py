"""What the API tells about the shop, the app and its bulk operations, and how those are begun and ended."""

from typing import Any

from connectors.sandbox.shopify.bulk import BulkOperation
from connectors.sandbox.shopify.context import Context, QueryError
from connectors.sandbox.shopify.documents import DocumentError
from connectors.sandbox.shopify.order_part_fields import gid
from connectors.sandbox.shopify.schema import Arguments, Declaration, Node, Rows, Schema, always

_PLANS = {"standard": "Basic", "advanced": "Advanced", "plus": "Shopify Plus", "enterprise": "Shopify Plus"}
_OPERATIONS = "bulkOperations(sortKey: BulkOperationsSortKeys = CREATED_AT, query: String): BulkOperationConnection!"


def number_of(global_id: str, *kinds: str) -> int | None:
    """The number in a global id of one of these kinds; None if it is of none of them."""
    head, _, number = global_id.partition("?")[0].rpartition("/")
    is_kind = head.removeprefix("gid://shopify/") in kinds and head.startswith("gid://shopify/")
    return int(number) if is_kind and number.isdecimal() else None


def expected(global_id: str, *kinds: str) -> int:
    """The number in a global id, which has to be of one of these kinds.

    Raises:
        QueryError: It isn't.
    """
    number = number_of(global_id, *kinds)
    if number is None:
        raise QueryError(f"Invalid id: {global_id}", "RESOURCE_NOT_FOUND")
    return number


def _bulk_operation(_: Node, context: Context, arguments: Arguments) -> BulkOperation | None:
    operation = context.bulk.operations.get(expected(arguments["id"], "BulkOperation"))
    return None if operation is None else context.bulk.poll(operation, context.now)


def _current_operation(_: Node, context: Context, arguments: Arguments) -> BulkOperation | None:
    if arguments["type"] != "QUERY" or not context.bulk.operations:
        return None
    return context.bulk.poll(list(context.bulk.operations.values())[-1], context.now)


def _all_operations(_: Node, context: Context) -> list[BulkOperation]:
    return [context.bulk.poll(each, context.now) for each in list(context.bulk.operations.values())]


def _run_bulk(_: Node, context: Context, arguments: Arguments) -> dict[str, Any]:
    try:
        begun = context.bulk.run(context, arguments["query"], is_grouped=bool(arguments["groupObjects"]))
    except DocumentError as error:
        errors = [{"field": ["query"], "message": p["message"], "code": "INVALID"} for p in error.problems]
        return {"operation": None, "errors": errors}
    if isinstance(begun, str):
        refusal = {"field": None, "message": begun, "code": "OPERATION_IN_PROGRESS"}
        return {"operation": None, "errors": [refusal]}
    return {"operation": begun, "errors": []}


def _cancel_bulk(_: Node, context: Context, arguments: Arguments) -> dict[str, Any]:
    operation = context.bulk.operations.get(expected(arguments["id"], "BulkOperation"))
    if operation is None:
        return {"operation": None, "errors": [{"field": ["id"], "message": "Bulk operation does not exist"}]}
    if not operation.is_underway:
        message = f"A bulk operation cannot be canceled when it is {operation.status.lower()}"
        return {"operation": operation, "errors": [{"field": None, "message": message}]}
    context.bulk.cancel(operation)
    return {"operation": operation, "errors": []}


def declare_shop(schema: Schema) -> None:
    """Add the shop, the app and the bulk operations, with the fields of the top level that lead to them."""
    _declare_shop(schema)
    _declare_app(schema)
    _declare_bulk(schema)
    schema.declare(
        "QueryRoot",
        {
            "shop: Shop!": lambda _, c: c.shop,
            "currentAppInstallation: AppInstallation!": lambda _, c: c,
            "bulkOperation(id: ID!): BulkOperation": _bulk_operation,
            _OPERATIONS: Rows(_all_operations),
            "currentBulkOperation(type: BulkOperationType = QUERY): BulkOperation": _current_operation,
        },
    )
    run = "bulkOperationRunQuery(query: String!, groupObjects: Boolean! = false): BulkOperationRunQueryPayload"
    schema.declare("Mutation", {run: _run_bulk})
    schema.declare("Mutation", {"bulkOperationCancel(id: ID!): BulkOperationCancelPayload": _cancel_bulk})


def _offset_minutes(shop: Node, context: Context) -> int:
    offset = context.now.astimezone(shop.zone).utcoffset()
    return int(offset.total_seconds()) // 60 if offset is not None else 0


def _declare_shop(schema: Schema) -> None:
    schema.declare(
        "Shop",
        {
            "contactEmail: String!": lambda *_: "owner@example.com",
            "createdAt: DateTime!": lambda x, _: x.created_at,
            "currencyCode: CurrencyCode!": lambda x, _: x.currency,
            "description: String": always(None),
            "email: String!": lambda *_: "owner@example.com",
            "enabledPresentmentCurrencies: [CurrencyCode!]!": lambda x, _: [x.currency],
            "ianaTimezone: String!": lambda x, _: x.zone.key,
            "id: ID!": lambda x, _: gid("Shop", x.id),
            "myshopifyDomain: String!": lambda x, _: x.domain,
            "name: String!": lambda x, _: x.name,
            "plan: ShopPlan!": lambda x, _: x,
            "primaryDomain: Domain!": lambda x, _: x,
            "shopOwnerName: String!": always("Generated Owner"),
            "taxShipping: Boolean!": always(True),
            "taxesIncluded: Boolean!": lambda x, _: x.taxes_included,
            "timezoneAbbreviation: String!": lambda x, c: c.now.astimezone(x.zone).tzname(),
            "timezoneOffset: String!": lambda x, c: f"{c.now.astimezone(x.zone):%z}",
            "timezoneOffsetMinutes: Int!": _offset_minutes,
            "unitSystem: UnitSystem!": always("METRIC_SYSTEM"),
            "updatedAt: DateTime!": lambda x, _: x.created_at,
            "url: URL!": lambda x, _: f"https://{x.domain}",
            "weightUnit: WeightUnit!": always("GRAMS"),
        },
    )
    schema.declare(
        "ShopPlan",
        {
            "displayName: String!": lambda x, _: _PLANS[x.plan],
            "partnerDevelopment: Boolean!": always(False),
            "publicDisplayName: String!": lambda x, _: _PLANS[x.plan],
            "shopifyPlus: Boolean!": lambda x, _: x.plan in {"plus", "enterprise"},
        },
    )
    schema.declare(
        "Domain",
        {
            "host: String!": lambda x, _: x.domain,
            "id: ID!": lambda x, _: gid("Domain", x.id),
            "sslEnabled: Boolean!": always(True),
            "url: URL!": lambda x, _: f"https://{x.domain}",
        },
    )


def _declare_app(schema: Schema) -> None:
    schema.declare(
        "AppInstallation",
        {
            "accessScopes: [AccessScope!]!": lambda _, c: sorted(c.grants.scopes),
            "app: App!": lambda x, _: x,
            "id: ID!": always(gid("AppInstallation", 1)),
        },
    )
    schema.declare("AccessScope", {"description: String!": lambda x, _: x, "handle: String!": lambda x, _: x})
    schema.declare(
        "App",
        {
            "id: ID!": always(gid("App", 1)),
            "title: String!": lambda _, c: c.grants.title,
            "handle: String": always("app"),
        },
    )


def _declare_bulk(schema: Schema) -> None:
    schema.declare(
        "BulkOperation",
        {
            "completedAt: DateTime": lambda x, _: x.completed_at,
            "createdAt: DateTime!": lambda x, _: x.created_at,
            "errorCode: BulkOperationErrorCode": lambda x, _: x.error_code,
            "fileSize: UnsignedInt64": lambda x, _: x.file_size,
            "id: ID!": lambda x, _: gid("BulkOperation", x.id),
            "objectCount: UnsignedInt64!": lambda x, _: x.object_count,
            "partialDataUrl: URL": lambda x, c: c.bulk.partial_url(x),
            "query: String!": lambda x, _: x.query,
            "rootObjectCount: UnsignedInt64!": lambda x, _: x.root_count,
            "status: BulkOperationStatus!": lambda x, _: x.status,
            "type: BulkOperationType!": lambda x, _: x.type,
            "url: URL": lambda x, c: c.bulk.url(x),
        },
    )
    error: Declaration = {
        "field: [String!]": lambda x, _: x["field"],
        "message: String!": lambda x, _: x["message"],
    }
    schema.declare("UserError", error)
    schema.declare("BulkOperationUserError", {**error, "code: BulkOperationUserErrorCode": lambda x, _: x["code"]})
    operation: Declaration = {"bulkOperation: BulkOperation": lambda x, _: x["operation"]}
    for payload, kind in {
        "BulkOperationRunQueryPayload": "BulkOperationUserError",
        "BulkOperationCancelPayload": "UserError",
    }.items():
        schema.declare(payload, {**operation, f"userErrors: [{kind}!]!": lambda x, _: x["errors"]})
