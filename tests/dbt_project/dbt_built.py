"""Three merchants' histories with every table of dbt's built on them, as the tests of the marts share it."""

from pathlib import Path
from typing import Any

import psycopg
from dbt_command import Dbt
from dbt_histories import MERCHANTS, fill, raw_rows
from parsed_project import hand_out

HALF_LIVES = (180, 30, 365)
HISTORIES = {
    merchant: raw_rows(merchant, customers=count, seed=seed)
    for seed, (merchant, count) in enumerate(zip(MERCHANTS, (150, 90, 7), strict=True))
}


def build(url: str, parsed: Path, target: Path) -> dict[str, Any]:
    """Fill a migrated database and build everything in it; returns what dbt said of each node, unit tests included."""
    fill(url, HISTORIES)
    with psycopg.connect(url) as declared:
        for merchant, days in zip(MERCHANTS, HALF_LIVES, strict=True):
            statement = "update ops.merchants set rfm_half_life_days = %s where merchant_id = %s"
            declared.execute(statement, (days, merchant.merchant_id))
    hand_out(parsed, target, url)
    return Dbt(url, target)("build")
