"""A campaign that is declared otherwise, and customers who become one person: whoever stood in an arm stays in it."""

from datetime import date

import pytest
import sqlalchemy as sa
from campaign_shop import CampaignShop, declared, make_campaign_shop

from activation.campaigns.enrolment import PRESENT
from activation.campaigns.messages import UNSENDABLE
from activation.customers import customer_contacts
from activation.experiments.assignment import HOLDOUT, MESSAGE, Split


@pytest.fixture
def shop(engine: sa.Engine) -> CampaignShop:
    return make_campaign_shop(engine)


def test_who_was_held_out_stays_so_under_a_smaller_share(shop: CampaignShop) -> None:
    smaller = declared(holdout_share=0.1, cooldown_days=0)
    held = next(one for one in shop.ids(HOLDOUT, 50) if arm(shop, one, 0.1) == MESSAGE)
    shop.gone(held)
    shop.run()
    shop.night()
    shop.gone(held, last_order_date=date(1998, 6, 30))
    shop.run(smaller)
    assert shop.sent_to == []
    assert shop.enrolled()[held] == (HOLDOUT, None)


def test_another_salt_deals_everybody_anew(shop: CampaignShop) -> None:
    salted = declared(salt="again", cooldown_days=0)
    split = Split.holding_out(0.5, salt="again")
    held = next(one for one in shop.ids(HOLDOUT, 50) if split.arm_of("cdnow", salted.name, one) == MESSAGE)
    shop.gone(held)
    shop.run()
    shop.night()
    shop.gone(held, last_order_date=date(1998, 6, 30))
    shop.run(salted)
    assert shop.sent_to == [held]


def test_who_met_another_trigger_all_along_was_there_before(shop: CampaignShop) -> None:
    lower = declared(trigger={"churn_probability": 0.3})
    (customer,) = shop.ids(MESSAGE)
    shop.gone(customer, probability=0.4)
    shop.run()
    shop.night()
    shop.gone(customer, probability=0.4)
    shop.run(lower)
    assert shop.sent_to == []
    assert shop.enrolled() == {customer: (MESSAGE, PRESENT)}


@pytest.mark.parametrize("arm_of_then", [MESSAGE, HOLDOUT])
def test_who_was_merged_into_another_is_not_enrolled_again(shop: CampaignShop, arm_of_then: str) -> None:
    before = shop.ids(arm_of_then, 2)[0]
    now = shop.ids(MESSAGE, 2)[1]
    shop.gone(before)
    shop.run()
    shop.night()
    shop.shop.is_now(before, now)
    shop.gone(now)
    shop.run()
    assert now not in shop.enrolled()
    assert shop.sent_to == ([before] if arm_of_then == MESSAGE else [])


def test_one_whose_message_cannot_be_made_keeps_nobody_else_from_theirs(shop: CampaignShop) -> None:
    campaign = shop.campaign
    split = Split.holding_out(campaign.holdout_share)
    odd = next(f"a{n}@b" for n in range(99) if split.arm_of("cdnow", campaign.name, f"a{n}@b") == MESSAGE)
    (fine,) = shop.ids(MESSAGE)
    shop.gone(odd, fine)
    with shop.engine.begin() as connection:
        at_odd = customer_contacts.c.customer_id == odd
        connection.execute(sa.update(customer_contacts).where(at_odd).values(email="odd@shop.example"))
    shop.run()
    assert shop.sent_to == [fine]
    assert {row.reason for row in shop.ledger() if row.customer_id == odd} == {UNSENDABLE}


def arm(shop: CampaignShop, customer_id: str, share: float) -> str:
    return Split.holding_out(share).arm_of("cdnow", shop.campaign.name, customer_id)
