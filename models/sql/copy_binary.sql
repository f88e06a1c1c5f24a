copy {table} ({columns}) from stdin with binary
