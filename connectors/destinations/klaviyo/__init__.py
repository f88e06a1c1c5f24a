"""Klaviyo: profiles in bulk, lists, events and suppressions. The other modules here are its parts."""

from connectors.destinations.klaviyo.client import Pacing
from connectors.destinations.klaviyo.destination import KlaviyoDestination
from connectors.destinations.klaviyo.settings import KlaviyoSettings

__all__ = ["KlaviyoDestination", "KlaviyoSettings", "Pacing"]
