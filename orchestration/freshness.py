"""How old an asset may be before Dagster calls it stale: everything is rebuilt nightly, with a morning's grace."""

from collections.abc import Container, Sequence
from datetime import timedelta
from typing import Any

import dagster as dg

NIGHTLY = dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=36), warn_window=timedelta(hours=26))


def with_freshness(assets: Sequence[Any], *, standing: Container[dg.AssetKey] = ()) -> list[Any]:
    """The assets with the nightly freshness policy.

    Args:
        assets: Assets, and what else Dagster loads beside them.
        standing: Views that a night leaves as they are, and which are as fresh as what they read.
    """

    def nightly(spec: dg.AssetSpec) -> dg.AssetSpec:
        return spec if spec.key in standing else dg.apply_freshness_policy(spec, NIGHTLY)

    return [asset.map_asset_specs(nightly) if isinstance(asset, dg.AssetsDefinition) else asset for asset in assets]
