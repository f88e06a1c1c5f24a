"""From orders to points: post each merchant's programme, and prove its balances."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from activation.loyalty.ledger import Ledger, PostingReport, Proof, note_proof, post_programme, prove
from models.errors import MisconfiguredError
from orchestration.configuration import Merchant
from orchestration.deployment import Deployment
from orchestration.merchant_run import MerchantRun


@dataclass(frozen=True)
class LoyaltyNight:
    """What a night did to a programme.

    Attributes:
        programme: The programme's name.
        posted: What was posted.
        proof: Whether every balance follows from facts.
    """

    programme: str
    posted: PostingReport
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


def post_merchant(run: MerchantRun, merchant: Merchant) -> LoyaltyNight | None:
    """Post what the night's facts lead to, and prove what stands; None without a programme."""
    if merchant.loyalty is None:
        return None
    engine = run.deployment.transformer
    ledger = ledger_of(run.deployment, merchant, run_id=run.run_id, recorded_at=run.started_at)
    with engine.begin() as connection:
        posted = post_programme(connection, ledger, as_of_date=run.as_of_dates[merchant.merchant_id])
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection, connection.begin():
        proof = prove(connection, ledger)
    if proof.holds:
        with engine.begin() as connection:
            note_proof(connection, ledger)
    return LoyaltyNight(ledger.programme.name, posted, proof)
