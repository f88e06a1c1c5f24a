"""A campaign writes once to whom its occasion has come for, holds out the rest, and knows whom it may not write to."""

from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa
from campaign_shop import KEY, CampaignShop, declared, make_campaign_shop

from activation.campaigns.enrolment import COOLING_DOWN, PRESENT
from activation.consent import Refusal
from activation.customers import segment_memberships
from activation.experiments.assignment import HOLDOUT, MESSAGE
from activation.gates.suppressions import Entry, address_hash, lift, suppress
from activation.mail.unsubscribing import Recipient, verified_recipient
from connectors.outgoing import Email, Event
from models.activation import deliveries
from models.campaigns import campaign_enrolments, campaign_versions


@pytest.fixture
def shop(engine: sa.Engine) -> CampaignShop:
    return make_campaign_shop(engine)


def test_who_is_held_out_is_written_down_and_gets_nothing(shop: CampaignShop) -> None:
    written, held = shop.ids(MESSAGE, 2), shop.ids(HOLDOUT, 2)
    shop.gone(*written, *held)
    enrolment = shop.enrol()
    assert (enrolment.arms, dict(enrolment.refusals)) == ({MESSAGE: 2, HOLDOUT: 2}, {})
    assert shop.enrolled() == dict.fromkeys(written, (MESSAGE, None)) | dict.fromkeys(held, (HOLDOUT, None))
    assert shop.sent_to == []
    shop.send()
    assert shop.sent_to == sorted(written)


def test_a_second_run_sends_nothing(shop: CampaignShop) -> None:
    shop.gone(*shop.ids(MESSAGE, 2))
    shop.run()
    shop.run()
    shop.night()
    report = shop.run()
    assert len(shop.sent_to) == 2
    assert report.plan.is_empty


def test_an_order_makes_the_next_occasion_another_one(shop: CampaignShop) -> None:
    campaign = declared(cooldown_days=0)
    (customer,) = shop.ids(MESSAGE)
    shop.gone(customer)
    shop.run(campaign)
    shop.night()
    shop.gone(customer, last_order_date=date(1998, 6, 30))
    shop.run(campaign)
    assert shop.sent_to == [customer, customer]


def test_nobody_takes_part_again_within_the_cooldown(shop: CampaignShop) -> None:
    written, held = shop.ids(MESSAGE)[0], shop.ids(HOLDOUT)[0]
    shop.gone(written, held)
    shop.run()
    shop.night()
    shop.gone(written, held, last_order_date=date(1998, 6, 30))
    shop.run()
    assert shop.sent_to == [written]
    assert shop.enrolled() == {written: (MESSAGE, COOLING_DOWN), held: (HOLDOUT, COOLING_DOWN)}


def test_whom_the_first_night_finds_was_there_before(engine: sa.Engine) -> None:
    shop = make_campaign_shop(engine)
    with engine.begin() as connection:
        connection.execute(sa.delete(campaign_versions))
    early, late = shop.ids(MESSAGE, 2)
    shop.gone(early)
    shop.run()
    shop.night()
    shop.gone(early, late)
    shop.run()
    assert shop.sent_to == [late]
    assert shop.enrolled()[early] == (MESSAGE, PRESENT)


def test_the_first_night_may_be_told_to_include_everybody(engine: sa.Engine) -> None:
    shop = make_campaign_shop(engine, campaign=declared(includes_present=True))
    with engine.begin() as connection:
        connection.execute(sa.delete(campaign_versions))
    shop.gone(*shop.ids(MESSAGE))
    shop.run()
    assert shop.sent_to == shop.ids(MESSAGE)


def test_who_crossed_the_line_while_the_campaign_rested_was_there_before(shop: CampaignShop) -> None:
    shop.run()
    shop.night(days=10)
    shop.gone(*shop.ids(MESSAGE))
    shop.run()
    assert shop.sent_to == []
    assert shop.enrolled() == {shop.ids(MESSAGE)[0]: (MESSAGE, PRESENT)}


def test_a_replay_of_an_earlier_day_enrols_and_messages_nobody(shop: CampaignShop) -> None:
    shop.run()
    shop.day = date(1998, 6, 1)
    shop.gone(*shop.ids(MESSAGE))
    assert shop.enrol().is_replay
    shop.send()
    assert (shop.enrolled(), shop.sent_to) == ({}, [])


