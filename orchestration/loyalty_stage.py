"""From orders to points: post each merchant's programme, and prove its balances."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from activation.delivery import DeliveryReport, Pace
from activation.loyalty.issuing import issue_codes
from activation.loyalty.ledger import Ledger, PostingReport, Proof, note_proof, post_programme, prove
from activation.loyalty.tiers import TierChange, refresh_tiers
from connectors.destination import Destination
from models.errors import MisconfiguredError, PerennialError
from orchestration.configuration import Merchant
from orchestration.deployment import Deployment
from orchestration.merchant_run import MerchantRun


@dataclass(frozen=True)
class LoyaltyNight:
    """What a night did to a programme.

    Attributes:
        programme: The programme's name.
        posted: What was posted.
        tiers: Who came into a tier and who left one; None where there are none.
        codes: What became of the codes that were wanted; None when there were none.
        proof: Whether every balance follows from facts.
    """

    programme: str
    posted: PostingReport
    tiers: TierChange | None
    codes: DeliveryReport | None
    proof: Proof


def ledger_of(deployment: Deployment, merchant: Merchant, *, run_id: str, recorded_at: datetime) -> Ledger:
    """A merchant's ledger.

    Raises:
        MisconfiguredError: The merchant declares no programme.
    """
    if merchant.loyalty is None:
        number = deployment.configuration.merchants.index(merchant)
        raise MisconfiguredError(f"merchants[{number}].loyalty", "declares no programme; see docs/loyalty.md")
    return Ledger(
        merchant.merchant_id,
        merchant.loyalty,
        ZoneInfo(merchant.time_zone),
        merchant.currency_code,
        run_id,
        recorded_at,
    )


def shop_of(deployment: Deployment, merchant: Merchant) -> Destination | None:
    """The shop that issues the codes of a merchant's rewards; None where there are none."""
    name = merchant.loyalty.destination if merchant.loyalty is not None else None
    return None if name is None else deployment.destination(name)


def issue(
    deployment: Deployment, merchant: Merchant, ledger: Ledger, *, as_of_date: date, pace: Pace
) -> DeliveryReport | None:
    """Have the codes issued that points are held for, and enter what became of them; None when there was nothing to do.

    Raises:
        StopError: The shop issues no codes.
        RetryLaterError: The shop or the warehouse cannot be reached now.
    """
    shop = shop_of(deployment, merchant)
    if shop is None:
        return None
    return issue_codes(deployment.transformer, ledger, shop, as_of_date=as_of_date, pace=pace)


def post_merchant(run: MerchantRun, merchant: Merchant) -> LoyaltyNight | None:
    """Post what the night's facts lead to, and prove what stands; None without a programme."""
    if merchant.loyalty is None:
        return None
    engine = run.deployment.transformer
    ledger = ledger_of(run.deployment, merchant, run_id=run.run_id, recorded_at=run.started_at)
    as_of_date = run.as_of_dates[merchant.merchant_id]
    with engine.begin() as connection:
        posted = post_programme(connection, ledger, as_of_date=as_of_date)
        tiers = refresh_tiers(connection, ledger, as_of_date=as_of_date)
    codes, failure = None, None
    try:
        codes = issue(run.deployment, merchant, ledger, as_of_date=as_of_date, pace=run.pace)
    except PerennialError as error:  # told once the proof is made, which needs no shop
        failure = error
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection, connection.begin():
        proof = prove(connection, ledger)
    if proof.holds:
        with engine.begin() as connection:
            note_proof(connection, ledger)
    if failure is not None:
        raise failure
    return LoyaltyNight(ledger.programme.name, posted, tiers, codes, proof)
