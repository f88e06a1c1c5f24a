"""Decimals of more digits than money has, such as exchange rates, have a content hash too."""

from decimal import Decimal

import pyarrow as pa

from models.content_hash import content_hashes
from models.records import Column, Stream

RATE = pa.decimal128(24, 10)
STREAM = Stream(
    "rates",
    ("code",),
    (Column("code", pa.string(), "A currency.", required=True), Column("rate", RATE, "Its rate.")),
    "One record per rate.",
)


def hashes(*rates: str | None) -> list[str]:
    values = pa.array([None if rate is None else Decimal(rate) for rate in rates], RATE)
    codes = pa.array(["EUR"] * len(rates))
    return content_hashes(STREAM, pa.RecordBatch.from_arrays([codes, values], schema=STREAM.schema)).to_pylist()


def test_every_digit_counts() -> None:
    rates = ["1", "1.0000000001", "-1", "12345678901234.0123456789", "12345678901234.0123456788", None, "0"]
    assert len(set(hashes(*rates))) == len(rates)
    assert hashes("1.5") == hashes("1.5000000000")


def test_the_text_is_the_value_in_units_of_the_last_place() -> None:
    from hashlib import md5

    assert hashes("-1.5") == [md5(b"3:EUR-15000000000,").hexdigest()]