@pytest.mark.parametrize("values", [{"active_from": "1998-07-01"}, {"active_until": "1998-06-29"}, {"is_paused": True}])
def test_what_happens_outside_a_campaigns_days_triggers_nothing(shop: CampaignShop, values: dict[str, object]) -> None:
    campaign = declared(**values)
    shop.gone(*shop.ids(MESSAGE))
    shop.run(campaign)
    assert (shop.enrolled(), shop.sent_to) == ({}, [])


def test_neither_arm_holds_whom_consent_or_the_list_keeps_out(shop: CampaignShop) -> None:
    for arm in (MESSAGE, HOLDOUT):
        unasked, bounced, gone, fine = shop.ids(arm, 4)
        shop.gone(unasked, has_email_consent=None)
        shop.gone(bounced, gone, fine)
        with shop.engine.begin() as connection:
            address = address_hash(f" {bounced.upper()}@Shop.example ")
            entries = [
                Entry("bounce", shop.shop.time.now, address_hash=address),
                Entry("unsubscribe", shop.shop.time.now, customer_id=gone),
            ]
            assert suppress(connection, "cdnow", entries) == 2
            assert suppress(connection, "cdnow", entries) == 0
    shop.run()
    reasons = {customer: refusal for customer, (_, refusal) in shop.enrolled().items()}
    for arm in (MESSAGE, HOLDOUT):
        unasked, bounced, gone, fine = shop.ids(arm, 4)
        assert reasons[unasked] == Refusal.CONSENT_UNKNOWN
        assert reasons[bounced] == "they are on the suppression list: bounce"
        assert reasons[gone] == "they are on the suppression list: unsubscribe"
        assert reasons[fine] is None
    assert shop.sent_to == shop.ids(MESSAGE, 4)[3:]


def test_what_changes_between_enrolment_and_sending_stops_the_message(shop: CampaignShop) -> None:
    withdrawn, complained, held, fine = shop.ids(MESSAGE, 4)
    shop.gone(withdrawn, complained, held, fine)
    shop.enrol()
    shop.shop.consent(withdrawn, value=False)
    with shop.engine.begin() as connection:
        suppress(connection, "cdnow", [Entry("complaint", shop.shop.time.now, customer_id=complained)])
        connection.execute(
            sa.update(campaign_enrolments).where(campaign_enrolments.c.customer_id == held).values(arm=HOLDOUT)
        )
    shop.send()
    assert shop.sent_to == [fine]
    reasons = {row.customer_id: row.reason for row in shop.ledger() if row.outcome == "withheld"}
    assert reasons == {
        withdrawn: Refusal.NO_CONSENT,
        complained: "they are on the suppression list: complaint",
    }


def test_the_gate_refuses_who_is_held_out_whatever_was_planned(shop: CampaignShop) -> None:
    (customer,) = shop.ids(MESSAGE)
    shop.gone(customer)
    shop.enrol()
    destination = shop.destination

    def hold_out_at_the_last_moment(*_: object) -> None:
        raise AssertionError("it was sent")

    destination.before = hold_out_at_the_last_moment
    shop.shop.time.now = shop.shop.time.now.replace(hour=23)
    night = {"quiet_hours": {"from": "21:00", "until": "08:00"}}
    shop.mail = night
    shop.send()  # reserved, and postponed
    with shop.engine.begin() as connection:
        connection.execute(sa.update(campaign_enrolments).values(arm=HOLDOUT))
    shop.night()
    shop.shop.time.now = shop.shop.time.now.replace(hour=12)
    shop.send()
    assert [(row.outcome, row.reason) for row in shop.ledger()] == [("withheld", "they are held out of the campaign")]


def test_a_list_that_cannot_be_read_keeps_everybody_from_being_written_to(shop: CampaignShop) -> None:
    shop.gone(*shop.ids(MESSAGE, 3))
    shop.enrol()
    with shop.engine.begin() as connection:
        connection.execute(sa.text("alter table activation.suppressions rename to gone"))
    with pytest.raises(sa.exc.ProgrammingError):
        shop.send()
    assert shop.sent_to == []


