"""Emails to send, as the tests of every provider of email send them."""

from typing import Any

from connectors.destination import Delivery, Operation
from connectors.outgoing import Email

WHOLE: dict[str, Any] = {
    "to_name": "Zoë",
    "from_name": "The Shop",
    "reply_to": "answers@shop.example",
    "headers": {
        "List-Unsubscribe": "<https://shop.example/u/1>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    },
    "tags": {"campaign": "win back!", "step": "1"},
}
"""All parts that an email need not have."""


def email(number: int = 1, **parts: Any) -> Delivery:
    """The nth customer's email, with other parts where they are given."""
    values = {
        "to_address": f"c{number}@shop.example",
        "from_address": "hello@shop.example",
        "subject": f"We miss you {number}",
        "html": "<p>Come back, {{you}}</p>",
        "text": "Come back",
        **parts,
    }
    return Delivery(f"key-{number}", "cdnow", "win-back", f"c{number}", Operation.SEND, Email(**values).payload())
