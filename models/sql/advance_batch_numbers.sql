select setval(
    pg_get_serial_sequence('ops.archive_batches', 'batch_number'),
    greatest((select max(batch_number) from ops.archive_batches), 1)
)
