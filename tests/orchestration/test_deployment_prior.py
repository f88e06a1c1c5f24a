"""A deployment's own prior: of merchants who agreed, of enough of them, and without a trace of anybody's customers."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from ml.estimator import FitReport, FitStatus
from ml.forecasts.model_card import fit_reports, model_card
from ml.priors.prior import LETTERS, read_prior, written
from ml.priors.shipped import shipped_prior
from models.errors import MisconfiguredError, StopError
from models.registry import publish_model_run, register_model_run
from orchestration import deployment_prior
from orchestration.configuration import Configuration
from orchestration.deployment import Deployment
from orchestration.deployment_prior import estimate, own_prior, prior_in_use
from orchestration.settings import Settings

NOW = datetime(2026, 1, 14, 1, tzinfo=UTC)
SHARING = [f"m{number}" for number in range(6)]
OTHERS = ["silent", "unpublished"]


def report(name: str, number: int, **changes: Any) -> FitReport:
    """A fit that stands on a merchant's own data: everything is larger by a tenth than with the merchant before."""
    parameters = dict.fromkeys(LETTERS[name], 0.8 + 0.1 * number)
    size = len(parameters)
    fitted = FitReport(
        model_name=name,
        status=FitStatus.CONVERGED,
        message="",
        parameters=parameters,
        standard_errors=dict.fromkeys(parameters, 0.05),
        log_likelihood=-1234.5,
        customer_count=900,
        repeat_customer_count=300,
        pass_count=7,
        start_count=1,
        log_covariance=tuple(map(tuple, (0.01 * np.eye(size)).tolist())),
        mean_spend=40.0 + number if name == "gamma_gamma" else None,
    )
    return replace(fitted, **changes)


def card(number: int) -> dict[str, Any]:
    return model_card(
        model_name="bg_nbd",
        model_run_id="r",
        purchases=report("bg_nbd", number),
        spend=report("gamma_gamma", number),
        window=(date(2025, 1, 1), date(2026, 1, 13)),
        summary=pl.DataFrame({"frequency": [1, 0]}),
        data_hash="d",
        code_hash="c",
        settings={},
        versions={},
        backtest=pl.DataFrame(),
        facts={},
    )


def test_a_card_tells_again_how_its_fits_ended() -> None:
    stored = json.loads(json.dumps(card(3), allow_nan=False))
    assert fit_reports(stored) == [report("bg_nbd", 3), report("gamma_gamma", 3)]


def test_a_card_that_kept_no_covariances_teaches_nothing() -> None:
    old = card(3)
    for fit in old["fits"]:
        for key in ("log_covariance", "prior_share", "prior_version", "mean_spend"):
            del fit[key]
    with pytest.raises(StopError, match="bg_nbd 0, gamma_gamma 0"):
        own_prior(fit_reports(old) * 9, made_on=NOW.date())
    assert fit_reports({}) == []


def test_a_model_of_too_few_merchants_stays_as_it_is_shipped() -> None:
    enough = [report("bg_nbd", number) for number in range(5)]
    few = [report("gamma_gamma", number) for number in range(4)]
    prior = own_prior([*enough, *few], made_on=NOW.date())
    shipped = shipped_prior()
    assert prior.version == "own-2026-01-14"
    assert prior.models["gamma_gamma"] == shipped.models["gamma_gamma"]
    assert prior.models["bg_nbd"].merchant_count == shipped.models["bg_nbd"].merchant_count + 5
    # Five merchants near 1, with two of the shipped prior's, whose alpha is 66 days.
    assert 1.0 < np.exp(prior.models["bg_nbd"].mean[1]) < 10.0


@pytest.mark.parametrize(
    "change", [{"prior_share": 0.2}, {"status": FitStatus.NOBODY_DROPS_OUT}, {"log_covariance": ()}]
)
def test_only_fits_of_a_merchants_own_data_count(change: dict[str, Any]) -> None:
    four, fifth = [report("bg_nbd", number) for number in range(4)], report("bg_nbd", 4)
    assert own_prior([*four, fifth], made_on=NOW.date()).models["bg_nbd"].merchant_count == 7
    with pytest.raises(
        StopError, match=r"fits of 5 merchants of one model; there are: bg_nbd 4, gamma_gamma 0, .*500 customers"
    ):
        own_prior([*four, replace(fifth, **change)], made_on=NOW.date())


