-- One row per merchant and stream: what the last run read and what it did with it.
select distinct on (sync_runs.merchant_id, sync_runs.store_id, sync_runs.stream)
    sync_runs.merchant_id,
    sync_runs.store_id,
    sync_runs.source,
    sync_runs.stream,
    sync_runs.status,
    sync_runs.rows_read,
    sync_runs.rows_inserted,
    sync_runs.rows_updated,
    sync_runs.rows_unchanged,
    sync_runs.rows_deleted,
    sync_runs.rows_rejected,
    sync_runs.request_count
from ops.sync_runs as sync_runs
where sync_runs.merchant_id = any(:merchant_ids)
order by sync_runs.merchant_id asc, sync_runs.store_id asc, sync_runs.stream asc, sync_runs.started_at desc
