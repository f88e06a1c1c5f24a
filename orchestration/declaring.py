"""Writes what `perennial.yml` declares of a run's merchants into `ops`, where SQL can see it."""

from models import bookkeeping
from orchestration.merchant_run import MerchantRun


def declare_merchants(run: MerchantRun) -> tuple[int, int]:
    """Upsert the run's merchants with their as-of dates, rates and stores; nothing is held against them yet.

    What they have published stays as it is until `prediction.publish_merchant` puts new numbers in force.

    Returns:
        How many exchange rates and how many stores are declared.
    """
    merchants = [
        bookkeeping.Merchant(
            merchant_id=merchant.merchant_id,
            merchant_name=merchant.merchant_name,
            time_zone=merchant.time_zone,
            currency_code=merchant.currency_code,
            as_of_date=run.as_of_dates[merchant.merchant_id],
            counts_zero_amount_days=merchant.zero_amount_days == "count",
            identity_rules=merchant.identity.rules,
            rfm_half_life_days=merchant.rfm.half_life_days,
            rfm_recent_score=merchant.rfm.recent_score,
            rfm_frequent_score=merchant.rfm.frequent_score,
            rfm_big_score=merchant.rfm.big_score,
        )
        for merchant in run.merchants
    ]
    rates = [
        bookkeeping.ExchangeRate(merchant.merchant_id, code, rate.valid_from_date, rate.rate)
        for merchant in run.merchants
        for code, dated_rates in merchant.exchange_rates.items()
        for rate in dated_rates
    ]
    stores = [
        bookkeeping.Store(
            merchant.merchant_id,
            store.store_id,
            store.reconciliation.tolerance_amount,
            tuple(store.reconciliation.accepted_order_ids),
        )
        for merchant in run.merchants
        for store in merchant.stores
    ]
    with run.deployment.loader.begin() as connection:
        bookkeeping.set_merchants(connection, merchants, rates, stores, run_id=run.run_id, updated_at=run.started_at)
        for merchant in merchants:
            bookkeeping.begin_merchant(connection, merchant.merchant_id, run_id=run.run_id, updated_at=run.started_at)
    return len(rates), len(stores)
