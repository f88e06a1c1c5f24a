"""The cookbook's questions answered without SQL, from a merchant's orders, refunds, lines and spend.

Every function gives the rows that the query of its name gives, as tuples in its order. Amounts, shares and rates are
whole ten-thousandths, as `dbt_frames.cents` makes them.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import pairwise
from math import ceil
from typing import Any

Answer = list[tuple[Any, ...]]
Row = dict[str, Any]

SCALE = 10_000


@dataclass(frozen=True)
class Facts:
    """What is known of a merchant.

    Attributes:
        as_of: The last day described.
        stores: The stores by their ids.
        orders: With customer, moment, day, channel and amount.
        refunds: With their day, and the purchase day that each takes back, if any.
        lines: With product, quantity, sales and margin.
        spend: Day and amount.
    """

    as_of: date
    stores: list[str]
    orders: list[Row]
    refunds: list[Row]
    lines: list[Row]
    spend: list[Row]

    def in_turn(self) -> list[Row]:
        """The orders with their place in their customer's history."""
        seen: Counter[str] = Counter()
        found = []
        for order in sorted(self.orders, key=lambda o: (o["ordered_at"], o["store_id"], o["order_id"])):
            seen[order["customer_id"]] += 1
            found.append({**order, "number": seen[order["customer_id"]]})
        return found

    def net_of_customers(self) -> dict[str, int]:
        """What every customer with an order brought."""
        net: Counter[str] = Counter()
        for order in self.orders:
            net[order["customer_id"]] += order["amount"]
        for refund in self.refunds:
            if refund["purchase_date"] is not None:
                net[refund["customer_id"]] -= refund["amount"]
        return {customer: net[customer] for customer in {o["customer_id"] for o in self.orders}}


def month(day: date) -> date:
    return day.replace(day=1)


