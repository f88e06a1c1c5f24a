"""A forecast calculated with a given number of threads, which a process takes on when it starts and keeps."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

import polars as pl

from models.errors import PerennialError, StopError
from orchestration.deployment import told_to_children
from orchestration.forecast_tasks import ComputedForecast, ForecastTask, compute, computed_or_refused

_THREADS = "POLARS_MAX_THREADS"


def compute_with_threads(task: ForecastTask, thread_count: int | None) -> ComputedForecast:
    """Forecast with so many threads: here if this process has as many, else in a process of its own.

    Args:
        task: The task.
        thread_count: How many; None is as many as this process has.

    Raises:
        PerennialError: See `orchestration.forecast_tasks.compute`.
        StopError: The process died.
    """
    if thread_count is None or thread_count == pl.thread_pool_size():
        return compute(task)
    with (
        told_to_children(_THREADS, str(thread_count)),
        # A fork would keep this process's threads, in number and in whatever state they are.
        ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool,
    ):
        try:
            answer = pool.submit(computed_or_refused, task).result()
        except BrokenProcessPool:
            raise StopError(
                f"the process that calculated {task.settings.merchant_id} with {thread_count} threads died; most often "
                "there is too little memory"
            ) from None
    if isinstance(answer, PerennialError):
        raise answer
    return answer
