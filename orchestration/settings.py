"""The only reader of the environment. Every other module is handed what it needs.

Each variable stands in `.env.example` with its meaning; a test keeps the two equal. A `.env` file beside
`perennial.yml` is read too, and the environment wins over it.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import overload

from dotenv import dotenv_values

from models.errors import MisconfiguredError

PROJECT_FOLDER = Path(__file__).resolve().parent.parent

_RECEIVER_PORT = 8917
_UNSUBSCRIBE_PORT = 8921
_SHORTEST_KEY = 16
_UI_PORT = 3000
_SANDBOX_PORTS = (8918, 8919, 8920, 8921)
_CONCURRENT_STORES = 8
_MOST_CONCURRENT_STORES = 64
_ADDRESS = re.compile(r"[a-z]+://\S+")


@dataclass(frozen=True)
class Settings:
    """What a deployment sets from outside.

    Attributes:
        project_folder: The checkout.
        home: Where the embedded server, the archive and Dagster keep their data.
        config_path: The `perennial.yml` in force.
        warehouse_url: A PostgreSQL 15 or newer to use in place of the embedded one, as a libpq URL.
        server_user: The unprivileged user that runs the embedded server when Perennial is started by root.
        alert_webhook_url: Where a failed run is announced.
        log_level: The least severe level that is logged.
        ui_port: The port of the Dagster UI.
        receiver_port: The port of the demonstration's receiver.
        sandbox_shopify_port: The port of the sandbox's Shopify.
        sandbox_bigcommerce_port: The port of the sandbox's BigCommerce.
        sandbox_woocommerce_port: The port of the sandbox's WooCommerce.
        sandbox_klaviyo_port: The port of the sandbox's Klaviyo.
        concurrent_stores: How many stores are read at the same time.
        dask_address: The scheduler of the Dask cluster that calculates forecasts; None is this process.
        unsubscribe_port: The port of `perennial serve unsubscribe`.
        link_keys: What links in messages are signed with: the key in force, then earlier ones that still count.
        prior_path: What other merchants teach about small ones, as `perennial prior estimate` writes it.
        references: Values that `${NAME}` in `perennial.yml` may refer to.
    """

    project_folder: Path
    home: Path
    config_path: Path
    warehouse_url: str | None = field(default=None, repr=False)
    server_user: str | None = None
    alert_webhook_url: str | None = field(default=None, repr=False)
    log_level: str = "warning"
    ui_port: int = _UI_PORT
    receiver_port: int = _RECEIVER_PORT
    sandbox_shopify_port: int = _SANDBOX_PORTS[0]
    sandbox_bigcommerce_port: int = _SANDBOX_PORTS[1]
    sandbox_woocommerce_port: int = _SANDBOX_PORTS[2]
    sandbox_klaviyo_port: int = _SANDBOX_PORTS[3]
    concurrent_stores: int = _CONCURRENT_STORES
    dask_address: str | None = None
    prior_path: Path | None = None
    unsubscribe_port: int = _UNSUBSCRIBE_PORT
    link_keys: tuple[str, ...] = field(default=(), repr=False)
    references: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str], *, project_folder: Path = PROJECT_FOLDER) -> "Settings":
        """Read the settings.

        Args:
            environment: The process's environment.
            project_folder: The checkout; `.env` and `perennial.yml` are looked for there.

        Raises:
            MisconfiguredError: A variable holds what it cannot mean.
        """
        from_file = {k: v for k, v in dotenv_values(project_folder / ".env").items() if v is not None}
        values = {**from_file, **environment}

        def text(name: str) -> str | None:
            return values.get(name, "").strip() or None

        def number(name: str, default: int, most: int, what: str) -> int:
            written = text(name)
            if written is None:
                return default
            if not written.isdigit() or not 0 < int(written) <= most:
                raise MisconfiguredError(name, f"{written!r} is not {what}; give a number from 1 to {most}")
            return int(written)

        def port(name: str, default: int) -> int:
            return number(name, default, 65535, "a port")

        @overload
        def path(name: str, default: Path) -> Path: ...
        @overload
        def path(name: str, default: None) -> Path | None: ...
        def path(name: str, default: Path | None) -> Path | None:
            written = text(name)
            return (project_folder / Path(written).expanduser()) if written else default

        def address(name: str) -> str | None:
            written = text(name)
            if written is not None and not _ADDRESS.fullmatch(written):
                raise MisconfiguredError(name, f"{written!r} is not an address such as tcp://scheduler:8786")
            return written

        log_level = (text("PERENNIAL_LOG_LEVEL") or "warning").lower()
        if log_level not in {"debug", "info", "warning", "error"}:
            raise MisconfiguredError("PERENNIAL_LOG_LEVEL", f"{log_level!r}; use debug, info, warning or error")
        return cls(
            project_folder=project_folder,
            home=path("PERENNIAL_HOME", project_folder / ".perennial"),
            config_path=path("PERENNIAL_CONFIG", project_folder / "perennial.yml"),
            warehouse_url=text("PERENNIAL_WAREHOUSE_URL"),
            server_user=text("PERENNIAL_SERVER_USER"),
            alert_webhook_url=text("PERENNIAL_ALERT_WEBHOOK_URL"),
            log_level=log_level,
            ui_port=port("PERENNIAL_UI_PORT", _UI_PORT),
            receiver_port=port("PERENNIAL_RECEIVER_PORT", _RECEIVER_PORT),
            sandbox_shopify_port=port("PERENNIAL_SANDBOX_SHOPIFY_PORT", _SANDBOX_PORTS[0]),
            sandbox_bigcommerce_port=port("PERENNIAL_SANDBOX_BIGCOMMERCE_PORT", _SANDBOX_PORTS[1]),
            sandbox_woocommerce_port=port("PERENNIAL_SANDBOX_WOOCOMMERCE_PORT", _SANDBOX_PORTS[2]),
            sandbox_klaviyo_port=port("PERENNIAL_SANDBOX_KLAVIYO_PORT", _SANDBOX_PORTS[3]),
            concurrent_stores=number(
                "PERENNIAL_CONCURRENT_STORES", _CONCURRENT_STORES, _MOST_CONCURRENT_STORES, "a number of stores"
            ),
            dask_address=address("PERENNIAL_DASK_ADDRESS"),
            prior_path=path("PERENNIAL_PRIOR", None),
            unsubscribe_port=port("PERENNIAL_UNSUBSCRIBE_PORT", _UNSUBSCRIBE_PORT),
            link_keys=_keys("PERENNIAL_LINK_KEYS", text("PERENNIAL_LINK_KEYS")),
            references=values,
        )


def _keys(name: str, written: str | None) -> tuple[str, ...]:
    found = tuple(key.strip() for key in (written or "").split(",") if key.strip())
    if any(len(key) < _SHORTEST_KEY for key in found):
        raise MisconfiguredError(name, f"a key needs {_SHORTEST_KEY} characters or more")
    return found


def current_settings() -> Settings:
    """The settings of this process's environment."""
    return Settings.from_environment(os.environ)
