"""One run over some merchants, each kept from the others' failures.

What goes wrong with a merchant withholds that merchant: the failure is written to `ops.merchant_checks`, its later
stages are skipped, its last good tables stay, and the others go on. What goes wrong with the warehouse itself fails
the step.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Generic, TypeVar

import dagster as dg
import psycopg
import sqlalchemy as sa
import structlog
from pydantic import PrivateAttr

from models import bookkeeping
from models.errors import PerennialError, RetryLaterError, StopError
from orchestration.configuration import Merchant
from orchestration.deployment import Deployment, open_deployment
from orchestration.logs import redact_text
from orchestration.run_lock import RunLock, hold_run_lock
from orchestration.settings import current_settings

log = structlog.get_logger(__name__)

R = TypeVar("R")
_MAX_STEP_RETRIES = 2
_SECONDS_TO_WAIT = 30


@dataclass
class Outcomes(Generic[R]):
    """What a stage made of each merchant.

    Attributes:
        results: Per merchant for which the work succeeded, what it returned.
        failures: Per merchant for which it did not, why.
        skipped: Merchants that an earlier stage of this run withheld.
        window: The days that the stage describes, in words.
        duration_seconds: How long the stage took.
    """

    results: dict[str, R] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)
    window: str = ""
    duration_seconds: float = 0.0

    @property
    def is_complete(self) -> bool:
        """Whether the work was done for every merchant of the run; nothing passes for one that was left out."""
        return not self.failures and not self.skipped

    def in_words(self, otherwise: str) -> str:
        """What failed and who was passed over, or else the text given."""
        passed_over = [f"withheld before: {', '.join(self.skipped)}"] if self.skipped else []
        return "; ".join([*self.failures.values(), *passed_over]) or otherwise

    def metadata(self) -> dict[str, dg.MetadataValue]:
        """What an asset shows about the merchants."""
        shown: dict[str, dg.MetadataValue] = {
            "merchants": dg.MetadataValue.int(len(self.results)),
            "window": dg.MetadataValue.text(self.window),
            "duration_seconds": dg.MetadataValue.float(round(self.duration_seconds, 3)),
        }
        if self.failures:
            shown["failed"] = dg.MetadataValue.json(self.failures)
        if self.skipped:
            shown["withheld_before"] = dg.MetadataValue.text(", ".join(self.skipped))
        return shown


@dataclass(frozen=True)
class MerchantRun:
    """A run's scope: whom it works on, which day it describes, and when it started.

    Attributes:
        deployment: The open deployment.
        run_id: Dagster's id of the run.
        merchants: The merchants in scope.
        as_of_dates: Per merchant, the last day described.
        started_at: The run's own time; stages use it in place of a clock, so that a retry does the same work.
        continues: The runs that this one takes up where they failed, nearest first.
        lock: What keeps other runs waiting; None where there are none.
    """

    deployment: Deployment
    run_id: str
    merchants: list[Merchant]
    as_of_dates: dict[str, date]
    started_at: datetime
    continues: tuple[str, ...] = ()
    lock: RunLock | None = None

    def require_alone(self) -> None:
        """Check that no other run has begun to work on the same tables; every stage begins with it.

        Raises:
            StopError: One has.
        """
        if self.lock is not None:
            self.lock.require_held()

    def window(self) -> str:
        """The days that the run describes: everything up to the merchants' as-of dates."""
        days = sorted(set(self.as_of_dates.values()))
        if len(days) == 1:
            return f"up to and including {days[0].isoformat()}"
        return f"up to each merchant's as-of date, {days[0].isoformat()} to {days[-1].isoformat()}" if days else ""

    def withheld(self) -> dict[str, tuple[str, ...]]:
        """Per merchant of the run that a stage of it withheld, the reasons."""
        with self.deployment.loader.connect() as connection:
            reasons = bookkeeping.withheld_reasons(connection)
        return {m.merchant_id: reasons[m.merchant_id] for m in self.merchants if reasons.get(m.merchant_id)}

    def check(self, merchant_id: str, check_name: str, *, has_passed: bool, message: str) -> None:
        """Record a check's verdict on a merchant; a failed one withholds it until a later run passes."""
        with self.deployment.loader.begin() as connection:
            bookkeeping.record_check(
                connection,
                run_id=self.run_id,
                merchant_id=merchant_id,
                check_name=check_name,
                has_passed=has_passed,
                message=message,
                checked_at=self.started_at,
            )
            if not has_passed:
                bookkeeping.withhold(
                    connection,
                    merchant_id,
                    f"{check_name}: {message}",
                    run_id=self.run_id,
                    updated_at=self.started_at,
                )
        if not has_passed:
            log.warning("merchant withheld", merchant_id=merchant_id, check=check_name)

    def each(
        self,
        check_name: str,
        work: Callable[[Merchant], R],
        *,
        retry_number: int = _MAX_STEP_RETRIES,
        includes_withheld: bool = False,
    ) -> Outcomes[R]:
        """Do a stage's work for each merchant, isolated from the others.

        Args:
            check_name: What the stage is called in `ops.merchant_checks`.
            work: The stage for one merchant; must be safe to repeat.
            retry_number: Which attempt of the step this is; a passing failure on the last one withholds.
            includes_withheld: Whether to work on merchants that this run has withheld already.

        Raises:
            dg.RetryRequested: A passing failure, when there are attempts left; done merchants are quick to repeat.
            RetryLaterError: The warehouse itself went away.
            StopError: Another run has begun.
        """
        self.require_alone()
        begin = time.monotonic()
        outcomes: Outcomes[R] = Outcomes(window=self.window())
        withheld = {} if includes_withheld else self.withheld()
        is_worth_repeating = False
        for merchant in self.merchants:
            if merchant.merchant_id in withheld:
                outcomes.skipped.append(merchant.merchant_id)
                continue
            try:
                outcomes.results[merchant.merchant_id] = work(merchant)
            except (RetryLaterError, sa.exc.OperationalError, psycopg.OperationalError) as error:
                outcomes.failures[merchant.merchant_id] = str(error)
                is_worth_repeating = True
            except PerennialError as error:
                outcomes.failures[merchant.merchant_id] = str(error)
            except Exception as error:
                # A defect of ours in one merchant's data must not cost the others their night.
                log.exception("stage failed", merchant_id=merchant.merchant_id, check=check_name)
                outcomes.failures[merchant.merchant_id] = f"unexpected {type(error).__name__}: {_first_line(error)}"
        if is_worth_repeating and retry_number < _MAX_STEP_RETRIES:
            raise dg.RetryRequested(max_retries=_MAX_STEP_RETRIES, seconds_to_wait=_SECONDS_TO_WAIT)
        for merchant_id, message in outcomes.failures.items():
            self.check(merchant_id, check_name, has_passed=False, message=message)
        for merchant_id in outcomes.results:
            self.check(merchant_id, check_name, has_passed=True, message="done")
        outcomes.duration_seconds = time.monotonic() - begin
        return outcomes


def _first_line(error: Exception) -> str:
    # PostgreSQL quotes the row at fault from the second line on; the books are no place for it.
    return redact_text(str(error).partition("\n")[0])


class DeploymentResource(dg.ConfigurableResource["DeploymentResource"]):
    """The deployment, opened for one run over the merchants and the day that its configuration names."""

    merchant_ids: list[str] = []
    as_of_date: str = ""
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
        with open_deployment(current_settings()) as deployment, hold_run_lock(deployment.owner_url, run_id) as lock:
            asked = date.fromisoformat(self.as_of_date) if self.as_of_date else None
            merchants = deployment.merchants(self.merchant_ids)
            self._run = MerchantRun(
                deployment=deployment,
                run_id=run_id,
                merchants=merchants,
                as_of_dates={m.merchant_id: deployment.as_of(m, asked) for m in merchants},
                started_at=deployment.clock(),
                continues=tuple(_continued_runs(context)),
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
