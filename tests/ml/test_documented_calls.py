"""The calls that docs/models.md shows, made as they stand there."""

import re
from pathlib import Path
from typing import Any

import numpy as np
from cdnow_purchases import CALIBRATION_END, sample_purchase_days

DOCUMENT = Path(__file__).parents[2] / "docs" / "models.md"


def test_the_calls_of_the_document_give_what_they_say() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {"purchase_days": sample_purchase_days(), "refunds": None, "as_of_date": CALIBRATION_END}
    exec(code, names)
    value, silent, counts = (names[name] for name in ("value", "silent", "counts"))
    assert value.shape == silent.shape == counts.low.shape == (2357,)
    assert np.isfinite(value).all()
    assert 20 < value.mean() < 50
    assert ((silent > 0) & (silent < 1)).all()
    assert (counts.low <= counts.high).all()
