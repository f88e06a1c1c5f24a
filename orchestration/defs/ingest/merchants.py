"""`ops.merchants`: whom this deployment works for, with the day that the run describes."""

import dagster as dg

from models.ops import exchange_rates, identity_decisions, merchants, stores
from orchestration.declaring import declare_merchants
from orchestration.failures import RETRY_POLICY, typed_failures
from orchestration.resources import DeploymentResource

KEY = dg.AssetKey(["ops", "merchants"])
RATES_KEY = dg.AssetKey(["ops", "exchange_rates"])
STORES_KEY = dg.AssetKey(["ops", "stores"])
DECISIONS_KEY = dg.AssetKey(["ops", "identity_decisions"])
_Result = dg.MaterializeResult[None]
_Declared = tuple[_Result, _Result, _Result, _Result]


@dg.multi_asset(
    name="declare_merchants",
    specs=[
        dg.AssetSpec(
            KEY,
            description=merchants.comment,
            group_name="ingest",
            owners=["team:data"],
            kinds={"yaml", "postgres"},
        ),
        dg.AssetSpec(
            RATES_KEY,
            description=exchange_rates.comment,
            group_name="ingest",
            owners=["team:data"],
            kinds={"yaml", "postgres"},
        ),
        dg.AssetSpec(
            STORES_KEY,
            description=stores.comment,
            group_name="ingest",
            owners=["team:data"],
            kinds={"yaml", "postgres"},
        ),
        # Written by `perennial identity`; every run follows what stands when it begins.
        dg.AssetSpec(
            DECISIONS_KEY,
            description=identity_decisions.comment,
            group_name="ingest",
            owners=["team:data"],
            kinds={"postgres"},
        ),
    ],
    retry_policy=RETRY_POLICY,
)
def declare(deployment: DeploymentResource) -> _Declared:
    """Write the declarations of the run's merchants; each starts the run with nothing held against it."""
    with typed_failures():
        rate_count, store_count = declare_merchants(deployment.run)
    days = {merchant_id: day.isoformat() for merchant_id, day in deployment.run.as_of_dates.items()}
    shown = {"window": deployment.run.window()}
    return (
        dg.MaterializeResult(asset_key=KEY, metadata={**shown, "as_of_dates": days, "dagster/row_count": len(days)}),
        dg.MaterializeResult(asset_key=RATES_KEY, metadata={**shown, "dagster/row_count": rate_count}),
        dg.MaterializeResult(asset_key=STORES_KEY, metadata={**shown, "dagster/row_count": store_count}),
        dg.MaterializeResult(asset_key=DECISIONS_KEY, metadata=shown),
    )
