"""A run's verdict on each merchant: published, or withheld and why."""

from models import bookkeeping
from models.errors import StopError
from orchestration.merchant_run import MerchantRun


def record_verdicts(run: MerchantRun) -> dict[str, tuple[str, ...]]:
    """Write `ops.merchant_runs`.

    Returns:
        Per merchant of the run, the reasons for which it was withheld; none means published.
    """
    withheld = run.withheld()
    verdicts = {merchant.merchant_id: withheld.get(merchant.merchant_id, ()) for merchant in run.merchants}
    with run.deployment.loader.begin() as connection:
        for merchant_id, reasons in verdicts.items():
            bookkeeping.record_merchant_run(
                connection,
                run_id=run.run_id,
                merchant_id=merchant_id,
                as_of_date=run.as_of_dates[merchant_id],
                reasons=reasons,
                finished_at=run.deployment.clock(),
            )
    return verdicts


def refuse_withheld(verdicts: dict[str, tuple[str, ...]]) -> None:
    """Fail the run when a merchant was withheld: nobody watches it, so it must not end green.

    Raises:
        StopError: Names each merchant and its reasons.
    """
    withheld = {merchant_id: reasons for merchant_id, reasons in verdicts.items() if reasons}
    if withheld:
        listed = "; ".join(f"{merchant_id}: {' | '.join(reasons)}" for merchant_id, reasons in withheld.items())
        raise StopError(
            f"{len(withheld)} of {len(verdicts)} merchants withheld, whose last published numbers stay in place: "
            f"{listed}"
        )
