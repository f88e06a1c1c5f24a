"""What makes two records of a merchant one person, as `perennial.yml` says it under `identity`."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

KeyKind = Literal["email", "phone", "external_id"]
SmallText = Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, pattern=r"^\S+$")]


class Identity(BaseModel):
    """Who is the same person across guest checkouts, accounts and stores; docs/identity.md says how it is told."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    link_by: list[KeyKind] = Field(
        default=["email", "phone", "external_id"],
        description="What makes two records one person; an empty list leaves every account and guest on its own.",
    )
    max_accounts_per_key: int = Field(
        default=10, ge=1, le=10_000, description="A key of more accounts than this is shared, and links nobody."
    )
    max_names_per_key: int = Field(
        default=5, ge=1, le=10_000, description="An address or number under more names than this links nobody."
    )
    max_keys_per_account: int = Field(
        default=10,
        ge=1,
        le=10_000,
        description="An account with more addresses (or numbers, or external ids) than this is not linked by them.",
    )
    role_addresses: list[SmallText] = Field(
        default=[],
        description="Shared mailboxes beside the known ones: a name (`bestellungen`) or a whole address.",
    )
    relay_domains: list[SmallText] = Field(
        default=[], description="Domains beside the known ones by which marketplaces hide their buyers' addresses."
    )
    folds_gmail_addresses: bool = Field(
        default=False, description="Whether dots and what follows a plus are ignored in addresses of Gmail."
    )

    @property
    def rules(self) -> dict[str, Any]:
        """The rules as `ops.merchants` keeps them for SQL; role names without dots, dashes and underscores."""
        names = [name if "@" in name else name.translate(_WITHOUT_MARKS) for name in self.role_addresses]
        return {**self.model_dump(), "role_addresses": names}


_WITHOUT_MARKS = str.maketrans("", "", "._-")
