"""The lists that mail providers keep of whom they no longer deliver to, read before anybody is written to.

A list that cannot be read keeps all of the merchant's messages waiting: who complained since stands nowhere else.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog

from activation.campaigns.declarations import Campaign
from activation.gates.list_readings import note_reading, read_times, unread
from activation.gates.suppressions import Entry, address_hash, suppress
from connectors.destinations.failover import FailoverSettings
from connectors.suppressing import Suppressing, Suppression
from models.activation import deliveries
from orchestration.configuration import Merchant
from orchestration.deployment import Deployment
from orchestration.outcomes import in_one_line, is_passing

log = structlog.get_logger(__name__)
LIST_DAYS = 30  # a provider that cannot be read for weeks leaves no hole
_GOOD_FOR = timedelta(hours=25)  # a night's reading holds until the next night's


@dataclass
class _Unusable:
    """A destination that keeps a list and cannot be used as it is declared.

    Attributes:
        name: The destination's name.
        error: Why not.
    """

    name: str
    error: Exception

    def suppressions(self, since: datetime, *, asked_at: datetime) -> Iterator[Suppression]:  # noqa: ARG002 - as said
        """Nothing can be read.

        Raises:
            Exception: Always.
        """
        raise self.error


@dataclass
class Lists:
    """What became of reading a merchant's lists.

    Attributes:
        names: The destinations that keep one.
        added: How many entries were new, by destination; of those that were read just now.
        failures: Why one could not be read, by destination.
        errors: The same as they were raised.
    """

    names: tuple[str, ...] = ()
    added: dict[str, int] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    errors: list[Exception] = field(default_factory=list)

    @property
    def is_passing(self) -> bool:
        """Whether what failed may succeed later."""
        return any(is_passing(error) for error in self.errors)

    @property
    def in_words(self) -> str:
        """What could not be read, and why."""
        return "; ".join(
            f"the suppression list of {name} could not be read: {why}" for name, why in self.failures.items()
        )


def pull_merchant(
    deployment: Deployment,
    merchant: Merchant,
    *,
    days: int = LIST_DAYS,
    only: Collection[str] | None = None,
    campaigns: Sequence[Campaign] | None = None,
) -> Lists:
    """Read the lists of those destinations that a merchant's campaigns send through; one that fails stops no other.

    Args:
        deployment: Open.
        merchant: Whose.
        days: How far back they are read at least; one that could not be read for longer, from when it was read last.
        only: Read these alone; None for all.
        campaigns: Those whose destinations are meant; None for all of the merchant's.
    """
    now = deployment.clock()
    with deployment.transformer.connect() as connection:
        known = read_times(connection, merchant.merchant_id)
    keepers = list(_keepers(deployment, merchant.campaigns if campaigns is None else campaigns, known))
    lists = Lists(tuple(keeper.name for keeper in keepers))
    for keeper in keepers:
        name = keeper.name
        if only is not None and name not in only:
            continue
        since = min(now - timedelta(days=days), (known.get(name) or now) - timedelta(days=1))
        told: list[Entry] = []
        try:
            for one in keeper.suppressions(since, asked_at=now):
                entry = Entry(one.kind.value, one.suppressed_at, address_hash=address_hash(one.email), evidence=name)
                told.append(entry)
        # Whatever went wrong, what is not known is who is not to be written to.
        except Exception as error:  # noqa: BLE001 - see above
            lists.failures[name] = in_one_line(error)
            lists.errors.append(error)
            log.warning("suppression list not read", destination=name, error=lists.failures[name])
        with deployment.transformer.begin() as connection:
            added = suppress(connection, merchant.merchant_id, told)
            note_reading(connection, merchant.merchant_id, name, asked_at=now, was_read=name not in lists.failures)
        if name not in lists.failures:
            lists.added[name] = added
    return lists


def pull_what_is_missing(deployment: Deployment, merchant: Merchant, active: Sequence[Campaign]) -> Lists:
    """Read again what could not be read the last time, what never was, and what was read too long ago.

    Of a provider that no campaign of today sends through, and none has for weeks, nobody is kept waiting by the list:
    its account may have been closed.

    Args:
        deployment: Open.
        merchant: Whose.
        active: The campaigns that send today.
    """
    with deployment.transformer.connect() as connection:
        known = read_times(connection, merchant.merchant_id)
        used = {campaign.destination for campaign in active}
        used |= _sent_through(connection, merchant, deployment.clock() - timedelta(days=LIST_DAYS))
        campaigns = [campaign for campaign in merchant.campaigns if campaign.destination in used]
        names = [keeper.name for keeper in _keepers(deployment, campaigns, known)]
        missing = unread(connection, merchant.merchant_id, names)
    oldest = deployment.clock() - _GOOD_FOR
    read = {name: at for name, at in known.items() if at is not None and at >= oldest}
    asked = {*missing, *(name for name in names if name not in read)}
    return pull_merchant(deployment, merchant, only=asked, campaigns=campaigns)


def _sent_through(connection: sa.Connection, merchant: Merchant, since: datetime) -> set[str]:
    """The destinations of a merchant's campaigns that something was sent to since a time."""
    table = deliveries
    return {
        name
        for name in sorted({campaign.destination for campaign in merchant.campaigns})
        if connection.scalar(
            sa.select(
                sa.exists().where(
                    table.c.merchant_id == merchant.merchant_id,
                    table.c.destination == name,
                    table.c.campaign.is_not(None),
                    table.c.attempted_at > since,
                )
            )
        )
    }


def _keepers(deployment: Deployment, campaigns: Sequence[Campaign], known: Collection[str]) -> Iterator[Suppressing]:
    """The destinations of some campaigns that keep a list."""
    names = {campaign.destination for campaign in campaigns}
    # What stands in for each other keeps a list each.
    for settings in deployment.configuration.destinations:
        if isinstance(settings, FailoverSettings) and settings.name in names:
            names.update(settings.destinations)
    for name in sorted(names):
        try:
            destination = deployment.destination(name)
        except Exception as error:  # noqa: BLE001 - what goes there says so
            # What goes there fails by itself; of others' messages it is in the way only if its list was read before.
            if name in known:
                yield _Unusable(name, error)
            continue
        if isinstance(destination, Suppressing):
            yield destination
