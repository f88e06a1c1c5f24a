"""A Klaviyo account on this machine: its books, jobs and limits, and the API that answers as the real one does."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from connectors.sandbox.faults import Faults
from connectors.sandbox.klaviyo.account import Account
from connectors.sandbox.klaviyo.api import SCOPES, KlaviyoApi
from connectors.sandbox.klaviyo.jobs import Jobs
from connectors.sandbox.klaviyo.journal import Journal
from connectors.sandbox.klaviyo.limits import Limits
from connectors.sandbox.serving import SandboxServer, running_server

__all__ = ["SCOPES", "Account", "Jobs", "Journal", "KlaviyoApi", "Limits", "RunningKlaviyo", "running_klaviyo"]


@dataclass(frozen=True)
class RunningKlaviyo:
    """An account that can be reached.

    Attributes:
        server: Its server, with the log of requests and the faults.
        api: Its API.
    """

    server: SandboxServer
    api: KlaviyoApi

    @property
    def url(self) -> str:
        """Its address, without a path."""
        return self.server.url

    @property
    def account(self) -> Account:
        """Its books."""
        return self.api.account

    @property
    def jobs(self) -> Jobs:
        """What it is at work on."""
        return self.api.jobs

    @property
    def journal(self) -> Journal:
        """What came and what it did, on disk."""
        return self.api.account.journal

    @property
    def faults(self) -> Faults:
        """What is done to requests."""
        return self.server.faults


@contextmanager
def running_klaviyo(
    journal: Path,
    clock: Callable[[], datetime],
    *,
    keys: Mapping[str, frozenset[str]],
    lists: tuple[str, ...] = (),
    port: int = 0,
    is_limited: bool = True,
    faults: Faults | None = None,
) -> Iterator[RunningKlaviyo]:
    """An account's API on the loopback address, for as long as the block lasts.

    Named faults, for a request that begins a job: job_stuck, job_cancelled (half of it was done), records_fail (every
    third) and errors_unnamed (its errors do not say which records they are about).

    Args:
        journal: The file of what happens; an existing one is continued.
        clock: The account's time, in UTC.
        keys: Private keys, each with its scopes.
        lists: Ids of the lists that there are.
        port: Where to listen on 127.0.0.1; 0 for any free port.
        is_limited: Whether requests are counted and, where they are too many, refused.
        faults: Rules of misbehaviour made beforehand.

    Raises:
        OSError: The port is taken.
    """
    account = Account(clock, Journal(journal))
    account.lists.update({list_id: {} for list_id in lists})
    api = KlaviyoApi(account, Jobs(account), dict(keys), Limits() if is_limited else None)
    with running_server(api, clock, port=port, faults=faults) as server:
        api.host = server.url
        yield RunningKlaviyo(server, api)
