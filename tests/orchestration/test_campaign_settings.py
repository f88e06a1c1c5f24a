"""A campaign that is declared wrongly is refused before anything runs, and the error names the key."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from models.errors import MisconfiguredError
from orchestration.configuration import Configuration, load_configuration

MAIL = {
    "from_address": "hello@shop.example",
    "shop_url": "https://shop.example",
    "unsubscribe_url": "https://mail.shop.example/unsubscribe",
}
CAMPAIGN = {"ready_made": "win_back", "destination": "mail", "active_from": "2026-01-15"}
SOURCE = {
    "type": "files",
    "path": "orders.csv",
    "columns": {
        "customer_id": "buyer",
        "ordered_at": {"column": "placed", "format": "%d/%m/%Y"},
        "amount": "total",
        "currency_code": {"constant": "EUR"},
    },
}


def load(folder: Path, *campaigns: dict[str, Any], mail: Any = MAIL) -> Configuration:
    merchant = {
        "merchant_id": "shop",
        "merchant_name": "Shop",
        "time_zone": "Europe/Berlin",
        "currency_code": "EUR",
        "stores": [{"store_id": "web", "source": SOURCE}],
        "campaigns": list(campaigns),
        **({"mail": mail} if mail else {}),
    }
    path = folder / "perennial.yml"
    destinations = [{"name": "mail", "type": "file", "folder": "out"}]
    path.write_text(yaml.safe_dump({"merchants": [merchant], "destinations": destinations}))
    return load_configuration(path, {})


def test_ready_made_campaigns_take_a_line_each(tmp_path: Path) -> None:
    names = ["win_back", "replenishment", "vip_thanks"]
    made = load(tmp_path, *(CAMPAIGN | {"ready_made": name} for name in names)).merchants[0].campaigns
    assert [campaign.name for campaign in made] == names
    assert [campaign.trigger.kind for campaign in made] == ["churn_probability", "next_order_within_days", "meets"]
    assert all(campaign.holdout_share == 0.1 for campaign in made)
    assert len({campaign.version for campaign in made}) == 3


def test_what_stands_beside_ready_made_counts(tmp_path: Path) -> None:
    own = {"name": "mine", "trigger": {"churn_probability": 0.8}, "message": {"variables": {"headline": "Ahoy"}}}
    (campaign,) = load(tmp_path, CAMPAIGN | own).merchants[0].campaigns
    assert (campaign.name, campaign.trigger.churn_probability) == ("mine", 0.8)
    assert campaign.message is not None
    assert campaign.message.variables["headline"] == "Ahoy"
    assert campaign.message.variables["button"] == "See what is new"


def test_a_version_is_of_what_is_sent_and_to_whom(tmp_path: Path) -> None:
    (first, resting, other) = load(
        tmp_path,
        CAMPAIGN | {"name": "a"},
        CAMPAIGN | {"name": "b", "is_paused": True, "description": "x"},
        CAMPAIGN | {"name": "c", "holdout_share": 0.2},
    ).merchants[0].campaigns  # fmt: skip
    same = first.model_copy(update={"name": "b"})
    assert same.version == resting.version
    assert first.model_copy(update={"name": "c"}).version != other.version


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"ready_made": "winback"}, r"campaigns\[0\]\.ready_made: there is no 'winback'; did you mean 'win_back'"),
        ({"destination": "post"}, r"campaigns\[0\]\.destination: 'post' is not declared; declared are: mail"),
        ({"trigger": {}}, r"campaigns\[0\]\.trigger: needs exactly one of segment_entered.*found none"),
        ({"trigger": {"churn_probability": 0.5, "segment_left": "a"}}, "found churn_probability, segment_left"),
        ({"trigger": {"churn_probability": 1.5}}, r"campaigns\[0\]\.trigger\.churn_probability"),
        ({"trigger": {"meets": {"column": "clv", "at_least": 1}}}, r"campaigns\[0\]\.trigger\.meets.*no column 'clv'"),
        ({"holdout_share": 0}, r"campaigns\[0\]\.holdout_share"),
        ({"message": {"template": "none.mjml"}}, r"campaigns\[0\]\.message: none\.mjml cannot be read"),
        ({"message": {"subject": "{{ customer.nme }}"}}, r"campaigns\[0\]\.message: subject, line 1.*'customer\.nme'"),
        ({"message": None}, r"campaigns\[0\]\.message: declare a message or an event"),
        ({"event": {"name": "x", "properties": ["emial"]}, "message": None}, "'emial' is no column"),
        ({"active_until": "2025-01-01"}, r"campaigns\[0\]\.active_until: lies before active_from"),
        ({"quiet_hours": {"from": "08:00", "until": "08:00"}}, r"campaigns\[0\]\.quiet_hours.*are equal"),
        ({"wndow_days": 3}, r"campaigns\[0\]\.wndow_days"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, values: dict[str, Any], message: str) -> None:
    with pytest.raises(MisconfiguredError, match=message):
        load(tmp_path, CAMPAIGN | values)


def test_two_campaigns_need_two_names(tmp_path: Path) -> None:
    with pytest.raises(MisconfiguredError, match=r"campaigns\[1\]\.name: 'win_back' is declared twice"):
        load(tmp_path, CAMPAIGN, CAMPAIGN)


@pytest.mark.parametrize(
    ("mail", "message"),
    [
        (None, r"merchants\[0\]\.mail: is needed for campaign 'win_back'"),
        (MAIL | {"from_address": "nobody"}, r"mail\.from_address: 'nobody' is not an email address"),
        (MAIL | {"unsubscribe_url": "http://shop.example"}, r"mail\.unsubscribe_url.*begins with https"),
        (MAIL | {"locale": "xx_YY"}, r"mail\.locale: 'xx_YY' is not a locale"),
    ],
)
def test_mail_is_needed_and_checked(tmp_path: Path, mail: Any, message: str) -> None:
    with pytest.raises(MisconfiguredError, match=message):
        load(tmp_path, CAMPAIGN, mail=mail)


def test_an_event_needs_no_mail(tmp_path: Path) -> None:
    made = load(tmp_path, CAMPAIGN | {"event": {"name": "Win-back"}, "message": None}, mail=None)
    assert made.merchants[0].campaigns[0].event is not None
