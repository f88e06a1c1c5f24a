"""Asks the shop for the codes that points are held for, each once; finishes what earlier runs and people began."""

from datetime import date

import sqlalchemy as sa

from activation.actions import OPEN, LedgerOutcome
from activation.delivery import DeliveryReport, Pace
from activation.loyalty.endings import Shop, reconcile
from activation.loyalty.ledger import Ledger
from activation.loyalty.movements import start_of
from activation.loyalty.redemptions import PointsAreHeld, RenderCode, campaign_of, target_of, wanted_codes
from activation.loyalty.withdrawals import finish_run_out, finish_withdrawals
from activation.occurrences.sending import send_occurrences
from connectors.codes import IssuesCodes
from connectors.destination import Destination
from models.activation import deliveries
from models.errors import RetryLaterError


def issue_codes(
    engine: sa.Engine, ledger: Ledger, destination: Destination, *, as_of_date: date, pace: Pace
) -> DeliveryReport | None:
    """Have every wanted code issued, have those taken back that were cancelled, and enter what became of each.

    Args:
        engine: The warehouse; two connections of its pool are used.
        ledger: The ledger.
        destination: The shop.
        as_of_date: The last day whose orders the marts hold.
        pace: Clock, waits and patience.

    Returns:
        What became of the codes; None when there was nothing to ask for.

    Raises:
        StopError: The merchant is withheld, or the destination issues no codes.
        RetryLaterError: Another process is at work on the shop, or the warehouse went away.
    """
    with engine.connect() as connection:
        wanted = wanted_codes(connection, ledger)
        is_open = sa.exists().where(
            deliveries.c.merchant_id == ledger.merchant_id,
            deliveries.c.campaign == campaign_of(ledger),
            deliveries.c.outcome.in_((*OPEN, LedgerOutcome.MAYBE_SENT)),
        )
        is_needed = wanted or connection.scalar(sa.select(is_open))
    report = None
    if is_needed:
        report = send_occurrences(
            engine,
            target=target_of(ledger, destination.name, is_idempotent=destination.is_idempotent),
            wanted=wanted,
            destination=destination,
            active_since=start_of(ledger.programme.rules[0].valid_from_date, ledger.zone),
            render=RenderCode(ledger),
            gates=[PointsAreHeld(ledger)],
            run_id=ledger.run_id,
            pace=pace,
        )
    with engine.begin() as connection:
        reconcile(connection, ledger, as_of_date=as_of_date, shop=Shop.of(destination))
    if isinstance(destination, IssuesCodes):
        failure = None
        try:
            finish_withdrawals(engine, ledger, destination)
        except RetryLaterError as error:  # what cannot be taken back keeps nothing waiting that ran out
            failure = error
        finish_run_out(engine, ledger, destination, as_of_date=as_of_date)
        if failure is not None:
            raise failure
    return report
