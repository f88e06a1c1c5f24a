"""What a synthetic merchant is made of.

Only declarations: `histories` generates what they describe.
"""

from dataclasses import dataclass
from datetime import date
from zoneinfo import available_timezones

from connectors.currencies import MINOR_DIGITS
from connectors.sandbox.draws import MAXIMUM_SEED
from connectors.sandbox.purchase_process import PurchaseParameters, RegimeChange, SpendParameters, require_positive
from models.errors import MisconfiguredError

MAXIMUM_CUSTOMERS = 100_000_000
# A shop of everyday goods: the mean customer returns after two to three months, and leaves after the fourth time.
DEFAULT_PURCHASES = PurchaseParameters(r=0.8, alpha_days=60.0, a=0.9, b=3.0)
DEFAULT_SPEND = SpendParameters(p=6.0, q=4.0, v=15.0)


def _require_rate(key: str, value: float) -> None:
    if not 0 <= value <= 1:
        raise MisconfiguredError(key, f"is {value:g}; it must lie between 0 and 1")


def _require_count(key: str, value: int) -> None:
    if value < 0:
        raise MisconfiguredError(key, f"is {value}; it must be 0 or more")


@dataclass(frozen=True)
class SyntheticStore:
    """One store of the merchant.

    Attributes:
        store_id: Its id; also the name of its files.
        currency_code: ISO 4217 code of its prices.
        exchange_rate: What one unit of its currency is worth in the merchant's.
        share: Its weight when customers are divided among the stores.
    """

    store_id: str = "web"
    currency_code: str = "USD"
    exchange_rate: float = 1.0
    share: float = 1.0

    def __post_init__(self) -> None:
        if not self.store_id or not all(c.isalnum() or c in "-_" for c in self.store_id):
            raise MisconfiguredError("stores.store_id", f"is {self.store_id!r}; use letters, digits, - and _")
        if self.currency_code not in MINOR_DIGITS:
            raise MisconfiguredError("stores.currency_code", f"{self.currency_code!r} is not an ISO 4217 currency")
        require_positive("stores.exchange_rate", self.exchange_rate)
        require_positive("stores.share", self.share)


@dataclass(frozen=True)
class Acquisition:
    """When customers make their first purchase.

    Attributes:
        days: They all do within this many days from the merchant's start; None is the whole window.
        growth: How many times as many arrive on the last of these days as on the first, growing steadily.
    """

    days: int | None = None
    growth: float = 1.0

    def __post_init__(self) -> None:
        if self.days is not None:
            require_positive("acquisition.days", self.days)
        require_positive("acquisition.growth", self.growth)


@dataclass(frozen=True)
class Refunds:
    """How orders are refunded.

    Attributes:
        rate: The share of orders of which anything is refunded.
        partial_rate: The share of those of which only a part is; three in ten of these get a second part later.
        mean_delay_days: From the order to the refund, exponentially distributed. What falls behind the window's end is
            not known yet, and absent.
    """

    rate: float = 0.0
    partial_rate: float = 0.0
    mean_delay_days: float = 10.0

    def __post_init__(self) -> None:
        _require_rate("refunds.rate", self.rate)
        _require_rate("refunds.partial_rate", self.partial_rate)
        require_positive("refunds.mean_delay_days", self.mean_delay_days)


@dataclass(frozen=True)
class Guests:
    """People who order before they have an account.

    Attributes:
        rate: The share of people who first order as a guest, under a guest's id.
        registration_rate: The probability at each guest order that they register with it: the next order carries the
            account's id. The address is the same throughout.
    """

    rate: float = 0.0
    registration_rate: float = 0.6

    def __post_init__(self) -> None:
        _require_rate("guests.rate", self.rate)
        _require_rate("guests.registration_rate", self.registration_rate)


@dataclass(frozen=True)
class Bots:
    """Programs that place tiny orders, around the clock.

    Attributes:
        count: How many there are.
        orders_per_day: How many each places a day while it runs.
        first_day: The day it starts, counted from the merchant's start.
        days: For how many days it runs.
    """

    count: int = 0
    orders_per_day: float = 300.0
    first_day: int = 60
    days: int = 30

    def __post_init__(self) -> None:
        _require_count("bots.count", self.count)
        _require_count("bots.first_day", self.first_day)
        _require_count("bots.days", self.days)
        require_positive("bots.orders_per_day", self.orders_per_day)
        if self.orders_per_day * self.days > 2_000_000:
            raise MisconfiguredError("bots.orders_per_day", "makes over 2,000,000 orders of one bot")


