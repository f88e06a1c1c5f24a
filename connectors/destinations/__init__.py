"""One module per kind of tool that records are sent to, and the registry of them.

A new kind is a module with its settings and its class, and one line in each of the two places below.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated

from pydantic import Field

from connectors.destination import Destination
from connectors.destinations.failover import FailoverDestination, FailoverSettings
from connectors.destinations.file import FileDestination, FileSettings
from connectors.destinations.klaviyo import KlaviyoDestination, KlaviyoSettings
from connectors.destinations.s3 import S3Destination, S3Settings
from connectors.destinations.sendgrid import SendGridDestination, SendGridSettings
from connectors.destinations.ses import SesDestination, SesSettings
from connectors.destinations.shopify import ShopifyActivationSettings, build_shopify
from connectors.destinations.webhook import WebhookDestination, WebhookSettings
from connectors.directory import CustomerDirectory
from models.errors import MisconfiguredError

AnySettings = (
    WebhookSettings
    | FileSettings
    | FailoverSettings
    | SendGridSettings
    | KlaviyoSettings
    | SesSettings
    | ShopifyActivationSettings
    | S3Settings
)  # fmt: skip

DestinationSettings = Annotated[AnySettings, Field(discriminator="type")]
"""Any destination's settings in `perennial.yml`, told apart by `type`."""


def build_destination(
    settings: AnySettings,
    base_folder: Path,
    others: Iterable[AnySettings] = (),
    directory: CustomerDirectory | None = None,
) -> Destination:
    """The destination that settings describe; nothing is opened or connected yet.

    Args:
        settings: The destination's settings.
        base_folder: The folder of `perennial.yml`, which relative paths start from.
        others: The settings that it may refer to by name.
        directory: Which accounts customers have at stores, for destinations that write to accounts.

    Raises:
        MisconfiguredError: It refers to a destination that is not there, or that cannot stand in for another; or it
            writes to accounts, and there is no directory.
    """
    match settings:
        case WebhookSettings():
            return WebhookDestination(settings)
        case FailoverSettings():
            return _build_failover(settings, base_folder, {other.name: other for other in others})
        case FileSettings():
            return FileDestination(settings, base_folder)
        case SendGridSettings():
            return SendGridDestination(settings)
        case KlaviyoSettings():
            return KlaviyoDestination(settings)
        case ShopifyActivationSettings():
            return build_shopify(settings, directory)
        case SesSettings():
            return SesDestination(settings)
        case S3Settings():
            return S3Destination(settings)


def _build_failover(
    settings: FailoverSettings, base_folder: Path, others: Mapping[str, AnySettings]
) -> FailoverDestination:
    key = f"destinations ({settings.name}).destinations"
    for name in settings.destinations:
        if name not in others or isinstance(others[name], FailoverSettings):
            raise MisconfiguredError(key, f"{name!r} is no destination that could take what another did not")
    if len(set(settings.destinations)) < len(settings.destinations):
        raise MisconfiguredError(key, "a destination cannot stand in for itself")
    try:
        return FailoverDestination(
            settings.name, [build_destination(others[name], base_folder) for name in settings.destinations]
        )
    except ValueError as error:
        raise MisconfiguredError(key, str(error)) from None
