"""`perennial sync`: what each sync would send, field by field; sending it; taking for known what is held."""

import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import typer

from activation.actions import Target
from activation.payloads import Sync
from activation.syncs import PlannedSync, Preview, backfill_audience, plan_sync, sync_audience, sync_target
from connectors.destination import Destination
from models.errors import MisconfiguredError, PerennialError, StopError
from orchestration.activation_stage import members_of, why_not
from orchestration.configuration import Merchant
from orchestration.deployment import Deployment, open_deployment
from orchestration.settings import Settings


@dataclass(frozen=True)
class DeclaredSync:
    """A sync with all that it takes to plan it.

    Attributes:
        merchant: Whose.
        sync: As declared.
        key: Its path in `perennial.yml`.
        deployment: Open.
    """

    merchant: Merchant
    sync: Sync
    key: str
    deployment: Deployment

    @cached_property
    def destination(self) -> Destination:
        """Where to.

        Raises:
            MisconfiguredError: It cannot be used as it is declared.
        """
        return self.deployment.destination(self.sync.destination)

    @property
    def target(self) -> Target:
        """What it is about."""
        members = members_of(self.merchant, self.sync)
        return sync_target(self.merchant.merchant_id, self.sync, members, self.destination, self.key)

    def planned(self) -> PlannedSync:
        """Its plan as of now, with what it would do customer by customer."""
        members = members_of(self.merchant, self.sync)
        return plan_sync(
            self.deployment.transformer, target=self.target, sync=self.sync, audience=members, with_previews=True
        )

    @property
    def in_words(self) -> str:
        """What it is called in messages."""
        return f"{self.merchant.merchant_id}: {self.sync.name} → {self.sync.destination} ({self.sync.mode})"


def show_plans(
    settings: Settings, merchant: str | None, audience: str | None, destination: str | None, *, limit: int
) -> None:
    """Print the plan of each sync that is asked about.

    Raises:
        MisconfiguredError: No such sync is declared.
        StopError: One of them could not be planned; the others were shown.
    """
    failed: list[str] = []
    with open_deployment(settings) as deployment:
        for declared in declared_syncs(deployment, merchant, audience, destination):
            typer.echo(declared.in_words)
            try:
                planned = declared.planned()
            except PerennialError as error:
                failed.append(declared.in_words)
                typer.echo(f"  cannot be planned: {error}")
                continue
            for line in lines_of(planned, limit):
                typer.echo(f"  {line}")
    if failed:
        raise StopError(f"not planned: {'; '.join(failed)}")


def apply_plan(
    settings: Settings, digest: str, merchant: str | None, audience: str | None, destination: str | None
) -> None:
    """Carry out the plan of a digest.

    Raises:
        MisconfiguredError: No such sync is declared.
        StopError: No sync has that plan, or not any more; or records failed.
    """
    with open_deployment(settings) as deployment:
        declared = _with_digest(deployment, digest, merchant, audience, destination)
        report = sync_audience(
            deployment.transformer,
            merchant_id=declared.merchant.merchant_id,
            sync=declared.sync,
            audience=members_of(declared.merchant, declared.sync),
            destination=declared.destination,
            run_id=uuid.uuid4().hex,
            pace=deployment.pace,
            key=declared.key,
            approved_digest=digest,
        )
    counts = ", ".join(f"{count:,} {outcome}" for outcome, count in sorted(report.outcomes.items()))
    typer.echo(f"{declared.in_words}: {counts or 'nothing to send'}")
    if not report.is_successful:
        raise StopError(f"{declared.in_words}: {why_not(report)}")


def backfill_sync(settings: Settings, merchant: str | None, audience: str, destination: str) -> None:
    """Take for known what one sync would send for the first time.

    Raises:
        MisconfiguredError: No such sync is declared, or several are.
        StopError: It cannot be planned.
    """
    with open_deployment(settings) as deployment:
        found = list(declared_syncs(deployment, merchant, audience, destination))
        if len(found) > 1:
            raise MisconfiguredError("--merchant", "several merchants have such a sync; say whose is meant")
        [declared] = found
        adopted = backfill_audience(
            deployment.transformer,
            merchant_id=declared.merchant.merchant_id,
            sync=declared.sync,
            audience=members_of(declared.merchant, declared.sync),
            destination=declared.destination,
            run_id=uuid.uuid4().hex,
            pace=deployment.pace,
            key=declared.key,
        )
    typer.echo(f"{declared.in_words}: {len(adopted.actions):,} customers are known, and nothing was sent")


def declared_syncs(
    deployment: Deployment, merchant: str | None, audience: str | None, destination: str | None
) -> Iterator[DeclaredSync]:
    """The declared syncs that are asked about, in the order of `perennial.yml`.

    Raises:
        MisconfiguredError: There is none.
    """
    if merchant is not None:
        deployment.configuration.merchant(merchant)
    found = False
    for number, one in enumerate(deployment.configuration.merchants):
        for index, sync in enumerate(one.syncs):
            asked = ((merchant, one.merchant_id), (audience, sync.name), (destination, sync.destination))
            if any(wanted is not None and wanted != name for wanted, name in asked):
                continue
            found = True
            yield DeclaredSync(one, sync, f"merchants[{number}].syncs[{index}]", deployment)
    if not found:
        raise MisconfiguredError("merchants", "no such sync is declared")


def lines_of(planned: PlannedSync, limit: int) -> Iterator[str]:
    """A plan in lines that hold no personal data: how much of what, for whom what would change, and its digest."""
    plan = planned.plan
    counted = Counter(f"{preview.operation} ({preview.reason})" for preview in planned.previews if preview.operation)
    counted.update(f"withhold ({preview.reason})" for preview in planned.previews if preview.operation is None)
    for what, count in sorted(counted.items()):
        yield f"{count:,} {what}"
    yield f"{plan.unchanged_count:,} unchanged, {len(plan.blocked):,} wait for `perennial deliveries resolve`"
    for preview in planned.previews[:limit]:
        yield _line_of(preview)
    if len(planned.previews) > limit:
        yield f"… and {len(planned.previews) - limit:,} more"
    yield "nothing to send" if plan.is_empty else f"digest {plan.digest}"


def _line_of(preview: Preview) -> str:
    what = preview.operation or "withhold"
    changes = "; ".join(str(change) for change in preview.changes)
    return f"{what} {preview.customer_id} ({preview.reason}){': ' if changes else ''}{changes}"


def _with_digest(
    deployment: Deployment, digest: str, merchant: str | None, audience: str | None, destination: str | None
) -> DeclaredSync:
    for declared in declared_syncs(deployment, merchant, audience, destination):
        try:
            planned = declared.planned()
        except PerennialError:  # another sync's trouble; if it is the one that is meant, its plan is not found
            continue
        if not planned.plan.is_empty and planned.plan.digest == digest:
            return declared
    raise StopError(
        f"no sync has a plan of digest {digest}: what there is to send has changed since, or was sent; look at "
        "`perennial sync plan` again"
    )
