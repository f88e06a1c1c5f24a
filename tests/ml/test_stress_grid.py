"""Every model at the edges of what merchants and parameters can be: no missing answer, nine digits right.

The right answers are in stress_grid.csv, made by stress_grid.py from the papers' closed forms in 160 digits.
"""

import csv
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import polars as pl
import pytest

from ml.fitting.likelihood_estimator import LikelihoodEstimator
from ml.histories.purchase_histories import cells_of, distinct_histories
from ml.purchases.bg_nbd import BetaGeometricNbd
from ml.purchases.mbg_nbd import ModifiedBetaGeometricNbd
from ml.purchases.pareto_nbd import ParetoNbd
from ml.spend.gamma_gamma import GammaGamma
from ml.spend.gamma_gamma_likelihood import SpenderRows, Spenders, evaluate

MODELS: dict[str, type[LikelihoodEstimator]] = {
    model.name: model for model in (BetaGeometricNbd, ModifiedBetaGeometricNbd, ParetoNbd)
}
RELATIVE = 1e-9


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """The module that made the file."""
    sys.path.insert(0, str(Path(__file__).parent))
    try:
        import stress_grid
    finally:
        sys.path.pop(0)
    return stress_grid


@pytest.fixture(scope="module")
def grid(script: ModuleType) -> pl.DataFrame:
    return pl.read_csv(script.FILE, infer_schema_length=None).cast(
        {name: pl.Float64 for name in (*script.COLUMNS, *script.ANSWERS) if name != "model"}
    )


def of(grid: pl.DataFrame, model: str) -> list[pl.DataFrame]:
    """The grid's rows of a model, apart by parameters."""
    rows = grid.filter(pl.col("model") == model)
    return rows.partition_by("first", "second", "third", "fourth", maintain_order=True)


def estimator(part: pl.DataFrame) -> LikelihoodEstimator:
    model = MODELS[part["model"][0]]
    return model.from_parameters(**dict(zip(model.letters, part.row(0)[1:5], strict=True)))


def summary(part: pl.DataFrame) -> pl.DataFrame:
    return part.select(frequency="x", recency_days="t_x", age_days="T")


def by_horizon(part: pl.DataFrame, ask: Callable[[pl.DataFrame, float], np.ndarray]) -> np.ndarray:
    answers = np.empty(part.height)
    for days in part["horizon"].unique():
        rows = np.flatnonzero(part["horizon"].to_numpy() == days)
        answers[rows] = ask(summary(part)[rows], days)
    return answers


def assert_right(part: pl.DataFrame, found: np.ndarray, exact: str) -> None:
    truth = part[exact].to_numpy()
    assert np.isfinite(found).all()
    # A log-likelihood is the exponent of a likelihood: near zero its absolute error is the likelihood's relative one.
    size = np.maximum(np.abs(truth), 1.0) if exact == "log_likelihood" else np.abs(truth)
    # Below 1e-290 a float has fewer digits than are asked for.
    wrong = np.abs(found - truth) > RELATIVE * size + 1e-299
    assert not wrong.any(), part.with_columns(found=pl.Series(found)).filter(pl.Series(wrong)).rows(named=True)


def test_the_grid_is_what_its_script_makes(script: ModuleType, grid: pl.DataFrame) -> None:
    """That the cells are the script's, and that working out some of them anew gives the same answers."""
    with script.FILE.open(encoding="ascii") as file:
        rows = list(csv.reader(file))[1:]
    cells = list(script.cells())
    assert [row[: len(script.COLUMNS)] for row in rows] == [[str(value) for value in cell] for cell in cells]
    assert len(cells) > 200
    for place in range(3, len(cells), 23):
        anew = np.array(script.answers(cells[place]))
        np.testing.assert_allclose(anew, np.array(rows[place][len(script.COLUMNS) :], dtype=float), rtol=1e-15)


