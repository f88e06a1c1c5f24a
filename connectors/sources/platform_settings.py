"""What every platform's settings in `perennial.yml` have in common: how its changes are followed."""

from datetime import timedelta

from pydantic import BaseModel, ConfigDict, Field

from connectors.addresses import address_parts, require_secrecy


class PlatformSettings(BaseModel):
    """How a store's changes are followed.

    Attributes:
        overlap_minutes: How far each read goes back behind the last record that it has, for what became visible late.
        lag_seconds: How long before the platform's own time a read ends: what is written meanwhile is for the next.
        reconcile_after_hours: How often the ids of everything are compared, which finds deletions and holes.
        refund_lookback_days: For how long after an order its refunds are looked at again, where a change of theirs does
            not show on the order.
        max_shrink_rate: The largest share of a stream that one read may report as gone; more of it, and more than 100
            records, looks like a fault.
        requests_in_flight: The most requests at one time.
        timeout_seconds: For one request.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    overlap_minutes: float = Field(
        default=1,
        ge=0,
        le=7 * 24 * 60,
        description="How far each read goes back behind the last record that it has, for what became visible late.",
    )
    lag_seconds: float = Field(
        default=1, ge=0, le=3600, description="How long before the platform's own time a read ends."
    )
    reconcile_after_hours: float = Field(
        default=24,
        ge=0,
        le=24 * 31,
        description="How often the ids of everything are compared, which finds deletions and holes.",
    )
    refund_lookback_days: int = Field(
        default=90, ge=0, le=3650, description="For how long after an order its refunds are looked at again."
    )
    max_shrink_rate: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="The largest share of a stream that one read may report as gone, if it is more than 100 records.",
    )
    requests_in_flight: int = Field(default=4, ge=1, le=32, description="The most requests at one time.")
    timeout_seconds: float = Field(default=60, gt=0, le=600, description="For one request.")

    @property
    def overlap(self) -> timedelta:
        """How far each read goes back."""
        return timedelta(minutes=self.overlap_minutes)

    @property
    def lag(self) -> timedelta:
        """How long before the platform's own time a read ends."""
        return timedelta(seconds=self.lag_seconds)


def checked_url(url: str, *, allows_http: bool = False) -> str:
    """A store's address without a trailing slash.

    Args:
        url: As it stands in `perennial.yml`.
        allows_http: Whether the platform has a safe way to sign requests in the clear; else only this machine's own
            addresses may go without TLS.

    Raises:
        ValueError: It is no address, holds credentials, or would send a secret in the clear.
    """
    parts = address_parts(url, example="https://shop.example.com")
    if parts.username or parts.password:
        raise ValueError("holds credentials, which end up in logs; give them under their own keys")
    if parts.query or parts.fragment:
        raise ValueError("ends with the path; leave out what follows ? or #")
    if not allows_http:
        require_secrecy(parts)
    return url.rstrip("/")
