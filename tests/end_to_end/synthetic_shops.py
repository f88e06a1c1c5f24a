"""Small synthetic merchants as files and declarations, for runs where the data is not the point."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from connectors.sandbox.presets import preset_merchant
from connectors.sandbox.writing import write_merchant

AUDIENCE = "best_customers"


def write_shop(folder: Path, merchant_id: str, *, customer_count: int, seed: int) -> dict[str, Any]:
    """Write a merchant's exports below `folder/<merchant_id>/`.

    Returns:
        What to declare of it under `merchants`, without syncs.
    """
    merchant = replace(
        preset_merchant("model_following", customer_count=customer_count, seed=seed), merchant_id=merchant_id
    )
    source = write_merchant(merchant, folder / merchant_id).source["web"]
    source["path"] = f"{merchant_id}/{source['path']}"
    source["customers"]["path"] = f"{merchant_id}/{source['customers']['path']}"
    return {
        "merchant_id": merchant_id,
        "merchant_name": merchant_id.replace("_", " "),
        "time_zone": merchant.time_zone,
        "currency_code": merchant.currency_code,
        "as_of_date": merchant.ends_on.isoformat(),
        "stores": [{"store_id": "web", "source": source}],
        "audiences": [
            {
                "name": AUDIENCE,
                "description": "The better half by predicted value.",
                "rule": {"all": [{"column": "clv_percent_rank", "at_least": 0.5}]},
            }
        ],
        "syncs": [],
    }


def sync(destination: str) -> dict[str, Any]:
    """What to declare under `syncs` to keep the audience in step with a destination."""
    return {
        "audience": AUDIENCE,
        "destination": destination,
        "fields": ["email", "clv_amount", "currency_code", "order_count"],
        "consent": "email",
    }


def orders_path(folder: Path, merchant_id: str) -> Path:
    """The orders file of a merchant that `write_shop` wrote."""
    return folder / merchant_id / "orders" / "web.csv"


def new_orders(count: int, *, currency_code: str = "USD", first: int = 0) -> str:
    """Lines of an orders file: one more order of each of the first customers on the last day but one."""
    return "".join(
        f"new-{number},c{number:08d},2024-12-30T12:00:00-05:00,40.00,{currency_code},1,web,,web,\n"
        for number in range(first, first + count)
    )
