copy ({query}) to stdout with (format csv)
