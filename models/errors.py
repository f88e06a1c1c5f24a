"""Failures, typed by what to do next.

Every failure that Perennial raises on purpose is one of four kinds: try again later, set one record aside, stop this
merchant, or correct the configuration. `orchestration` maps the kinds to Dagster's retry behaviour in one place, so
that no other module decides whether something is worth another attempt.
"""

from typing import Any


class PerennialError(Exception):
    """The root of every failure raised on purpose. The message says what happened and what to do about it."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Keep kind, message and attributes on the way from another process, whatever a kind's arguments are."""
        return _remade, (type(self), self.args, self.__dict__)


def _remade(kind: type[PerennialError], args: tuple[Any, ...], attributes: dict[str, Any]) -> PerennialError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(attributes)
    return error


class RetryLaterError(PerennialError):
    """A passing condition: the same call may succeed later.

    Args:
        message: What happened, and what is being waited for.
        retry_after_seconds: The wait that the other side asked for, when it did.
    """

    def __init__(self, message: str, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class RejectedRecordError(PerennialError):
    """One record breaks its contract; it is set aside with its reason and the rest go on.

    Args:
        field: The field at fault, under the name that `perennial.yml` or the platform gives it.
        reason: Why the value was refused, in words that let its owner correct it.
    """

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class StopError(PerennialError):
    """Going on would damage good data or mislead people: this merchant stops here, and its last good tables stay."""


class MisconfiguredError(PerennialError):
    """The configuration is wrong.

    Args:
        key: The path of the key at fault, such as `merchants[0].stores[1].source.orders.path`.
        message: What is wrong with it, and what would be right.
    """

    def __init__(self, key: str, message: str) -> None:
        super().__init__(f"{key}: {message}")
        self.key = key
