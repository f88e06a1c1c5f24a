"""Audiences, deliveries, and the run's verdict on each merchant."""

from collections import Counter

import dagster as dg

from activation.experiments.assignment import HOLDOUT, MESSAGE
from models import activation, ops
from models import campaigns as campaign_tables
from orchestration.activation_stage import MerchantDeliveries, deliver_merchant, refresh_merchant
from orchestration.campaign_stage import deliver_campaigns, enrol_merchant
from orchestration.configuration import Merchant
from orchestration.failures import RETRY_POLICY, typed_failures
from orchestration.outcomes import Outcomes
from orchestration.resources import DeploymentResource
from orchestration.verdicts import record_verdicts, refuse_withheld

MEMBERS = dg.AssetKey(["activation", "audience_members"])
ENROLMENTS = dg.AssetKey(["activation", "campaign_enrolments"])
DELIVERIES = dg.AssetKey(["activation", "deliveries"])
MERCHANT_RUNS = dg.AssetKey(["ops", "merchant_runs"])


@dg.asset(
    key=MEMBERS,
    deps=[dg.AssetKey(["marts", "customer_360"])],
    description=activation.audience_members.comment,
    group_name="activate",
    owners=["team:marketing"],
    kinds={"postgres", "table"},
    retry_policy=RETRY_POLICY,
)
def audience_members(context: dg.AssetExecutionContext, deployment: DeploymentResource) -> dg.MaterializeResult[None]:
    """Who entered and who left each declared audience."""
    run = deployment.run
    with typed_failures():
        outcomes = run.each(
            "audiences", lambda merchant: refresh_merchant(run, merchant), retry_number=context.retry_number
        )
    changes = [change for merchant_changes in outcomes.results.values() for change in merchant_changes]
    return dg.MaterializeResult(
        metadata={
            **outcomes.metadata(),
            "entered": sum(change.entered_count for change in changes),
            "left": sum(change.left_count for change in changes),
            "dagster/row_count": sum(change.member_count for change in changes),
            "audiences": dg.MetadataValue.md(
                "\n".join(
                    ["| merchant | audience | members | entered | left |", "|---|---|---|---|---|"]
                    + [
                        f"| {c.merchant_id} | {c.audience} | {c.member_count:,} "
                        f"| {c.entered_count:,} | {c.left_count:,} |"
                        for c in changes
                    ]
                )
            ),
        }
    )


@dg.asset(
    key=ENROLMENTS,
    deps=[
        dg.AssetKey(["marts", "customer_360"]),
        dg.AssetKey(["marts", "segment_memberships"]),
        dg.AssetKey(["vault", "customer_contacts"]),
    ],
    description=campaign_tables.campaign_enrolments.comment,
    group_name="activate",
    owners=["team:marketing"],
    kinds={"postgres", "table"},
    check_specs=[
        dg.AssetCheckSpec(
            "nobody_is_missing",
            asset=ENROLMENTS,
            description="Every active campaign was worked out: whom it found is in an arm, or has a reason.",
        )
    ],
    retry_policy=RETRY_POLICY,
)
def campaign_enrolments(context: dg.AssetExecutionContext, deployment: DeploymentResource):  # type: ignore[no-untyped-def] # noqa: ANN201 - Dagster refuses a plain annotation beside check outputs
    """Who takes part in which campaign from tonight on, who is held out, and who takes no part and why."""
    run = deployment.run
    with typed_failures():
        outcomes = run.each(
            "campaigns", lambda merchant: enrol_merchant(run, merchant), retry_number=context.retry_number
        )
    enrolments = [one for of_merchant in outcomes.results.values() for one in of_merchant]
    failures = [f"{one.campaign}: {one.failure}" for one in enrolments if one.failure]
    refusals: Counter[str] = Counter()
    for one in enrolments:
        refusals.update(one.refusals)
    return dg.MaterializeResult(
        metadata={
            **outcomes.metadata(),
            "enrolled": sum(sum(one.arms.values()) for one in enrolments),
            "refused": sum(refusals.values()),
            "campaigns": dg.MetadataValue.md(
                "\n".join(
                    ["| campaign | message | holdout | take no part |", "|---|---|---|---|"]
                    + [
                        f"| {one.campaign} | {one.arms.get(MESSAGE, 0):,} | {one.arms.get(HOLDOUT, 0):,} "
                        f"| {sum(one.refusals.values()):,} |"
                        for one in enrolments
                    ]
                )
            ),
            "refusals": dg.MetadataValue.md(
                "\n".join(
                    ["| reason | customers |", "|---|---|"]
                    + [f"| {reason} | {count:,} |" for reason, count in refusals.most_common()]
                )
            ),
        },
        check_results=[
            dg.AssetCheckResult(
                asset_key=ENROLMENTS,
                check_name="nobody_is_missing",
                passed=outcomes.is_complete and not failures,
                description="; ".join(failures) or outcomes.in_words("every campaign was worked out"),
            )
        ],
    )


@dg.asset(
    key=DELIVERIES,
    deps=[MEMBERS, ENROLMENTS, dg.AssetKey(["vault", "customer_contacts"])],
    description=activation.deliveries.comment,
    group_name="activate",
    owners=["team:marketing"],
    kinds={"postgres", "table"},
    check_specs=[
        dg.AssetCheckSpec(
            "nothing_failed",
            asset=DELIVERIES,
            description="Every record that was to be sent was accepted, and none waits for a person.",
        )
    ],
    retry_policy=RETRY_POLICY,
)
def deliveries(context: dg.AssetExecutionContext, deployment: DeploymentResource):  # type: ignore[no-untyped-def] # noqa: ANN201 - Dagster refuses a plain annotation beside check outputs
    """Send each destination what has changed since it last accepted something."""
    run = deployment.run
    kept: dict[str, MerchantDeliveries] = {}

    def deliver(merchant: Merchant) -> MerchantDeliveries:
        kept[merchant.merchant_id] = deliver_merchant(run, merchant)
        deliver_campaigns(run, merchant, kept[merchant.merchant_id])
        kept[merchant.merchant_id].refuse_failures()
        return kept[merchant.merchant_id]

    with typed_failures():
        outcomes: Outcomes[MerchantDeliveries] = run.each("deliveries", deliver, retry_number=context.retry_number)
    totals: Counter[str] = Counter()
    for sync in (sync for merchant in kept.values() for sync in merchant.syncs if sync.report):
        totals.update(sync.report.outcomes if sync.report else {})
        totals["unchanged"] += sync.report.plan.unchanged_count if sync.report else 0
    return dg.MaterializeResult(
        metadata={**outcomes.metadata(), **{f"records_{name}": count for name, count in sorted(totals.items())}},
        check_results=[
            dg.AssetCheckResult(
                asset_key=DELIVERIES,
                check_name="nothing_failed",
                passed=outcomes.is_complete,
                description=outcomes.in_words("everything was accepted"),
            )
        ],
    )


@dg.asset(
    key=MERCHANT_RUNS,
    deps=[DELIVERIES, dg.AssetKey(["loyalty", "postings"])],
    description=ops.merchant_runs.comment,
    group_name="activate",
    owners=["team:data"],
    kinds={"postgres", "table"},
)
def merchant_runs(deployment: DeploymentResource) -> dg.MaterializeResult[None]:
    """Record each merchant's verdict; the run fails when somebody was withheld, after everybody else was served."""
    with typed_failures():
        verdicts = record_verdicts(deployment.run)
        refuse_withheld(verdicts)
    return dg.MaterializeResult(metadata={"published": len(verdicts), "dagster/row_count": len(verdicts)})
