-- Makes room for new versions; the transaction brings them, so nobody ever sees a row missing.
delete from {raw} as held
using {found} as found
where held.ctid = found.address and found.row_number is not null and not found.is_echo
