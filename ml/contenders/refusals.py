"""How a contender says that a history does not carry it. Must not decide when."""

import polars as pl

from ml.estimator import FitReport, FitStatus, UnusableFitError
from ml.histories.known_history import KnownHistory


def refusal(contender_name: str, status: FitStatus, message: str, history: KnownHistory) -> UnusableFitError:
    """A contender's own reason not to forecast, in the form of a fit that came to nothing.

    Args:
        contender_name: Whose.
        status: What is missing.
        message: The same in words, with the way out.
        history: What was there.
    """
    repeat = history.summary.filter(pl.col("frequency") > 0).height
    report = FitReport(
        model_name=contender_name,
        status=status,
        message=message,
        parameters={},
        standard_errors={},
        log_likelihood=None,
        customer_count=history.summary.height,
        repeat_customer_count=repeat,
    )
    return UnusableFitError(report)
