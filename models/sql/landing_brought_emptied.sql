-- At once and for little: this transaction made it.
truncate {brought}
