"""Expected purchases while customers differ in how likely they drop out: one integral, exact over its whole range.

Shared by the models whose customers may leave after a purchase, with a probability that is beta-distributed. Must not
know which of them asks.

The usual closed form is a hypergeometric function that cancels near a = 1 and is undefined by its formula for
a + b <= 1. The integral behind it (docs/models.md, eq. 9) has neither problem: on the scale u = logit(p) its integrand
is analytic in a strip around the real line and the trapezoidal rule converges geometrically. Where a tail decays slowly
(small a or b) the rule's own sum over that tail is a geometric series, and is taken in closed form (eq. 11).
"""

import numpy as np
import numpy.typing as npt
from scipy.special import expit, polygamma

from ml.estimator import FloatArray

# The rule's error falls as exp(-2 pi d / step), d the half-width of the strip of analyticity (pi, or pi / 2 for many
# purchases); narrow integrands need a step in proportion to their width.
_STEP = 0.25
_STEPS_PER_WIDTH = 2.0
_NEGLIGIBLE = 38.0  # exp(-38) = 3e-17
_LEFT_SERIES = 2e-7  # Two terms are kept, the third is of this squared.
_RIGHT_SERIES = 1e-14  # One term is kept.
_CELLS_AT_ONCE = 1 << 17  # 1 MB a temporary: it stays in the processor's cache.


def _reach(slope: FloatArray, total: FloatArray, peak: FloatArray, drop: FloatArray) -> FloatArray:
    """How far left of its peak the beta density's logarithm, on the logit scale, has fallen by `drop`.

    Newton from beyond: the function is convex, so every iterate is at least far enough.
    """
    at_peak = np.logaddexp(0.0, peak)
    reach = (drop + total * at_peak) / slope
    for _ in range(12):
        u = peak - reach
        fallen = slope * reach - total * (at_peak - np.logaddexp(0.0, u))
        steepness = slope - total * expit(u)
        reach = reach - (fallen - drop) / np.maximum(steepness, 1e-300)
    return reach


def expected_purchases_while_alive(
    shape: FloatArray, rate_days: FloatArray, a: FloatArray, b: FloatArray, horizon_days: FloatArray
) -> FloatArray:
    """Expected purchases within horizons of customers who are alive now.

    Their purchase rate is Gamma(`shape`, `rate_days`), their probability of dropping out after each purchase is
    Beta(`a`, `b`), independently (docs/models.md, eq. 9).

    Args:
        shape: Shape of the rate's distribution, shape (n,).
        rate_days: Its rate parameter in days, shape (n,).
        a: First parameter of the dropout's distribution, shape (n,).
        b: Second parameter, shape (n,).
        horizon_days: Horizons, shape (n, k), finite and not negative.

    Returns:
        Shape (n, k); relative error below 1e-9.
    """
    z = horizon_days / rate_days[:, None]
    if z.size == 0:
        return np.zeros_like(z)
    far = z.max(axis=1)
    total = a + b
    peak = np.log(a) - np.log(b)
    at_peak = expit(peak)
    value_at_peak = -np.expm1(-shape * np.log1p(at_peak * far)) / at_peak
    # Towards p = 0 the purchases grow up to shape * z; that much more of the density's left side matters.
    with np.errstate(divide="ignore", invalid="ignore"):
        growth = np.where(far > 0, np.log(shape * far) - np.log(value_at_peak), 0.0)
    growth = np.where(np.isfinite(growth), np.maximum(growth, 0.0), 0.0)
    left_end = peak - _reach(a, total, peak, _NEGLIGIBLE + growth)
    left_slope = total + (shape + 1.0) / 2.0 * far
    left_series = np.log(_LEFT_SERIES) - np.log(left_slope)
    right_end = peak + _reach(b, total, -peak, np.full_like(peak, _NEGLIGIBLE))
    right_series = np.log(total + 2.0) - np.log(_RIGHT_SERIES)
    low = np.maximum(left_end, left_series)
    high = np.minimum(right_end, right_series)
    width = np.sqrt(polygamma(1, a) + polygamma(1, b))
    node_count = np.ceil((high - low) / np.minimum(_STEP, width / _STEPS_PER_WIDTH)).astype(np.int64) + 1

    result = np.empty_like(z)
    order = np.argsort(node_count, kind="stable")
    begin = 0
    while begin < order.size:
        nodes = int(node_count[order[begin]])
        end = min(order.size, begin + max(1, _CELLS_AT_ONCE // nodes))
        # Rows of similar length go together, at the longest one's number of nodes.
        end = min(end, int(np.searchsorted(node_count[order], nodes * 1.25 + 1)) or end)
        end = max(end, begin + 1)
        rows = order[begin:end]
        result[rows] = _integrate(
            shape=shape[rows],
            z=z[rows],
            a=a[rows],
            b=b[rows],
            peak=peak[rows],
            low=low[rows],
            high=high[rows],
            has_left_series=low[rows] == left_series[rows],
            has_right_series=high[rows] == right_series[rows],
            node_count=int(node_count[rows[-1]]),
        )
        begin = end
    return result


def _integrate(
    *,
    shape: FloatArray,
    z: FloatArray,
    a: FloatArray,
    b: FloatArray,
    peak: FloatArray,
    low: FloatArray,
    high: FloatArray,
    has_left_series: npt.NDArray[np.bool_],
    has_right_series: npt.NDArray[np.bool_],
    node_count: int,
) -> FloatArray:
    step = (high - low) / (node_count - 1)
    odds = np.exp(low[:, None] + step[:, None] * np.arange(node_count))
    probability = odds / (1.0 + odds)
    total = a + b
    top = a * peak - total * np.logaddexp(0.0, peak)
    u = low[:, None] + step[:, None] * np.arange(node_count)
    weight = np.exp(a[:, None] * u - total[:, None] * np.log1p(odds) - top[:, None])

    # The rule's nodes beyond both ends: sums of exp(a u)(1 + c exp(u)) to the left, of exp(-b u) to the right.
    left_zero = _tail(a, low, step, top, has_left_series)
    left_one = _tail(a + 1.0, low, step, top, has_left_series)
    right = _tail(b, -high, step, top, has_right_series)
    mass = weight.sum(axis=1) + left_zero - total * left_one + right

    scaled = weight / probability
    result = np.empty_like(z)
    for k in range(z.shape[1]):
        zk = z[:, k]
        inner = -np.expm1(-shape[:, None] * np.log1p(probability * zk[:, None]))
        first_order = -(total + (shape + 1.0) / 2.0 * zk)
        left = shape * zk * (left_zero + first_order * left_one)
        result[:, k] = ((inner * scaled).sum(axis=1) + left - np.expm1(-shape * np.log1p(zk)) * right) / mass
    return result


def _tail(
    decay: FloatArray, edge: FloatArray, step: FloatArray, top: FloatArray, is_needed: npt.NDArray[np.bool_]
) -> FloatArray:
    """The sum of exp(decay (edge - j step) - top) over j = 1, 2, … where it is needed, else zero."""
    ratio = np.where(is_needed, decay * step, 1.0)
    first = np.where(is_needed, decay * edge - top, -np.inf)
    return np.exp(first) / np.expm1(ratio)
