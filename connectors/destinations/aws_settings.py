"""What every destination that AWS, or whoever speaks its language, lets in has in `perennial.yml`."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from connectors.addresses import require_endpoint
from connectors.destinations.aws_signatures import AwsAccess


class AwsSettings(BaseModel):
    """Who asks, and where; a service of its own says its `type`, what regions it has and what its keys look like.

    Attributes:
        example: An address of such a service, for those who wrote none.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    example: ClassVar[str]

    type: str
    name: str = Field(min_length=1, max_length=100)
    region: str
    access_key_id: str
    secret_access_key: SecretStr = Field(min_length=8, description="Its secret.")
    session_token: SecretStr | None = Field(default=None, description="Of temporary credentials.")
    url: str = ""

    @field_validator("url")
    @classmethod
    def _can_be_spoken_to(cls, url: str) -> str:
        return require_endpoint(url, example=cls.example) if url else url

    def access(self, service: str) -> AwsAccess:
        """What requests are signed with.

        Args:
            service: The service's name in signatures, such as ses or s3.
        """
        token = self.session_token
        return AwsAccess(
            self.access_key_id,
            self.secret_access_key.get_secret_value(),
            self.region,
            service,
            token.get_secret_value() if token else None,
        )
