"""Campaigns as `perennial.yml` declares them: whom a trigger finds, what they are sent, and what keeps it back.

Must not read the warehouse.
"""

from collections.abc import Mapping
from datetime import date, time
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from activation.campaigns.ready_made import READY_MADE
from activation.consent import is_email_address
from activation.experiments.assignment import DEFAULT_HOLDOUT_SHARE
from activation.mail.formats import DEFAULT_LOCALE, known_locale
from activation.mail.templates import CUSTOMER_VARIABLES
from activation.payloads import digest
from activation.rules import Rule, closest

CHANNEL = "email"


def _address(value: str) -> str:
    if not is_email_address(value):
        raise ValueError(f"{value!r} is not an email address")
    return value


def _web_address(value: str) -> str:
    if not value.startswith(("https://", "http://127.0.0.1", "http://localhost")):
        raise ValueError(f"{value!r} is not an address that begins with https://")
    return value


Address = Annotated[str, AfterValidator(_address)]
WebAddress = Annotated[str, AfterValidator(_web_address)]


class _Declared(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class QuietHours(_Declared):
    """Hours of the recipient's day in which nobody is written to."""

    from_time: time = Field(default=time(21), alias="from", description="When they begin, such as 21:00.")
    until: time = Field(default=time(8), description="When they end, such as 08:00.")

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    @model_validator(mode="after")
    def _leaves_a_day(self) -> Self:
        if self.from_time == self.until:
            raise ValueError("from and until are equal: nobody could ever be written to, or at any time")
        return self


class FrequencyCap(_Declared):
    """How many messages a customer gets at most, over all campaigns."""

    messages: int = Field(default=2, ge=1, le=100, description="At most so many.")
    days: int = Field(default=7, ge=1, le=365, description="Within so many days.")


class Mail(_Declared):
    """What every message of a merchant has in common."""

    from_address: Address = Field(description="Who messages are from; the mail provider must know the domain.")
    from_name: str | None = Field(default=None, description="The sender's name. Default: the merchant's.")
    reply_to: Address | None = Field(default=None, description="Where answers go. Default: the sender.")
    shop_url: WebAddress = Field(description="The shop, for links.")
    unsubscribe_url: WebAddress = Field(description="Where `perennial serve unsubscribe` can be reached by anybody.")
    postal_address: str | None = Field(default=None, description="Stands in each message; many laws ask for it.")
    locale: Annotated[str, AfterValidator(known_locale)] = Field(
        default=DEFAULT_LOCALE, description="How money and days are written, such as de_DE."
    )
    quiet_hours: QuietHours | None = Field(
        default=QuietHours(), description="Hours of the recipient's day without messages; null for none."
    )
    frequency_cap: FrequencyCap | None = Field(
        default=FrequencyCap(), description="The most messages per customer, over all campaigns; null for no limit."
    )


class Trigger(_Declared):
    """What makes a customer get the message; exactly one of these."""

    segment_entered: str | None = Field(default=None, description="They entered this segment.")
    segment_left: str | None = Field(default=None, description="They left this segment.")
    churn_probability: float | None = Field(
        default=None, gt=0, lt=1, description="Their churn probability rose to this. Once after each order."
    )
    next_order_within_days: int | None = Field(
        default=None,
        ge=0,
        le=365,
        description="Their next order is expected within so many days. Once after each order.",
    )
    meets: Rule | None = Field(default=None, description="They came to meet this rule. Once.")

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        given = sorted(self.model_fields_set)
        if len(given) != 1:
            found = ", ".join(given) or "none"
            raise ValueError(f"needs exactly one of {', '.join(type(self).model_fields)}; found {found}")
        return self

    @property
    def kind(self) -> str:
        """The one key that it has."""
        return next(iter(self.model_fields_set))


class Message(_Declared):
    """An email."""

    template: str = Field(min_length=1, description="A ready-made template, or an `.mjml` file beside perennial.yml.")
    subject: str = Field(min_length=1, max_length=200, description="One line; may hold variables, as the template.")
    variables: dict[str, str | int | float | bool] = Field(
        default_factory=dict, description="What the template finds under `message`."
    )


class MarketingEvent(_Declared):
    """An event at a marketing tool, which writes to the customer itself."""

    name: str = Field(min_length=1, max_length=100, description="What the tool calls it.")
    properties: tuple[str, ...] = Field(default=(), description="Columns of `marts.customer_360` that it holds.")

    @model_validator(mode="after")
    def _holds_known_columns(self) -> Self:
        for name in self.properties:
            if name not in CUSTOMER_VARIABLES:
                raise ValueError(f"properties: {name!r} is no column{closest(name, CUSTOMER_VARIABLES)}")
        return self


class Campaign(_Declared):
    """A message that customers get on an occasion, and whom it is kept from."""

    name: str = Field(
        min_length=1, max_length=60, pattern=r"^[a-z][a-z0-9_]*$", description="Small letters, digits, _."
    )
    ready_made: str | None = Field(default=None, description=f"Begin with one of: {', '.join(READY_MADE)}.")
    description: str = Field(default="", description="What it is for, for people.")
    active_from: date = Field(description="What happened before this day messages no one.")
    active_until: date | None = Field(default=None, description="The last day that triggers anything.")
    is_paused: bool = Field(default=False, description="Whether it rests: nobody is enrolled or written to.")
    includes_present: bool = Field(
        default=False, description="Whether the first night triggers whoever meets the trigger already."
    )
    trigger: Trigger = Field(description="What makes a customer get the message.")
    only: Rule | None = Field(default=None, description="A rule that they must meet as well.")
    destination: str = Field(description="Which of `destinations` sends it.")
    message: Message | None = Field(default=None, description="The email; or declare an event.")
    event: MarketingEvent | None = Field(default=None, description="An event for a marketing tool, in its place.")
    holdout_share: float = Field(
        default=DEFAULT_HOLDOUT_SHARE,
        gt=0,
        lt=1,
        description="The share of customers who do not get it, to compare with.",
    )
    salt: str = Field(default="", description="Another one deals the arms anew.")
    window_days: int = Field(default=30, ge=1, le=365, description="Days after the trigger whose revenue counts.")
    cooldown_days: int = Field(default=30, ge=0, le=3650, description="How long nobody is enrolled again.")
    valid_days: int = Field(default=3, ge=1, le=60, description="How old a trigger may be when it is sent.")
    quiet_hours: QuietHours | Literal[False] | None = Field(
        default=None, description="In place of the merchant's; false for none."
    )
    frequency_cap: FrequencyCap | Literal[False] | None = Field(
        default=None, description="In place of the merchant's; false for none."
    )

    @model_validator(mode="before")
    @classmethod
    def _begins_with_the_ready_made(cls, values: Any) -> Any:  # noqa: ANN401 - what stands in the file may be anything
        if not isinstance(values, Mapping) or values.get("ready_made") is None:
            return values
        name = str(values["ready_made"])
        if name not in READY_MADE:
            raise ValueError(
                f"ready_made: there is no {name!r}{closest(name, tuple(READY_MADE))} There are: {', '.join(READY_MADE)}"
            )
        made = {"name": name, **READY_MADE[name], **values}
        if values.get("event") is not None:
            made["message"] = values.get("message")
        elif isinstance(own := values.get("message"), Mapping):
            base = READY_MADE[name]["message"]
            made["message"] = {**base, **own, "variables": {**base["variables"], **(own.get("variables") or {})}}
        return made

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.message is None) is (self.event is None):
            raise ValueError("message: declare a message or an event, and one of them")
        if self.active_until is not None and self.active_until < self.active_from:
            raise ValueError("active_until: lies before active_from")
        return self

    @property
    def version(self) -> str:
        """Digest of the declaration: changes when, and only when, the campaign is another one."""
        return digest(self.declaration)

    @property
    def declaration(self) -> dict[str, Any]:
        """The declaration as JSON, with everything that was left to its default."""
        return self.model_dump(mode="json", by_alias=True, exclude={"ready_made", "description", "is_paused"})

    def is_active(self, day: date) -> bool:
        """Whether what happens on a day triggers it."""
        has_ended = self.active_until is not None and day > self.active_until
        return not self.is_paused and day >= self.active_from and not has_ended
