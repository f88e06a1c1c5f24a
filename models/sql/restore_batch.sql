insert into ops.archive_batches (
    batch_id, batch_number, merchant_id, store_id, source, mode, fingerprint, cursor, row_counts, rejected_count,
    archived_at, contract_passed, landed_at
)
overriding system value
values (
    %(batch_id)s, %(batch_number)s, %(merchant_id)s, %(store_id)s, %(source)s, %(mode)s, %(fingerprint)s, %(cursor)s,
    %(row_counts)s, %(rejected_count)s, %(archived_at)s, true, %(landed_at)s
)
