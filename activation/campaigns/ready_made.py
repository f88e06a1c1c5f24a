"""Ready-made campaigns: what `ready_made` stands for in `perennial.yml`; every key can be declared otherwise there."""

from collections.abc import Mapping
from typing import Any

READY_MADE: Mapping[str, Mapping[str, Any]] = {
    "win_back": {
        "description": "To customers of two orders or more who are more likely gone than not.",
        "trigger": {"churn_probability": 0.6},
        "only": {"column": "order_count", "at_least": 2},
        "window_days": 60,
        "cooldown_days": 180,
        "message": {
            "template": "win_back",
            "subject": "It has been a while",
            "variables": {
                "headline": "It has been a while",
                "preview": "Have a look at what is new.",
                "body": "We have not seen you for some time, and a good deal is new since. Have a look, and if "
                "something kept you away, just answer this message.",
                "button": "See what is new",
            },
        },
    },
    "replenishment": {
        "description": "To customers of three orders or more whose next order is expected within days.",
        "trigger": {"next_order_within_days": 5},
        "only": {"column": "order_count", "at_least": 3},
        "window_days": 21,
        "cooldown_days": 21,
        "message": {
            "template": "replenishment",
            "subject": "Time for more?",
            "variables": {
                "headline": "Time for more?",
                "preview": "About now you usually order again.",
                "body": "Going by your earlier orders you may be running low. Order now, and it is there before you "
                "miss it.",
                "button": "Order again",
            },
        },
    },
    "vip_thanks": {
        "description": "To customers who come to be among the best twentieth by predicted value.",
        "trigger": {
            "meets": {
                "all": [{"column": "clv_percent_rank", "at_least": 0.95}, {"column": "order_count", "at_least": 3}]
            }
        },
        "window_days": 90,
        "cooldown_days": 365,
        "message": {
            "template": "vip_thanks",
            "subject": "Thank you",
            "variables": {
                "headline": "You are one of our best customers",
                "preview": "A word of thanks.",
                "body": "Few people have done as much for our shop as you. We wanted to say so, without asking for "
                "anything.",
                "button": "Visit the shop",
            },
        },
    },
}
