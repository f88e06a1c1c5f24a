"""The artefact: what is written is read again, what is wrong is named, and other numbers are another prior."""

import json
from dataclasses import replace
from datetime import date
from importlib import resources
from typing import Any

import numpy as np
import pytest

from ml.priors.prior import LETTERS, ModelPrior, Prior, read_prior, written
from ml.priors.shipped import ARTEFACT, shipped_prior
from models.errors import MisconfiguredError

PRIOR = Prior(
    version="shoes-7",
    made_on=date(2026, 11, 21),
    method="By hand.",
    sources=("Nobody in particular",),
    models={"gamma_gamma": ModelPrior((1.0, 1.0 / 3.0, -0.4), ((1.0, 0.1, 0.0), (0.1, 2.0, 0.3), (0.0, 0.3, 1.5)), 4)},
)


def changed(*path: str, to: object) -> str:
    content: Any = json.loads(written(PRIOR))
    inner = content
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = to
    return json.dumps(content)


def test_what_is_written_is_read_again_to_the_last_bit() -> None:
    assert read_prior(written(PRIOR)) == PRIOR
    assert written(read_prior(written(PRIOR))) == written(PRIOR)
    assert "[0.1, 2.0, 0.3]" in written(PRIOR)


GG = ("models", "gamma_gamma")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "prior: is not JSON"),
        ("[]", "prior.format: has to be 1"),
        (changed("format", to=2), "prior.format: has to be 1"),
        (changed("version", to="a b"), "prior.version"),
        (changed("version", to=7), "prior.version"),
        (changed("made_on", to="yesterday"), "prior.made_on: has to be a date"),
        (changed("models", to={}), "prior.models: has to hold"),
        (changed("models", "arima", to={}), "prior.models.arima: is no model"),
        (changed(*GG, "parameters", to=["p", "v", "q"]), "parameters: have to be p, q, v, in this order"),
        (changed(*GG, "merchant_count", to=-1), "merchant_count: has to be a whole number"),
        (changed(*GG, "merchant_count", to=True), "merchant_count: has to be a whole number"),
        (changed(*GG, "mean_of_logarithms", to=[1.0, 2.0]), "mean_of_logarithms: has to be 3 finite numbers"),
        (changed(*GG, "mean_of_logarithms", to=[1.0, 2.0, float("nan")]), "3 finite numbers"),
        (changed(*GG, "mean_of_logarithms", to=None), "3 finite numbers"),
        (changed(*GG, "covariance_of_logarithms", to=[[1, 0], [0, 1]]), "has to be 3 by 3 finite numbers"),
        (changed(*GG, "covariance_of_logarithms", to=[[1, 0, 0], [0.5, 1, 0], [0, 0, 1]]), "is not symmetric"),
        (changed(*GG, "covariance_of_logarithms", to=[[1, 2, 0], [2, 1, 0], [0, 0, 1]]), "is not positive definite"),
    ],
)
def test_what_is_wrong_is_named(text: str, message: str) -> None:
    with pytest.raises(MisconfiguredError) as caught:
        read_prior(text)
    assert message in str(caught.value)


def test_other_numbers_under_the_same_version_are_another_prior() -> None:
    model = PRIOR.models["gamma_gamma"]
    moved = replace(PRIOR, models={"gamma_gamma": replace(model, mean=(1.0, 0.3, -0.4))})
    identities = {PRIOR.identity, moved.identity, replace(PRIOR, version="shoes-8").identity}
    assert len(identities) == 3
    assert PRIOR.identity.startswith("shoes-7:")
    assert replace(PRIOR, method="By foot.").identity == PRIOR.identity
    assert PRIOR.of("gamma_gamma").version == PRIOR.identity


def test_a_fit_takes_the_precision() -> None:
    prior = PRIOR.of("gamma_gamma")
    np.testing.assert_allclose(
        prior.precision @ np.array(PRIOR.models["gamma_gamma"].covariance), np.eye(3), atol=1e-12
    )


def test_the_shipped_prior_is_the_one_that_was_tested() -> None:
    """Whoever changes its numbers raises its version."""
    assert shipped_prior().identity == "shipped-1:47874165"
    text = resources.files("ml.priors").joinpath(ARTEFACT).read_text(encoding="utf-8")
    assert written(shipped_prior()) == text
    assert shipped_prior().models.keys() == LETTERS.keys()
    assert len(shipped_prior().sources) == 3


def mean(name: str) -> dict[str, float]:
    values = np.exp(shipped_prior().of(name).mean)
    return dict(zip(LETTERS[name], values.tolist(), strict=True))


def test_the_shipped_means_are_those_of_the_published_fits() -> None:
    """CDNOW's times are published in weeks, the other shop's in days; spend is in each shop's own currency."""
    between = {
        name: float(np.sqrt(cdnow * other))
        for name, cdnow, other in (
            ("r", 0.243, 0.30),
            ("alpha", 4.414 * 7, 140.63),
            ("a", 0.793, 0.83),
            ("b", 2.426, 3.55),
        )
    }
    assert mean("bg_nbd") == pytest.approx(between, rel=1e-5)
    slower = between["alpha"] / (4.414 * 7)
    weeks = 7 * slower
    assert mean("mbg_nbd") == pytest.approx({"r": 0.525, "alpha": 6.183 * weeks, "a": 0.891, "b": 1.614}, rel=1e-5)
    assert mean("pareto_nbd") == pytest.approx(
        {"r": 0.553, "alpha": 10.578 * weeks, "s": 0.606, "beta": 11.669 * weeks}, rel=1e-5
    )
    spend = mean("gamma_gamma")
    assert spend["p"] == pytest.approx(float(np.cbrt(6.25 * 15.67 * 2.10)), rel=1e-5)
    assert spend["q"] == pytest.approx(float(np.cbrt(3.74 * 9.52 * 3.45)), rel=1e-5)
    # With no data a purchase day is expected to cost what it did so far.
    assert spend["p"] * spend["v"] / (spend["q"] - 1) == pytest.approx(1.0, rel=1e-5)


def test_the_shipped_spread_lets_published_shops_in_and_holds_spend_to_its_mean() -> None:
    for name, published in (
        ("bg_nbd", [0.243, 4.414 * 7, 0.793, 2.426]),
        ("bg_nbd", [0.30, 140.63, 0.83, 3.55]),
        ("pareto_nbd", [0.553, 10.578 * 7, 0.606, 11.669 * 7]),
        ("gamma_gamma", [6.25, 3.74, 15.44 / 35.2]),
        ("gamma_gamma", [15.67, 9.52, 44.74 / 82.4]),
        ("gamma_gamma", [2.10, 3.45, 485.57 / 416.9]),
    ):
        prior = shipped_prior().of(name)
        away = np.log(published) - prior.mean
        assert away @ prior.precision @ away < len(published) + 2
    q = shipped_prior().of("gamma_gamma").mean[1]
    slope = np.array([1.0, -np.exp(q) / (np.exp(q) - 1.0), 1.0])
    spread = np.array(shipped_prior().models["gamma_gamma"].covariance)
    assert np.sqrt(slope @ spread @ slope) == pytest.approx(0.15, rel=0.01)