@dataclass(frozen=True)
class Resellers:
    """Traders who stock up regularly, at amounts that no consumer reaches.

    Attributes:
        count: How many there are.
        interval_days: From one order to the next, give or take a tenth.
        amount_factor: Their mean order, in mean orders of the merchant.
    """

    count: int = 0
    interval_days: float = 7.0
    amount_factor: float = 100.0

    def __post_init__(self) -> None:
        _require_count("resellers.count", self.count)
        require_positive("resellers.amount_factor", self.amount_factor)
        if not self.interval_days >= 0.01:
            raise MisconfiguredError("resellers.interval_days", f"is {self.interval_days:g}; it must be 0.01 or more")


@dataclass(frozen=True)
class SyntheticMerchant:
    """A merchant whose truth is known: the same specification always gives the same orders.

    Attributes:
        merchant_id: Its id.
        seed: Chooses one merchant among all of the same kind.
        customer_count: People who buy at least once; bots and resellers come on top.
        starts_on: The first day of the history, in the merchant's zone.
        ends_on: Its last day.
        time_zone: IANA name of the zone that decides days.
        currency_code: What amounts are drawn in, and the truth is stated in.
        purchases: How often people buy and when they leave.
        spend: What they spend.
        acquisition: When they first come.
        month_paces: The pace of repeat purchases in January to December, 1 being the parameters' own. All zero means
            that nobody ever returns.
        regime_change: A lasting change of that pace.
        refunds: What goes back.
        guests: Who orders without an account.
        stores: Where they order.
        elsewhere_rate: The share of orders placed at another store than the customer's own.
        bots: Programs.
        resellers: Traders.
    """

    merchant_id: str = "synthetic"
    seed: int = 1
    customer_count: int = 10_000
    starts_on: date = date(2023, 1, 1)
    ends_on: date = date(2024, 12, 31)
    time_zone: str = "America/New_York"
    currency_code: str = "USD"
    purchases: PurchaseParameters = DEFAULT_PURCHASES
    spend: SpendParameters = DEFAULT_SPEND
    acquisition: Acquisition = Acquisition()
    month_paces: tuple[float, ...] = (1.0,) * 12
    regime_change: RegimeChange | None = None
    refunds: Refunds = Refunds()
    guests: Guests = Guests()
    stores: tuple[SyntheticStore, ...] = (SyntheticStore(),)
    elsewhere_rate: float = 0.0
    bots: Bots = Bots()
    resellers: Resellers = Resellers()

    def __post_init__(self) -> None:
        if not 1 <= self.customer_count <= MAXIMUM_CUSTOMERS:
            raise MisconfiguredError("customer_count", f"is {self.customer_count:,}; use 1 to {MAXIMUM_CUSTOMERS:,}")
        if not 0 <= self.seed <= MAXIMUM_SEED:
            raise MisconfiguredError("seed", f"is {self.seed}; use 0 to {MAXIMUM_SEED}")
        if self.ends_on < self.starts_on:
            raise MisconfiguredError("ends_on", f"{self.ends_on} lies before starts_on, {self.starts_on}")
        if self.time_zone not in available_timezones():
            raise MisconfiguredError("time_zone", f"{self.time_zone!r} is not an IANA zone such as Europe/Berlin")
        if self.currency_code not in MINOR_DIGITS:
            raise MisconfiguredError("currency_code", f"{self.currency_code!r} is not an ISO 4217 currency")
        if len(self.month_paces) != 12 or not all(0 <= pace < float("inf") for pace in self.month_paces):
            raise MisconfiguredError("month_paces", "needs twelve numbers of 0 or more, January first")
        if len({store.store_id for store in self.stores}) != len(self.stores) or not self.stores:
            raise MisconfiguredError("stores", "needs at least one store, and each store_id once")
        _require_rate("elsewhere_rate", self.elsewhere_rate)
