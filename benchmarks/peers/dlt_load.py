"""What the peer's arms have in common: one load into PostgreSQL with dlt, and what it cost."""

import json
import resource
from typing import Any

import dlt


def load_and_tell(source: Any, database_url: str, *, name: str, dataset: str, folder: str) -> None:  # noqa: ANN401 - dlt's
    """Load a source once, and print one JSON object: rows loaded, CPU seconds, peak memory."""
    pipeline = dlt.pipeline(
        pipeline_name=name,
        destination=dlt.destinations.postgres(credentials=database_url),
        dataset_name=dataset,
        pipelines_dir=folder,
    )
    pipeline.run(source)
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime
    rows = dict(pipeline.last_trace.last_normalize_info.row_counts)
    print(json.dumps({"rows": rows, "cpu_seconds": cpu, "peak_mib": own.ru_maxrss / 1024}))
