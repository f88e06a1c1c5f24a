"""What `${NAME}` in `perennial.yml` may refer to: the environment, and what this machine offers to try things out.

That is the demonstration's receiver and the sandbox's platforms. Their secrets are made once per deployment and kept in
its home, readable by their owner only.
"""

import hashlib
import secrets
from collections.abc import Mapping

from connectors.sandbox.access import SandboxAccess
from models.whole_files import write_once
from orchestration.settings import Settings

RECEIVER_URL = "PERENNIAL_RECEIVER_URL"
UNSUBSCRIBE_URL = "PERENNIAL_UNSUBSCRIBE_URL"
RECEIVER_SECRET = "PERENNIAL_RECEIVER_SECRET"  # noqa: S105 - the name of a variable, not its value


def references(settings: Settings) -> Mapping[str, str]:
    """The values by name; the environment wins over what is made up here."""
    access = sandbox_access(settings)
    return {
        RECEIVER_URL: f"http://127.0.0.1:{settings.receiver_port}/deliveries",
        RECEIVER_SECRET: _secret(settings, "receiver-secret"),
        UNSUBSCRIBE_URL: f"http://127.0.0.1:{settings.unsubscribe_port}/unsubscribe",
        "PERENNIAL_SANDBOX_SHOPIFY_URL": access.shopify_url,
        "PERENNIAL_SANDBOX_SHOPIFY_TOKEN": access.shopify_token,
        "PERENNIAL_SANDBOX_BIGCOMMERCE_URL": access.bigcommerce_url,
        "PERENNIAL_SANDBOX_BIGCOMMERCE_TOKEN": access.bigcommerce_token,
        "PERENNIAL_SANDBOX_WOOCOMMERCE_URL": access.woocommerce_url,
        "PERENNIAL_SANDBOX_WOOCOMMERCE_KEY": access.woocommerce_key,
        "PERENNIAL_SANDBOX_WOOCOMMERCE_SECRET": access.woocommerce_secret,
        "PERENNIAL_SANDBOX_KLAVIYO_URL": access.klaviyo_url,
        "PERENNIAL_SANDBOX_KLAVIYO_KEY": access.klaviyo_key,
        **settings.references,
    }


def link_keys(settings: Settings) -> tuple[bytes, ...]:
    """What links in messages are signed with: the key in force first, then earlier ones."""
    if settings.link_keys:
        return tuple(key.encode() for key in settings.link_keys)
    return (_secret(settings, "link-key").encode(),)


def sandbox_access(settings: Settings) -> SandboxAccess:
    """Where the sandbox's platforms listen for this deployment, and what opens them."""
    secret = _secret(settings, "sandbox-secret")

    def derived(name: str) -> str:
        return hashlib.sha256(f"{secret} {name}".encode()).hexdigest()[:32]

    return SandboxAccess(
        shopify_port=settings.sandbox_shopify_port,
        shopify_token=f"shpat_{derived('shopify')}",
        bigcommerce_port=settings.sandbox_bigcommerce_port,
        bigcommerce_token=derived("bigcommerce"),
        woocommerce_port=settings.sandbox_woocommerce_port,
        woocommerce_key=f"ck_{derived('woocommerce key')}",
        woocommerce_secret=f"cs_{derived('woocommerce secret')}",
        klaviyo_port=settings.sandbox_klaviyo_port,
        klaviyo_key=f"pk_{derived('klaviyo')}",
    )


def _secret(settings: Settings, name: str) -> str:
    path = settings.home / name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_once(path, secrets.token_hex(32).encode())
    return path.read_text(encoding="utf-8").strip()