def quarter(day: date) -> date:
    return date(day.year, 3 * ((day.month - 1) // 3) + 1, 1)


def rounded(value: Fraction | int | None, places: int) -> int | None:
    """A number of whole units with so many places, in ten-thousandths."""
    if value is None:
        return None
    exact = Decimal(Fraction(value).numerator) / Decimal(Fraction(value).denominator)
    return int(exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP) * SCALE)


def share(part: int, whole: int, places: int = 4) -> int | None:
    return rounded(Fraction(part, whole), places) if whole else None


def total(rows: Iterable[Row], column: str = "amount") -> int:
    return sum(row[column] for row in rows)


def groups(rows: Iterable[Row], key: Callable[[Row], Any]) -> dict[Any, list[Row]]:
    found: dict[Any, list[Row]] = defaultdict(list)
    for row in rows:
        found[key(row)].append(row)
    return dict(sorted(found.items()))


def smallest_at(values: list[int], part: Fraction) -> int:
    """The smallest value that so large a part of them does not exceed."""
    return sorted(values)[ceil(part * len(values)) - 1]


def revenue_by_month(facts: Facts) -> Answer:
    sold = groups(facts.orders, lambda o: month(o["order_date"]))
    back = groups(facts.refunds, lambda r: month(r["refund_date"]))
    return [
        (m, len(sold.get(m, ())), gross := total(sold.get(m, ())), lost := total(back.get(m, ())), gross - lost)
        for m in sorted({*sold, *back})
    ]


def revenue_by_weekday(facts: Facts) -> Answer:
    first = min(o["order_date"] for o in facts.orders)
    days = [first + timedelta(days=n) for n in range((facts.as_of - first).days + 1)]
    sold = groups(facts.orders, lambda o: o["order_date"].isoweekday())
    return [
        (
            weekday,
            count := sum(d.isoweekday() == weekday for d in days),
            len(sold.get(weekday, ())),
            amount := total(sold.get(weekday, ())),
            rounded(Fraction(amount, SCALE * count), 2),
        )
        for weekday in range(1, 8)
    ]


def revenue_by_store(facts: Facts) -> Answer:
    sold = groups(facts.orders, lambda o: o["store_id"])
    rows = [
        (
            s,
            s,
            "files",
            len(found := sold.get(s, [])),
            total(found),
            max((o["order_date"] for o in found), default=None),
        )
        for s in facts.stores
    ]
    return sorted(rows, key=lambda row: (-row[4], row[0]))


def revenue_by_channel(facts: Facts) -> Answer:
    late = [o for o in facts.in_turn() if (facts.as_of - o["order_date"]).days < 90]
    rows = [
        (channel, len(orders), sum(o["number"] == 1 for o in orders), amount, share(amount, total(late)))
        for channel, orders in groups(late, lambda o: o["channel"] or "unknown").items()
        if (amount := total(orders)) > 0
    ]
    return sorted(rows, key=lambda row: (-row[3], row[0]))


def new_and_returning(facts: Facts) -> Answer:
    found = []
    for m, orders in groups(facts.in_turn(), lambda o: month(o["order_date"])).items():
        new, old = [o for o in orders if o["number"] == 1], [o for o in orders if o["number"] > 1]
        found.append((m, len(new), len(old), total(new), total(old)))
    return found


def order_value(facts: Facts) -> Answer:
    paid = [o for o in facts.orders if o["amount"] > 0]
    return [
        (
            m,
            len(orders),
            rounded(Fraction(total(orders), SCALE * len(orders)), 2),
            smallest_at([o["amount"] for o in orders], Fraction(1, 2)),
        )
        for m, orders in groups(paid, lambda o: month(o["order_date"])).items()
    ]


def days_between_purchases(facts: Facts) -> Answer:
    gaps = []
    for orders in groups(facts.orders, lambda o: o["customer_id"]).values():
        gaps += [(b - a).days for a, b in pairwise(sorted({o["order_date"] for o in orders}))]
    quarters = [smallest_at(gaps, Fraction(n, 4)) if gaps else None for n in (1, 2, 3)]
    return [(len(gaps), *quarters)]


def second_order_in_time(facts: Facts) -> Answer:
    found: dict[date, Counter[Any]] = defaultdict(Counter)
    for orders in groups(facts.in_turn(), lambda o: o["customer_id"]).values():
        first = orders[0]["order_date"]
        if (facts.as_of - first).days < 90:
            continue
        counts = found[quarter(first)]
        counts["all"] += 1
        for days in (30, 60, 90):
            counts[days] += len(orders) > 1 and (orders[1]["order_date"] - first).days <= days
    return [(q, counts["all"], counts[30], counts[60], counts[90]) for q, counts in sorted(found.items())]


def best_customers(facts: Facts) -> Answer:
    counts = Counter(order["customer_id"] for order in facts.orders)
    rows = [(customer, counts[customer], net) for customer, net in facts.net_of_customers().items()]
    return sorted(rows, key=lambda row: (-row[2], row[0]))[:20]


def revenue_concentration(facts: Facts) -> Answer:
    ranked = [net for _, net in sorted(facts.net_of_customers().items(), key=lambda item: (-item[1], item[0]))]
    size, larger = divmod(len(ranked), 10)
    found, start = [], 0
    for tenth in range(1, 11):
        end = start + size + (tenth <= larger)
        if end > start:
            found.append((tenth, end - start, sum(ranked[start:end]), share(sum(ranked[start:end]), sum(ranked))))
        start = end
    return found


def best_selling_products(facts: Facts) -> Answer:
    sold = groups((line for line in facts.lines if line["product_id"]), lambda line: line["product_id"])
    rows = [
        (
            p,
            total(lines, "quantity") * SCALE,
            len({(x["store_id"], x["order_id"]) for x in lines}),
            total(lines, "net_amount"),
        )
        for p, lines in sold.items()
    ]
    return sorted(rows, key=lambda row: (-row[3], row[0]))[:20]


def margin_by_product(facts: Facts) -> Answer:
    rows = []
    for product, lines in groups((x for x in facts.lines if x["product_id"]), lambda x: x["product_id"]).items():
        costed = [line for line in lines if line["margin_amount"] is not None]
        if costed:
            margin, sales = total(costed, "margin_amount"), total(costed, "net_amount")
            rows.append((product, margin, share(margin, sales), share(sales, total(lines, "net_amount"))))
    return sorted(rows, key=lambda row: (-row[1], row[0]))


def refunds_by_product(facts: Facts) -> Answer:
    """The histories' refunds do not say what came back."""
    sold = groups((line for line in facts.lines if line["product_id"]), lambda line: line["product_id"])
    rows = [(product, amount := total(lines, "net_amount"), 0, share(0, amount)) for product, lines in sold.items()]
    return sorted(rows, key=lambda row: (row[3] is None, row[0]))


def refund_rate_of_orders(facts: Facts) -> Answer:
    taken = [r for r in facts.refunds if r["purchase_date"] is not None]
    back = groups(taken, lambda r: month(r["purchase_date"]))
    return [
        (m, gross := total(orders), lost := total(back.get(m, ())), share(lost, gross))
        for m, orders in groups(facts.orders, lambda o: month(o["order_date"])).items()
    ]


def cost_of_a_new_customer(facts: Facts) -> Answer:
    first = groups((o for o in facts.in_turn() if o["number"] == 1), lambda o: month(o["order_date"]))
    rows = []
    for m, spent in groups(facts.spend, lambda s: month(s["spend_date"])).items():
        new = first.get(m, [])
        each = [
            rounded(Fraction(amount, SCALE * len(new)), 2) if new else None for amount in (total(spent), total(new))
        ]
        rows.append((m, total(spent), len(new), *each))
    return rows
