"""Three merchants' histories with every table of dbt's built on them, as the tests of the marts share it."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
from dbt_command import Dbt
from dbt_histories import MERCHANTS, fill, raw_rows
from parsed_project import hand_out

from activation.segments.criteria import Segment, read_segment
from models.engine import create_engine
from orchestration.segment_compilation import compile_merchant

HALF_LIVES = (180, 30, 365)
HISTORIES = {
    merchant: raw_rows(merchant, customers=count, seed=seed)
    for seed, (merchant, count) in enumerate(zip(MERCHANTS, (150, 90, 7), strict=True))
}

SLY = "'; drop table marts.customer_360; -- {{ 1/0 }} {% do x %} %s \\"
SEGMENTS = [
    read_segment("recent", "", {"orders": {"at_least": 1, "in_last_days": 30}}),
    read_segment("kept", "", {"all": [{"orders": {"at_least": 2}}, {"refunds": {"equals": 0, "in_last_days": 60}}]}),
    read_segment("things", "", {"orders": {"at_least": 1, "where": {"category": "Things"}}}),
    read_segment("sly", SLY, {"not": {"lines": {"equals": 0, "where": {"sku": SLY}}}}),
]


def compile_segments(url: str, segments: list[Segment], days: Mapping[str, date]) -> list[str]:
    """Compile segments for each merchant's day, as a run's first step does; returns what is wrong with definitions."""
    engine = create_engine(url, application_name="perennial tests")
    with engine.begin() as connection:
        compiled = [
            compile_merchant(connection, merchant_id, segments, as_of_date=day, run_id="run")
            for merchant_id, day in days.items()
        ]
    engine.dispose()
    return [problem for merchant in compiled for problem in merchant.problems]


def build(url: str, parsed: Path, target: Path) -> dict[str, Any]:
    """Fill a migrated database and build everything in it; returns what dbt said of each node, unit tests included."""
    fill(url, HISTORIES)
    with psycopg.connect(url) as declared:
        for merchant, days in zip(MERCHANTS, HALF_LIVES, strict=True):
            statement = "update ops.merchants set rfm_half_life_days = %s where merchant_id = %s"
            declared.execute(statement, (days, merchant.merchant_id))
    compile_segments(url, SEGMENTS, {merchant.merchant_id: merchant.as_of_date for merchant in MERCHANTS})
    hand_out(parsed, target, url)
    return Dbt(url, target)("build")
