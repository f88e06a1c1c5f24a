from datetime import date

import polars as pl
import pytest

from ml.forecasts.model_card import code_hash, data_hash, model_run_id

FRAME = pl.DataFrame({"customer_id": ["a", "bc"], "frequency": [1, 0], "monetary_value": [2.5, None]})


def test_code_hash_sees_names_and_contents_and_nothing_else() -> None:
    sources = {"a.py": b"x = 1\n", "b.py": b"y = 2\n"}
    assert code_hash(sources) == code_hash(dict(reversed(sources.items())))
    assert code_hash(sources) == code_hash({"a.py": b"x = 1\r\n", "b.py": b"y = 2\n"})
    others = [{"a.py": b"x = 1\n"}, {**sources, "b.py": b"y = 3\n"}, {"a.py": b"x = 1\ny = 2\n", "b.py": b""}]
    assert len({code_hash(sources), *(code_hash(other) for other in others)}) == 4


@pytest.mark.parametrize(
    "other",
    [
        FRAME.with_columns(customer_id=pl.Series(["ab", "c"])),
        FRAME.with_columns(monetary_value=pl.col("monetary_value").fill_null(0.0)),
        FRAME.with_columns(pl.col("frequency") + 1),
        FRAME.reverse(),
        FRAME.rename({"frequency": "x"}),
        FRAME[:1],
    ],
)
def test_data_hash_sees_every_difference(other: pl.DataFrame) -> None:
    assert data_hash([FRAME]) != data_hash([other])


def test_data_hash_is_of_values() -> None:
    """Pinned: a stored digest must mean the same after an upgrade of any library."""
    assert data_hash([FRAME]) == data_hash([FRAME.clone().rechunk()])
    assert data_hash([FRAME, FRAME]) != data_hash([FRAME])
    assert data_hash([FRAME]).startswith("25d46661538c2948")


def test_a_run_is_named_by_all_that_determines_it() -> None:
    given = {
        "merchant_id": "m",
        "as_of_date": date(2026, 1, 1),
        "data_hash": "d",
        "code_hash": "c",
        "settings": {"horizon_days": 365, "holdout_days": None},
    }
    names = {model_run_id(**given)}  # type: ignore[arg-type]  # a dictionary of keyword arguments
    for change in [
        {"merchant_id": "n"},
        {"as_of_date": date(2026, 1, 2)},
        {"data_hash": "e"},
        {"code_hash": "e"},
        {"settings": {"horizon_days": 364, "holdout_days": None}},
    ]:
        names.add(model_run_id(**{**given, **change}))  # type: ignore[arg-type]  # as above
    assert len(names) == 6
    assert model_run_id(**{**given, "settings": {"holdout_days": None, "horizon_days": 365}}) in names  # type: ignore[arg-type]  # as above
