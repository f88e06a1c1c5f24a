"""The peer's arm of the extraction benchmark: orders of a Shopify shop into PostgreSQL with dlt's `rest_api`.

Usage: python dlt_shopify_orders.py SHOP_URL TOKEN DATABASE_URL QUERY.graphql WORKING_FOLDER

Runs in an environment of its own (requirements.lock beside it). As dlt's documentation has it: a JSON cursor, merge on
the primary key, nested lists as child tables. The query is ours, 250 orders a page, and of its answers the same columns
and child tables are kept that our raw tables hold, so that neither arm does more work than the other. Prints one JSON
object: rows loaded, CPU seconds, peak memory.
"""

import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

from dlt.sources.rest_api import rest_api_source
from dlt_load import load_and_tell

NOT_KEPT = {"__typename", "note", "customAttributes", "refunds"}
TEXTS = ("tags", "discountCodes", "paymentGatewayNames")
CONNECTIONS = ("lineItems", "shippingLines", "discountApplications")
SUMMED = {"taxLines": "priceSet", "discountAllocations": "allocatedAmountSet", "duties": "price"}


def same_fields(order: dict[str, Any]) -> dict[str, Any]:
    """What our raw tables hold of an order."""
    kept = {name: value for name, value in order.items() if name not in NOT_KEPT}
    for name in TEXTS:
        kept[name] = ", ".join(order[name])
    for name in CONNECTIONS:
        kept[name] = [same_part(part) for part in order[name]["nodes"]]
    kept["additionalFees"] = [same_part(fee) for fee in order["additionalFees"]]
    return kept


def same_part(part: dict[str, Any]) -> dict[str, Any]:
    """What they hold of an order's part: sums in place of the lists within it."""
    kept = dict(part)
    for name, amount in SUMMED.items():
        if name in part:
            for money in ("shopMoney", "presentmentMoney"):
                kept[f"{name}_{money}"] = str(sum(Decimal(each[amount][money]["amount"]) for each in part[name]))
            del kept[name]
    return kept


def main() -> None:
    """Load every order once, and say what it cost."""
    shop_url, token, database_url, query_path, folder = sys.argv[1:6]
    # Single braces would be placeholders of dlt's.
    query = Path(query_path).read_text(encoding="utf-8").replace("{", "{{").replace("}", "}}")
    source = rest_api_source(
        {
            "client": {
                "base_url": f"{shop_url}/admin/api/2026-07/",
                "headers": {"X-Shopify-Access-Token": token},
                "paginator": {
                    "type": "cursor",
                    "cursor_path": "data.connection.pageInfo.endCursor",
                    "cursor_body_path": "variables.after",
                    "has_more_path": "data.connection.pageInfo.hasNextPage",
                },
            },
            "resource_defaults": {"primary_key": "id", "write_disposition": "merge"},
            "resources": [
                {
                    "name": "orders",
                    "endpoint": {
                        "path": "graphql.json",
                        "method": "POST",
                        "json": {"query": query, "variables": {"first": 250, "parts": 20}},
                        "data_selector": "data.connection.nodes",
                    },
                    "processing_steps": [{"map": same_fields}],
                }
            ],
        }
    )
    load_and_tell(source, database_url, name="shopify_orders", dataset="peer_shopify", folder=folder)


if __name__ == "__main__":
    main()
