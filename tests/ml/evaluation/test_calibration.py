import numpy as np
import pytest

from ml.evaluation.calibration import DECILES_SCHEMA, decile_calibration, deciles


def test_every_tenth_holds_a_tenth_when_nobody_is_tied() -> None:
    forecast = np.random.default_rng(1).permutation(200).astype(np.float64)
    table = decile_calibration(forecast, forecast * 2.0)
    assert table.schema == DECILES_SCHEMA
    assert table["decile"].to_list() == list(range(1, 11))
    assert table["customer_count"].to_list() == [20] * 10
    assert table["expected_value"].to_list() == pytest.approx([9.5 + 20 * k for k in range(10)])
    assert table["actual_value"].to_list() == pytest.approx([19.0 + 40 * k for k in range(10)])


def test_the_tied_stay_together() -> None:
    forecast = np.array([0.2] * 60 + [0.5] * 30 + [0.9] * 10)
    table = decile_calibration(forecast, np.ones(100))
    assert table["decile"].to_list() == [4, 8, 10]
    assert table["customer_count"].to_list() == [60, 30, 10]
    assert deciles(np.full(7, 3.0)).tolist() == [6.0] * 7


def test_the_order_of_rows_does_not_show() -> None:
    rng = np.random.default_rng(2)
    forecast, actual = np.round(rng.gamma(0.5, 1.0, 500), 2), rng.gamma(0.5, 1.0, 500)
    turned = rng.permutation(500)
    assert decile_calibration(forecast, actual).equals(decile_calibration(forecast[turned], actual[turned]))


def test_nobody_is_no_row() -> None:
    assert decile_calibration(np.zeros(0), np.zeros(0)).height == 0
    assert decile_calibration(np.zeros(0), np.zeros(0)).schema == DECILES_SCHEMA
