"""What criteria count of customers, as one query per kind of fact: a row per customer, a column per number.

Part of the compiler. Runs nothing.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from activation.rules import condition
from activation.segments.fact_criteria import FactCriteria
from activation.segments.facts import (
    FACTS,
    int_product_categories_unioned,
    int_product_category_links_unioned,
    lines,
    orders,
    products,
)

_Columns = Mapping[str, sa.ColumnElement[Any]]
_Asked = tuple[tuple[str, str, object], ...]
_PRODUCT = ("merchant_id", "store_id", "product_id")
_ORDER = ("merchant_id", "store_id", "order_id")


def counted(key: str, asked: Sequence[FactCriteria], *, merchant_id: str, as_of_date: date) -> sa.Subquery:
    """The numbers of one kind of fact by customer: `merchant_id`, `customer_id`, `number_1` and so on, as asked."""
    fact = FACTS[key]
    rows = fact.rows
    columns: _Columns = {column.name: column for column in rows.c}
    sources: sa.FromClause = rows
    by_lines: dict[_Asked, sa.ColumnElement[bool]] = {}
    if key == "lines":
        sources, columns = _lines_with_products({name for one in asked for name in one.filters}, merchant_id)
    elif questions := list(dict.fromkeys(question for one in asked if (question := _asked_of_lines(one)))):
        bought = _bought(questions, merchant_id)
        sources = orders.outerjoin(bought, _same(bought, orders, _ORDER))
        by_lines = {
            question: sa.func.coalesce(bought.c[f"has_{place}"], sa.false())
            for place, question in enumerate(questions, start=1)
        }
    numbers = []
    for place, one in enumerate(asked, start=1):
        first, last = _span(one, as_of_date)
        kept = [rows.c[fact.day] <= last, *([rows.c[fact.day] >= first] if first else [])]
        kept += [_met(columns, key, question) for question in _asked(one) if not _is_of_line(one, question[0])]
        kept += [by_lines[question] for question in [_asked_of_lines(one)] if question]
        number = sa.func.count() if one.measure == "count" else sa.func.sum(rows.c[one.measure])
        numbers.append(number.filter(sa.and_(*kept)).label(f"number_{place}"))
    scope = [rows.c.merchant_id == merchant_id, rows.c.customer_id.is_not(None)]
    firsts = [_span(one, as_of_date)[0] for one in asked]
    if None not in firsts:  # nobody looks further back
        scope.append(rows.c[fact.day] >= min(first for first in firsts if first))
    return (
        sa.select(rows.c.merchant_id, rows.c.customer_id, *numbers)
        .select_from(sources)
        .where(*scope)
        .group_by(rows.c.merchant_id, rows.c.customer_id)
        .subquery(f"counted_{key}")
    )


def _span(asked: FactCriteria, as_of_date: date) -> tuple[date | None, date]:
    """The first day that counts, if there is one, and the last."""
    firsts = [asked.since] if asked.since else []
    lasts = [as_of_date, *([asked.until] if asked.until else [])]
    if asked.in_last_days is not None:
        firsts.append(_days_before(as_of_date, asked.in_last_days - 1))
    if asked.not_in_last_days is not None:
        lasts.append(_days_before(as_of_date, asked.not_in_last_days))
    return max(firsts, default=None), min(lasts)


def _days_before(day: date, days: int) -> date:
    return day - timedelta(days=days)


def _asked(asked: FactCriteria) -> _Asked:
    return tuple((name, operator, value) for name, (operator, value) in sorted(asked.filters.items()))


def _asked_of_lines(asked: FactCriteria) -> _Asked:
    """What one line of an order has to have; nothing, mostly."""
    return tuple(question for question in _asked(asked) if _is_of_line(asked, question[0]))


def _is_of_line(asked: FactCriteria, name: str) -> bool:
    return asked.fact.fields[name].is_of_line


def _met(columns: _Columns, key: str, question: tuple[str, str, object]) -> sa.ColumnElement[bool]:
    """One field of a fact's row tested: true or false, never null."""
    name, operator, value = question
    if name == "category":
        return _in_category(columns[name], operator, value)
    return condition(columns[name], FACTS[key].fields[name].kind, operator, value)


def _in_category(names: sa.ColumnElement[Any], operator: str, value: Any) -> sa.ColumnElement[bool]:  # noqa: ANN401 - of any operator
    """A product may be in several categories: it is of each of them."""
    if operator == "is_null":
        return names.is_(None) if value else names.is_not(None)
    wanted = sa.cast(list(value) if isinstance(value, tuple) else [value], sa.ARRAY(sa.Text))
    is_one = sa.func.coalesce(names.op("&&", is_comparison=True)(wanted), sa.false())
    return is_one if operator in {"equals", "one_of"} else sa.not_(is_one)


def _same(one: sa.FromClause, other: sa.FromClause, key: Sequence[str]) -> sa.ColumnElement[bool]:
    return sa.and_(*(one.c[name] == other.c[name] for name in key))


def _bought(questions: Sequence[_Asked], merchant_id: str) -> sa.Subquery:
    """Per order, whether one of its lines has all that is asked of a line: a column per different question."""
    sources, columns = _lines_with_products({name for question in questions for name, _, _ in question}, merchant_id)
    met = [sa.and_(*(_met(columns, "orders", part) for part in question)) for question in questions]
    key = [lines.c[name] for name in _ORDER]
    return (
        sa.select(*key, *(sa.func.bool_or(one).label(f"has_{place}") for place, one in enumerate(met, start=1)))
        .select_from(sources)
        .where(lines.c.merchant_id == merchant_id, sa.or_(*met))
        .group_by(*key)
        .subquery("bought")
    )


def _lines_with_products(names: Collection[str], merchant_id: str) -> tuple[sa.FromClause, _Columns]:
    """The lines with what the catalogue says of their products, as far as somebody asks for it."""
    sources: sa.FromClause = lines
    columns: dict[str, sa.ColumnElement[Any]] = {column.name: column for column in lines.c}
    if "product_type" in names:
        sources = sources.outerjoin(products, _same(products, lines, _PRODUCT))
        columns["product_type"] = products.c.product_type
    if "category" in names:
        categorized = _categories(merchant_id)
        sources = sources.outerjoin(categorized, _same(categorized, lines, _PRODUCT))
        columns["category"] = categorized.c.category_names
    return sources, columns


def _categories(merchant_id: str) -> sa.Subquery:
    """All categories of each product, as a list."""
    links = int_product_category_links_unioned.alias("links")
    categories = int_product_categories_unioned.alias("categories")
    names = sa.func.array_agg(categories.c.category_name, type_=sa.ARRAY(sa.Text)).label("category_names")
    key = [links.c[name] for name in _PRODUCT]
    return (
        sa.select(*key, names)
        .select_from(links.join(categories, _same(categories, links, ("merchant_id", "store_id", "category_id"))))
        .where(links.c.merchant_id == merchant_id)
        .group_by(*key)
        .subquery("categorized")
    )
