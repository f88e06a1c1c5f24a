"""`perennial synthesize`: merchants whose true behaviour is known, as files, with the declarations that read them.

Prints a whole `perennial.yml`: what a person should know besides stands in it as comments, so that the output can be
redirected into a file and used. Decides nothing about the merchants; that is the sandbox's.
"""

from pathlib import Path
from typing import Any, cast

import typer
import yaml

from connectors.sandbox.presets import PRESETS, preset_merchant
from connectors.sandbox.writing import FileFormat, WrittenMerchant, write_merchant


def list_presets() -> None:
    """Print each preset's name, how many customers it has of itself, and what it is there to show."""
    width = max(len(name) for name in PRESETS)
    for name, preset in PRESETS.items():
        typer.echo(f"{name:<{width}}  {preset.merchant.customer_count:>7,}  {preset.description}")


def synthesize_merchant(folder: Path, preset: str, customers: int | None, seed: int, file_format: str) -> None:
    """Write a merchant of the catalogue and print where it lies and the `perennial.yml` that reads it.

    Args:
        folder: Where the files go; made if it is not there.
        preset: The preset's name.
        customers: How many people; None leaves it to the preset.
        seed: Chooses one such merchant; the same one gives the same bytes.
        file_format: csv, jsonl or parquet.

    Raises:
        MisconfiguredError: There is no such preset or format.
    """
    merchant = preset_merchant(preset, customer_count=customers, seed=seed)
    # Whether the format is one of these is for the writer to say.
    written = write_merchant(merchant, folder.resolve(), cast("FileFormat", file_format))
    typer.echo(_account(written, PRESETS[preset].description))
    typer.echo(yaml.safe_dump(declarations(written), sort_keys=False, allow_unicode=True, width=120), nl=False)


def declarations(written: WrittenMerchant) -> dict[str, Any]:
    """What stands in `perennial.yml` to read a written merchant; paths are absolute, so it may stand anywhere."""
    merchant = written.merchant
    foreign = {s.currency_code: s.exchange_rate for s in merchant.stores if s.currency_code != merchant.currency_code}
    return {
        "merchants": [
            {
                "merchant_id": merchant.merchant_id,
                "merchant_name": merchant.merchant_id.replace("_", " ").capitalize(),
                "time_zone": merchant.time_zone,
                "currency_code": merchant.currency_code,
                "as_of_date": merchant.ends_on,
                **({"exchange_rates": foreign} if foreign else {}),
                "stores": [
                    {"store_id": store_id, "source": _located(written, store_id)} for store_id in written.source
                ],
            }
        ]
    }


def _located(written: WrittenMerchant, store_id: str) -> dict[str, Any]:
    """A store's source, with the files' whole paths."""
    source = written.source[store_id]
    customers = {**source["customers"], "path": str(written.customer_paths[store_id])}
    return {**source, "path": str(written.order_paths[store_id]), "customers": customers}


def _account(written: WrittenMerchant, description: str) -> str:
    """What was written and where, as YAML comments."""
    counts = written.counts
    lines = [
        f"{description} Seed {written.merchant.seed}.",
        f"{counts['orders']:,} orders, {counts['refunds']:,} refunds and {counts['customers']:,} accounts:",
        *(f"  {path}" for path in (*written.order_paths.values(), *written.customer_paths.values())),
        "The truth that they follow from, which no run reads:",
        f"  {written.truth_path}",
        f"  {written.parameters_path}",
        "To use it: save this output as a file, name that file in PERENNIAL_CONFIG, then perennial run.",
    ]
    return "\n".join(f"# {line}" for line in lines)
