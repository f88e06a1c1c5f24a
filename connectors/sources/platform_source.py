"""What every source keeps that reads a platform's store over HTTP. Must not know any platform."""

from typing import ClassVar, Generic, TypeVar

from connectors.source import SourceRuntime

S = TypeVar("S")


class PlatformSource(Generic[S]):
    """Reads one store of a platform.

    Args:
        settings: What `perennial.yml` says of it.
        runtime: Clock, waiting, chance and secrets.
        time_zone: The merchant's zone.
        key: The path of the settings in `perennial.yml`, such as `merchants[0].stores[0].source`.
        currency_codes: The merchant's currency and those that it declares rates for; empty where that is not known.
    """

    is_resumable: ClassVar[bool] = True

    def __init__(
        self,
        settings: S,
        *,
        runtime: SourceRuntime,
        time_zone: str,
        key: str,
        currency_codes: frozenset[str] = frozenset(),
    ) -> None:
        self._settings = settings
        self._runtime = runtime
        self._time_zone = time_zone
        self._key = key
        self._currency_codes = currency_codes
