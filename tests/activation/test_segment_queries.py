"""Compiled criteria against the same criteria evaluated by hand, and against people who mean the warehouse ill."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from segment_shop import AS_OF, CATEGORIES, Shop, create_tables, drawn_shop, members

from activation.segments import compilation
from activation.segments.compilation import rendered, segment_queries
from activation.segments.criteria import read_segment
from activation.segments.preview import preview
from models.engine import create_engine
from models.errors import StopError

Json = dict[str, Any]
SHOPS = drawn_shop("mine", customers=60, seed=1), drawn_shop("theirs", customers=60, seed=4)
SLY = [
    "x'; drop table marts.customer_360; --",
    "x\\'; drop table marts.customer_360; --",
    "$$; drop table marts.customer_360; $$",
    "%s %(a)s %% {{ 1/0 }} {% do x %} {# #}",
    ":a :1 $1 ? /* */ \n -- \r\t",
    '"; drop schema marts; "',
    "{\"a\", 'b'}",
    "O'Brien \\ %s {{ 1/0 }}",
    "Ünïcode ☕ \U0001f600",
    "",
]


@pytest.fixture(scope="module")
def connection(module_database_url: str) -> Iterator[sa.Connection]:
    """A database with two merchants, who share the ids of customers, orders and products."""
    engine = create_engine(module_database_url, application_name="perennial tests")
    with engine.begin() as opened:
        create_tables(opened)
        for shop in SHOPS:
            shop.insert(opened)
    with engine.connect() as opened:
        yield opened
    engine.dispose()


def found(connection: sa.Connection, criteria: Json, shop: Shop = SHOPS[0]) -> set[str]:
    """Who is in a segment, by its query as the warehouse keeps it."""
    segment = read_segment("probe", "", criteria)
    [query] = segment_queries([segment], merchant_id=shop.merchant_id, as_of_date=AS_OF)
    # As a text without parameters, which is how dbt takes it.
    rows = connection.connection.cursor().execute(rendered(query.statement)).fetchall()
    assert {(merchant_id, name) for merchant_id, _, name in rows} <= {(shop.merchant_id, "probe")}
    customers = {customer_id for _, customer_id, _ in rows}
    assert len(customers) == len(rows)
    assert {row.customer_id for row in connection.execute(query.statement)} == customers
    return customers


def traits() -> st.SearchStrategy[Json]:
    values: dict[str, list[Any]] = {}
    for shop in SHOPS:
        for customer in shop.customers:
            for name, value in customer.items():
                if value is not None and str(value) != "nan" and value not in values.setdefault(name, []):
                    values[name].append(value)
    many = ["rfm_segment", "country_code", "acquisition_channel", "customer_id"]
    ordered = ["order_count", "net_amount", "clv_amount", "churn_probability"]
    dates = ["last_order_date", "next_purchase_date"]

    def of(name: str) -> st.SearchStrategy[Json]:
        one = st.sampled_from(values[name])
        tests = {"equals": one, "not_equals": one, "is_null": st.booleans()}
        if name != "has_email_consent":
            tests |= {"one_of": st.lists(one, min_size=1, max_size=2), "none_of": st.lists(one, min_size=1, max_size=2)}
        if name in ordered:
            tests |= dict.fromkeys(("at_least", "at_most", "greater_than", "less_than"), one)
        if name in ordered + dates:
            tests |= {"between": st.tuples(one, one).map(sorted)}
        if name in dates:
            days = st.sampled_from([1, 7, 14, 30, 31, 90, 365])
            tests |= {"before": one, "after": one, "in_last_days": days, "in_next_days": days}
        return st.one_of(*(drawn.map(lambda v, o=operator: {"trait": name, o: v}) for operator, drawn in tests.items()))

    return st.sampled_from([*many, *ordered, *dates, "has_email_consent"]).flatmap(of)


def facts() -> st.SearchStrategy[Json]:
    days = st.sampled_from([AS_OF - timedelta(days=ago) for ago in (0, 7, 30, 90, 365, 800)])
    categories = st.sampled_from(CATEGORIES)
    several = st.lists(categories, min_size=1, max_size=2)
    lines = {
        "category": st.one_of(
            categories, several, several.map(lambda v: {"none_of": v}), st.booleans().map(lambda v: {"is_null": v}),
            categories.map(lambda v: {"not_equals": v}),
        ),
        "product_type": st.one_of(st.just("A"), st.just({"not_equals": "A"}), st.just({"is_null": True})),
        "product_id": st.sampled_from(["p0", ["p1", "p2"], {"is_null": False}]),
        "sku": st.just("s1"),
        "is_gift_card": st.booleans(),
    }  # fmt: skip
    store = {"store_id": st.sampled_from(["web", ["web", "till"], {"not_equals": "web"}])}
    orders = {
        "channel": st.sampled_from(["web", {"not_equals": "web"}, {"is_null": True}]),
        "amount": st.sampled_from([{"at_least": 20}, {"less_than": 5}, 50]),
        "is_first_order": st.booleans(),
        "quantity": st.sampled_from([1, {"greater_than": 1}]),
    }
    own_lines = {"quantity": st.sampled_from([{"at_least": 2}]), "net_amount": st.sampled_from([{"between": [3, 12]}])}
    fields: dict[str, dict[str, st.SearchStrategy[Any]]] = {
        "orders": {**store, **orders, **lines},
        "lines": {**store, **lines, **own_lines},
        "refunds": {**store, "amount": st.sampled_from([{"at_least": 5}])},
    }
    measures = {"orders": ["amount", "quantity"], "lines": ["quantity", "net_amount", "discount_amount"]}

    @st.composite
    def drawn(draw: st.DrawFn) -> Json:
        kind = draw(st.sampled_from(sorted(fields)))
        where = {
            name: draw(fields[kind][name])
            for name in draw(st.lists(st.sampled_from(sorted(fields[kind])), max_size=3, unique=True))
        }
        asked: Json = {"where": where} if where else {}
        if not (kind == "orders" and where.keys() & lines.keys()) and draw(st.booleans()):
            asked["measure"] = draw(st.sampled_from(["count", *measures.get(kind, ["amount"])]))
        number = st.sampled_from([0, 1, 2, 3, 12, 50])
        operator = draw(st.sampled_from(["equals", "at_least", "at_most", "greater_than", "less_than", "between"]))
        asked[operator] = sorted([draw(number), draw(number)]) if operator == "between" else draw(number)
        if draw(st.booleans()):
            asked["in_last_days"] = draw(st.sampled_from([30, 90, 365]))
        if draw(st.booleans()):
            asked["not_in_last_days"] = draw(st.sampled_from([1, 7, 29]))
        if draw(st.booleans()):
            asked["since"], asked["until"] = sorted([draw(days), draw(days)])
        return {kind: asked}

    return drawn()


CRITERIA = st.recursive(
    st.one_of(traits(), facts()),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda criteria: {"all": criteria}),
        st.lists(inner, min_size=1, max_size=3).map(lambda criteria: {"any": criteria}),
        inner.map(lambda criteria: {"not": criteria}),
    ),
    max_leaves=5,
)


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(CRITERIA, st.sampled_from(SHOPS))
def test_compiled_criteria_mean_what_they_say(connection: sa.Connection, criteria: Json, shop: Shop) -> None:
    assert found(connection, criteria, shop) == members(shop, criteria)


@pytest.mark.parametrize(
    "criteria",
    [
        {
            "all": [
                {"orders": {"at_least": 2, "in_last_days": 90, "where": {"category": "Coffee"}}},
                {"refunds": {"equals": 0, "in_last_days": 90}},
            ]
        },
        {"any": [{"trait": "clv_amount", "at_least": 250}, {"not": {"orders": {"at_least": 1}}}]},
        {"lines": {"measure": "net_amount", "at_least": 12, "where": {"category": ["Tea", "Gifts"]}}},
    ],
)
def test_what_merchants_ask_first_finds_some_and_not_all(connection: sa.Connection, criteria: Json) -> None:
    """A comparison of nobody with nobody would prove nothing."""
    for shop in SHOPS:
        assert found(connection, criteria, shop) == members(shop, criteria)
        assert 0 < len(members(shop, criteria)) < len(shop.customers)


def test_segments_of_one_query_are_as_each_alone(connection: sa.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = [
        read_segment(f"s{number}", "", {kind: {"at_least": number % 4, "in_last_days": 7 + number}})
        for number in range(12)
        for kind in [("orders", "lines", "refunds")[number % 3]]
    ]

    def together(count: int) -> set[tuple[str, str]]:
        queries = segment_queries(asked, merchant_id="mine", as_of_date=AS_OF)
        assert len(queries) == count
        assert [name for query in queries for name in query.segment_names] == [segment.name for segment in asked]
        rows = [row for query in queries for row in connection.execute(query.statement)]
        return {(row.segment_name, row.customer_id) for row in rows}

    alone = {
        (segment.name, customer)
        for segment in asked
        for customer in members(SHOPS[0], segment.criteria.model_dump(exclude_unset=True, by_alias=True))
    }
    assert together(1) == alone
    monkeypatch.setattr(compilation, "_MOST_NUMBERS", 5)
    assert together(3) == alone
    monkeypatch.setattr(compilation, "_MOST_SEGMENTS", 2)
    assert together(6) == alone


def test_days_are_relative_to_the_as_of_date(connection: sa.Connection) -> None:
    segment = read_segment("probe", "", {"orders": {"at_least": 1, "in_last_days": 30}})
    texts = {
        rendered(segment_queries([segment], merchant_id="mine", as_of_date=day)[0].statement)
        for day in (AS_OF, AS_OF, date(2023, 1, 31))
    }
    assert len(texts) == 2
    assert all(word not in text.lower() for text in texts for word in ("now(", "current_", "localtime"))
    [earlier] = [text for text in texts if "2023-01-31" in text]
    assert "2023-01-02" in earlier


@pytest.mark.parametrize("sly", SLY)
@pytest.mark.parametrize(
    "shape",
    [
        lambda text: {"trait": "rfm_segment", "equals": text},
        lambda text: {"trait": "rfm_segment", "one_of": [text, "champions"]},
        lambda text: {"orders": {"at_least": 1, "where": {"category": text}}},
        lambda text: {"orders": {"at_least": 1, "where": {"channel": {"not_equals": text}}}},
        lambda text: {"lines": {"at_least": 1, "where": {"sku": [text]}}},
    ],
)
@pytest.mark.parametrize("is_standard", ["on", "off"])
def test_what_people_write_is_a_value_and_nothing_else(
    connection: sa.Connection, sly: str, shape: Any, is_standard: str
) -> None:
    connection.exec_driver_sql(f"set standard_conforming_strings = {is_standard}")
    try:
        assert found(connection, shape(sly)) == members(SHOPS[0], shape(sly))
        assert connection.exec_driver_sql("select count(*) from marts.customer_360").scalar() == 120
    finally:
        connection.exec_driver_sql("set standard_conforming_strings = on")


def test_a_preview_counts_values_and_shows_some(connection: sa.Connection) -> None:
    criteria = {"any": [{"trait": "country_code", "equals": "DE"}, {"orders": {"at_least": 3}}]}
    shown = preview(connection, read_segment("probe", "", criteria), merchant_id="mine", sample_size=4)
    mine = [row for row in SHOPS[0].customers if row["customer_id"] in members(SHOPS[0], criteria)]
    values = [row["clv_amount"] for row in mine if row["clv_amount"] is not None]
    everybody = [row["clv_amount"] for row in SHOPS[0].customers if row["clv_amount"] is not None]
    assert (shown.as_of_date, shown.customer_count, shown.member_count) == (AS_OF, 60, len(mine))
    assert (shown.predicted_count, shown.currency_code) == (len(values), "EUR")
    assert float(shown.average_clv_amount or 0) == pytest.approx(float(sum(values) / len(values)))
    assert float(shown.average_clv_of_all_amount or 0) == pytest.approx(float(sum(everybody) / len(everybody)))
    assert shown.member_rate == len(mine) / 60
    assert len(set(shown.sample)) == 4
    assert set(shown.sample) <= {row["customer_id"] for row in mine}
    nobody = preview(
        connection, read_segment("probe", "", {"trait": "order_count", "at_least": 99}), merchant_id="mine"
    )
    assert (nobody.member_count, nobody.average_clv_amount, nobody.sample) == (0, None, ())


def test_a_preview_of_nothing_published_says_what_to_do(connection: sa.Connection) -> None:
    segment = read_segment("probe", "", {"trait": "order_count", "at_least": 1})
    with pytest.raises(StopError, match="perennial run --merchant stranger"):
        preview(connection, segment, merchant_id="stranger")
