import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from ml.estimator import FloatArray
from ml.evaluation.calibration import DECILES_SCHEMA, decile_calibration, deciles
from ml.evaluation.influence import Ranking


def calibrated(forecast: FloatArray, actual: FloatArray) -> pl.DataFrame:
    return decile_calibration(Ranking.of(forecast), forecast, actual)


def test_every_tenth_holds_a_tenth_when_nobody_is_tied() -> None:
    forecast = np.random.default_rng(1).permutation(200).astype(np.float64)
    table = calibrated(forecast, forecast * 2.0)
    assert table.schema == DECILES_SCHEMA
    assert table["decile"].to_list() == list(range(1, 11))
    assert table["customer_count"].to_list() == [20] * 10
    assert table["expected_value"].to_list() == pytest.approx([9.5 + 20 * k for k in range(10)])
    assert table["actual_value"].to_list() == pytest.approx([19.0 + 40 * k for k in range(10)])


def test_the_tied_stay_together() -> None:
    forecast = np.array([0.2] * 60 + [0.5] * 30 + [0.9] * 10)
    table = calibrated(forecast, np.ones(100))
    assert table["decile"].to_list() == [4, 8, 10]
    assert table["customer_count"].to_list() == [60, 30, 10]
    assert deciles(Ranking.of(np.full(7, 3.0))).tolist() == [6] * 7


def test_the_order_of_rows_does_not_show() -> None:
    rng = np.random.default_rng(2)
    forecast, actual = np.round(rng.gamma(0.5, 1.0, 500), 2), rng.gamma(0.5, 1.0, 500)
    turned = rng.permutation(500)
    assert_frame_equal(calibrated(forecast, actual), calibrated(forecast[turned], actual[turned]), rel_tol=1e-12)


def test_nobody_is_no_row() -> None:
    assert calibrated(np.zeros(0), np.zeros(0)).height == 0
    assert calibrated(np.zeros(0), np.zeros(0)).schema == DECILES_SCHEMA
