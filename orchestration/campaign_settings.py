"""What `perennial.yml` says of campaigns, held against everything that they refer to before any of them runs."""

from collections.abc import Sequence
from pathlib import Path

from activation.campaigns.declarations import Campaign, Mail
from activation.mail.formats import DEFAULT_LOCALE
from activation.mail.templates import BadTemplateError, MailTemplate, template_source
from models.errors import MisconfiguredError


def check_campaigns(
    campaigns: Sequence[Campaign], mail: Mail | None, key: str, destinations: set[str], folder: Path
) -> None:
    """Check that what campaigns refer to is there, and that every template can be filled in.

    Raises:
        MisconfiguredError: Names the first key at fault.
    """
    for number, campaign in enumerate(campaigns):
        here = f"{key}.campaigns[{number}]"
        if campaign.destination not in destinations:
            choices = ", ".join(sorted(destinations)) or "none"
            raise MisconfiguredError(
                f"{here}.destination", f"{campaign.destination!r} is not declared; declared are: {choices}"
            )
        if campaign.message is None:
            continue
        if mail is None:
            raise MisconfiguredError(
                f"{key}.mail", f"is needed for campaign '{campaign.name}': sender, shop and the way out"
            )
        try:
            mail_template(mail, campaign, folder)
        except BadTemplateError as error:
            raise MisconfiguredError(f"{here}.message", str(error)) from None


def mail_template(mail: Mail | None, campaign: Campaign, folder: Path) -> MailTemplate | None:
    """The campaign's template, read and checked; None for an event.

    Args:
        mail: The merchant's, for its locale.
        campaign: The campaign.
        folder: That of `perennial.yml`.

    Raises:
        BadTemplateError: It is not there, or cannot be filled in for everybody.
    """
    message = campaign.message
    if message is None:
        return None
    template = MailTemplate(
        message.template,
        template_source(message.template, folder),
        message.subject,
        message.variables,
        mail.locale if mail else DEFAULT_LOCALE,
    )
    template.check()
    return template
