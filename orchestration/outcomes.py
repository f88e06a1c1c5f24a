"""What a stage made of each merchant: done, failed and why, or passed over.

Says of a failure whether another attempt may help, and keeps the text of those that we did not raise ourselves short.
"""

import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import dagster as dg
import psycopg
import sqlalchemy as sa
import structlog

from models.errors import PerennialError, RetryLaterError
from orchestration.logs import redact_text

log = structlog.get_logger(__name__)

R = TypeVar("R")


@dataclass
class Outcomes(Generic[R]):
    """What a stage made of each merchant.

    Attributes:
        results: Per merchant for which the work succeeded, what it returned.
        failures: Per merchant for which it did not, why.
        errors: The same as they were raised, for who has to tell them apart.
        skipped: Merchants that an earlier stage of this run withheld.
        window: The days that the stage describes, in words.
        duration_seconds: How long the stage took.
    """

    results: dict[str, R] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    errors: dict[str, list[Exception]] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)
    window: str = ""
    duration_seconds: float = 0.0

    @property
    def is_complete(self) -> bool:
        """Whether the work was done for every merchant of the run; nothing passes for one that was left out."""
        return not self.failures and not self.skipped

    @property
    def is_worth_repeating(self) -> bool:
        """Whether something failed that may succeed later."""
        return any(is_passing(error) for errors in self.errors.values() for error in errors)

    def add_failure(self, merchant_id: str, error: Exception, *, part: str = "") -> None:
        """Note what went wrong with a merchant, or with a part of it, in words that may be shown."""
        prefix = f"{part}: " if part else ""
        message = prefix + in_one_line(error)
        known = self.failures.get(merchant_id)
        self.failures[merchant_id] = f"{known}; {message}" if known else message
        self.errors.setdefault(merchant_id, []).append(error)

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


def is_passing(error: Exception) -> bool:
    """Whether what failed may succeed later, as it is."""
    return isinstance(error, RetryLaterError | sa.exc.OperationalError | psycopg.OperationalError)


def attempt(work: Callable[[], R], **named: str) -> R | Exception:
    """What the work returns, or what it raised; a defect of ours is logged with its traceback.

    Args:
        work: The work for one merchant, or for a part of one, such as a store or a sync.
        **named: Ids for the log.
    """
    try:
        return work()
    except (PerennialError, sa.exc.OperationalError, psycopg.OperationalError) as error:
        return _without_frames(error)
    except Exception as error:
        # A defect of ours in one merchant's data must not cost the others their night.
        log.exception("stage failed", **named)
        return _without_frames(error)


def _without_frames(error: Exception) -> Exception:
    """The error, which is kept for the rest of the stage, without the merchant's records that its tracebacks hold."""
    link: BaseException | None = error
    while link is not None:
        traceback.clear_frames(link.__traceback__)
        link = link.__cause__ or link.__context__
    return error


def in_one_line(error: Exception) -> str:
    """A failure in words that may be shown and kept."""
    if isinstance(error, PerennialError | sa.exc.OperationalError | psycopg.OperationalError):
        return str(error)
    # PostgreSQL quotes the row at fault from the second line on; the books are no place for it.
    return f"unexpected {type(error).__name__}: {redact_text(str(error).partition(chr(10))[0])}"
