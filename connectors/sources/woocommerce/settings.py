"""The settings of a WooCommerce store, as they stand in `perennial.yml` under its `source`."""

from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from connectors.sources.platform_settings import PlatformSettings, checked_url


class WooCommerceSettings(PlatformSettings):
    """A WooCommerce shop, read through its REST API.

    Attributes:
        type: Which kind of source this is.
        url: The shop's address, with its folder if it has one; https, or http, where every request is signed.
        consumer_key: The key from WooCommerce > Settings > Advanced > REST API; read permission is enough.
        consumer_secret: The secret that was shown with the key.
        requests_in_flight: The most requests at one time; a shop has no allowance, only as many workers as it has.
    """

    type: Literal["woocommerce"] = Field(description="Which kind of source this is.")
    url: str = Field(description="The shop's address, such as https://shop.example.com, with its folder if it has one.")
    consumer_key: SecretStr = Field(
        description="The consumer key (ck_…) from WooCommerce > Settings > Advanced > REST API, with read permission."
    )
    consumer_secret: SecretStr = Field(description="The consumer secret (cs_…) that was shown with the key.")
    requests_in_flight: int = Field(
        default=2, ge=1, le=32, description="The most requests at one time; a shop has only as many workers as it has."
    )

    @field_validator("url")
    @classmethod
    def _address_of_a_shop(cls, value: str) -> str:
        url = checked_url(value.strip(), allows_http=True)
        if "/wp-json" in urlsplit(url).path or "/wp-admin" in urlsplit(url).path:
            raise ValueError("is the shop's own address; leave out /wp-json, /wp-admin and what follows")
        return url

    @field_validator("consumer_key", "consumer_secret")
    @classmethod
    def _without_blanks(cls, value: SecretStr) -> SecretStr:
        return SecretStr(value.get_secret_value().strip())
