"""The dbt project as assets: the models before the predictions here, those after them in `activate`."""

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
    name="dbt_before_ml",
    select="tag:before_ml",
    dagster_dbt_translator=WarehouseTranslator(),
    retry_policy=RETRY_POLICY,
)
def dbt_before_ml(
    context: dg.AssetExecutionContext, dbt: DbtCliResource, deployment: DeploymentResource
) -> Iterator[Any]:
    """Staging, intermediate and the marts that need no prediction."""
    yield from build_and_test(context, dbt, deployment.run, "transformed_tables", MANIFEST, reads_predictions=False)
