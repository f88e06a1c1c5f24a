"""Failures as Dagster understands them: the one place that decides what another attempt is worth.

`models.errors` types a failure by what to do next. Here, "try again later" becomes a failure that Dagster's retry
policy may repeat; everything else fails at once, with words that say what to do.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from models.errors import PerennialError, RetryLaterError

RETRY_POLICY = dg.RetryPolicy(max_retries=2, delay=10, backoff=dg.Backoff.EXPONENTIAL, jitter=dg.Jitter.PLUS_MINUS)


def as_failure(error: PerennialError) -> dg.Failure:
    """The failure to raise from an asset for one of ours."""
    return dg.Failure(description=str(error), allow_retries=isinstance(error, RetryLaterError))


@contextmanager
def typed_failures() -> Iterator[None]:
    """Raise Perennial's failures as Dagster's while the block runs."""
    try:
        yield
    except PerennialError as error:
        raise as_failure(error) from error
