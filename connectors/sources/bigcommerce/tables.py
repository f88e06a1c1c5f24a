"""From decoded answers to a stream's batches: which attribute of an answer fills which column."""

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any

import pyarrow as pa

from connectors.sources.bigcommerce.values import column as array_of
from models.errors import RejectedRecordError
from models.records import Stream


class StreamTable:
    """Builds the batches of one stream.

    Args:
        stream: The stream.
        attributes: Where a column's values come from when not from the attribute of its name; dots lead into parts.
        given: The columns that are handed in beside the answers.
    """

    def __init__(
        self, stream: Stream, attributes: Mapping[str, str] | None = None, *, given: Sequence[str] = ()
    ) -> None:
        self.stream = stream
        self._getters = {
            name: attrgetter((attributes or {}).get(name, name)) for name in stream.column_names if name not in given
        }

    def batch(self, answers: Sequence[Any], **given: list[Any]) -> pa.RecordBatch:
        """The answers as a batch of the stream.

        Args:
            answers: Decoded answers.
            given: The columns that no answer holds, one value per answer.

        Raises:
            RejectedRecordError: A value is missing or fits no column; which answer it is in is not known.
        """
        arrays = []
        for column, field in zip(self.stream.columns, self.stream.schema, strict=True):
            getter = self._getters.get(column.name)
            values = given[column.name] if getter is None else list(map(getter, answers))
            if column.required and any(value is None or value == "" for value in values):
                raise RejectedRecordError(column.name, "BigCommerce sent nothing where there always is something")
            try:
                array = array_of(field.type, values)
            except (ValueError, TypeError, OverflowError, pa.ArrowException) as error:
                reason = str(error).partition("\n")[0]
                raise RejectedRecordError(
                    column.name, f"BigCommerce sent what the column cannot hold: {reason}"
                ) from error
            arrays.append(array)
        return pa.RecordBatch.from_arrays(arrays, schema=self.stream.schema)
