from pathlib import Path

import numpy as np
import pytest
from landing_samples import STREAMS, archive_batch, order, page

from models import landing_rows
from models.landing_rows import BatchRows


@pytest.mark.parametrize("held_rows", [50_000, 0])
@pytest.mark.parametrize("wanted", [None, [True, False, True, True], [False, True, False, False]])
def test_whole_rows_are_put_together_in_their_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held_rows: int, wanted: list[bool] | None
) -> None:
    """Keys and hashes are held from the comparison, the other columns read piece by piece."""
    batch = archive_batch(tmp_path, [page([order(str(i), quantity=i) for i in range(4)])], fingerprint="a")
    (archived,) = batch.record_batches("orders")
    expected = archived.to_pylist()
    monkeypatch.setattr(landing_rows, "_READ_ROWS", 1)
    monkeypatch.setattr(landing_rows, "_HELD_ROWS", held_rows)
    found = BatchRows(batch, STREAMS["orders"]).whole(None if wanted is None else np.array(wanted))
    names = [*STREAMS["orders"].column_names, "content_hash"]
    places = range(4) if wanted is None else np.flatnonzero(wanted)
    assert [row for some in found for row in some.to_pylist()] == [
        {name: expected[place][name] for name in names} for place in places
    ]