@pytest.mark.parametrize("model", list(MODELS))
def test_log_likelihood(grid: pl.DataFrame, model: str) -> None:
    for part in of(grid, model):
        assert_right(part, estimator(part).log_likelihood(summary(part)), "log_likelihood")


@pytest.mark.parametrize("model", list(MODELS))
def test_likelihood_that_is_fitted(grid: pl.DataFrame, model: str) -> None:
    """The sum over cells that the fit climbs, with finite derivatives."""
    for part in of(grid, model):
        cells = cells_of(distinct_histories(summary(part)))
        at = estimator(part).evaluate(cells, np.array(part.row(0)[1:5]))
        truth = part["log_likelihood"].to_numpy()
        assert at.value == pytest.approx(truth.sum(), rel=RELATIVE, abs=RELATIVE)
        assert np.isfinite(at.gradient).all()
        assert np.isfinite(at.hessian).all()


@pytest.mark.parametrize("model", list(MODELS))
def test_probability_alive(grid: pl.DataFrame, model: str) -> None:
    for part in of(grid, model):
        assert_right(part, estimator(part).probability_alive(summary(part)), "alive")


@pytest.mark.parametrize("model", list(MODELS))
def test_probability_of_no_purchase(grid: pl.DataFrame, model: str) -> None:
    for part in of(grid, model):
        assert_right(part, by_horizon(part, estimator(part).probability_of_no_purchase), "silent")


@pytest.mark.parametrize("model", list(MODELS))
def test_expected_purchases(grid: pl.DataFrame, model: str) -> None:
    for part in of(grid, model):
        assert_right(part, by_horizon(part, estimator(part).expected_purchases), "expected")


@pytest.mark.parametrize("model", list(MODELS))
@pytest.mark.parametrize("unit", [7.0, 1 / 86_400])
def test_the_unit_of_time_changes_no_answer(grid: pl.DataFrame, model: str, unit: float) -> None:
    """Weeks or seconds for days, parameters and histories alike."""
    for part in of(grid, model):
        days = estimator(part)
        in_time = [name for name, is_time in zip(days.letters, days.in_days, strict=True) if is_time]
        scaled = {name: value / unit if name in in_time else value for name, value in days.params_.items()}
        others = type(days).from_parameters(**scaled)
        people = summary(part)
        converted = people.with_columns(pl.col("recency_days", "age_days") / unit)
        for horizon in (1.0, 1e5):
            for ask in ("expected_purchases", "probability_of_no_purchase"):
                found = getattr(others, ask)(converted, horizon / unit)
                np.testing.assert_allclose(found, getattr(days, ask)(people, horizon), rtol=RELATIVE, atol=1e-299)


@pytest.mark.parametrize("model", list(MODELS))
def test_the_order_of_rows_changes_no_bit(grid: pl.DataFrame, model: str) -> None:
    for part in of(grid, model):
        people, model_ = summary(part), estimator(part)
        backwards = people.reverse()
        for found, reverse in (
            (model_.log_likelihood(people), model_.log_likelihood(backwards)),
            (model_.probability_alive(people), model_.probability_alive(backwards)),
            (model_.expected_purchases(people, 90.0), model_.expected_purchases(backwards, 90.0)),
        ):
            assert (found == reverse[::-1]).all()


def test_spend(grid: pl.DataFrame) -> None:
    for part in of(grid, "gamma_gamma"):
        p, q, v = (part[name][0] for name in ("first", "second", "third"))
        model = GammaGamma.from_parameters(p=p, q=q, v=v)
        people = part.select(spend_day_count="x", monetary_value="t_x")
        assert_right(part, model.expected_spend(people), "expected")
        for i in np.flatnonzero(people["spend_day_count"] > 0):
            spender, row = Spenders.of(SpenderRows.of(people[int(i)])), part.row(int(i), named=True)
            at = evaluate(spender, np.array([p, q, v]))
            assert at.value == pytest.approx(row["log_likelihood"], rel=RELATIVE, abs=RELATIVE)
            assert np.isfinite(at.gradient).all()
            assert np.isfinite(at.hessian).all()
