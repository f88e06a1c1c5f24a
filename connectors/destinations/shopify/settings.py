"""The settings of a Shopify shop that is written to, as they stand in `perennial.yml` under `destinations`."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

from connectors.sources.shopify.settings import ShopifySettings


class ShopifyActivationSettings(BaseModel):
    """What is written to one shop on Shopify. One way to be let in, as for the source, without a refresh token.

    Attributes:
        type: `shopify`.
        name: What syncs, campaigns and rewards call it.
        object: What is written: customers' tags, customers' metafields, or discount codes.
        store: The store of the merchant, by its `store_id`, whose accounts have the tags or metafields.
        prefix: What our tags begin with; no other tag is touched.
        namespace: What the namespaces of our metafields begin with; no other metafield is touched.
        shop: The shop's address at Shopify, such as name.myshopify.com.
        url: Another address instead, such as a sandbox's; without TLS only on this machine.
        access_token: A token that does not expire (shpat_…), of an app made in the admin before 2026.
        client_id: The app's client id.
        client_secret: The app's client secret.
        batch_size: The most records that are under way before their outcomes are recorded.
        concurrency: How many requests are made side by side.
        timeout_seconds: For one request.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["shopify"]
    name: str = Field(min_length=1, max_length=100)
    object: Literal["tags", "metafields", "discount_codes"]
    shop: str | None = None
    url: str | None = None
    access_token: SecretStr | None = None
    client_id: str | None = Field(default=None, min_length=1)
    client_secret: SecretStr | None = None
    store: str | None = Field(default=None, min_length=1)
    prefix: str = Field(default="perennial", pattern=r"^[A-Za-z0-9][A-Za-z0-9 _-]{0,39}$")
    namespace: str = Field(default="perennial", pattern=r"^[A-Za-z0-9_-]{3,64}$")
    batch_size: int = Field(default=100, ge=1, le=1_000)
    concurrency: int = Field(default=4, ge=1, le=32)
    timeout_seconds: float = Field(default=20.0, gt=0, le=300)

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        try:
            self.access()
        except ValidationError as error:
            raise ValueError(
                "; ".join(str(one["msg"]).removeprefix("Value error, ") for one in error.errors())
            ) from None
        if (self.store is None) is (self.object != "discount_codes"):
            raise ValueError("store: tags and metafields need the store whose accounts they are for, and codes none")
        return self

    def access(self) -> ShopifySettings:
        """How the shop is reached and lets us in, as the source's settings say it.

        Raises:
            ValidationError: They do not fit together.
        """
        given = {name: getattr(self, name) for name in ("shop", "url", "access_token", "client_id", "client_secret")}
        return ShopifySettings.model_validate(
            {"type": "shopify", "timeout_seconds": self.timeout_seconds, **{k: v for k, v in given.items() if v}}
        )
