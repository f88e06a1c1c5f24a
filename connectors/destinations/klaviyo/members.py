"""Who Klaviyo knows, and who is in a list: profiles looked up by what they are known by, put in, and taken out.

Nobody's profile is ever deleted. Must not decide who leaves.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from connectors.destinations.klaviyo.client import KlaviyoClient, chunks

_IDS_A_LOOK = 100
_LONGEST_FILTER = 5_000
_MEMBERS_A_CALL = 1_000
_MEMBERS = "/api/lists/{}/relationships/profiles"


@dataclass(frozen=True)
class Known:
    """A profile that Klaviyo has.

    Attributes:
        profile_id: Klaviyo's id of it.
        email: Its address; empty for none.
        external_id: Our id of it; empty for none.
        suppressions: Why nothing is sent to it, where that was asked for.
    """

    profile_id: str
    email: str = field(repr=False)
    external_id: str
    suppressions: frozenset[str] = frozenset()


async def known_by(
    client: KlaviyoClient, name: str, values: Iterable[str], *, with_suppressions: bool = False
) -> dict[str, Known]:
    """Profiles by what they are known by, in small letters where that is an address.

    Args:
        client: Makes the requests.
        name: `external_id` or `email`.
        values: Of whom.
        with_suppressions: Whether to say of each why nothing is sent to it.

    Raises:
        RefusedError: Klaviyo does not say.
        TryLaterError: It does not say now.
    """
    found: dict[str, Known] = {}
    for piece in _filters(values):
        params = [
            ("filter", f"any({name},{piece})"),
            ("fields[profile]", "email,external_id" + (",subscriptions" if with_suppressions else "")),
            ("page[size]", str(_IDS_A_LOOK)),
        ]
        if with_suppressions:
            params.append(("additional-fields[profile]", "subscriptions"))
        for one in await client.pages("/api/profiles", params=tuple(params)):
            known = _known(one)
            found[known.external_id if name == "external_id" else known.email.casefold()] = known
    return found


async def join(client: KlaviyoClient, list_id: str, profile_ids: Sequence[str]) -> None:
    """Put profiles into a list; those in it stay in it."""
    for piece in chunks(profile_ids, _MEMBERS_A_CALL):
        await client.call("POST", _MEMBERS, list_id, body=_members(piece))


async def leave(client: KlaviyoClient, list_id: str, profile_ids: Sequence[str]) -> None:
    """Take profiles out of a list; they stay profiles."""
    for piece in chunks(profile_ids, _MEMBERS_A_CALL):
        await client.call("DELETE", _MEMBERS, list_id, body=_members(piece))


def _members(profile_ids: Sequence[str]) -> bytes:
    return json.dumps({"data": [{"type": "profile", "id": one} for one in profile_ids]}).encode()


def _filters(values: Iterable[str]) -> Iterator[str]:
    """Lists of texts as filters write them: at most a page's worth, and short enough for an address."""
    piece: list[str] = []
    for value in dict.fromkeys(values):
        if len(piece) == _IDS_A_LOOK or sum(map(len, piece)) + len(value) > _LONGEST_FILTER:
            yield _written(piece)
            piece = []
        piece.append(value)
    if piece:
        yield _written(piece)


def _written(values: Sequence[str]) -> str:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))


def _known(resource: dict[str, Any]) -> Known:
    attributes = resource.get("attributes") or {}
    email = (attributes.get("subscriptions") or {}).get("email") or {}
    reasons = (email.get("marketing") or {}).get("suppression") or []
    return Known(
        str(resource.get("id")),
        str(attributes.get("email") or ""),
        str(attributes.get("external_id") or ""),
        frozenset(str(one.get("reason")) for one in reasons if isinstance(one, dict)),
    )
