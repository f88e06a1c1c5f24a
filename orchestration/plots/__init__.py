"""Plots as PNG bytes, for the metadata of assets: one pure function per picture, from a frame to an image.

Equal input gives equal bytes: no clock, no global drawing state, no font that is not part of matplotlib.
Must not read the warehouse, fit a model or know Dagster.
"""

from orchestration.plots.accuracy import calibration_by_decile, interval_coverage
from orchestration.plots.activity import expected_purchases_matrix, probability_alive_matrix
from orchestration.plots.cohorts import cohort_retention_heat_map, cohort_revenue_curves
from orchestration.plots.forecast import calibration_by_frequency, holdout_forecast
from orchestration.plots.lifecycle import lifecycle_stage_bars
from orchestration.plots.lift import lift_intervals
from orchestration.plots.rfm import rfm_grid, rfm_segment_bars
from orchestration.plots.totals import cohort_totals
from orchestration.plots.transitions import rfm_sankey
from orchestration.plots.value import clv_concentration

__all__ = [
    "calibration_by_decile",
    "calibration_by_frequency",
    "clv_concentration",
    "cohort_retention_heat_map",
    "cohort_revenue_curves",
    "cohort_totals",
    "expected_purchases_matrix",
    "holdout_forecast",
    "interval_coverage",
    "lifecycle_stage_bars",
    "lift_intervals",
    "probability_alive_matrix",
    "rfm_grid",
    "rfm_sankey",
    "rfm_segment_bars",
]
