"""What happens next at a shop that lives, drawn from a seeded random number generator. Must not know any platform."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from random import Random
from typing import ClassVar, Generic, Protocol, TypeVar


class LivingShop(Protocol):
    """A shop that one thing at a time happens to."""

    @property
    def lock(self) -> AbstractContextManager[object]:
        """Held while something happens."""


S = TypeVar("S", bound=LivingShop)


class ShopActivity(Generic[S]):
    """What happens next at a shop; a platform has a method for each thing, named as in its weights with a _ in front.

    Args:
        shop: The shop; it needs a product to sell.
        random: Decides.
        weights: How often each thing happens; those that are not named never do. All of them if none is given.
    """

    every_weight: ClassVar[Mapping[str, int]]

    def __init__(self, shop: S, random: Random, weights: Mapping[str, int] | None = None) -> None:
        self._shop = shop
        self._random = random
        self._weights = dict(self.every_weight if weights is None else weights)

    def step(self) -> str:
        """Do one thing.

        Returns:
            Its name; what it was meant to happen to may not have been there, and then nothing did.
        """
        name = self._random.choices(list(self._weights), list(self._weights.values()))[0]
        act: Callable[[], None] = getattr(self, f"_{name}")
        with self._shop.lock:
            act()
        return name
