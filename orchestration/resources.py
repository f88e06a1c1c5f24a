"""What Dagster hands to the assets of a run: the deployment, opened over the merchants and days that the run names."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime

import dagster as dg
from pydantic import PrivateAttr

from models.errors import StopError
from orchestration.deployment import open_deployment
from orchestration.merchant_run import MerchantRun
from orchestration.run_lock import hold_run_lock
from orchestration.settings import current_settings

_STATEMENT_MILLISECONDS = 600_000
_RECYCLE_SECONDS = 3_600
_MOST_CONNECTIONS = 8


def hold_connections(instance: dg.DagsterInstance) -> None:
    """Let Dagster keep its connections while a run works: it would open one for each of some thousand events."""
    instance.optimize_for_webserver(_STATEMENT_MILLISECONDS, _RECYCLE_SECONDS, _MOST_CONNECTIONS)


class DeploymentResource(dg.ConfigurableResource["DeploymentResource"]):
    """The deployment, opened for one run over the merchants and the day that its configuration names.

    Attributes:
        merchant_ids: Whom to work on; none means all.
        as_of_date: The last day to describe, for all of them.
        as_of_dates: Where that is not given, the day of each merchant. Who has none is described up to the day that
            `perennial.yml` declares, or else up to the last one that was over when the run was first started.
    """

    merchant_ids: list[str] = []
    as_of_date: str = ""
    as_of_dates: dict[str, str] = {}
    _run: MerchantRun | None = PrivateAttr(default=None)

    @property
    def run(self) -> MerchantRun:
        """The run's scope.

        Raises:
            StopError: Asked for outside a run.
        """
        if self._run is None:
            raise StopError("the deployment is opened by a run; there is none")
        return self._run

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["DeploymentResource"]:
        """Open the warehouse, wait for other runs to finish, and hand the run's scope to its assets."""
        run_id = context.run.run_id if context.run else "none"
        if context.instance is not None:
            hold_connections(context.instance)
        with open_deployment(current_settings()) as deployment, hold_run_lock(deployment.owner_url, run_id) as lock:
            started_at = deployment.clock()
            continues = tuple(_continued_runs(context))
            first_started_at = (_created_at(context, continues[-1]) if continues else None) or started_at
            asked = {m: date.fromisoformat(day) for m, day in self.as_of_dates.items()}
            asked_of_all = date.fromisoformat(self.as_of_date) if self.as_of_date else None
            merchants = deployment.merchants(self.merchant_ids)
            self._run = MerchantRun(
                deployment=deployment,
                run_id=run_id,
                merchants=merchants,
                as_of_dates={
                    m.merchant_id: deployment.as_of(m, asked_of_all or asked.get(m.merchant_id), first_started_at)
                    for m in merchants
                },
                started_at=started_at,
                continues=continues,
                lock=lock,
            )
            yield self


def _continued_runs(context: dg.InitResourceContext) -> Iterator[str]:
    """The ids of the runs that the context's run re-executes a part of, nearest first."""
    parent_id = context.run.parent_run_id if context.run else None
    while parent_id is not None and context.instance is not None:
        yield parent_id
        parent = context.instance.get_run_by_id(parent_id)
        parent_id = parent.parent_run_id if parent else None


def _created_at(context: dg.InitResourceContext, run_id: str) -> datetime | None:
    """When a run was asked for, if that is still known; what takes it up describes the same day."""
    record = context.instance.get_run_record_by_id(run_id) if context.instance is not None else None
    return record.create_timestamp.astimezone(UTC) if record is not None else None
