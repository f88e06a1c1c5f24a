"""Messages: what a campaign sends to one customer, made from their values of this moment.

Personal data stands in the payloads that this makes, and nowhere else. Must not decide whether anything is sent.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from activation.actions import Action
from activation.arrays import among
from activation.campaigns.declarations import CHANNEL, Campaign, Mail
from activation.consent import Contact, read_contacts
from activation.customers import customer_360
from activation.gates.gate import Refused
from activation.mail.templates import BadTemplateError, MailTemplate
from activation.mail.unsubscribing import Recipient, one_click_headers, unsubscribe_link
from activation.payloads import payload_of
from connectors.outgoing import Email, Event
from models.errors import RejectedRecordError
from models.identity import current_ids

NOBODY = "there is no such customer any more"
UNSENDABLE = "their message cannot be made of what is known of them"


@dataclass(frozen=True)
class Sender:
    """What all messages of a merchant have in common.

    Attributes:
        merchant_id: The tenant.
        merchant_name: For people.
        mail: Sender, links and formats; None where the merchant sends no emails.
        link_key: What links are signed with.
    """

    merchant_id: str
    merchant_name: str
    mail: Mail | None
    link_key: bytes = field(repr=False)

    @property
    def shop(self) -> Mapping[str, str | None]:
        """What templates find under `shop`."""
        if self.mail is None:
            return {"name": self.merchant_name}
        return {
            "name": self.merchant_name,
            "url": self.mail.shop_url,
            "postal_address": self.mail.postal_address,
            "from_name": self.mail.from_name or self.merchant_name,
        }


@dataclass(frozen=True)
class Messages:
    """Makes a campaign's messages; an `activation.rendering.Render`.

    Attributes:
        sender: The merchant.
        campaign: The campaign.
        template: Its template, checked; None for an event.
    """

    sender: Sender
    campaign: Campaign
    template: MailTemplate | None

    def __call__(
        self, connection: sa.Connection, actions: Sequence[Action], *, rendered_at: datetime
    ) -> Mapping[str, dict[str, Any] | Refused]:
        """A payload for each action, or why there is none."""
        ids = [action.customer_id for action in actions]
        contacts = read_contacts(connection, self.sender.merchant_id, ids)
        values = self._values(connection, ids)
        if missing := sorted(set(ids) - values.keys()):  # who was merged into another is written to as the person
            merged = current_ids(connection, self.sender.merchant_id, missing)
            found = self._values(connection, sorted(set(merged.values())))
            values |= {before: found[now] for before, now in merged.items() if now in found}
        made: dict[str, dict[str, Any] | Refused] = {}
        for action in actions:
            contact, row = contacts.get(action.customer_id), values.get(action.customer_id)
            if contact is None or row is None:
                made[action.action_key] = Refused(NOBODY)
                continue
            try:
                made[action.action_key] = self.payload(contact, row, at=rendered_at)
            except (BadTemplateError, RejectedRecordError) as error:
                made[action.action_key] = Refused(str(error))
            except ValueError:  # its words may hold what it is about
                made[action.action_key] = Refused(UNSENDABLE)
        return made

    def _values(self, connection: sa.Connection, customer_ids: Collection[str]) -> dict[str, dict[str, Any]]:
        rows = connection.execute(
            sa.select(customer_360).where(
                customer_360.c.merchant_id == self.sender.merchant_id, among(customer_360.c.customer_id, customer_ids)
            )
        ).mappings()
        return {row["customer_id"]: dict(row) for row in rows}

    def payload(self, contact: Contact, row: Mapping[str, Any], *, at: datetime) -> dict[str, Any]:
        """What one customer is sent: an `Email` or an `Event`.

        Args:
            contact: How they can be written to.
            row: Their row of `marts.customer_360`.
            at: Now; an event's time.

        Raises:
            BadTemplateError: The template asks of a value what it cannot do.
            RejectedRecordError: A value has no JSON form.
        """
        if self.campaign.event is not None:
            return self._event(contact, row, at).payload()
        return self.email(contact, row).payload()

    def email(self, contact: Contact, row: Mapping[str, Any]) -> Email:
        """The email to one customer, whole.

        Raises:
            BadTemplateError: The template asks of a value what it cannot do.
        """
        mail = self.sender.mail
        if mail is None or self.template is None:
            raise BadTemplateError(f"campaign {self.campaign.name} has no template, or its merchant no mail")
        recipient = Recipient(self.sender.merchant_id, row["customer_id"], CHANNEL, self.campaign.name)
        link = unsubscribe_link(mail.unsubscribe_url, recipient, self.sender.link_key)
        values = {**row, "first_name": contact.first_name, "last_name": contact.last_name}
        rendered = self.template.render(values, self.sender.shop, unsubscribe_url=link)
        name = " ".join(part for part in (contact.first_name, contact.last_name) if part)
        return Email(
            to_address=contact.email or "",
            from_address=mail.from_address,
            subject=rendered.subject,
            html=rendered.html,
            text=rendered.text,
            to_name=name or None,
            from_name=mail.from_name or self.sender.merchant_name,
            reply_to=mail.reply_to,
            headers=one_click_headers(link),
            tags={"campaign": self.campaign.name, "merchant": self.sender.merchant_id},
        )

    def _event(self, contact: Contact, row: Mapping[str, Any], at: datetime) -> Event:
        event = self.campaign.event
        if event is None:
            raise ValueError("the campaign sends emails")
        personal = {"first_name": contact.first_name, "last_name": contact.last_name}
        written = payload_of(("clv_amount", *event.properties), {**row, **personal})
        return Event(
            name=event.name,
            email=contact.email or "",
            occurred_at=at.astimezone(UTC).isoformat(),
            properties={name: written[name] for name in event.properties},
            value=written["clv_amount"],
            currency_code=row.get("currency_code"),
        )
