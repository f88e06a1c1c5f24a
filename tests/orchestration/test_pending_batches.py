"""What lands is what the newest look at the source found, whatever was read before and could not land."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from models import ops
from models.errors import MisconfiguredError, StopError
from models.raw import RAW_TABLES
from orchestration import batch_archiving
from orchestration.batch_archiving import StoreReading
from orchestration.configuration import Configuration
from orchestration.contracts import ContractReport
from orchestration.declared_stores import DeclaredStore, declared_stores
from orchestration.declaring import declare_merchants
from orchestration.deployment import Deployment
from orchestration.merchant_run import MerchantRun
from orchestration.settings import PROJECT_FOLDER, Settings
from orchestration.store_landing import StoreLanding, land_store
from orchestration.store_reading import archive_store

STARTED = datetime(2026, 1, 14, 1, tzinfo=UTC)
RECORDS = RAW_TABLES["files", "orders"]


@dataclass
class Shop:
    """A merchant whose one store is a file, and the nights that it is worked on."""

    run: MerchantRun
    path: Path
    night: int = 0

    def export(self, *order_ids: int | str) -> None:
        """Put an export in the place of the one before."""
        rows = [f"{order_id},c{order_id},2026-01-02,10.00" for order_id in order_ids]
        self.path.write_text("\n".join(["order,customer,day,amount", *rows]) + "\n")

    def begin(self) -> MerchantRun:
        self.night += 1
        return replace(self.run, run_id=f"run-{self.night}", started_at=STARTED + timedelta(days=self.night))

    @property
    def store(self) -> DeclaredStore:
        [store] = declared_stores(self.run.deployment.configuration, self.run.merchants)
        return store

    def archive(self) -> MerchantRun:
        run = self.begin()
        archive_store(run, StoreReading(self.store))
        return run

    def land(self, run: MerchantRun) -> int:
        return len(land_store(run, StoreLanding(self.store)).landings)

    def work(self) -> int:
        """A night; says how many batches landed."""
        return self.land(self.archive())

    def landed(self) -> set[str]:
        with self.run.deployment.loader.connect() as connection:
            return set(connection.scalars(sa.select(RECORDS.c.order_id).where(~RECORDS.c.is_deleted)))

    def history(self, run_number: int) -> tuple[str, int, int]:
        table = ops.sync_runs
        with self.run.deployment.loader.connect() as connection:
            row = connection.execute(
                sa.select(table.c.status, table.c.rows_read, table.c.rows_rejected).where(
                    table.c.run_id == f"run-{run_number}", table.c.stream == "orders"
                )
            ).one()
        return row.status, row.rows_read, row.rows_rejected


@pytest.fixture
def shop(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    def keeps_it(stream: object, _: object, **__: object) -> ContractReport:
        return ContractReport(str(stream))

    monkeypatch.setattr(batch_archiving, "check_contract", keeps_it)
    columns = {
        "order_id": "order",
        "customer_id": "customer",
        "ordered_at": {"column": "day", "format": "%Y-%m-%d"},
        "amount": "amount",
        "currency_code": {"constant": "EUR"},
    }
    store = {"store_id": "web", "source": {"type": "files", "path": "orders.csv", "columns": columns}}
    merchant = {"merchant_id": "ink", "merchant_name": "Ink", "time_zone": "UTC", "currency_code": "EUR"}
    settings = Settings(PROJECT_FOLDER, tmp_path / "home", tmp_path / "perennial.yml")
    with Deployment(settings, database_url, clock=lambda: STARTED) as deployment:
        configuration = Configuration.model_validate({"merchants": [{**merchant, "stores": [store]}]})
        deployment.__dict__["configuration"] = configuration  # as if perennial.yml said so
        run = MerchantRun(deployment, "run-0", configuration.merchants, {"ink": date(2026, 1, 13)}, STARTED)
        declare_merchants(run)
        yield Shop(run, tmp_path / "orders.csv")


def test_what_was_archived_before_a_crash_lands_with_the_next_run(shop: Shop) -> None:
    shop.export(1, 2)
    shop.archive()
    assert shop.work() == 1
    assert shop.landed() == {"1", "2"}


def test_putting_a_good_export_back_in_the_place_of_a_truncated_one_ends_the_matter(shop: Shop) -> None:
    shop.export(*range(20))
    shop.work()
    shop.export(1)
    with pytest.raises(StopError, match="looks truncated"):
        shop.work()
    assert shop.history(2) == ("withheld", 1, 0)
    shop.export(*range(20))
    assert shop.work() == 0, "the store is as it last landed"
    assert shop.history(3)[0] == "unchanged"
    assert len(shop.landed()) == 20


def test_of_two_exports_that_wait_the_one_that_is_there_lands(shop: Shop) -> None:
    shop.export(*range(20))
    shop.work()
    shop.export(*range(25))
    shop.archive()  # killed before it could land
    shop.export(1)
    with pytest.raises(StopError, match="looks truncated"):
        shop.work()
    shop.export(*range(25))
    assert shop.work() == 1
    assert len(shop.landed()) == 25


def test_what_waits_does_not_land_after_a_look_that_could_not_read_the_source(shop: Shop) -> None:
    shop.export(1, 2)
    shop.archive()  # killed before it could land
    shop.path.unlink()
    with pytest.raises(MisconfiguredError):
        shop.archive()
    assert shop.land(shop.begin()) == 0
    shop.export(1, 2)
    assert shop.work() == 1


def test_the_books_count_what_a_refused_read_set_aside(shop: Shop) -> None:
    shop.export(1, 2)
    shop.path.write_text(shop.path.read_text() + "3,c3,yesterday,10.00\n")
    with pytest.raises(StopError, match="max_rejected_rate"):
        shop.work()
    assert shop.history(1) == ("withheld", 2, 1)
    assert shop.landed() == set()
