"""One module per kind of tool that records are sent to, and the registry of them.

A new kind is a module with its settings and its class, and one line in each of the two places below.
"""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from connectors.destination import Destination
from connectors.destinations.file import FileDestination, FileSettings
from connectors.destinations.klaviyo import KlaviyoDestination, KlaviyoSettings
from connectors.destinations.sendgrid import SendGridDestination, SendGridSettings
from connectors.destinations.ses import SesDestination, SesSettings
from connectors.destinations.shopify import ShopifyActivationSettings, build_shopify
from connectors.destinations.webhook import WebhookDestination, WebhookSettings

AnySettings = (
    WebhookSettings
    | FileSettings
    | SendGridSettings
    | KlaviyoSettings
    | SesSettings
    | ShopifyActivationSettings
)  # fmt: skip

DestinationSettings = Annotated[AnySettings, Field(discriminator="type")]
"""Any destination's settings in `perennial.yml`, told apart by `type`."""


def build_destination(settings: AnySettings, base_folder: Path) -> Destination:
    """The destination that settings describe; nothing is opened or connected yet.

    Args:
        settings: The destination's settings.
        base_folder: The folder of `perennial.yml`, which relative paths start from.
    """
    match settings:
        case WebhookSettings():
            return WebhookDestination(settings)
        case FileSettings():
            return FileDestination(settings, base_folder)
        case SendGridSettings():
            return SendGridDestination(settings)
        case KlaviyoSettings():
            return KlaviyoDestination(settings)
        case ShopifyActivationSettings():
            return build_shopify(settings)
        case SesSettings():
            return SesDestination(settings)
