"""The donations that the BG/BB was published on, from the file inside the lifetimes wheel, which is not imported."""

from importlib.util import find_spec
from pathlib import Path

import polars as pl


def donations() -> pl.DataFrame:
    """11,104 people who first gave in 1995, by whether they gave in each of the six years after: 22 histories."""
    spec = find_spec("lifetimes")
    assert spec is not None
    assert spec.origin is not None
    lines = (Path(spec.origin).parent / "datasets" / "donations.csv").read_text(encoding="ascii").split()
    return pl.DataFrame(
        [tuple(int(value) for value in line.split(",")) for line in lines[1:]],
        schema=["frequency", "recency_opportunities", "opportunity_count", "weight"],
        orient="row",
    )
