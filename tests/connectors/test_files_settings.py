"""What can be told of the settings without opening a file."""

from typing import Any

import pytest
from files_reading import COLUMNS
from pydantic import ValidationError

from connectors.sources.files import FilesSettings


def declared(**changes: Any) -> FilesSettings:
    columns = {name: own for name, own in {**COLUMNS, **changes.pop("columns", {})}.items() if own is not ...}
    return FilesSettings.model_validate({"type": "files", "path": "a.csv", "columns": columns, **changes})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"columns": {"customer_id": ...}}, "customer_id"),
        ({"columns": {"colour": "x"}}, "colour"),
        ({"colour": "x"}, "colour"),
        ({"columns": {"amount": {}}}, "needs a column"),
        ({"columns": {"amount": {"column": "a", "constant": "1"}}}, "needs a column"),
        ({"columns": {"order_id": False}}, "YAML reads this as False, not as a column's name; put it in quotes"),
        ({"columns": {"amount": {"column": 2024}}}, "YAML reads this as 2024"),
        ({"columns": {"order_id": {"constant": "1"}}}, "an id cannot be a constant"),
        ({"columns": {"ordered_at": {"column": "a", "time_zone": "Europe/Bern"}}}, "IANA"),
        ({"columns": {"ordered_at": {"column": "a", "format": "dd/mm/yyyy"}}}, "no date format"),
        ({"columns": {"sku": "s"}}, "rows: lines"),
        ({"columns": {"order_id": ...}, "rows": "lines"}, "columns.order_id"),
        ({"refunds": "column"}, "columns.refund_amount"),
        ({"columns": {"refund_amount": "r"}}, "refunds: column"),
        ({"columns": {"refund_id": "r"}}, "refunds"),
        ({"encoding": "latin-99"}, "encoding"),
        ({"encoding": "base64"}, "encoding"),
        ({"delimiter": "§"}, "ASCII"),
        ({"delimiter": '"'}, "quote_character"),
        ({"decimal_separator": ",", "thousands_separator": ","}, "decimal separator"),
        ({"header": False}, "column_names"),
        ({"path": []}, "names no file"),
        ({"customers": "invented"}, "customers"),
    ],
)
def test_mistakes_are_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        declared(**changes)


def test_every_setting_is_described() -> None:
    def described(model: Any) -> None:
        for name, own in model.model_fields.items():
            nested = (
                own.annotation if isinstance(own.annotation, type) and hasattr(own.annotation, "model_fields") else None
            )
            assert own.description or nested or name == "type", f"{model.__name__}.{name}"
            if nested:
                described(nested)

    described(FilesSettings)


def test_short_forms() -> None:
    settings = declared(columns={"channel": {"constant": 7}, "ordered_at": "at"})
    assert settings.columns.amount.column == "amount"
    assert settings.columns.channel is not None
    assert settings.columns.channel.constant == "7"
    assert settings.columns.ordered_at.format == "iso8601"
    assert settings.has_header
    assert not declared(column_names=["a"]).has_header
