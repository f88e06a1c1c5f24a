"""Jobs that an account works on after it has answered: imports of profiles, suppressions, and their reversal.

A job is queued, processed and complete by the account's own clock; what it does shows once it is complete. Nothing here
knows HTTP.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from connectors.sandbox.klaviyo.account import Account, ConflictError

IMPORT = "profile-bulk-import-job"
SUPPRESS = "profile-suppression-bulk-create-job"
UNSUPPRESS = "profile-suppression-bulk-delete-job"

_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_E164 = re.compile(r"\+[1-9]\d{6,14}")
_LIFE = timedelta(days=7)


@dataclass
class Job:
    """One job.

    Attributes:
        job_id: Its id.
        kind: Which of the three.
        items: Profile resources of an import; addresses otherwise. Emptied when the job is over.
        list_ids: Where imported profiles are put.
        created_at: When it was asked for.
        starts_at: When it leaves the queue.
        ends_at: When it is over; None while it is stuck.
        fate: The fault that it was given; empty for none.
        status: queued, processing, complete or cancelled.
        total_count: What it is about.
        completed_count: What went well.
        failed_count: What did not, of an import.
        skipped_count: What was left out, otherwise.
        errors: An import's errors, as resources.
        profile_ids: An import's profiles.
    """

    job_id: str
    kind: str
    items: list[Any]
    list_ids: tuple[str, ...]
    created_at: datetime
    starts_at: datetime
    ends_at: datetime | None
    fate: str = ""
    status: str = "queued"
    total_count: int = 0
    completed_count: int = 0
    failed_count: int = 0
    skipped_count: int = 0
    errors: list[dict[str, Any]] = field(default_factory=list)
    profile_ids: list[str] = field(default_factory=list)

    @property
    def is_over(self) -> bool:
        """Whether nothing more comes of it."""
        return self.status in {"complete", "cancelled"}

    @property
    def expires_at(self) -> datetime:
        """Until when it can be asked about."""
        return self.created_at + _LIFE


@dataclass
class Jobs:
    """An account's jobs.

    Attributes:
        account: The account.
        queue_seconds: How long a job waits before it is begun.
        records_per_second: How fast one is worked on, beside all others.
        refused: Addresses whose profiles no import takes.
    """

    account: Account
    queue_seconds: float = 2.0
    records_per_second: float = 1000.0
    refused: set[str] = field(default_factory=set)
    _jobs: dict[str, Job] = field(default_factory=dict)

    def submit(self, kind: str, items: list[Any], list_ids: tuple[str, ...] = (), fate: str = "") -> Job:
        """Take a job on."""
        now = self.account.clock()
        starts_at = now + timedelta(seconds=self.queue_seconds)
        takes = timedelta(seconds=len(items) / self.records_per_second)
        job = Job(
            f"01J{len(self._jobs) + 1:09d}",
            kind,
            items,
            list_ids,
            now,
            starts_at,
            None if fate == "job_stuck" else starts_at + takes,
            fate,
            total_count=len(items),
        )
        self._jobs[job.job_id] = job
        self.account.journal.note("job", job_id=job.job_id, job=kind, count=len(items), at=now)
        return job

    def get(self, kind: str, job_id: str) -> Job | None:
        """A job of a kind."""
        job = self._jobs.get(job_id)
        return job if job is not None and job.kind == kind else None

    def all(self, kind: str) -> list[Job]:
        """The jobs of a kind, the newest first."""
        return [job for job in reversed(self._jobs.values()) if job.kind == kind]

    def release(self, job_id: str | None = None) -> None:
        """Let stuck jobs end now: one of them, or all."""
        for job in self._jobs.values():
            if job.ends_at is None and job_id in {None, job.job_id}:
                job.ends_at = self.account.clock()

    def settle(self) -> None:
        """Bring every job to where it is by the clock, those that end first first."""
        now = self.account.clock()
        going = [job for job in self._jobs.values() if not job.is_over]
        for job in going:
            if job.starts_at <= now:
                job.status = "processing"
        ending = [job for job in going if job.ends_at is not None and job.ends_at <= now]
        for job in sorted(ending, key=lambda one: (one.ends_at or now, one.job_id)):
            self._end(job)

    def _end(self, job: Job) -> None:
        is_cancelled = job.fate == "job_cancelled"
        items = job.items[: len(job.items) // 2] if is_cancelled else job.items
        if job.kind == IMPORT:
            self._import(job, items)
        else:
            self._suppress(job, items)
        job.items = []
        job.status = "cancelled" if is_cancelled else "complete"
        self.account.journal.note(
            "job_ended",
            job_id=job.job_id,
            status=job.status,
            completed_count=job.completed_count,
            failed_count=job.failed_count,
            at=self.account.clock(),
        )

    def _import(self, job: Job, items: Iterable[dict[str, Any]]) -> None:
        for place, item in enumerate(items):
            attributes = item["attributes"]
            fault = self._fault_of(attributes)
            if job.fate == "records_fail" and place % 3 == 1:
                fault = "internal_error", ""
            if fault is None:
                try:
                    job.profile_ids.append(self.account.upsert(attributes, item.get("id")))
                    job.completed_count += 1
                    continue
                except ConflictError:
                    fault = "duplicate_profile", ""
            job.failed_count += 1
            job.errors.append(_error(job, place, item, *fault))
        for list_id in job.list_ids:
            self.account.join(list_id, job.profile_ids)

    def _fault_of(self, attributes: dict[str, Any]) -> tuple[str, str] | None:
        email, phone_number = attributes.get("email"), attributes.get("phone_number")
        if email and not _ADDRESS.fullmatch(str(email)):
            return "invalid", "email"
        if phone_number and not _E164.fullmatch(str(phone_number)):
            return "invalid", "phone_number"
        return ("invalid", "email") if email in self.refused else None

    def _suppress(self, job: Job, addresses: Iterable[str]) -> None:
        for address in addresses:
            if job.kind == SUPPRESS:
                is_done = _ADDRESS.fullmatch(address) is not None
                if is_done:
                    self.account.suppress(address)
            else:
                is_done = self.account.unsuppress(address)
            job.completed_count += is_done
            job.skipped_count += not is_done


def _error(job: Job, place: int, item: dict[str, Any], code: str, name: str) -> dict[str, Any]:
    """An error as a resource; its detail quotes what was sent, as the real one's do."""
    pointer = f"/data/attributes/profiles/data/{place}"
    if name:
        pointer += f"/attributes/{name}"
    is_named = job.fate != "errors_unnamed"
    attributes: dict[str, Any] = {
        "code": code,
        "title": "Invalid input." if name else "The profile could not be imported.",
        "detail": f"{item['attributes'].get('email')} was not imported ({code}).",
        "source": {"pointer": pointer if is_named else "/data"},
        "original_payload": item["attributes"] if is_named else None,
    }
    return {"type": "import-error", "id": f"{job.job_id}-{place}", "attributes": attributes}
