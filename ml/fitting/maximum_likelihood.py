"""Damped Newton for log-likelihoods of positive parameters.

Works in the parameters' logarithms, where they are free of sign and their likelihood is closer to a parabola. Must not
know any model: a model hands in its value, gradient and Hessian.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ml.estimator import FloatArray


@dataclass(frozen=True)
class Evaluation:
    """A log-likelihood and its derivatives at one point: `value`, `gradient` (k,), `hessian` (k, k)."""

    value: float
    gradient: FloatArray
    hessian: FloatArray


@dataclass(frozen=True)
class Optimum:
    """Where a search ended.

    Attributes:
        log_parameters: The point, shape (k,).
        evaluation: The log-likelihood there, with derivatives by the log-parameters.
        pass_count: How many times the data were gone through.
        has_converged: Whether a Newton step from here gains nothing, with the curvature of a maximum.
        is_at_limit: Which parameters rest on a limit of the search, shape (k,).
    """

    log_parameters: FloatArray
    evaluation: Evaluation
    pass_count: int
    has_converged: bool
    is_at_limit: tuple[bool, ...]

    @property
    def is_interior(self) -> bool:
        """Converged, and away from every limit."""
        return self.has_converged and not any(self.is_at_limit)


Objective = Callable[[FloatArray], Evaluation]

# In units of log-likelihood: a thousandth of a standard error, which the last step then takes to a millionth.
GAIN_TOLERANCE = 1e-6
# Of a sum over millions of customers so much is rounding: a step that loses less has not been shown to lose.
_ROUNDING = 1e-14
_LONGEST_STEP = 2.0  # In log-parameters: at most a factor of e^2 in a pass.


def in_log_parameters(parameters: FloatArray, value: float, gradient: FloatArray, hessian: FloatArray) -> Evaluation:
    """Derivatives by parameters turned into derivatives by their logarithms."""
    log_gradient = parameters * gradient
    log_hessian = hessian * np.outer(parameters, parameters) + np.diag(log_gradient)
    return Evaluation(value, log_gradient, log_hessian)


def _newton_step(at: Evaluation) -> tuple[FloatArray, bool]:
    """An uphill step, and whether the surface is curved as around a maximum."""
    eigenvalues, vectors = np.linalg.eigh(-at.hessian)
    largest = max(float(np.max(np.abs(eigenvalues))), 1e-300)
    is_concave = bool(np.min(eigenvalues) > 1e-13 * largest)
    curvature = np.maximum(np.abs(eigenvalues), 1e-12 * largest)
    step = vectors @ ((vectors.T @ at.gradient) / curvature)
    length = float(np.max(np.abs(step)))
    return (step * (_LONGEST_STEP / length) if length > _LONGEST_STEP else step), is_concave


def maximise(
    objective: Objective,
    start: FloatArray,
    lower: FloatArray,
    upper: FloatArray,
    *,
    max_passes: int = 200,
    gain_tolerance: float = GAIN_TOLERANCE,
) -> Optimum:
    """Climb from one start to a maximum within limits.

    Args:
        objective: The log-likelihood by log-parameters.
        start: Where to begin, shape (k,).
        lower: Lower limits of the log-parameters, shape (k,).
        upper: Upper limits, shape (k,).
        max_passes: Evaluations after which to give up.
        gain_tolerance: The gain in log-likelihood that is not worth another pass.

    Returns:
        The best point reached, converged or not. Close to a maximum the last step is taken without another pass, for
        its error is of the order of its square: the value is what it leads to, the derivatives are those before it.
    """
    theta = np.clip(start, lower, upper)
    at = objective(theta)
    passes = 1
    while passes < max_passes:
        step, is_concave = _newton_step(at)
        # A parameter pressed against its limit is held there, or it would spoil the step of the others.
        held = ((theta <= lower) & (at.gradient < 0)) | ((theta >= upper) & (at.gradient > 0))
        if held.any() and not held.all():
            free = np.flatnonzero(~held)
            inner = Evaluation(at.value, at.gradient[free], at.hessian[np.ix_(free, free)])
            inner_step, is_concave = _newton_step(inner)
            step = np.zeros_like(step)
            step[free] = inner_step
        elif held.all():
            step = np.zeros_like(step)
        gain = float(np.sum(at.gradient * step)) / 2.0
        if is_concave and gain <= gain_tolerance:
            theta = np.clip(theta + step, lower, upper)
            there = Evaluation(at.value + gain, at.gradient, at.hessian)
            return _ended(theta, there, passes, lower, upper, has_converged=True)
        size, candidate, there = 1.0, theta, at
        while passes < max_passes:
            candidate = np.clip(theta + size * step, lower, upper)
            there = objective(candidate)
            passes += 1
            if there.value >= at.value + 1e-4 * size * gain - _ROUNDING * abs(at.value):
                break
            size /= 2.0
            if size < 1e-10:
                return _ended(theta, at, passes, lower, upper, has_converged=False)
        if not np.isfinite(there.value):
            return _ended(theta, at, passes, lower, upper, has_converged=False)
        theta, at = candidate, there
    return _ended(theta, at, passes, lower, upper, has_converged=False)


def _ended(
    theta: FloatArray, at: Evaluation, passes: int, lower: FloatArray, upper: FloatArray, *, has_converged: bool
) -> Optimum:
    limits = tuple(bool(flag) for flag in (theta <= lower + 1e-9) | (theta >= upper - 1e-9))
    return Optimum(theta, at, passes, has_converged, limits)


def maximise_from_several(
    objective: Objective, starts: Sequence[FloatArray], lower: FloatArray, upper: FloatArray
) -> tuple[Optimum, int, int]:
    """Climb from the first start, and from the others only when it did not end inside the limits.

    Returns:
        The best optimum, all passes together, and the number of starts tried.
    """
    best: Optimum | None = None
    passes = tried = 0
    for start in starts:
        found = maximise(objective, start, lower, upper)
        passes += found.pass_count
        tried += 1
        if best is None or found.evaluation.value > best.evaluation.value + 1e-7:
            best = found
        if best.is_interior:
            break
    if best is None:
        raise ValueError("at least one start is needed")
    return best, passes, tried
