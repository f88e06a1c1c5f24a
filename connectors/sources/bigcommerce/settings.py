"""The settings of the BigCommerce source, as they stand in `perennial.yml` under a store's `source`."""

from typing import Literal

from pydantic import Field, SecretStr, field_validator

from connectors.sources.platform_settings import PlatformSettings, checked_url

_API = "https://api.bigcommerce.com"


class BigCommerceSettings(PlatformSettings):
    """A BigCommerce store, read through a store-level API account."""

    type: Literal["bigcommerce"] = Field(description="`bigcommerce`.")
    store_hash: str = Field(
        pattern=r"^[A-Za-z0-9]+$",
        description="The store's hash: what follows `/stores/` in the API path that the control panel shows.",
    )
    access_token: SecretStr = Field(
        min_length=1, description="The API account's access token; write `${NAME}` to take it from the environment."
    )
    url: str | None = Field(
        default=None,
        description="The store's API path, without `v2` or `v3`. Default: https://api.bigcommerce.com/stores/<hash>.",
    )
    transactions: bool = Field(
        default=True,
        description=(
            "Whether to read payments' transactions: one request per order, which for a long history is most of the "
            "store's quota. Refunds are read in any case."
        ),
    )
    taxes: bool = Field(
        default=True,
        description=(
            "Whether to read taxes one by one: one request per taxed order. How much tax an order, its lines and its "
            "shipping have is read in any case."
        ),
    )
    quota_reserve_rate: float = Field(
        default=0.2,
        ge=0,
        le=0.9,
        description="The share of the store's request quota that is left to its other apps, which draw on the same.",
    )

    @field_validator("url")
    @classmethod
    def _checked(cls, value: str | None) -> str | None:
        return None if value is None else checked_url(value)

    @property
    def api_path(self) -> str:
        """Where `/v2` and `/v3` begin."""
        return self.url or f"{_API}/stores/{self.store_hash}"
