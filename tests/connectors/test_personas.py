"""Generated people: the same from the same, harmless addresses, consent before the given time."""

from datetime import UTC, datetime, timedelta

import polars as pl

from connectors.sandbox.personas import generated_people
from models.records.files import CUSTOMERS

BEFORE = datetime(2024, 5, 1, tzinfo=UTC)


def people(ids: list[str], merchant_id: str = "shop", seed: int = 0) -> pl.DataFrame:
    before = pl.Series([BEFORE] * len(ids), dtype=pl.Datetime("us", "UTC"))
    table = generated_people(merchant_id, ids, before, seed=seed)
    assert table.schema.equals(CUSTOMERS.schema)
    table.validate(full=True)
    return pl.DataFrame(pl.from_arrow(table))


def test_a_person_depends_on_nothing_but_merchant_customer_and_seed() -> None:
    some = people(["a", "b", "c"])
    assert people(["c", "a"]).sort("customer_id").equals(some.filter(pl.col("customer_id") != "b"))
    for other in (people(["a", "b", "c"], merchant_id="other"), people(["a", "b", "c"], seed=1)):
        assert set(other["email"]).isdisjoint(some["email"])
    assert people([]).is_empty()


def test_many_people_are_varied_marked_and_out_of_reach() -> None:
    many = people([f"{number:05d}" for number in range(20_000)])
    assert many["email"].n_unique() == 20_000
    assert many["email"].str.contains(r"^[a-z]+\.[a-z]+\.[0-9a-f]{10}@example\.(com|net|org)$").all()
    assert many["is_generated"].all()
    assert many.select("first_name", "last_name").n_unique() > 8_000
    assert not all(name.isascii() for name in many["last_name"])
    shares = many["has_email_consent"].value_counts(normalize=True).sort("has_email_consent", nulls_last=True)
    assert shares["has_email_consent"].to_list() == [False, True, None]
    for share, expected in zip(shares["proportion"], [0.12, 0.80, 0.08], strict=True):
        assert abs(share - expected) < 0.01
    decided = many.filter(pl.col("has_email_consent").is_not_null())
    assert decided["email_consent_at"].null_count() == 0
    assert decided.filter(pl.col("email_consent_at") >= BEFORE).is_empty()
    assert decided.filter(pl.col("email_consent_at") < BEFORE - timedelta(days=61)).is_empty()
    assert many.filter(pl.col("has_email_consent").is_null())["email_consent_at"].null_count() == 20_000 - len(decided)
