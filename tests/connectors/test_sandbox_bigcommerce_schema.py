"""What the BigCommerce sandbox says has the shapes of the vendor's published descriptions."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml
from sandbox_calls import Caller, Clock

from connectors.sandbox.bigcommerce import Activity, BigCommerceApi, Shop, StoreSettings
from connectors.sandbox.catalogue import generated_catalogue

ROOT = "/stores/sandbox1/"
_KINDS = {"integer": int, "number": (int, float), "string": str, "boolean": bool, "array": list, "object": dict}
# Null or another type in the descriptions' own examples.
_LOOSE = {"channel_ids", "logo", "date_last_imported", "option_set_id"}

ANSWERS = [
    ("orders.v2.oas2.yml", "/orders", "v2/orders", "limit=100"),
    ("orders.v2.oas2.yml", "/orders", "v2/orders", "include=consignments.line_items,fees&consignment_structure=object"),
    ("orders.v2.oas2.yml", "/orders/count", "v2/orders/count", ""),
    ("orders.v2.oas2.yml", "/orders/{order_id}", "v2/orders/{order}", ""),
    ("orders.v2.oas2.yml", "/orders/{order_id}/products", "v2/orders/{order}/products", ""),
    ("orders.v2.oas2.yml", "/orders/{order_id}/shipping_addresses", "v2/orders/{order}/shipping_addresses", ""),
    ("orders.v2.oas2.yml", "/orders/{order_id}/coupons", "v2/orders/{order}/coupons", ""),
    ("orders.v2.oas2.yml", "/orders/{order_id}/taxes", "v2/orders/{order}/taxes", ""),
    ("orders.v2.oas2.yml", "/orders/{order_id}/consignments", "v2/orders/{order}/consignments", ""),
    ("orders.v2.oas2.yml", "/order_statuses", "v2/order_statuses", ""),
    ("orders.v3.yml", "/orders/payment_actions/refunds", "v3/orders/payment_actions/refunds", "limit=100"),
    ("orders.v3.yml", "/orders/{order_id}/transactions", "v3/orders/{order}/transactions", ""),
    ("customers.v3.yml", "/customers", "v3/customers", "include=addresses,storecredit,attributes,formfields"),
    ("subscribers.v3.yml", "/customers/subscribers", "v3/customers/subscribers", ""),
    ("products_catalog.v3.yml", "/catalog/products", "v3/catalog/products", "include=variants"),
    ("product-variants_catalog.v3.yml", "/catalog/variants", "v3/catalog/variants", ""),
    ("categories_catalog.v3.yml", "/catalog/categories", "v3/catalog/categories", ""),
    ("store_information.v2.yml", "/store", "v2/store", ""),
    ("store_information.v2.yml", "/time", "v2/time", ""),
    ("currencies.v2.yml", "/currencies", "v2/currencies", ""),
]


@pytest.fixture(scope="module")
def caller() -> Caller:
    clock = Clock()
    settings = StoreSettings(tax_rates={"US": Decimal("8.25")}, exchange_rates={"EUR": Decimal("0.92")})
    shop = Shop(clock, settings, quota=None)
    shop.load_catalogue(generated_catalogue(products=12))
    shop.create_coupon("SPRING", Decimal(5))
    activity = Activity(shop, Random(5))
    items = activity._items(2)
    shop.place_order(
        items, shipping=Decimal("5.00"), handling=Decimal(1), coupons=["SPRING"], fees=[("Fee", Decimal(2))]
    )
    shop.create_customer("ada@example.com", addresses=[{"street_1": "Main Street 1", "country_iso2": "US"}])
    for step in range(400):
        activity.step()
        clock.move(step % 2)
    return Caller(BigCommerceApi(shop), ROOT, {"x-auth-token": "sandbox-token"})


@pytest.mark.parametrize(
    ("file", "described", "path", "query"), ANSWERS, ids=[f"{path}?{query}" for _, _, path, query in ANSWERS]
)
def test_an_answer_has_the_described_shape(
    file: str, described: str, path: str, query: str, caller: Caller, contracts_folder: Path
) -> None:
    description = loaded(contracts_folder / "bigcommerce" / file)
    response = resolved(description, description["paths"][described]["get"]["responses"]["200"])
    schema = response["content"]["application/json"]["schema"]
    answer = caller.get(path.format(order=100), query)
    assert answer.status == 200
    assert list(problems(description, schema, answer.body)) == []


def loaded(path: Path, known: dict[Path, Any] = {}) -> Any:  # noqa: B006 - files are read once
    if path not in known:
        known[path] = yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return known[path]


def resolved(description: Any, node: Any) -> Any:
    while "$ref" in node:
        target = description
        for part in node["$ref"].split("/")[1:]:
            target = target[part.replace("~1", "/")]
        node = target
    return node


def problems(description: Any, schema: Any, value: Any, path: str = "") -> Iterator[str]:
    """Where a value is not of its described type; null is always allowed, for the descriptions' examples have it."""
    schema = resolved(description, schema)
    if value is None or path.rpartition(".")[2] in _LOOSE:
        return
    for choices in ("oneOf", "anyOf"):
        if choices in schema and all(list(problems(description, choice, value, path)) for choice in schema[choices]):
            yield f"{path}: {json.dumps(value)[:80]} is none of the choices"
    for part in schema.get("allOf", ()):
        yield from problems(description, part, value, path)
    kind = schema.get("type")
    if kind is not None and (not isinstance(value, _KINDS[kind]) or (isinstance(value, bool) and kind != "boolean")):
        yield f"{path}: {value!r} is no {kind}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{path}: {value!r} is not one of {schema['enum']}"
    for name, described, inner in parts(schema, value):
        yield from problems(description, described, inner, f"{path}.{name}")