def test_what_a_person_lifts_from_the_list_no_longer_counts(shop: CampaignShop) -> None:
    (customer,) = shop.ids(MESSAGE)
    now = shop.shop.time.now
    with shop.engine.begin() as connection:
        suppress(connection, "cdnow", [Entry("manual", now, address_hash=address_hash(f"{customer}@shop.example"))])
        assert lift(connection, "cdnow", lifted_at=now, because="they wrote", address=f"{customer}@shop.example") == 1
    shop.gone(customer)
    shop.run()
    assert shop.sent_to == [customer]


def test_a_list_of_one_merchant_is_not_anothers(shop: CampaignShop) -> None:
    (customer,) = shop.ids(MESSAGE)
    with shop.engine.begin() as connection:
        suppress(connection, "other", [Entry("manual", shop.shop.time.now, customer_id=customer)])
    shop.gone(customer)
    shop.run()
    assert shop.sent_to == [customer]


def test_a_merged_customer_stays_on_the_list(shop: CampaignShop) -> None:
    (customer,) = shop.ids(MESSAGE)
    with shop.engine.begin() as connection:
        suppress(connection, "cdnow", [Entry("unsubscribe", shop.shop.time.now, customer_id="before")])
    shop.shop.is_now("before", customer)
    shop.gone(customer)
    shop.run()
    assert shop.sent_to == []


def test_quiet_hours_postpone_until_it_is_day_everywhere_in_the_country(shop: CampaignShop) -> None:
    at_home, in_states = shop.ids(MESSAGE, 2)
    shop.gone(at_home, in_states)
    shop.lives_in(in_states, "US")
    shop.mail = {"quiet_hours": {"from": "21:00", "until": "08:00"}}
    shop.shop.time.now = shop.shop.time.now.replace(hour=11)  # noon in Berlin, six in the morning in New York
    shop.run()
    assert shop.sent_to == [at_home]
    (waiting,) = [row for row in shop.ledger() if row.customer_id == in_states]
    assert waiting.retry_at.hour == 18  # eight in the morning in Honolulu
    assert waiting.outcome in {"reserved", "retry"}
    shop.shop.time.now = shop.shop.time.now.replace(hour=18, minute=30)
    shop.send()
    assert shop.sent_to == [at_home, in_states]


def test_the_frequency_cap_counts_all_campaigns(shop: CampaignShop) -> None:
    shop.mail = {"frequency_cap": {"messages": 2, "days": 7}}
    campaigns = [declared(name=name, holdout_share=0.001) for name in ("one", "two", "three")]
    for campaign in campaigns:
        shop.enrol(campaign)
    shop.gone("c1")
    for campaign in campaigns:
        shop.run(campaign)
    assert shop.sent_to == ["c1", "c1"]
    assert shop.ledger()[-1].reason == "they had 2 messages within 7 days"
    for _ in range(8):
        shop.night()
        for campaign in campaigns:
            shop.enrol(campaign)
    shop.gone("c1", last_order_date=date(1998, 7, 3))
    shop.run(declared(name="three", holdout_share=0.001, cooldown_days=0))
    assert shop.sent_to == ["c1"] * 3


def test_the_frequency_cap_counts_what_a_person_had_under_other_ids(shop: CampaignShop) -> None:
    shop.mail = {"frequency_cap": {"messages": 1, "days": 7}}
    one, two = (declared(name=name, holdout_share=0.001) for name in ("one", "two"))
    for campaign in (one, two):
        shop.enrol(campaign)
    shop.gone("then")
    shop.run(one)
    shop.gone("now")
    for record in ("then", "now"):
        shop.shop.is_now(record, "now")
    shop.run(two)
    assert shop.sent_to == ["then"]
    refused = {row.reason for row in shop.ledger() if row.campaign == "two"}
    assert refused == {"they had 1 messages within 7 days"}


def test_an_occasion_that_is_too_old_is_not_written_about(shop: CampaignShop) -> None:
    shop.gone(*shop.ids(MESSAGE))
    shop.enrol()
    shop.night(days=4)
    shop.send()
    assert shop.sent_to == []


