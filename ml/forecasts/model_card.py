"""What a stored forecast says about itself, and the digests that make a repeat the same run.

Reading files is the caller's: the source's bytes come in as an argument. Must not hold anything that changes from one
run to the next on the same data, settings and code.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from ml.estimator import FitReport, FitStatus

CARD_VERSION = 1
_ID_DIGITS = 32


def code_hash(sources: Mapping[str, bytes]) -> str:
    """Digest of a package's source files.

    Args:
        sources: File name to content; every file that takes part in a forecast.

    Returns:
        Hexadecimal sha256, the same for any order of the files and for either kind of line end.
    """
    digest = hashlib.sha256()
    for name in sorted(sources):
        content = sources[name].replace(b"\r\n", b"\n")
        digest.update(f"{len(name.encode())}:{name}:{len(content)}:".encode())
        digest.update(content)
    return digest.hexdigest()


def data_hash(frames: Sequence[pl.DataFrame]) -> str:
    """Digest of frames of numbers, strings and dates by value: names, rows in order, nulls apart from zeros.

    Written out here rather than left to a library's own hash, which changes between versions.
    """
    digest = hashlib.sha256()
    for frame in frames:
        digest.update(f"frame:{frame.width}:{frame.height}:".encode())
        for series in frame.iter_columns():
            digest.update(f"{len(series.name.encode())}:{series.name}:".encode())
            digest.update(np.packbits(series.is_null().to_numpy()).tobytes())
            if series.dtype == pl.String:
                texts = [text.encode() for text in series.fill_null("").to_list()]
                digest.update(np.array([len(text) for text in texts], dtype="<i8").tobytes())
                digest.update(b"".join(texts))
            elif series.dtype == pl.Date:
                digest.update(series.cast(pl.Int32).cast(pl.Int64).fill_null(0).to_numpy().astype("<i8").tobytes())
            elif series.dtype.is_integer():
                digest.update(series.cast(pl.Int64).fill_null(0).to_numpy().astype("<i8").tobytes())
            else:
                # Adding zero makes minus zero plain zero.
                digest.update((series.cast(pl.Float64).fill_null(0.0).to_numpy() + 0.0).astype("<f8").tobytes())
    return digest.hexdigest()


def model_run_id(
    *, merchant_id: str, as_of_date: date, data_hash: str, code_hash: str, settings: Mapping[str, Any]
) -> str:
    """The id of a run: a digest of all that determines its result, so that a repeat has the same id."""
    parts = [merchant_id, as_of_date.isoformat(), data_hash, code_hash, dict(settings)]
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:_ID_DIGITS]


def fit_entry(report: FitReport, units: Mapping[str, str]) -> dict[str, Any]:
    """How a fit ended, JSON-ready.

    Args:
        report: The fit.
        units: Parameter to unit, of those that have one.
    """
    return {
        "model_name": report.model_name,
        "status": report.status.value,
        "parameters": {
            letter: {
                "value": value,
                "unit": units.get(letter, "1"),
                "standard_error": report.standard_errors.get(letter),
            }
            for letter, value in report.parameters.items()
        },
        "log_likelihood": report.log_likelihood,
        "customer_count": report.customer_count,
        "repeat_customer_count": report.repeat_customer_count,
        "pass_count": report.pass_count,
        "start_count": report.start_count,
        "log_covariance": [list(row) for row in report.log_covariance],
        "prior_share": report.prior_share,
        "prior_version": report.prior_version,
        "mean_spend": report.mean_spend,
    }


def fit_reports(card: Mapping[str, Any]) -> list[FitReport]:
    """The fits that a card tells of: of the purchase model, then of the spend model.

    A card from before the covariances were kept gives reports without them. The messages are not kept.
    """
    return [
        FitReport(
            model_name=fit["model_name"],
            status=FitStatus(fit["status"]),
            message="",
            parameters={letter: parameter["value"] for letter, parameter in fit["parameters"].items()},
            standard_errors={
                letter: parameter["standard_error"]
                for letter, parameter in fit["parameters"].items()
                if parameter["standard_error"] is not None
            },
            log_likelihood=fit["log_likelihood"],
            customer_count=fit["customer_count"],
            repeat_customer_count=fit["repeat_customer_count"],
            pass_count=fit["pass_count"],
            start_count=fit["start_count"],
            log_covariance=tuple(map(tuple, fit.get("log_covariance", ()))),
            prior_share=fit.get("prior_share", 0.0),
            prior_version=fit.get("prior_version", ""),
            mean_spend=fit.get("mean_spend"),
        )
        for fit in card.get("fits", ())
    ]


def model_card(
    *,
    model_name: str,
    model_run_id: str,
    purchases: FitReport,
    spend: FitReport,
    window: tuple[date, date],
    summary: pl.DataFrame,
    data_hash: str,
    code_hash: str,
    settings: Mapping[str, Any],
    versions: Mapping[str, str],
    backtest: pl.DataFrame,
    facts: Mapping[str, Any],
) -> dict[str, Any]:
    """The card of a forecast as a dictionary that JSON can hold (no NaN, dates in ISO form).

    Args:
        model_name: Name of the models together.
        model_run_id: See `model_run_id`.
        purchases: How the purchase model's fit ended.
        spend: How the spend model's fit ended.
        window: First purchase day and as-of date of the data.
        summary: The purchase summary that was fitted.
        data_hash: See `data_hash`.
        code_hash: See `code_hash`.
        settings: The forecast's settings.
        versions: Library name to version.
        backtest: Rows of `ml.evaluation.rolling_origins.ROLLING_SCHEMA`; may be empty.
        facts: Further figures worth keeping, JSON-ready.

    Returns:
        Nested dictionaries, lists, strings, numbers and None.
    """
    metrics: dict[str, dict[str, float | None]] = {}
    for row in backtest.iter_rows(named=True):
        metrics.setdefault(row["model_name"], {})[row["metric"]] = row["value"]
    first = backtest.row(0, named=True) if backtest.height else None
    return {
        "card_version": CARD_VERSION,
        "model_name": model_name,
        "model_run_id": model_run_id,
        "fits": [fit_entry(purchases, {"alpha": "days", "beta": "days"}), fit_entry(spend, {"v": "currency"})],
        "data": {
            "first_purchase_date": window[0].isoformat(),
            "as_of_date": window[1].isoformat(),
            "customer_count": summary.height,
            "repeat_customer_count": int((summary["frequency"] > 0).sum()),
            "repeat_purchase_count": int(summary["frequency"].sum()),
            "data_hash": data_hash,
        },
        "code_hash": code_hash,
        "settings": dict(settings),
        "versions": dict(versions),
        "backtest": None
        if first is None
        else {
            "calibration_end_date": first["calibration_end_date"].isoformat(),
            "holdout_days": first["holdout_days"],
            "metrics": metrics,
        },
        "facts": dict(facts),
    }
