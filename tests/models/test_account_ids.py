from collections.abc import Sequence

import pytest
import sqlalchemy as sa

from models.identity import account_ids, dim_customer_identities
from orchestration.customer_directory import WarehouseDirectory

RECORDS = [
    ("paper", "web:11", "web:11", (), True),
    ("paper", "web:12", "web:11", ("web:12",), True),
    ("paper", "web:13", "web:11", (), False),
    ("paper", "webshop:14", "web:11", (), True),
    ("paper", "guest-15", "web:11", (), True),
    ("paper", "web:16", "web:16", (), True),
    ("other", "web:17", "web:11", (), True),
]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (["web:11"], {"web:11": ("11", "12")}),
        (["web:12"], {"web:12": ("12",)}),
        (["web:16", "web:11", "nobody"], {"web:11": ("11", "12"), "web:16": ("16",)}),
        ([], {}),
    ],
)
def test_accounts_are_a_stores_own_and_those_that_are_there(
    engine: sa.Engine, asked: Sequence[str], expected: dict[str, tuple[str, ...]]
) -> None:
    names = ("merchant_id", "record_id", "customer_id", "previous_customer_ids", "is_present")
    with engine.begin() as connection:
        connection.execute(sa.schema.CreateSchema("marts", if_not_exists=True))
        dim_customer_identities.create(connection)
        rows = [dict(zip(names, row, strict=True)) for row in RECORDS]
        connection.execute(sa.insert(dim_customer_identities), [{**r, names[3]: list(r[names[3]])} for r in rows])
    assert WarehouseDirectory(engine).account_ids("paper", "web", asked) == expected
    whole = {name: ("16",) if name == "web:16" else ("11", "12") for name in asked if name != "nobody"}
    assert WarehouseDirectory(engine).accounts_of_person("paper", "web", asked) == whole
    with engine.connect() as connection:
        assert account_ids(connection, "paper", "we", asked) == {}
