-- Late echoes say nothing of their parts.
delete from {touched}
using {brought}, {found} as found
where {brought}.row_number = found.row_number and found.is_echo and {same_key}
