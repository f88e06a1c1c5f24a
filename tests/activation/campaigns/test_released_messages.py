"""Messages that a person lets be sent again: measured from then, not from their occasion."""

from typing import Any

import pytest
import sqlalchemy as sa
from campaign_shop import CampaignShop, make_campaign_shop

from activation.experiments.assignment import MESSAGE
from activation.resolutions import maybe_sent, release_rejected, replay_dead, resolve_maybe_sent
from connectors.destination import Outcome


@pytest.fixture
def shop(engine: sa.Engine) -> CampaignShop:
    return make_campaign_shop(engine)


@pytest.mark.parametrize("outcome", [Outcome.RETRY, Outcome.REJECTED, Outcome.MAYBE_SENT])
def test_what_a_person_lets_be_sent_again_is_not_too_old_for_it(shop: CampaignShop, outcome: Outcome) -> None:
    shop.gone(*shop.ids(MESSAGE))
    shop.destination.answer = lambda _delivery: outcome
    shop.enrol()
    for _run in range(3):
        shop.send()
    shop.night(days=10)
    shop.destination.answer = lambda _delivery: Outcome.ACCEPTED
    with shop.engine.begin() as connection:
        whose: dict[str, Any] = {"merchant_id": "cdnow", "released_at": shop.shop.time.now}
        replay_dead(connection, **whose)
        release_rejected(connection, **whose)
        for waiting in maybe_sent(connection, "cdnow"):
            told = {"delivery_id": waiting.delivery_id, "was_taken": False, "resolved_at": shop.shop.time.now}
            resolve_maybe_sent(connection, merchant_id="cdnow", **told)
    shop.night(days=3)
    shop.send()
    assert [(row.outcome, row.reason) for row in shop.ledger()] == [("accepted", None)]


def test_what_a_person_let_be_sent_again_grows_old_again(shop: CampaignShop) -> None:
    shop.gone(*shop.ids(MESSAGE))
    shop.destination.answer = lambda _delivery: Outcome.RETRY
    shop.enrol()
    for _run in range(3):
        shop.send()
    with shop.engine.begin() as connection:
        assert replay_dead(connection, merchant_id="cdnow", released_at=shop.shop.time.now) == 1
    sent = len(shop.sent_to)
    shop.night(days=4)
    shop.send()
    assert (len(shop.sent_to), shop.ledger()[0].reason) == (sent, "the occasion was more than 3 days ago")
