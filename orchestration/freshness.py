"""How old an asset may be before Dagster calls it stale: everything is rebuilt nightly, with a morning's grace."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import dagster as dg

NIGHTLY = dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=36), warn_window=timedelta(hours=26))


def with_freshness(assets: Sequence[Any]) -> list[Any]:
    """The assets with the nightly freshness policy."""
    return [
        asset.map_asset_specs(lambda spec: dg.apply_freshness_policy(spec, NIGHTLY))
        if isinstance(asset, dg.AssetsDefinition)
        else asset
        for asset in assets
    ]
