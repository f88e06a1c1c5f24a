"""Views that stand from an earlier run. A view holds no rows: it is made again when the project changes, not nightly.

Most of the project's models are views. Making each of them again, and telling Dagster so, was half of a small run.
"""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from functools import cache
from typing import Any

import dagster as dg
import sqlalchemy as sa

from models import stage_builds
from orchestration.merchant_run import MerchantRun
from orchestration.transformation import model_keys


def lasting_views(manifest: Mapping[str, Any]) -> dict[dg.AssetKey, str]:
    """The views that no build of a table takes down: nothing that they read, near or far, is a table of dbt's.

    dbt builds a table beside the one that stands and drops that with everything that reads it.

    Returns:
        Names of models, by asset key.
    """
    nodes = manifest["nodes"]

    @cache
    def lasts(name: str) -> bool:
        node = nodes[name]
        parents = (parent for parent in node["depends_on"]["nodes"] if parent in nodes)
        return node["config"]["materialized"] == "view" and all(map(lasts, parents))

    return {key: nodes[name]["name"] for name, key in model_keys(manifest).items() if lasts(name)}


def read_elsewhere(manifest: Mapping[str, Any], selected: AbstractSet[dg.AssetKey]) -> set[dg.AssetKey]:
    """The selected models that a model outside the selection reads.

    Dagster leaves out a step when it is told nothing of what the step depends on.
    """
    keys = model_keys(manifest)
    read = {
        parent
        for name, key in keys.items()
        if key not in selected
        for parent in manifest["nodes"][name]["depends_on"]["nodes"]
    }
    return {keys[name] for name in keys.keys() & read} & selected


def are_standing(run: MerchantRun, stage: str, views: Iterable[dg.AssetKey], *, code_digest: str) -> bool:
    """Whether all views of a stage are there, made from this very project."""
    with run.deployment.transformer.connect() as connection:
        if stage_builds.built_by(connection, views_of(stage), code_digest) is None:
            return False
        names = sa.func.unnest(sa.cast([".".join(key.path) for key in views], sa.ARRAY(sa.Text))).table_valued("name")
        missing = sa.select(sa.func.count()).where(sa.func.to_regclass(names.c.name).is_(None))
        return connection.scalar(missing) == 0


def views_of(stage: str) -> str:
    """What the views of a stage are called among the builds."""
    return f"{stage}: views"
