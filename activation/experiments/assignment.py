"""Assignment: which arm of an experiment a customer is in, by a hash of who they are and nothing else.

The arm needs no memory: it is the same on every machine, on every night, and after every restart, and is known before
anything is sent. Must not read a table, a clock or a random number.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

HOLDOUT = "holdout"
MESSAGE = "message"
DEFAULT_HOLDOUT_SHARE = 0.1

_BITS = 53  # as many as a float holds exactly


@dataclass(frozen=True)
class Split:
    """The arms of an experiment, and which share of the customers is in each.

    Attributes:
        shares: By arm, above 0, adding up to 1. The first arm takes the customers with the lowest hashes: where only
            its share grows, nobody leaves it.
        salt: Tells experiments of one name from each other; another salt deals anew.
    """

    shares: Mapping[str, float] = field(default_factory=dict)
    salt: str = ""

    def __post_init__(self) -> None:
        if not self.shares or any(not 0 < share <= 1 for share in self.shares.values()):
            raise ValueError(f"every arm needs a share above 0 and at most 1, not {dict(self.shares)}")
        if abs(sum(self.shares.values()) - 1) > 1e-9:
            raise ValueError(f"the arms' shares add up to {sum(self.shares.values()):g}, not to 1")

    @classmethod
    def holding_out(cls, share: float = DEFAULT_HOLDOUT_SHARE, *, salt: str = "") -> Self:
        """A message and a holdout, the plainest experiment there is.

        Raises:
            ValueError: The share is not between 0 and 1.
        """
        if not 0 < share < 1:
            raise ValueError(f"the holdout's share lies between 0 and 1, and is not {share:g}")
        return cls({HOLDOUT: share, MESSAGE: 1 - share}, salt)

    def arm_of(self, merchant_id: str, experiment: str, customer_id: str) -> str:
        """The customer's arm."""
        position = hashed_position(merchant_id, experiment, customer_id, self.salt)
        below = 0.0
        for arm, share in self.shares.items():
            below += share
            if position < below:
                return arm
        return arm  # the shares' sum may be a rounding error short of 1


def hashed_position(merchant_id: str, experiment: str, customer_id: str, salt: str = "") -> float:
    """Where in [0, 1) a customer stands in an experiment: evenly spread, and unrelated between experiments."""
    # Lengths stand before the parts, so that no two lists of parts read the same.
    parts = (merchant_id, experiment, customer_id, salt)
    text = "".join(f"{len(part)}:{part}" for part in parts)
    hashed = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
    return (int.from_bytes(hashed[:8], "big") >> (64 - _BITS)) / 2.0**_BITS
