"""The demonstration's shops: the published CDNOW purchases, each customer's at one of three platforms.

Days and amounts are real, to the cent: 23,570 customers and 69,659 purchases of 1997 and 1998, from the file inside the
lifetimes package. The purchases of nothing are among them, for the published fits count them. The file knows neither
people nor products nor the time of day; those are made up, and purchases lie at noon.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from zoneinfo import ZoneInfo

from connectors.sandbox.shop_history import Sale, ShopHistory, shared_out
from models.errors import MisconfiguredError

MERCHANT_ID = "cdnow"
TIME_ZONE = "America/New_York"
CURRENCY_CODE = "USD"


def demonstration_histories() -> Mapping[str, ShopHistory]:
    """The three shops' histories by platform.

    Raises:
        MisconfiguredError: The file is not where the package has it.
    """
    return shared_out(
        cdnow_sales(), merchant_id=MERCHANT_ID, name="CDNOW", currency_code=CURRENCY_CODE, time_zone=TIME_ZONE
    )


def cdnow_sales() -> Iterator[Sale]:
    """The purchases of the published file, in its order."""
    zone = ZoneInfo(TIME_ZONE)
    moments: dict[str, datetime] = {}
    for line in _path().read_text(encoding="ascii").splitlines()[1:]:
        customer_id, day, quantity, amount = line.split()
        if day not in moments:
            moments[day] = datetime(int(day[:4]), int(day[4:6]), int(day[6:]), 12, tzinfo=zone)
        yield Sale(customer_id, moments[day], int(quantity), Decimal(amount))


def _path() -> Path:
    # Found, not imported: the package's own code is of no use here, and slow to load.
    spec = find_spec("lifetimes")
    path = Path(spec.origin).parent / "datasets" / "CDNOW_master.txt" if spec and spec.origin else None
    if path is None or not path.exists():
        raise MisconfiguredError("lifetimes", "the package with the published purchases is not installed; make install")
    return path
