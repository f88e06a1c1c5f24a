"""A campaign's plan and report say what the tables say: what could be found, what was brought, or neither."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from campaign_shop import CampaignShop, declared, make_campaign_shop
from simulated_experiments import simulated_experiment

from activation.campaigns.launch import launch_of
from activation.experiments.assignment import HOLDOUT, MESSAGE
from activation.experiments.lift import lift
from activation.loyalty.programme import Programme
from activation.segments.facts import fct_orders
from orchestration.campaign_commands import plan_lines
from orchestration.campaign_page import campaign_page
from orchestration.campaign_report import CampaignData, campaign_data, campaign_outcomes, report_lines
from orchestration.configuration import Merchant
from orchestration.measured_uplifts import measured_uplifts

MERCHANT = Merchant.model_validate(
    {
        "merchant_id": "cdnow",
        "merchant_name": "Tea <& Co>",
        "time_zone": "Europe/Berlin",
        "currency_code": "USD",
        "stores": [
            {
                "store_id": "web",
                "source": {
                    "type": "files",
                    "path": "orders.csv",
                    "columns": {"customer_id": "a", "ordered_at": "b", "amount": "c", "currency_code": "d"},
                },
            }
        ],
    }
)


class Page(HTMLParser):
    """A page's words, and whether its tags are closed in their order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        if tag not in {"meta", "img"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words.append(data)


@pytest.fixture
def shop(engine: sa.Engine) -> CampaignShop:
    made = make_campaign_shop(engine)
    columns = [sa.Column(one.name, one.type) for one in campaign_outcomes.columns]
    with engine.begin() as connection:
        sa.Table("campaign_outcomes", sa.MetaData(), *columns, schema="marts").create(connection, checkfirst=True)
        fct_orders.create(connection, checkfirst=True)
        for table in (campaign_outcomes, fct_orders):
            connection.execute(sa.delete(table))
    return made


def outcome(customer: str, arm: str, revenue: float, *, is_complete: bool = True, **values: Any) -> dict[str, Any]:
    return {
        "merchant_id": "cdnow",
        "campaign_name": "win_back",
        "customer_id": customer,
        "arm": arm,
        "revenue_amount": revenue,
        "forecast_amount": 1,
        "order_count": int(revenue > 0),
        "is_complete": is_complete,
        "window_end_date": date(1998, 9, 1),
    } | values


def read(shop: CampaignShop, *rows: dict[str, Any]) -> CampaignData:
    with shop.engine.begin() as connection:
        connection.execute(sa.insert(campaign_outcomes), rows)
        return campaign_data(connection, MERCHANT, shop.campaign)


def data_of(**values: Any) -> CampaignData:
    made = simulated_experiment(np.random.default_rng(3), customers=2_000, uplift=0.5)
    return replace(
        CampaignData(
            merchant_name="Tea <& Co>",
            currency_code="EUR",
            campaign=declared(),
            as_of_date=date(1998, 6, 30),
            arms={MESSAGE: made.message, HOLDOUT: made.holdout},
            waiting_count=12,
            first_end_date=date(1998, 7, 9),
            lift=lift(made.message, made.holdout, deals=199),
            too_few=None,
            refusals={"they are on the suppression list: bounce": 41},
            outcomes={"accepted": 1_750, "withheld": 3},
            reasons={"they had 2 messages within 7 days": 3},
        ),
        **values,
    )


def test_a_customer_counts_once_however_often_they_took_part(shop: CampaignShop) -> None:
    rows = [outcome(f"m{n}", MESSAGE, n % 7) for n in range(60)] + [outcome(f"h{n}", HOLDOUT, n % 3) for n in range(60)]
    again = outcome("m1", MESSAGE, 100, forecast_amount=None)
    other = outcome("m1", MESSAGE, 1_000, campaign_name="other")
    waiting = [outcome("m2", MESSAGE, 500, is_complete=False), outcome("w", HOLDOUT, 500, is_complete=False)]
    data = read(shop, *rows, again, other, *waiting)
    assert (data.arms[MESSAGE].customer_count, data.arms[HOLDOUT].customer_count) == (60, 60)
    assert data.arms[MESSAGE].revenue.sum() == sum(n % 7 for n in range(60)) + 100
    assert data.arms[MESSAGE].forecast.sum() == 60
    assert data.arms[HOLDOUT].buyer_count == 40
    assert (data.waiting_count, data.first_end_date) == (2, date(1998, 9, 1))
    assert data.lift is not None
    assert data.lift.unadjusted.estimate == pytest.approx((sum(n % 7 for n in range(60)) + 100) / 60 - 1)


