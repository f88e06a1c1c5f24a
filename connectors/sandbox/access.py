"""Where the sandbox's platforms listen, and what opens them; known without loading any of them."""

from dataclasses import dataclass

STORE_HASH = "sandbox1"
"""BigCommerce's name of the store in addresses."""

LIST_ID = "sandbox1"
"""Klaviyo's name of the list in addresses."""


@dataclass(frozen=True)
class SandboxAccess:
    """Ports on 127.0.0.1, and secrets.

    Attributes:
        shopify_port: Where Shopify listens.
        shopify_token: A static access token.
        bigcommerce_port: Where BigCommerce listens.
        bigcommerce_token: A store-level token.
        woocommerce_port: Where WooCommerce listens.
        woocommerce_key: A consumer key.
        woocommerce_secret: Its secret, with which requests are signed.
        klaviyo_port: Where Klaviyo listens.
        klaviyo_key: A private key.
    """

    shopify_port: int
    shopify_token: str
    bigcommerce_port: int
    bigcommerce_token: str
    woocommerce_port: int
    woocommerce_key: str
    woocommerce_secret: str
    klaviyo_port: int
    klaviyo_key: str

    @property
    def shopify_url(self) -> str:
        """What the source is told."""
        return f"http://127.0.0.1:{self.shopify_port}"

    @property
    def bigcommerce_url(self) -> str:
        """What the source is told: the store's API path."""
        return f"http://127.0.0.1:{self.bigcommerce_port}/stores/{STORE_HASH}"

    @property
    def woocommerce_url(self) -> str:
        """What the source is told."""
        return f"http://127.0.0.1:{self.woocommerce_port}"

    @property
    def klaviyo_url(self) -> str:
        """What the destination is told."""
        return f"http://127.0.0.1:{self.klaviyo_port}"

    @property
    def ports(self) -> dict[str, int]:
        """The shops' ports by platform."""
        return {
            "shopify": self.shopify_port,
            "bigcommerce": self.bigcommerce_port,
            "woocommerce": self.woocommerce_port,
        }

    @property
    def urls(self) -> tuple[str, ...]:
        """Every shop's."""
        return (self.shopify_url, self.bigcommerce_url, self.woocommerce_url)
