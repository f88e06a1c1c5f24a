"""What an app may change: customers' tags, metafields, and discount codes, with the refusals that come in a 200.

Every change is written down by the shop before it is answered.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from connectors.sandbox.shopify.books import Books
from connectors.sandbox.shopify.context import Context
from connectors.sandbox.shopify.merchandise import Discount, RedeemCode
from connectors.sandbox.shopify.money import minor_units
from connectors.sandbox.shopify.records import Customer
from connectors.sandbox.shopify.schema import Arguments, Declaration, Node, Schema
from connectors.sandbox.shopify.shop_fields import number_of

_MOST_METAFIELDS = 25
_MOST_TAGS = 250
_LONGEST_TAG = 255
_LONGEST_TEXT = 255
_LARGEST_LIMIT = 2_147_483_647
_METAFIELD_TYPES = {
    "boolean", "date", "date_time", "json", "multi_line_text_field", "number_decimal", "number_integer",
    "single_line_text_field",
}  # fmt: skip
_KEY = re.compile(r"[\w-]{2,64}")
_NAMESPACE = re.compile(r"[\w$:-]{3,255}")

Problem = dict[str, Any]
_INPUT = "basicCodeDiscount"


def declare_writing(schema: Schema) -> None:
    """Add the mutations."""
    tagging = "(id: ID!, tags: [String!]!)"
    schema.declare(
        "Mutation",
        {
            f"tagsAdd{tagging}: TagsAddPayload": _add_tags,
            f"tagsRemove{tagging}: TagsRemovePayload": _remove_tags,
            "metafieldsSet(metafields: [MetafieldsSetInput!]!): MetafieldsSetPayload": _set_metafields,
            "metafieldsDelete(metafields: [MetafieldIdentifierInput!]!): MetafieldsDeletePayload": _delete_metafields,
            f"discountCodeBasicCreate({_INPUT}: DiscountCodeBasicInput!): DiscountCodeBasicCreatePayload": _create_code,
            "discountCodeDeactivate(id: ID!): DiscountCodeDeactivatePayload": _deactivate_code,
        },
    )
    schema.restrict("Mutation", "tagsAdd tagsRemove metafieldsSet metafieldsDelete", scope="write_customers")
    schema.restrict("Mutation", "discountCodeBasicCreate discountCodeDeactivate", scope="write_discounts")
    node: Declaration = {"node: Node": _part("node")}
    metafields: Declaration = {"metafields: [Metafield!]": _part("metafields")}
    discount: Declaration = {"codeDiscountNode: DiscountCodeNode": _part("discount")}
    for payload, kind, fields in (
        ("TagsAddPayload", "UserError", node),
        ("TagsRemovePayload", "UserError", node),
        ("MetafieldsSetPayload", "MetafieldsSetUserError", metafields),
        ("MetafieldsDeletePayload", "UserError", {}),
        ("DiscountCodeBasicCreatePayload", "DiscountUserError", discount),
        ("DiscountCodeDeactivatePayload", "DiscountUserError", discount),
    ):
        schema.declare(payload, {**fields, f"userErrors: [{kind}!]!": _part("errors")})
    described: Declaration = {"field: [String!]": _part("field"), "message: String!": _part("message")}
    schema.declare("DiscountUserError", {**described, "code: DiscountErrorCode": _part("code")})
    schema.declare(
        "MetafieldsSetUserError",
        {**described, "code: MetafieldsSetUserErrorCode": _part("code"), "elementIndex: Int": _part("index")},
    )


def _part(name: str) -> Callable[[Mapping[str, Any], Context], Any]:
    return lambda x, _: x.get(name)


def _wrong(message: str, code: str, *place: str, index: int | None = None) -> Problem:
    return {"field": list(place), "message": message, "code": code, "index": index}


def _customer(global_id: str, shop: Books) -> Customer | None:
    number = number_of(global_id, "Customer")
    return None if number is None else shop.customers.get(number)


def _add_tags(_: Node, context: Context, arguments: Arguments) -> Node:
    return _retagged(context, arguments, "tags_added")


def _remove_tags(_: Node, context: Context, arguments: Arguments) -> Node:
    return _retagged(context, arguments, "tags_removed")


def _retagged(context: Context, arguments: Arguments, effect: str) -> Node:
    shop = context.shop
    customer = _customer(arguments["id"], shop)
    if customer is None:
        return {"errors": [_wrong("Customer does not exist", "", "id")]}
    # A comma ends a tag, as it does in the admin's own field.
    given = [tag.strip() for text in arguments["tags"] for tag in text.split(",") if tag.strip()]
    if any(len(tag) > _LONGEST_TAG for tag in given):
        return {"errors": [_wrong(f"Tag is too long (maximum is {_LONGEST_TAG} characters)", "", "tags")]}
    named = {tag.casefold() for tag in given}
    kept = [tag for tag in customer.tags if tag.casefold() not in named or effect == "tags_added"]
    held = {tag.casefold() for tag in kept}
    added = [tag for tag in dict.fromkeys(given) if tag.casefold() not in held] if effect == "tags_added" else []
    if len(kept) + len(added) > _MOST_TAGS:
        return {"errors": [_wrong(f"Customer cannot have more than {_MOST_TAGS} tags", "", "tags")]}
    if (*kept, *added) != customer.tags:
        customer.tags = (*kept, *added)
        known_at, customer.updated_at = customer.updated_at, shop.now()
        shop.customers.touched(customer, known_at)
        shop.note_effect(effect, customer_id=customer.id, tags=given)
    return {"node": ("Customer", customer), "errors": []}


def _set_metafields(_: Node, context: Context, arguments: Arguments) -> Node:
    """All of them or none."""
    shop, given = context.shop, arguments["metafields"]
    if len(given) > _MOST_METAFIELDS:
        message = f"Exceeded the maximum metafields input limit of {_MOST_METAFIELDS}."
        return {"errors": [_wrong(message, "LESS_THAN_OR_EQUAL_TO", "metafields")]}
    problems = [problem for place, one in enumerate(given) for problem in _metafield_problems(place, one, shop)]
    if problems:
        return {"errors": problems}
    written = []
    for one in given:
        place = (one["ownerId"], one["namespace"], one["key"])
        if shop.metafields.get(place) != (one["type"], one["value"]):
            shop.metafields[place] = (one["type"], one["value"])
            shop.note_effect("metafield_set", owner=place[0], namespace=place[1], key=place[2], value=one["value"])
        written.append({"number": 1, **one})
    return {"metafields": written, "errors": []}


def _delete_metafields(_: Node, context: Context, arguments: Arguments) -> Node:
    shop = context.shop
    for one in arguments["metafields"]:
        place = (one["ownerId"], one["namespace"], one["key"])
        if shop.metafields.pop(place, None) is not None:
            shop.note_effect("metafield_deleted", owner=place[0], namespace=place[1], key=place[2])
    return {"errors": []}


def _metafield_problems(place: int, one: Mapping[str, Any], shop: Books) -> Iterator[Problem]:
    where = ("metafields", str(place))
    if _customer(one["ownerId"], shop) is None:
        yield _wrong("Owner does not exist.", "INVALID", *where, "ownerId", index=place)
    if not _NAMESPACE.fullmatch(one.get("namespace") or ""):
        yield _wrong("Namespace is invalid", "INVALID", *where, "namespace", index=place)
    if not _KEY.fullmatch(one["key"]):
        yield _wrong("Key is invalid", "INVALID", *where, "key", index=place)
    kind, value = one.get("type"), one["value"]
    if kind not in _METAFIELD_TYPES:
        yield _wrong(f"Type '{kind}' is invalid.", "INCLUSION", *where, "type", index=place)
    elif not value:
        yield _wrong("Value can't be blank.", "BLANK", *where, "value", index=place)
    elif not _fits(kind, value):
        yield _wrong(f"Value is no {kind}: '{value}'.", "INVALID_VALUE", *where, "value", index=place)


def _fits(kind: str, value: str) -> bool:
    try:
        if kind == "number_integer":
            return str(int(value)) == value
        if kind == "number_decimal":
            return Decimal(value).is_finite()
        if kind in {"date", "date_time"}:
            return bool(datetime.fromisoformat(value))
    except (ValueError, ArithmeticError):
        return False
    if kind == "boolean":
        return value in {"true", "false"}
    return kind == "multi_line_text_field" or "\n" not in value


@dataclass(frozen=True)
class _Terms:
    """A new code, read."""

    code: str
    title: str
    percentage: Decimal | None
    amount: int
    starts_at: datetime
    ends_at: datetime | None
    limit: int | None
    minimum: int | None
    customers: tuple[int, ...]


def _create_code(_: Node, context: Context, arguments: Arguments) -> Node:
    shop, given = context.shop, arguments[_INPUT]
    problems = list(_code_problems(given, shop))
    if problems:
        return {"errors": problems}
    terms = _terms(given, shop)
    discount = Discount(
        id=shop.new_discount_id(),
        kind="DiscountCodeBasic",
        title=terms.title,
        starts_at=terms.starts_at,
        created_at=shop.now(),
        updated_at=shop.now(),
        percentage=terms.percentage,
        amount=terms.amount,
        ends_at=terms.ends_at,
        usage_limit=terms.limit,
        once_per_customer=bool(given.get("appliesOncePerCustomer")),
        codes=(RedeemCode(shop.new_discount_id(), terms.code),),
        minimum=terms.minimum,
        customer_ids=terms.customers,
    )
    shop.discounts.put(discount)
    shop.note_effect("code_created", discount_id=discount.id, code=terms.code, title=terms.title)
    return {"discount": discount, "errors": []}


def _terms(given: Mapping[str, Any], shop: Books) -> _Terms:
    value = given["customerGets"]["value"]
    percentage = value.get("percentage")
    minimum = ((given.get("minimumRequirement") or {}).get("subtotal") or {}).get("greaterThanOrEqualToSubtotal")
    chosen = ((given.get("context") or {}).get("customers") or {}).get("add") or []
    ends_at = given.get("endsAt")
    amount = value["discountAmount"]["amount"] if percentage is None else 0
    return _Terms(
        code=given["code"].strip(),
        title=given["title"],
        percentage=None if percentage is None else Decimal(str(percentage)),
        amount=minor_units(Decimal(str(amount)), shop.currency),
        starts_at=_moment(given["startsAt"]),
        ends_at=None if ends_at is None else _moment(ends_at),
        limit=given.get("usageLimit"),
        minimum=None if minimum is None else minor_units(Decimal(str(minimum)), shop.currency),
        customers=tuple(number for global_id in chosen if (number := number_of(global_id, "Customer")) is not None),
    )


def _code_problems(given: Mapping[str, Any], shop: Books) -> Iterator[Problem]:
    title, code = given.get("title") or "", given.get("code") or ""
    if not title:
        yield _wrong("Title can't be blank", "BLANK", _INPUT, "title")
    if len(title) > _LONGEST_TEXT:
        yield _wrong("Title is too long (maximum is 255 characters)", "TOO_LONG", _INPUT, "title")
    if not code.strip():
        yield _wrong("Code can't be blank", "BLANK", _INPUT, "code")
    elif "\n" in code:
        yield _wrong("Code cannot contain newline characters.", "INVALID", _INPUT, "code")
    elif len(code) > _LONGEST_TEXT:
        yield _wrong("Code is too long (maximum is 255 characters)", "TOO_LONG", _INPUT, "code")
    elif shop.discount_of(code.strip()) is not None:
        yield _wrong("Code must be unique. Please try a different code.", "TAKEN", _INPUT, "code")
    limit = given.get("usageLimit")
    if limit is not None and limit <= 0:
        yield _wrong("Usage limit must be greater than 0", "GREATER_THAN", _INPUT, "usageLimit")
    elif limit is not None and limit > _LARGEST_LIMIT:
        message = f"Usage limit must be less than or equal to {_LARGEST_LIMIT}"
        yield _wrong(message, "LESS_THAN_OR_EQUAL_TO", _INPUT, "usageLimit")
    yield from _time_problems(given)
    yield from _value_problems((given.get("customerGets") or {}).get("value") or {})
    for place, global_id in enumerate(((given.get("context") or {}).get("customers") or {}).get("add") or []):
        if _customer(global_id, shop) is None:
            message = f"Customer with id: {global_id.rpartition('/')[2]} is invalid"
            yield _wrong(message, "INVALID", _INPUT, "context", "customers", "add", str(place))


def _time_problems(given: Mapping[str, Any]) -> Iterator[Problem]:
    if not given.get("startsAt"):
        yield _wrong("Starts at can't be blank", "BLANK", _INPUT, "startsAt")
    elif given.get("endsAt") and _moment(given["endsAt"]) <= _moment(given["startsAt"]):
        yield _wrong("Ends at needs to be after starts_at", "INVALID", _INPUT, "endsAt")


def _value_problems(value: Mapping[str, Any]) -> Iterator[Problem]:
    place = (_INPUT, "customerGets", "value")
    percentage, amount = value.get("percentage"), (value.get("discountAmount") or {}).get("amount")
    if percentage is not None and not 0 <= percentage <= 1:
        yield _wrong("Value must be between 0.0 and 1.0", "VALUE_OUTSIDE_RANGE", *place, "percentage")
    if amount is not None and Decimal(str(amount)) <= 0:
        message = "Value must be less than or equal to 0"
        yield _wrong(message, "LESS_THAN_OR_EQUAL_TO", *place, "discountAmount", "amount")
    if percentage is None and amount is None:
        yield _wrong("Value can't be blank", "BLANK", *place)


def _deactivate_code(_: Node, context: Context, arguments: Arguments) -> Node:
    shop = context.shop
    number = number_of(arguments["id"], "DiscountCodeNode")
    discount = None if number is None else shop.discounts.get(number)
    if discount is None:
        return {"errors": [_wrong("Code discount does not exist.", "INVALID", "id")]}
    if discount.status(shop.now()) != "EXPIRED":
        known_at, discount.ends_at, discount.updated_at = discount.updated_at, shop.now(), shop.now()
        shop.discounts.touched(discount, known_at)
        shop.note_effect("code_deactivated", discount_id=discount.id, code=discount.codes[0].code)
    return {"discount": discount, "errors": []}


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(microsecond=0)
