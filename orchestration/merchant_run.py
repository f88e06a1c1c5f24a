"""One run over some merchants, each kept from the others' failures.

What goes wrong with a merchant withholds that merchant: the failure is written to `ops.merchant_checks`, its later
stages are skipped, its last good tables stay, and the others go on. What goes wrong with the warehouse itself fails
the step.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import partial
from typing import Protocol, TypeVar

import dagster as dg
import structlog

from activation.breaker import Breaker
from activation.delivery import Pace
from models import bookkeeping
from orchestration.concurrency import at_the_same_time
from orchestration.configuration import Merchant, Store
from orchestration.deployment import Deployment
from orchestration.outcomes import Outcomes, attempt
from orchestration.run_lock import RunLock

log = structlog.get_logger(__name__)


class StorePart(Protocol):
    """One store of a merchant, as a stage's work knows it."""

    @property
    def merchant(self) -> Merchant:
        """Whose store it is."""
        ...

    @property
    def store(self) -> Store:
        """The store's declaration."""
        ...


R = TypeVar("R")
P = TypeVar("P", bound=StorePart)
_MAX_STEP_RETRIES = 2
_SECONDS_TO_WAIT = 30


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
        breaker: Leaves destinations alone that take nothing, whoever of the run sends to them.
    """

    deployment: Deployment
    run_id: str
    merchants: list[Merchant]
    as_of_dates: dict[str, date]
    started_at: datetime
    continues: tuple[str, ...] = ()
    lock: RunLock | None = None
    breaker: Breaker = field(default_factory=Breaker, compare=False, repr=False)

    @property
    def pace(self) -> Pace:
        """How patient the run's deliveries are."""
        return replace(self.deployment.pace, breaker=self.breaker)

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
        at_once: int = 1,
        retry_number: int = _MAX_STEP_RETRIES,
        includes_withheld: bool = False,
    ) -> Outcomes[R]:
        """Do a stage's work for each merchant, isolated from the others.

        Args:
            check_name: What the stage is called in `ops.merchant_checks`.
            work: The stage for one merchant; must be safe to repeat, and to run beside another's where several are
                worked on at the same time.
            at_once: How many merchants at the same time.
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
        outcomes.skipped = [m.merchant_id for m in self.merchants if m.merchant_id in withheld]
        merchants = [m for m in self.merchants if m.merchant_id not in withheld]

        def attempted(merchant: Merchant) -> R | Exception:
            return attempt(partial(work, merchant), merchant_id=merchant.merchant_id, check=check_name)

        for merchant, found in zip(merchants, at_the_same_time(attempted, merchants, at_once=at_once), strict=True):
            if isinstance(found, Exception):
                outcomes.add_failure(merchant.merchant_id, found)
            else:
                outcomes.results[merchant.merchant_id] = found
        return self._recorded(check_name, outcomes, retry_number, begin)

    def each_store(
        self, check_name: str, parts: Sequence[P], work: Callable[[P], R], *, at_once: int, retry_number: int
    ) -> Outcomes[list[R]]:
        """Do a stage's work for each store, some of them at the same time, isolated from the others.

        A merchant is done when each of its stores is. All of them are worked on in any case, also those of merchants
        that this run has withheld: what one store can deliver does not depend on another.

        Args:
            check_name: What the stage is called in `ops.merchant_checks`.
            parts: The stores, with what the work needs to know of each.
            work: The stage for one store; must be safe to repeat, and to run beside another store's.
            at_once: How many stores at the same time.
            retry_number: Which attempt of the step this is.

        Raises:
            dg.RetryRequested: As in `each`.
            RetryLaterError: As in `each`.
            StopError: As in `each`.
        """
        self.require_alone()
        begin = time.monotonic()
        outcomes: Outcomes[list[R]] = Outcomes(window=self.window())

        def attempted(part: P) -> R | Exception:
            return attempt(
                partial(work, part),
                merchant_id=part.merchant.merchant_id,
                store_id=part.store.store_id,
                check=check_name,
            )

        for part, found in zip(parts, at_the_same_time(attempted, parts, at_once=at_once), strict=True):
            if isinstance(found, Exception):
                outcomes.add_failure(part.merchant.merchant_id, found, part=f"store {part.store.store_id}")
            else:
                outcomes.results.setdefault(part.merchant.merchant_id, []).append(found)
        outcomes.results = {
            m.merchant_id: outcomes.results.get(m.merchant_id, [])
            for m in self.merchants
            if m.merchant_id not in outcomes.failures
        }
        return self._recorded(check_name, outcomes, retry_number, begin)

    def _recorded(self, check_name: str, outcomes: Outcomes[R], retry_number: int, begin: float) -> Outcomes[R]:
        """Enter what became of each merchant, or ask for another attempt before anything is held against anybody."""
        if outcomes.is_worth_repeating and retry_number < _MAX_STEP_RETRIES:
            raise dg.RetryRequested(max_retries=_MAX_STEP_RETRIES, seconds_to_wait=_SECONDS_TO_WAIT)
        for merchant_id, message in outcomes.failures.items():
            self.check(merchant_id, check_name, has_passed=False, message=message)
        for merchant_id in outcomes.results:
            self.check(merchant_id, check_name, has_passed=True, message="done")
        outcomes.duration_seconds = time.monotonic() - begin
        return outcomes
