"""The data contract of a raw batch, held by Great Expectations before the batch counts as landed.

The contract is derived from the stream's declaration (`models.records`), so it cannot drift from the tables. A batch is
validated in chunks, which bounds memory whatever the batch's size; the uniqueness of keys over the whole batch is
landing's to prove. Great Expectations takes seconds to import and is therefore imported where it is used. Neither it
nor the switching off of its warnings is made for several threads: one batch is validated at a time.
"""

import threading
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from connectors.currencies import MINOR_DIGITS
from models.archive import CONTENT_HASH, ROW_NUMBER
from models.records import Stream

if TYPE_CHECKING:
    from great_expectations.core import ExpectationSuite

# Columns with a meaning beyond their type, whatever stream they stand in.
_CURRENCY = "currency_code"
_NEVER_NEGATIVE = ("quantity",)
_MONEY = ("amount",)
# What the archive adds to a stream's own columns.
_ARCHIVE_COLUMNS = {CONTENT_HASH.name, ROW_NUMBER.name}
_ONE_AT_A_TIME = threading.Lock()


@dataclass
class ContractReport:
    """What the contract found in one stream of a batch.

    Attributes:
        stream: The stream's name.
        row_count: Rows looked at.
        expectation_count: Expectations held against each chunk.
        violations: Per broken expectation: how many rows, and the positions of the first ones in the batch, from 0.
    """

    stream: str
    row_count: int = 0
    expectation_count: int = 0
    violations: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def has_passed(self) -> bool:
        """Whether nothing broke the contract."""
        return not self.violations

    def summary(self) -> str:
        """One sentence a person can act on."""
        if self.has_passed:
            return f"{self.stream}: {self.row_count:,} rows keep {self.expectation_count} expectations"
        return f"{self.stream}: {'; '.join(_in_words(name, found) for name, found in self.violations.items())}"


def _in_words(name: str, found: dict[str, Any]) -> str:
    if not found["row_count"]:  # an expectation of the whole table, or of a column that is not there
        return f"{name} broken"
    return f"{name} broken by {found['row_count']:,} {'row' if found['row_count'] == 1 else 'rows'}"


def check_contract(
    stream: Stream, batches: Iterable[pa.RecordBatch], *, are_plain_amounts: bool = True
) -> ContractReport:
    """Hold a stream's contract against its batch.

    Args:
        stream: The declaration.
        batches: The batch's chunks as they were archived, each small enough for memory.
        are_plain_amounts: Whether `amount` and `quantity` mean what our own columns of these names mean, and are never
            below zero. A platform's columns carry its own names: what it writes below zero is its own affair.

    Returns:
        A report; `has_passed` decides whether the batch may be landed.
    """
    report = ContractReport(stream.name)
    validate = None
    for batch in batches:
        if batch.num_rows == 0:
            continue
        with _ONE_AT_A_TIME:
            validate = validate or _validator(stream, report, are_plain_amounts=are_plain_amounts)
            validate(batch)
        report.row_count += batch.num_rows
    return report


def _validator(stream: Stream, report: ContractReport, *, are_plain_amounts: bool) -> Any:  # noqa: ANN401 - a closure over an untyped library
    """A function that validates one chunk and adds what it finds to the report."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Great Expectations warns about its own dependencies while it is imported
        import great_expectations as gx
        from great_expectations.data_context.types.base import (
            DataContextConfig,
            InMemoryStoreBackendDefaults,
            ProgressBarsConfig,
        )

    context = gx.get_context(
        mode="ephemeral",
        project_config=DataContextConfig(
            analytics_enabled=False,  # nothing leaves this machine
            store_backend_defaults=InMemoryStoreBackendDefaults(),
            progress_bars=ProgressBarsConfig(globally=False, metric_calculations=False),
        ),
    )
    asset = context.data_sources.add_pandas("archive").add_dataframe_asset(stream.name)
    definition = asset.add_batch_definition_whole_dataframe("chunk")
    suite = context.suites.add(_suite(gx, stream, are_plain_amounts=are_plain_amounts))
    looked_at = _looked_at(stream, are_plain_amounts=are_plain_amounts)
    report.expectation_count = len(suite.expectations)

    def validate(batch: pa.RecordBatch) -> None:
        own = [name for name in batch.schema.names if name not in _ARCHIVE_COLUMNS]
        # A frame's cost grows with its columns: if all are as declared, those that no expectation is about stay out.
        frame = batch.select(looked_at if own == stream.column_names else own).to_pandas(date_as_object=False)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = definition.get_batch({"dataframe": frame}).validate(suite)
        for outcome in result.results:
            if not outcome.success:
                _add_violation(report, outcome)

    return validate


def _looked_at(stream: Stream, *, are_plain_amounts: bool) -> list[str]:
    """The columns that an expectation is about."""
    signed = (*_NEVER_NEGATIVE, *_MONEY) if are_plain_amounts else ()
    return [c.name for c in stream.columns if c.required or c.name in {*stream.key, _CURRENCY, *signed}]


def _suite(gx: Any, stream: Stream, *, are_plain_amounts: bool) -> "ExpectationSuite":  # noqa: ANN401 - the module itself, imported late
    """The expectations that a stream's declaration implies."""
    expect = gx.expectations
    looked_at = _looked_at(stream, are_plain_amounts=are_plain_amounts)
    expectations = [expect.ExpectTableColumnsToMatchOrderedList(column_list=looked_at)]
    for column in stream.columns:
        if column.required:
            expectations.append(expect.ExpectColumnValuesToNotBeNull(column=column.name))
        if column.name in stream.key:
            expectations.append(
                expect.ExpectColumnValueLengthsToBeBetween(column=column.name, min_value=1, max_value=255)
            )
        if column.name == _CURRENCY:
            expectations.append(expect.ExpectColumnValuesToBeInSet(column=column.name, value_set=sorted(MINOR_DIGITS)))
        if are_plain_amounts and (column.name in _NEVER_NEGATIVE or column.name in _MONEY):
            expectations.append(expect.ExpectColumnValuesToBeBetween(column=column.name, min_value=0))
    if len(stream.key) == 1:
        expectations.append(expect.ExpectColumnValuesToBeUnique(column=stream.key[0]))
    else:
        expectations.append(expect.ExpectCompoundColumnsToBeUnique(column_list=list(stream.key)))
    suite: ExpectationSuite = gx.ExpectationSuite(name=f"{stream.name}_contract", expectations=expectations)
    return suite


def _add_violation(report: ContractReport, outcome: Any) -> None:  # noqa: ANN401 - an untyped library's result
    """Count a broken expectation; values are left out, because they may be personal."""
    config = outcome.expectation_config
    name = f"{config.type}({config.kwargs.get('column', '*')})"
    found = report.violations.setdefault(name, {"row_count": 0, "first_rows": []})
    found["row_count"] += int(outcome.result.get("unexpected_count", 0) or 0)
    rows = outcome.result.get("partial_unexpected_index_list") or []
    # Great Expectations counts within its chunk; the report within the batch.
    found["first_rows"] = (found["first_rows"] + [report.row_count + row for row in rows if isinstance(row, int)])[:5]
