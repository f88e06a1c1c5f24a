"""Klaviyo's settings in `perennial.yml`."""

from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from connectors.addresses import require_secrecy

_BATCH_SIZES = {"profiles": 50_000, "events": 1_000, "suppressions": 1_000}


class KlaviyoSettings(BaseModel):
    """A Klaviyo account in `perennial.yml`.

    Attributes:
        type: `klaviyo`.
        name: What syncs and campaigns call it.
        private_key: A private API key with the scopes that docs/destinations/klaviyo.md names.
        object: What is sent: profiles with their fields, events that may start flows, or suppressed addresses.
        list_id: The list that profiles join, and leave when they leave the audience; one destination for each list.
        identified_by: What Klaviyo knows a profile by beside its address: an id of ours, or nothing. Without an id of
            ours nobody can be taken out of a list again.
        flow_hours: An event that happened longer ago is recorded without starting flows; 0 lets none start any.
        revision: The API's revision.
        url: The API's address; another one than Klaviyo's is for a sandbox on this machine.
        batch_size: The most records of one batch, in several jobs; 0 for 50,000 profiles, or 1,000 of the others.
        jobs_at_once: How many jobs of a batch are under way at a time.
        patience_seconds: How long a batch may be waited for; what is not known by then is tried again later.
        timeout_seconds: For one request.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["klaviyo"]
    name: str = Field(min_length=1, max_length=100)
    private_key: SecretStr = Field(min_length=8)
    object: Literal["profiles", "events", "suppressions"] = "profiles"
    list_id: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_-]{1,50}$")
    identified_by: Literal["external_id", "email"] = "external_id"
    flow_hours: float = Field(default=72.0, ge=0)
    revision: str = Field(default="2026-07-15", pattern=r"^\d{4}-\d{2}-\d{2}(\.[a-z-]+)?$")
    url: str = "https://a.klaviyo.com"
    batch_size: int = Field(default=0, ge=0, le=100_000)
    jobs_at_once: int = Field(default=5, ge=1, le=10)
    patience_seconds: float = Field(default=300.0, gt=0, le=7200)
    timeout_seconds: float = Field(default=60.0, gt=0, le=300)

    @field_validator("url")
    @classmethod
    def _is_an_api(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/") or parts.username:
            raise ValueError("needs an address without a path, such as https://a.klaviyo.com")
        require_secrecy(parts)
        return url.rstrip("/")

    @model_validator(mode="after")
    def _fits_its_object(self) -> Self:
        if self.list_id is not None and self.object != "profiles":
            raise ValueError(f"list_id is for object: profiles; {self.object} join no list")
        if self.batch_size == 0:
            return self.model_copy(update={"batch_size": _BATCH_SIZES[self.object]})
        return self
