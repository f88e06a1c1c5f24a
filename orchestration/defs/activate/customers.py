"""`marts.customer_360` and what follows from it: each publishable merchant's customers with their predictions."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
from dagster_dbt import DbtCliResource, dbt_assets

from orchestration.dbt_stages import build_and_test
from orchestration.failures import RETRY_POLICY
from orchestration.manifest import load_manifest
from orchestration.resources import DeploymentResource
from orchestration.transformation import WarehouseTranslator

MANIFEST = load_manifest()


@dbt_assets(
    manifest=MANIFEST,
    name="dbt_after_ml",
    select="tag:after_ml",
    dagster_dbt_translator=WarehouseTranslator(),
    retry_policy=RETRY_POLICY,
)
def dbt_after_ml(
    context: dg.AssetExecutionContext, dbt: DbtCliResource, deployment: DeploymentResource
) -> Iterator[Any]:
    """The marts that hold predictions; a withheld merchant keeps its last good rows."""
    yield from build_and_test(context, dbt, deployment.run, "published_tables", MANIFEST, reads_predictions=True)