def test_the_reward_budget_reads_what_the_report_is_made_of(shop: CampaignShop) -> None:
    uplift = {"low": 0, "rate": 0.05, "high": 0.1, "source": "a guess"}
    reward = {"name": "five_off", "title": "5 off", "amount": 5, "points": 50}
    named = reward | {"uplift": uplift | {"campaign": "win_back"}}
    other = reward | {"name": "six_off", "uplift": uplift}
    programme = Programme.model_validate(
        {
            "name": "points",
            "point_value_amount": "0.01",
            "rules": [{"valid_from_date": date(1998, 1, 1)}],
            "rewards": [named, other, reward | {"name": "seven_off"}],
            "destination": "shop",
        }
    )
    merchant = MERCHANT.model_copy(update={"campaigns": [shop.campaign]})
    read(shop, *(outcome(f"m{n}", MESSAGE, n % 7) for n in range(60)), outcome("h", HOLDOUT, 3))
    with shop.engine.begin() as connection:
        too_few = "the holdout arm has 1 customers; 50 are needed"
        assert measured_uplifts(connection, merchant, programme) == ({}, {"win_back": too_few})
        rows = [outcome(f"h{n}", HOLDOUT, n % 3) for n in range(60)]
        connection.execute(sa.insert(campaign_outcomes), rows)
        found, silent = measured_uplifts(connection, merchant, programme)
    assert silent == {}
    assert found["win_back"].window_days == shop.campaign.window_days
    assert found["win_back"].customer_count == 121
    assert found["win_back"].share.estimate == pytest.approx(sum(n % 7 for n in range(60)) / 60 / (63 / 61) - 1)


def test_too_few_say_nothing_and_the_page_says_what_could_be_found(shop: CampaignShop) -> None:
    shop.gone(*shop.ids(MESSAGE, 3), *shop.ids(HOLDOUT, 2), expected_purchases=1.0, probability_alive=0.5,
              expected_spend_amount=Decimal(50), clv_horizon_days=365)  # fmt: skip
    data = read(shop, outcome("m", MESSAGE, 5))
    assert data.lift is None
    assert report_lines(data)[-1] == "  nothing can be said yet: the message arm has 1 customers; 50 are needed"
    text = Page(campaign_page(data)).text
    assert "Nothing can be said yet." in text
    assert "the least effect that is found four times in five" in text


def test_the_report_counts_refusals_and_messages(shop: CampaignShop) -> None:
    written, unasked = shop.ids(MESSAGE, 2)
    shop.gone(written)
    shop.gone(unasked, has_email_consent=None)
    shop.run()
    data = read(shop, outcome("m", MESSAGE, 5))
    assert data.refusals == {"it is not known whether they agreed to emails": 1}
    assert data.outcomes == {"accepted": 1}
    assert data.reasons == {}


def test_the_page_says_what_was_brought() -> None:
    data = data_of()
    page = Page(campaign_page(data))
    assert page.open == []
    found = data.lift
    assert found is not None
    total = found.total_revenue
    assert f"It brought {total.estimate:,.0f} EUR." in page.text
    assert f"Between {total.low:,.0f} and {total.high:,.0f} EUR at 95%" in page.text
    for words in ("Tea <& Co>", "41", "1,750", "they had 2 messages within 7 days", "1,800", "200"):
        assert words in page.text
    assert "<& Co>" not in campaign_page(data)


def test_an_effect_that_may_be_chance_is_called_so() -> None:
    made = simulated_experiment(np.random.default_rng(5), customers=2_000)
    page = Page(campaign_page(data_of(lift=lift(made.message, made.holdout, deals=199)))).text
    assert "Whether it brought anything cannot be told." in page
    assert "which may be chance" in page


def test_a_plan_says_whom_it_would_find_and_what_it_could_tell(shop: CampaignShop) -> None:
    values = {"expected_purchases": 2.0, "probability_alive": 1.0, "expected_spend_amount": Decimal(60)}
    shop.gone(*shop.ids(MESSAGE, 30), *shop.ids(HOLDOUT, 20), clv_horizon_days=120, **values)
    shop.gone("unasked", has_email_consent=None)
    shop.run()
    sent = list(shop.sent_to)
    with shop.engine.begin() as connection:
        connection.execute(
            sa.insert(fct_orders),
            [
                {"merchant_id": "cdnow", "customer_id": f"c{n}", "amount": amount, "order_id": f"{n}{amount}"}
                for n in range(40)
                for amount in (10, 30)
            ],
        )
        launch = launch_of(connection, "cdnow", shop.campaign, as_of_date=shop.day)
    assert (launch.arms, len(launch.eligible)) == ({MESSAGE: 30, HOLDOUT: 20}, 50)
    assert launch.refusals == {"it is not known whether they agreed to emails": 1}
    spread, effect = launch.spread, launch.effect
    assert spread is not None
    assert effect is not None
    # One order of 30 expected in 60 days of 120; orders vary by half of the variance of 10 and 30 over their mean.
    assert spread.mean == pytest.approx(30)
    assert spread.unexplained_variance == pytest.approx(900 * (1 + 200 / 400))
    assert spread.base_rate == pytest.approx(1 - np.exp(-1))
    assert effect.adjusted_revenue == pytest.approx(2.8016 * np.sqrt(1350 * (1 / 25 + 1 / 25)), rel=1e-3)
    lines = "\n".join(plan_lines(MERCHANT, launch, sample=2))
    assert "meet the trigger now: 51, of whom 50 may be written to" in lines
    assert "would be held out: 20 (50% declared)" in lines
    assert f"some of the holdout arm: {', '.join(sorted(shop.ids(HOLDOUT, 20))[:2])}" in lines
    assert shop.sent_to == sent