def parts(schema: Any, value: Any) -> Iterator[tuple[str, Any, Any]]:
    """What a value is made of, with the description of each part."""
    if isinstance(value, list) and "items" in schema:
        for place, item in enumerate(value):
            yield str(place), schema["items"], item
    if isinstance(value, dict):
        for name, described in schema.get("properties", {}).items():
            if name in value:
                yield name, described, value[name]


def test_every_described_field_of_an_order_and_its_lines_is_there(caller: Caller, contracts_folder: Path) -> None:
    description = loaded(contracts_folder / "bigcommerce" / "orders.v2.oas2.yml")
    schemas = description["components"]["schemas"]
    order = caller.get("v2/orders/100").body
    assert fields(description, schemas["order_Resp"]) - set(order) == set()
    line = caller.get("v2/orders/100/products").body[0]
    assert fields(description, schemas["orderProducts"]) - set(line) == set()
    products = loaded(contracts_folder / "bigcommerce" / "products_catalog.v3.yml")
    response = resolved(products, products["paths"]["/catalog/products"]["get"]["responses"]["200"])
    schema = response["content"]["application/json"]["schema"]
    row = resolved(products, resolved(products, schema)["properties"]["data"])["items"]
    sub_resources = {"bulk_pricing_rules", "channels", "custom_fields", "images", "modifiers", "options"}
    sub_resources |= {"parent_relations", "primary_image", "reviews", "variants", "videos"}
    assert fields(products, row) - set(caller.get("v3/catalog/products", "limit=1").body["data"][0]) <= sub_resources


def fields(description: Any, schema: Any) -> set[str]:
    schema = resolved(description, schema)
    found = set(schema.get("properties", {}))
    for part in schema.get("allOf", ()):
        found |= fields(description, part)
    return found


def test_the_comparison_can_fail() -> None:
    schema = {"type": "object", "properties": {"total": {"type": "string"}, "n": {"oneOf": [{"type": "integer"}]}}}
    assert list(problems({}, schema, {"total": 1.5}))
    assert list(problems({}, schema, {"n": "x"}))
    assert not list(problems({}, schema, {"total": "1.5", "n": 1, "more": True}))
