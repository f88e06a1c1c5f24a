"""`ops.segments` and `ops.segment_queries`: declared segments, compiled for the day that the run describes."""

import dagster as dg

from models import ops
from orchestration.failures import RETRY_POLICY, typed_failures
from orchestration.resources import DeploymentResource
from orchestration.segment_compilation import compile_segments

KEY = dg.AssetKey(["ops", "segments"])
QUERIES_KEY = dg.AssetKey(["ops", "segment_queries"])
_MOST_SHOWN = 20


@dg.multi_asset(
    name="compile_segments",
    specs=[
        dg.AssetSpec(
            key,
            deps=[dg.AssetKey(["ops", "merchants"])],
            description=table.comment,
            group_name="ingest",
            owners=["team:marketing"],
            kinds={"yaml", "postgres"},
        )
        for key, table in ((KEY, ops.segments), (QUERIES_KEY, ops.segment_queries))
    ],
    check_specs=[
        dg.AssetCheckSpec(
            "every_segment_compiles",
            asset=KEY,
            description="No segment is set aside for what is wrong with its criteria; the members of one that is stay.",
        )
    ],
    retry_policy=RETRY_POLICY,
)
def compile_declared_segments(deployment: DeploymentResource):  # type: ignore[no-untyped-def] # noqa: ANN201 - Dagster refuses a plain annotation beside check outputs
    """Compile the segments of the run's merchants; one that is wrong is told, and stops nobody."""
    run = deployment.run
    with typed_failures():
        compiled = compile_segments(run)
    problems = [problem for merchant in compiled for problem in merchant.problems]
    shown = {"window": run.window()}
    yield dg.MaterializeResult(
        asset_key=KEY,
        metadata={**shown, "dagster/row_count": sum(len(merchant.segments) for merchant in compiled)},
        check_results=[
            dg.AssetCheckResult(
                asset_key=KEY,
                check_name="every_segment_compiles",
                passed=not problems,
                severity=dg.AssetCheckSeverity.WARN,
                description="; ".join(problems[:_MOST_SHOWN]) or "every segment compiles",
                metadata={"problems": len(problems)},
            )
        ],
    )
    yield dg.MaterializeResult(
        asset_key=QUERIES_KEY,
        metadata={**shown, "dagster/row_count": sum(max(1, merchant.query_count) for merchant in compiled)},
    )
