"""A shop in memory that issues codes, and does with them what a test says."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar

import sqlalchemy as sa
from activated_shop import Time
from loyalty_shop import START, LoyalShop, programme

from activation.customers import customer_360
from activation.loyalty.endings import Shop, cancel
from activation.loyalty.issuing import issue_codes
from activation.loyalty.redemptions import Redemption, request
from connectors.codes import CodeState
from connectors.destination import Delivery, DeliveryResult, Operation, Outcome
from connectors.outgoing import DiscountCode
from models.loyalty import redemptions

TODAY = date(2026, 5, 31)
REWARD = {"name": "five_off", "title": "5 EUR off", "amount": 5, "points": 50, "valid_days": 30}


@dataclass
class CodeShop:
    """Takes a code once by its name, as shops do.

    Attributes:
        codes: Uses by code; what the shop has.
        closed: Codes that are taken no more.
        answer: What is answered to a code, and whether it is made all the same.
    """

    kind: ClassVar[str] = "codes"
    name: str = "shop"
    batch_size: int = 10
    operations: frozenset[Operation] = frozenset({Operation.SEND})
    is_idempotent: bool = True
    codes: dict[str, int] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)
    ends: dict[str, datetime | None] = field(default_factory=dict)
    made: list[str] = field(default_factory=list)
    answer: Callable[[DiscountCode], tuple[Outcome, bool]] = lambda _code: (Outcome.ACCEPTED, True)

    def send(self, deliveries: Sequence[Delivery], *, sent_at: datetime) -> list[DeliveryResult]:
        assert sent_at.tzinfo is not None
        results = []
        for delivery in deliveries:
            code = DiscountCode.of(delivery.payload)
            outcome, is_made = self.answer(code)
            if is_made and code.code not in self.codes:
                # A code is there from one moment on, at whichever of these lines whoever asks for it dies.
                self.ends[code.code] = code.ends_at
                self.codes[code.code] = 0
                self.made.append(code.code)
            results.append(DeliveryResult(delivery.action_key, outcome, None if is_made else "no such luck"))
        return results

    def code_state(self, code: str, *, asked_at: datetime) -> CodeState | None:
        assert asked_at.tzinfo is not None
        ends_at = self.ends.get(code)
        is_open = code not in self.closed and (ends_at is None or ends_at > asked_at)
        return CodeState(code, code, is_open, self.codes[code]) if code in self.codes else None

    def withdraw_code(self, code: str, *, asked_at: datetime) -> CodeState | None:
        state = self.code_state(code, asked_at=asked_at)
        if state is not None and state.is_open:
            self.closed.add(code)
        return self.code_state(code, asked_at=asked_at)


@dataclass
class BareShop:
    """A shop that can neither be asked about a code nor told to take one back, and takes the same twice."""

    shop: CodeShop = field(default_factory=lambda: CodeShop(is_idempotent=False))
    kind: ClassVar[str] = "bare"
    name: str = "shop"
    batch_size: int = 10
    operations: frozenset[Operation] = frozenset({Operation.SEND})
    is_idempotent: bool = False

    def send(self, deliveries: Sequence[Delivery], *, sent_at: datetime) -> list[DeliveryResult]:
        return self.shop.send(deliveries, sent_at=sent_at)


@dataclass
class Counter:
    """A programme with one customer, "a", who can spend 100 points, and a shop."""

    shop: LoyalShop
    at: CodeShop | BareShop = field(default_factory=CodeShop)

    def ask(self, name: str = "r1", customer_id: str = "a", **how: bool) -> Redemption:
        reward = self.shop.programme.rewards[0]
        with self.shop.engine.begin() as connection:
            return request(
                connection,
                self.shop.ledger,
                reward,
                customer_id=customer_id,
                redemption_id=name,
                code=f"CODE{self.shop.merchant_id}{name}",
                **how,
            )

    def issue(self, day: date = TODAY) -> Any:
        time = Time(self.shop.now)
        return issue_codes(self.shop.engine, self.shop.ledger, self.at, as_of_date=day, pace=time.pace)

    def cancel(self, name: str = "r1") -> str:
        with self.shop.engine.begin() as connection:
            return cancel(connection, self.shop.ledger, name, reason="asked for", shop=Shop.of(self.at))

    def night(self, day: date = TODAY) -> None:
        self.shop.post(day)
        self.issue(day)

    def later(self, **by: int) -> None:
        self.shop.now += timedelta(**by)

    def state(self, name: str = "r1") -> str:
        mine = (redemptions.c.merchant_id == self.shop.merchant_id, redemptions.c.redemption_id == name)
        with self.shop.engine.connect() as connection:
            return str(connection.execute(sa.select(redemptions.c.state).where(*mine)).scalar_one())


def open_counter(engine: sa.Engine, merchant_id: str = "shop", **reward: Any) -> Counter:
    declared = programme(rewards=[REWARD | reward], destination="shop")
    shop = LoyalShop(engine, declared, merchant_id, now=datetime(2026, 6, 1, 3, tzinfo=UTC))
    with engine.begin() as connection:
        row = {"merchant_id": merchant_id, "customer_id": "a", "as_of_date": TODAY}
        connection.execute(sa.insert(customer_360).values(row))
    shop.order("1", "a", START, {"x": 100})
    shop.post(TODAY)
    return Counter(shop)