@pytest.fixture
def deployment(settings: Settings, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    """Six merchants who share, one who does not, and one who does and has nothing published."""
    columns = {"customer_id": "a", "ordered_at": "b", "amount": "c", "currency_code": {"constant": "EUR"}}
    store = {"store_id": "web", "source": {"type": "files", "path": "orders.csv", "columns": columns}}
    common = {"merchant_name": "M", "time_zone": "UTC", "currency_code": "EUR", "stores": [store]}
    declared = [
        {**common, "merchant_id": name, "prediction": {"shares_prior": name != "silent"}}
        for name in [*SHARING, *OTHERS]
    ]
    with Deployment(settings, database_url, clock=lambda: NOW) as opened:
        opened.__dict__["configuration"] = Configuration.model_validate({"merchants": declared})
        monkeypatch.setattr(deployment_prior, "open_deployment", lambda _: opened)
        for number, name in enumerate([*SHARING, *OTHERS]):
            publish(opened, name, number, is_published=name != "unpublished")
        yield opened


def publish(deployment: Deployment, merchant_id: str, number: int, *, is_published: bool = True) -> None:
    with deployment.transformer.begin() as connection:
        register_model_run(
            connection,
            merchant_id=merchant_id,
            model_run_id=f"run-{number}",
            model_name="bg_nbd",
            as_of_date=date(2026, 1, 13),
            parameters={},
            model_card=card(number),
            data_hash="d",
            code_hash="c",
            customer_count=2,
            run_id="run-1",
            fitted_at=NOW,
            base_model_name="bg_nbd",
            prediction_basis="model",
            incumbent_run_id=None,
            thread_count=1,
        )
        if is_published:
            publish_model_run(connection, merchant_id=merchant_id, model_run_id=f"run-{number}", published_at=NOW)


def test_merchants_who_share_make_the_prior_that_runs_use(
    deployment: Deployment, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert prior_in_use(settings) is shipped_prior()
    estimate(settings, None)
    prior = prior_in_use(settings)
    fits = [report(name, number) for number in range(6) for name in ("bg_nbd", "gamma_gamma")]
    assert prior == own_prior(fits, made_on=NOW.date()), "of the six, and of nobody else"
    text = (settings.home / "prior.json").read_text(encoding="utf-8")
    assert not any(name in text for name in [*SHARING, *OTHERS])
    said = capsys.readouterr().out
    assert f"prior {prior.identity}" in said
    assert "bg_nbd: 6 fits" in said
    assert "pareto_nbd: 0 of 5 fits, so as in the shipped prior" in said
    assert "runs use it from now on" in said


def test_the_prior_before_is_kept_for_nights_that_are_run_again(
    deployment: Deployment, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    estimate(settings, None)
    before = prior_in_use(settings)
    estimate(settings, None)
    assert [path.name for path in settings.home.glob("prior*.json")] == ["prior.json"], "nothing new, nothing kept"
    publish(deployment, "m0", 9)
    estimate(settings, None)
    assert prior_in_use(settings).identity != before.identity
    (kept,) = settings.home.glob("prior-*.json")
    assert kept.name == f"prior-{before.identity.replace(':', '-')}.json"
    assert prior_in_use(replace(settings, prior_path=kept)) == before
    assert f"the one before is kept in {kept}" in capsys.readouterr().out


def test_a_file_of_ones_own_is_written_and_named(
    deployment: Deployment, settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "somewhere" / "ours.json"
    estimate(settings, path)
    assert read_prior(path.read_text(encoding="utf-8")).version == "own-2026-01-14"
    assert f"written to {path}; set PERENNIAL_PRIOR to that path to use it" in capsys.readouterr().out
    assert prior_in_use(settings) is shipped_prior()
    assert list(path.parent.iterdir()) == [path]


def test_a_file_that_is_no_prior_is_not_overwritten(deployment: Deployment, settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("order_id,amount\n")
    with pytest.raises(MisconfiguredError, match=r"orders\.csv: prior: is not JSON"):
        estimate(settings, path)
    assert path.read_text() == "order_id,amount\n"


def test_a_prior_that_was_asked_for_has_to_be_there(settings: Settings, tmp_path: Path) -> None:
    missing = replace(settings, prior_path=tmp_path / "prior.json")
    with pytest.raises(
        MisconfiguredError, match=r"^PERENNIAL_PRIOR: .*prior\.json cannot be read \(FileNotFoundError\)"
    ):
        prior_in_use(missing)
    (tmp_path / "prior.json").write_text(written(shipped_prior()))
    assert prior_in_use(missing) == shipped_prior()
