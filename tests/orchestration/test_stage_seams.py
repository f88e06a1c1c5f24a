"""Small promises between the stages: what is tried again, what is gone without, and whose port it is."""

from dataclasses import replace
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from connectors.sandbox.receiver import running_receiver
from models.errors import RetryLaterError, StopError
from orchestration import asset_plots
from orchestration.activation_stage import MerchantDeliveries, SyncOutcome
from orchestration.asset_plots import model_plots
from orchestration.demonstration import _receiver
from orchestration.merchant_run import MerchantRun
from orchestration.settings import Settings

REFUSED = SyncOutcome("best", "crm", failure="3 records not accepted")
BUSY = SyncOutcome("best", "exports", failure="another process is at work", is_passing=True)
SENT = SyncOutcome("best", "ads")


def test_deliveries_that_may_still_succeed_are_worth_another_attempt() -> None:
    with pytest.raises(RetryLaterError, match="best → crm: 3 records not accepted; best → exports: another process"):
        MerchantDeliveries([REFUSED, SENT, BUSY]).refuse_failures()


def test_deliveries_that_were_refused_are_not() -> None:
    with pytest.raises(StopError, match=r"^best → crm: 3 records not accepted$"):
        MerchantDeliveries([REFUSED, SENT]).refuse_failures()
    MerchantDeliveries([SENT]).refuse_failures()


def test_a_picture_that_cannot_be_drawn_costs_nobody_else_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    merchants = [
        SimpleNamespace(
            merchant_id=name,
            merchant_name=name,
            currency_code="EUR",
            prediction=SimpleNamespace(horizon_days=365),
        )
        for name in ("ink", "paper")
    ]
    days = dict.fromkeys(("ink", "paper"), date(2026, 1, 13))
    run = MerchantRun(cast("Any", None), "run-1", cast("Any", merchants), days, datetime(2026, 1, 14, tzinfo=UTC))

    def matrices(forecast: str, merchant: Any, text: str) -> dict[str, bytes]:
        del forecast, text
        if merchant.merchant_id == "ink":
            raise ValueError("nothing to draw")
        return {"P(alive)": b"png"}

    monkeypatch.setattr(asset_plots, "_matrices", matrices)
    drawn = model_plots(run, cast("Any", {"ink": "forecast", "paper": "forecast"}))
    assert list(drawn["model_runs"]) == ["P(alive) (paper)"]


def test_the_demonstration_uses_the_receiver_that_is_already_up(settings: Settings) -> None:
    log = settings.home / "receiver" / "log.jsonl"
    with running_receiver(log, secret="0123456789abcdef") as up:
        port = int(up.url.rpartition(":")[2].partition("/")[0])
        with _receiver(replace(settings, receiver_port=port)):
            pass
