"""Which column of a file holds which of our fields, as `perennial.yml` says it, for each kind of file.

Only shapes: whether the columns exist is known when the files are read.
"""

from datetime import date
from typing import Any
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator


class Declaration(BaseModel):
    """An unknown key is an error, and nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class FieldMapping(Declaration):
    """Where one of our fields comes from: a column of the file, or a constant."""

    column: str | None = Field(
        default=None,
        min_length=1,
        description="The file's column. In JSONL and Parquet, dots lead into nested objects (`customer.id`).",
    )
    constant: str | None = Field(
        default=None, min_length=1, description="The same value for every row, for what the file does not say."
    )

    @model_validator(mode="before")
    @classmethod
    def _plain_column(cls, value: Any) -> Any:  # noqa: ANN401 - what stands in the file may be anything
        """Let `amount: total` stand for `amount: {column: total}`, and a constant be a number."""
        if isinstance(value, str):
            return {"column": value}
        named = value.get("column") if isinstance(value, dict) else value
        if isinstance(named, bool | int | float | date):
            # YAML takes a bare No, Yes or 2024 for a truth or a number, and `No` is what many exports call the order.
            reason = f"YAML reads this as {named}, not as a column's name; put it in quotes"
            raise ValueError(reason)  # noqa: TRY004 - pydantic collects these only
        if isinstance(value, dict) and isinstance(value.get("constant"), int | float) and value["constant"] is not True:
            return {**value, "constant": str(value["constant"])}
        return value

    @model_validator(mode="after")
    def _one_origin(self) -> "FieldMapping":
        if (self.column is None) == (self.constant is None):
            raise ValueError("needs a column's name, or {constant: …} for a value that the file lacks")
        return self


class DateMapping(FieldMapping):
    """A date or time: its column, how it is written, and in which zone."""

    format: str = Field(
        default="iso8601",
        description=(
            "`iso8601` (2024-01-31, 2024-01-31T18:30:00+01:00), `unix_seconds`, `unix_milliseconds`, or a strptime "
            "format such as `%d/%m/%Y %H:%M`. Day and month are never guessed. Date types of Parquet need none."
        ),
    )
    time_zone: str | None = Field(
        default=None,
        description=(
            "The IANA zone of values that carry no offset; default: the merchant's. A local time that occurs twice "
            "(clocks going back) is the first of the two; one that never was (clocks going forward) is moved forward "
            "by the gap. An offset in the value wins."
        ),
    )

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str | None) -> str | None:
        if value is not None and value not in available_timezones():
            raise ValueError(f"{value!r} is not an IANA time zone; write one such as Europe/Berlin")
        return value

    @field_validator("format")
    @classmethod
    def _known_format(cls, value: str) -> str:
        return _checked_format(value)


class DayMapping(FieldMapping):
    """A day: its column, and how it is written."""

    format: str = Field(
        default="iso8601",
        description=(
            "`iso8601` (2024-01-31) or a strptime format such as `%d.%m.%Y`. Day and month are never guessed. Date "
            "types of Parquet need none. A time of day is passed over."
        ),
    )

    @field_validator("format")
    @classmethod
    def _known_format(cls, value: str) -> str:
        return _checked_format(value)


def _checked_format(value: str) -> str:
    if value not in {"iso8601", "unix_seconds", "unix_milliseconds"} and "%" not in value:
        raise ValueError(
            f"{value!r} is no date format; write iso8601, unix_seconds, unix_milliseconds or one such as %d/%m/%Y"
        )
    return value


class OrderColumns(Declaration):
    """Which column of the files holds which of our fields."""

    customer_id: FieldMapping = Field(
        description="Who bought: the seller's customer id, or an address if there is none."
    )
    ordered_at: DateMapping = Field(description="When the order was placed.")
    amount: FieldMapping = Field(description="What the customer paid for the order (with `rows: lines`: for the line).")
    currency_code: FieldMapping = Field(description="ISO 4217 code; `{constant: EUR}` where the file does not say.")
    order_id: FieldMapping | None = Field(
        default=None,
        description=(
            "The seller's order id. Without one, ids are made of a row's content and its occurrence: the same rows "
            "give the same ids however the files are named and sorted, and rows that repeat each other are orders of "
            "their own."
        ),
    )
    quantity: FieldMapping | None = Field(default=None, description="Items bought; a whole number, not negative.")
    channel: FieldMapping | None = Field(default=None, description="Where the order came from.")
    email: FieldMapping | None = Field(default=None, description="The address given with the order.")
    refund_id: FieldMapping | None = Field(default=None, description="The seller's refund id; made of content without.")
    refunded_at: DateMapping | None = Field(default=None, description="When the money went back; default: ordered_at.")
    refund_amount: FieldMapping | None = Field(
        default=None, description="With `refunds: column`: what went back of this order; its sign does not matter."
    )
    line_id: FieldMapping | None = Field(
        default=None, description="With `rows: lines`: the line's id within its order."
    )
    sku: FieldMapping | None = Field(default=None, description="With `rows: lines`: the product's code.")
    product_name: FieldMapping | None = Field(default=None, description="With `rows: lines`: the product's name.")


class CustomerColumns(Declaration):
    """Which column of the customer files holds which of our fields."""

    customer_id: FieldMapping = Field(description="The same id as in the orders.")
    email: FieldMapping | None = Field(default=None, description="The customer's address.")
    phone: FieldMapping | None = Field(default=None, description="The customer's telephone number.")
    external_id: FieldMapping | None = Field(
        default=None, description="The id that another system of yours has for them, by which they are recognised."
    )
    first_name: FieldMapping | None = Field(default=None, description="Given name.")
    last_name: FieldMapping | None = Field(default=None, description="Family name.")
    country_code: FieldMapping | None = Field(
        default=None, description="Where they live: an ISO 3166 code of two letters, such as DE."
    )
    created_at: DateMapping | None = Field(default=None, description="When the customer was entered.")
    has_email_consent: FieldMapping | None = Field(
        default=None,
        description=(
            "Whether they agreed to marketing emails: true/false, yes/no, y/n, t/f, 1/0, subscribed/unsubscribed. "
            "Anything else counts as unknown, and nothing is sent on unknown."
        ),
    )
    email_consent_at: DateMapping | None = Field(default=None, description="When they agreed or withdrew.")
    email_consent_evidence: FieldMapping | None = Field(
        default=None, description="How that is known, such as a form's name or an opt-in's number; kept as proof."
    )
    has_sms_consent: FieldMapping | None = Field(
        default=None, description="Whether they agreed to text messages; read as has_email_consent is."
    )
    sms_consent_at: DateMapping | None = Field(default=None, description="When they agreed to those or withdrew.")
    sms_consent_evidence: FieldMapping | None = Field(default=None, description="How that is known.")


class OrderItemColumns(Declaration):
    """Which column of the files of order lines holds which of our fields."""

    order_id: FieldMapping = Field(description="The order that the line belongs to; the same id as in the orders.")
    amount: FieldMapping = Field(description="What the customer paid for the line; below zero for a discount's.")
    currency_code: FieldMapping = Field(description="ISO 4217 code; `{constant: EUR}` where the file does not say.")
    line_id: FieldMapping | None = Field(
        default=None, description="The line's id within its order; made of content and occurrence without."
    )
    product_id: FieldMapping | None = Field(default=None, description="The product; the same id as in the products.")
    sku: FieldMapping | None = Field(default=None, description="The product's code.")
    product_name: FieldMapping | None = Field(default=None, description="The product's name.")
    quantity: FieldMapping | None = Field(default=None, description="Items in the line; a whole number, not negative.")


class ProductColumns(Declaration):
    """Which column of the files of products holds which of our fields."""

    product_id: FieldMapping = Field(description="The same id as in the lines of orders, or the code if there is none.")
    valid_from: DayMapping | None = Field(
        default=None,
        description=(
            "The first day on which the row holds; the next row of the same product ends it. Default: always. A sale "
            "before a product's first row has no known cost."
        ),
    )
    product_name: FieldMapping | None = Field(default=None, description="The product's name.")
    category_name: FieldMapping | None = Field(default=None, description="The category that it is in.")
    sku: FieldMapping | None = Field(
        default=None, description="The product's code; with it the cost holds in the merchant's other stores too."
    )
    price_amount: FieldMapping | None = Field(default=None, description="What one costs the customer.")
    unit_cost_amount: FieldMapping | None = Field(default=None, description="What one costs the merchant, without tax.")
    currency_code: FieldMapping = Field(description="ISO 4217 code of price and cost; `{constant: EUR}` does.")


class MarketingSpendColumns(Declaration):
    """Which column of the files of marketing spend holds which of our fields."""

    spend_date: DayMapping = Field(description="The day on which the money was spent.")
    channel: FieldMapping = Field(description="Where it was spent, such as `{constant: search}`.")
    amount: FieldMapping = Field(description="What was spent; below zero for what was credited.")
    currency_code: FieldMapping = Field(description="ISO 4217 code; `{constant: EUR}` where the file does not say.")
    campaign: FieldMapping | None = Field(default=None, description="The campaign within the channel.")
    spend_id: FieldMapping | None = Field(
        default=None,
        description=(
            "An id of the row. Without one, ids are made of a row's content and its occurrence; with `mode: append` a "
            "corrected row then comes beside the one that it corrects, so map an id there."
        ),
    )
