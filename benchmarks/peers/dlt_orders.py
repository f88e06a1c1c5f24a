"""The peer's arm of the extraction benchmark: orders of a WooCommerce shop into PostgreSQL with dlt's `rest_api`.

Usage: python dlt_orders.py SHOP_URL KEY SECRET DATABASE_URL FIELDS.json WORKING_FOLDER

Runs in an environment of its own (requirements.lock beside it). As dlt's documentation has it: page-number paging,
merge on the primary key, nested lists as child tables. Of each order the same fields are kept that our raw tables hold,
so that neither arm does more work than the other. Prints one JSON object: rows loaded, CPU seconds, peak memory.
"""

import json
import sys
from pathlib import Path
from typing import Any

from dlt.sources.rest_api import rest_api_source
from dlt_load import load_and_tell


def main() -> None:
    """Load every order once, and say what it cost."""
    shop_url, key, secret, database_url, fields_path, folder = sys.argv[1:7]
    fields: dict[str, list[str]] = json.loads(Path(fields_path).read_text(encoding="utf-8"))
    nested = {name: columns for name, columns in fields.items() if name}

    def same_fields(order: dict[str, Any]) -> dict[str, Any]:
        kept = {name: order[name] for name in fields[""] if name in order}
        for name, columns in nested.items():
            value = order.get(name)
            if isinstance(value, list):
                kept[name] = [{column: item.get(column) for column in columns} for item in value]
            elif isinstance(value, dict):
                kept[name] = {column: value.get(column) for column in columns}
        return kept

    source = rest_api_source(
        {
            "client": {
                "base_url": f"{shop_url}/wp-json/wc/v3/",
                "auth": {"type": "http_basic", "username": key, "password": secret},
                "headers": {"X-Forwarded-Proto": "https"},
                "paginator": {"type": "page_number", "base_page": 1, "total_path": None, "stop_after_empty_page": True},
            },
            "resource_defaults": {"primary_key": "id", "write_disposition": "merge"},
            "resources": [
                {
                    "name": "orders",
                    "endpoint": {"path": "orders", "params": {"per_page": 100, "orderby": "id", "order": "asc"}},
                    "processing_steps": [{"map": same_fields}],
                }
            ],
        }
    )
    load_and_tell(source, database_url, name="orders", dataset="peer", folder=folder)


if __name__ == "__main__":
    main()
