"""What a source is given of the world: the deployment's clock, real waiting, chance, and a place for its secrets.

Some platforms hand out tokens that replace each other. They are kept below the deployment's home, a folder per store,
each secret a file that its owner alone can read, and on disk before the one that it replaces is used up.
"""

import random
import re
import time
from pathlib import Path

from connectors.source import SourceRuntime
from models.whole_files import sync_folder, write_whole
from orchestration.deployment import Deployment

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


class FileSecretStore:
    """One store's secrets as files of one folder.

    Args:
        folder: The store's own; made when the first secret is kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, name: str) -> str | None:
        """The secret of that name; None before it was first set."""
        path = self._path(name)
        return path.read_text(encoding="utf-8") if path.exists() else None

    def set(self, name: str, value: str) -> None:
        """Keep a secret: whole or not at all, and on disk when this returns."""
        path = self._path(name)
        for folder in reversed((self._folder, *self._folder.parents[:2])):  # the merchant's, and that of all secrets
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o700)
        write_whole(path, value.encode())
        for folder in self._folder.parents[:2]:
            sync_folder(folder)

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name of a secret; use small letters, digits, - and _")
        return self._folder / name


def source_runtime(deployment: Deployment, merchant_id: str, store_id: str) -> SourceRuntime:
    """What the source of one store may use."""
    return SourceRuntime(
        clock=deployment.clock,
        sleep=time.sleep,
        random=random.Random(),  # noqa: S311 - jitter
        secrets=FileSecretStore(deployment.settings.home / "secrets" / merchant_id / store_id),
    )
