"""How often a living customer buys within a horizon, as a distribution, for both ways of leaving.

Every term is positive, so nothing cancels: not for ten thousand past purchases, not for a dropout that hardly exists,
not for horizons far beyond the history. Equation numbers are those of docs/models.md. Must not know which model asks.
"""

import numpy as np
from scipy.special import betainc, betaincc

from ml.estimator import FloatArray

_NEGLIGIBLE = 60.0  # exp(-60): what lies beyond adds nothing to the sixteenth digit
_NODE_COUNTS = (32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048)
_CELLS_AT_ONCE = 1 << 17  # 1 MB a temporary: it stays in the processor's cache.


def _log_arrivals(shape: FloatArray, highest: int) -> FloatArray:
    """The logarithm of Γ(s+k) / (Γ(s) k!) for k = 0 … highest, as a sum over past purchases: (n, highest + 1)."""
    j = np.arange(highest, dtype=np.float64)
    steps = np.log((shape[:, None] + j) / (j + 1.0))
    return np.concatenate([np.zeros((shape.size, 1)), np.cumsum(steps, axis=1)], axis=1)


def counts_with_a_chance_to_leave(
    shape: FloatArray, rate_days: FloatArray, a: float, b: FloatArray, horizon_days: FloatArray, highest: int
) -> FloatArray:
    """P(Y(H) = k | alive) where each purchase is the last with a probability of the customer's own (eq. 47).

    The rate is Gamma(`shape`, `rate_days`), the probability Beta(`a`, `b`), independently. Surviving k chances and
    arriving k times are independent, so each term is a ratio of beta functions times a negative binomial.

    Args:
        shape: Shape of the rate's distribution, shape (n,).
        rate_days: Its rate parameter in days, shape (n,).
        a: First parameter of the probability to leave.
        b: Its second parameter, shape (n,).
        horizon_days: H, shape (n,).
        highest: The last k.

    Returns:
        Shape (n, highest + 1); rows add up to one less the probability of more than `highest`.
    """
    k = np.arange(highest, dtype=np.float64)
    with np.errstate(divide="ignore"):
        log_share = -np.log1p(rate_days / horizon_days)  # of H / (A + H)
    log_arrivals = _log_arrivals(shape, highest) - (shape * np.log1p(horizon_days / rate_days))[:, None]
    with np.errstate(invalid="ignore"):
        log_arrivals[:, 1:] += log_share[:, None] * (k + 1.0)
    arrivals = np.exp(log_arrivals)
    # From the far end, so that small probabilities keep their digits.
    share, rest = horizon_days / (rate_days + horizon_days), rate_days / (rate_days + horizon_days)
    more = highest + 1.0
    beyond = np.where(share < 0.5, betainc(more, shape, share), betaincc(shape, more, rest))
    at_least = np.cumsum(np.concatenate([beyond[:, None], arrivals[:, :0:-1]], axis=1), axis=1)[:, :0:-1]
    leaves = a / (a + b[:, None] + k)
    stays = np.cumprod(1.0 - leaves, axis=1)
    stayed_before = np.concatenate([np.ones((shape.size, 1)), stays[:, :-1]], axis=1)[:, :highest]
    result = arrivals
    result[:, 1:] = arrivals[:, 1:] * stays + stayed_before * leaves * at_least
    return result


def counts_with_a_rate_of_leaving(
    shape: FloatArray,
    rate_days: FloatArray,
    leaving_shape: float,
    leaving_days: FloatArray,
    horizon_days: FloatArray,
    highest: int,
) -> FloatArray:
    """P(Y(H) = k | alive) where customers leave at any time, at a rate of their own (eq. 48).

    The rate of buying is Gamma(`shape`, `rate_days`), that of leaving Gamma(`leaving_shape`, `leaving_days`),
    independently. Given when the customer leaves, the count is negative binomial; the integral over that time goes over
    y = log(1 + tau / c), on which both factors are smooth.

    Args:
        shape: Shape of the rate of buying, shape (n,).
        rate_days: Its rate parameter in days, shape (n,).
        leaving_shape: Shape of the rate of leaving.
        leaving_days: Its rate parameter in days, shape (n,).
        horizon_days: H, shape (n,).
        highest: The last k.

    Returns:
        Shape (n, highest + 1); rows add up to one less the probability of more than `highest`.
    """
    near = np.minimum(rate_days, leaving_days)
    with np.errstate(over="ignore"):
        until = np.minimum(horizon_days, leaving_days * np.expm1(_NEGLIGIBLE / leaving_shape))
        if highest == 0:  # Silence ends the integrand too.
            until = np.minimum(until, rate_days * np.expm1(_NEGLIGIBLE / shape))
    reach = np.log1p(until / near)
    # Counts up to k have this width in log tau; power laws bend at the near end over 1 / (their exponents).
    width = np.sqrt(1.0 / (highest + 1.0) + 1.0 / shape)
    needed = 24.0 + 7.0 * np.sqrt(reach * (shape + leaving_shape)) + 2.2 * reach / width
    bucket = np.minimum(np.searchsorted(_NODE_COUNTS, needed), len(_NODE_COUNTS) - 1)
    result = np.empty((shape.size, highest + 1))
    for place in np.unique(bucket):
        nodes, weights = np.polynomial.legendre.leggauss(_NODE_COUNTS[place])
        members = np.flatnonzero(bucket == place)
        at_once = max(1, _CELLS_AT_ONCE // nodes.size)
        for begin in range(0, members.size, at_once):
            rows = members[begin : begin + at_once]
            A, left = rate_days[rows, None], leaving_days[rows, None]
            y = reach[rows, None] * (nodes + 1.0) / 2.0
            tau = near[rows, None] * np.expm1(y)
            with np.errstate(divide="ignore"):  # nobody leaves within no time
                log_weight = np.log(reach[rows, None] / 2.0 * near[rows, None]) + y + np.log(weights)
            log_weight = log_weight + np.log(leaving_shape) - np.log(left + tau)
            log_weight -= leaving_shape * np.log1p(tau / left)
            # The last node is the horizon itself, for those who stay.
            H = horizon_days[rows, None]
            log_weight = np.concatenate([log_weight, -leaving_shape * np.log1p(H / left)], axis=1)
            at = np.concatenate([tau, H], axis=1)
            log_weight -= shape[rows, None] * np.log1p(at / A)
            result[rows, 0] = np.exp(log_weight).sum(axis=1)
            with np.errstate(divide="ignore"):
                log_share = -np.log1p(A / at)  # of tau / (A + tau)
            log_arrivals = _log_arrivals(shape[rows], highest)
            for k in range(1, highest + 1):
                result[rows, k] = np.exp(log_weight + k * log_share + log_arrivals[:, k, None]).sum(axis=1)
    return result
