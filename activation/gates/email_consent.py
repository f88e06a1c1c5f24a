"""Whether the customer agreed to emails, as the contacts say now: they may have withdrawn since the plan was made."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from activation.actions import Action, Target
from activation.consent import email_refusal, read_contacts
from activation.gates.gate import ALLOWED, Answer, Refused


class EmailConsent:
    """Refuses whoever is not known to have agreed, or has no address to write to."""

    def answers(
        self,
        connection: sa.Connection,
        target: Target,
        actions: Sequence[Action],
        *,
        asked_at: datetime,  # noqa: ARG002 - consent is as it stands
    ) -> Mapping[str, Answer]:
        """Refusals by consent and address."""
        contacts = read_contacts(connection, target.merchant_id, [action.customer_id for action in actions])
        refusals = {action.action_key: email_refusal(contacts.get(action.customer_id)) for action in actions}
        return {key: ALLOWED if refusal is None else Refused(str(refusal)) for key, refusal in refusals.items()}