@pytest.mark.parametrize(("kind", "expected"), [("segment_entered", ["c-in"]), ("segment_left", ["c-out"])])
def test_segments_trigger_who_enters_or_leaves(engine: sa.Engine, kind: str, expected: list[str]) -> None:
    campaign = declared(name="moves", trigger={kind: "vip"}, only=None, holdout_share=0.0001)
    shop = make_campaign_shop(engine, campaign=campaign)
    day = shop.day
    for customer in ("c-first", "c-in", "c-old", "c-out", "c-back"):
        shop.gone(customer, probability=0.1)
    shop.stay("vip", "c-first", date(1998, 6, 29))
    shop.stay("vip", "c-in", day)
    shop.stay("vip", "c-out", date(1998, 6, 29), day)
    shop.stay("vip", "c-back", date(1998, 6, 29), day)
    shop.stay("vip", "c-back", date(1998, 6, 30)) if kind == "segment_left" else None
    shop.run()
    assert shop.sent_to == expected
    with engine.begin() as connection:
        connection.execute(sa.delete(segment_memberships))


def test_the_expected_order_triggers_once_after_each_order(engine: sa.Engine) -> None:
    shop = make_campaign_shop(engine, campaign=declared(ready_made="replenishment", holdout_share=0.0001))
    soon, later = "c-soon", "c-later"
    shop.gone(soon, next_purchase_date=date(1998, 7, 5))
    shop.gone(later, next_purchase_date=date(1998, 7, 6))
    shop.run()
    assert shop.sent_to == [soon]
    shop.night()
    shop.gone(soon, next_purchase_date=date(1998, 7, 6))
    shop.gone(later, next_purchase_date=date(1998, 7, 6))
    shop.run()
    assert shop.sent_to == [soon, later]


def test_coming_to_meet_a_rule_triggers_once(engine: sa.Engine) -> None:
    shop = make_campaign_shop(engine, campaign=declared(ready_made="vip_thanks", holdout_share=0.0001))
    shop.gone("best", clv_percent_rank=0.97)
    shop.gone("other", clv_percent_rank=0.94)
    for _ in range(3):
        shop.run()
        shop.night(days=400)
        shop.enrol()
        shop.night()
    assert shop.sent_to == ["best"]


def test_the_email_is_whole_and_its_link_lets_go_its_recipient(shop: CampaignShop) -> None:
    (customer,) = shop.ids(MESSAGE)
    shop.gone(customer)
    shop.run()
    (sent,) = shop.destination.sent
    email = Email.of(sent.payload)
    assert email.to_address == f"{customer}@shop.example"
    assert (email.from_address, email.from_name, email.subject) == (
        "hello@shop.example",
        "The Shop",
        "It has been a while",
    )
    assert f"First{customer}" in email.html
    assert f"First{customer}" in email.text
    link = email.headers["List-Unsubscribe"].strip("<>")
    assert email.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert link in email.text
    recipient = verified_recipient(link.partition("token=")[2], (KEY,))
    assert recipient == Recipient("cdnow", customer, "email", "win_back")


def test_a_marketing_tool_gets_an_event(engine: sa.Engine) -> None:
    campaign = declared(event={"name": "Win-back", "properties": ["rfm_segment"]}, message=None, holdout_share=0.0001)
    shop = make_campaign_shop(engine, campaign=campaign)
    shop.gone("c1")
    shop.run()
    event = Event.of(shop.destination.sent[0].payload)
    assert (event.name, event.email, event.value, event.currency_code) == (
        "Win-back",
        "c1@shop.example",
        "100.00",
        "USD",
    )
    assert event.properties == {"rfm_segment": "champions"}


def test_nothing_personal_is_written_down(shop: CampaignShop) -> None:
    shop.gone(*shop.ids(MESSAGE), *shop.ids(HOLDOUT))
    shop.run()
    with shop.engine.begin() as connection:
        for table in (deliveries, campaign_enrolments, campaign_versions):
            for row in connection.execute(sa.select(table)):
                assert "@shop" not in str(row).replace("hello@shop", "")
                assert "First" not in str(row)


def test_the_forecast_of_the_window_is_written_down_before_anything_is_sent(shop: CampaignShop) -> None:
    shop.gone(*shop.ids(MESSAGE), expected_spend_amount=73, clv_horizon_days=365)
    shop.enrol()
    with shop.engine.begin() as connection:
        row = connection.execute(sa.select(campaign_enrolments)).one()
    assert (float(row.forecast_amount), row.currency_code, row.window_days) == (12.0, "USD", 60)
    assert row.campaign_version == shop.campaign.version
    assert row.consent_at == datetime(2025, 12, 1, tzinfo=UTC)
    assert row.consent_evidence == "web: subscribed by confirmed_opt_in"
