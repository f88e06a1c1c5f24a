"""Points: posted from the night's facts, and proven."""

import dagster as dg

from models import loyalty
from models.schema import LOYALTY
from orchestration.failures import RETRY_POLICY, typed_failures
from orchestration.loyalty_stage import LoyaltyNight, post_merchant
from orchestration.resources import DeploymentResource

POSTINGS = dg.AssetKey([LOYALTY, loyalty.postings.name])
_TABLES = (
    loyalty.programmes,
    loyalty.postings,
    loyalty.balances,
    loyalty.adjustments,
    loyalty.members,
    loyalty.birthdays,
    loyalty.product_categories,
    loyalty.redemptions,
    loyalty.tier_memberships,
)
_READ = [
    dg.AssetKey(["marts", name])
    for name in (
        "customer_360",
        "dim_customer_identities",
        "dim_customers",
        "dim_products",
        "fct_customer_days",
        "fct_discounts",
        "fct_order_lines",
        "fct_orders",
        "fct_refund_lines",
        "fct_refunds",
    )
]


@dg.multi_asset(
    name="loyalty_books",
    specs=[
        dg.AssetSpec(
            dg.AssetKey([LOYALTY, table.name]),
            deps=_READ,
            description=table.comment,
            group_name="activate",
            owners=["team:marketing"],
            kinds={"postgres", "table"},
        )
        for table in _TABLES
    ],
    check_specs=[
        dg.AssetCheckSpec(
            "balances_follow_from_facts",
            asset=POSTINGS,
            description="Every balance, made again from orders and the facts beside them, is the one that is stored.",
        )
    ],
    retry_policy=RETRY_POLICY,
)
def loyalty_books(context: dg.AssetExecutionContext, deployment: DeploymentResource):  # type: ignore[no-untyped-def] # noqa: ANN201 - Dagster refuses a plain annotation beside check outputs
    """Post what the night's facts lead to, for each merchant with a programme."""
    run = deployment.run
    with typed_failures():
        outcomes = run.each("loyalty", lambda merchant: post_merchant(run, merchant), retry_number=context.retry_number)
    nights: dict[str, LoyaltyNight] = {key: night for key, night in outcomes.results.items() if night is not None}
    issued = [night.codes for night in nights.values() if night.codes is not None]
    tiers = [night.tiers for night in nights.values() if night.tiers is not None]
    unproven = {key: night.proof for key, night in nights.items() if not night.proof.holds}
    for table in _TABLES:
        key = dg.AssetKey([LOYALTY, table.name])
        metadata = dict(outcomes.metadata())
        if key == POSTINGS:
            metadata |= {
                "posted": dg.MetadataValue.int(sum(night.posted.posting_count for night in nights.values())),
                "corrected": dg.MetadataValue.int(sum(night.posted.corrected_count for night in nights.values())),
                "tiers_entered": dg.MetadataValue.int(sum(len(change.entered) for change in tiers)),
                "tiers_left": dg.MetadataValue.int(sum(len(change.left) for change in tiers)),
                "codes_issued": dg.MetadataValue.int(sum(report.accepted_count for report in issued)),
                "codes_failed": dg.MetadataValue.int(sum(report.failed_count for report in issued)),
            }
        yield dg.MaterializeResult(asset_key=key, metadata=metadata)
    yield dg.AssetCheckResult(
        asset_key=POSTINGS,
        check_name="balances_follow_from_facts",
        passed=outcomes.is_complete and not unproven,
        description="; ".join(f"{key}: {proof.differences[0]}" for key, proof in unproven.items())
        or outcomes.in_words("every balance follows from facts"),
    )
