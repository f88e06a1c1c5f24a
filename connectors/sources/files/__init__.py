"""The files source: orders, refunds and customers from a merchant's own exports."""

from connectors.sources.files.settings import FilesSettings
from connectors.sources.files.source import FilesSource

__all__ = ["FilesSettings", "FilesSource"]
