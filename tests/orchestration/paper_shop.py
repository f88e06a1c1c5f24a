"""A small merchant as `perennial.yml` declares one, for tests of commands that read tables and not what made them."""

MERCHANT = """
merchants:
  - merchant_id: paper
    merchant_name: Paper and Pens
    time_zone: Europe/Berlin
    currency_code: EUR
    stores:
      - store_id: web
        source:
          type: files
          path: orders.csv
          columns: {customer_id: a, ordered_at: b, amount: c, currency_code: {constant: EUR}}
"""
LOYAL = """
    audiences:
      - {name: loyal, rule: {column: order_count, at_least: 2}}
"""
