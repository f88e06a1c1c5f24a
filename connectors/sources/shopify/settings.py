"""The settings of the Shopify source, as they stand in `perennial.yml` under a store's `source`."""

import re
from datetime import timedelta
from typing import Literal

from pydantic import Field, SecretStr, field_validator, model_validator

from connectors.sources.platform_settings import PlatformSettings, checked_url

_SHOP = re.compile(r"[a-z0-9][a-z0-9-]*\.myshopify\.com")


class ShopifySettings(PlatformSettings):
    """A store on Shopify: its address, and one way to be let in."""

    type: Literal["shopify"] = Field(description="Which kind of source this is.")
    shop: str | None = Field(default=None, description="The shop's address at Shopify, such as name.myshopify.com.")
    url: str | None = Field(
        default=None, description="Another address instead, such as a sandbox's; without TLS only on this machine."
    )
    access_token: SecretStr | None = Field(
        default=None, description="A token that does not expire (shpat_…), of an app made in the admin before 2026."
    )
    client_id: str | None = Field(default=None, min_length=1, description="The app's client id.")
    client_secret: SecretStr | None = Field(default=None, description="The app's client secret.")
    refresh_token: SecretStr | None = Field(
        default=None,
        description=(
            "The refresh token of an expiring offline token. Shopify replaces it at each use; its successors are kept "
            "beside the archive. Without it, client id and secret ask for tokens of 24 hours."
        ),
    )
    overlap_minutes: float = Field(
        default=10, ge=0, le=7 * 24 * 60, description="How far each read goes back behind the last record."
    )
    bulk_wait_minutes: float = Field(
        default=120,
        gt=0,
        le=10 * 24 * 60,
        description="How long one run waits for Shopify to write a bulk file; the next run takes the job up.",
    )

    @field_validator("shop")
    @classmethod
    def _plain_shop(cls, value: str | None) -> str | None:
        if value is not None and not _SHOP.fullmatch(value):
            raise ValueError("needs the address that ends in .myshopify.com, without https:// and without a path")
        return value

    @field_validator("url")
    @classmethod
    def _safe_url(cls, value: str | None) -> str | None:
        return None if value is None else checked_url(value)

    @model_validator(mode="after")
    def _one_way_in(self) -> "ShopifySettings":
        if (self.shop is None) == (self.url is None):
            raise ValueError("shop: give the shop's address, such as name.myshopify.com (or `url` for another one)")
        if self.access_token is not None:
            if self.client_id or self.client_secret or self.refresh_token:
                raise ValueError("access_token: stands alone; leave it out, or client_id, client_secret, refresh_token")
        elif self.client_id is None or self.client_secret is None:
            raise ValueError("client_id and client_secret: both are needed, or access_token instead of them")
        return self

    @property
    def refund_lookback(self) -> timedelta:
        """For how long refunds are looked at again."""
        return timedelta(days=self.refund_lookback_days)

    @property
    def base_url(self) -> str:
        """The shop's address with its scheme, without a trailing slash."""
        return self.url or f"https://{self.shop}"
