"""Where models break: histories and parameters at the edges, with every answer in more digits than a float has.

Usage: python tests/ml/stress_grid.py    (writes stress_grid.csv beside this file)

The answers come from the papers' closed forms in 60 digits and more, so they share nothing with the estimators' own
integrals. Closed forms that divide zero by zero (a = 1, s = 1) are taken a hair beside that place, at 1e-40.
`test_stress_grid.py` reads the file, and works out some of its cells anew.
"""

import csv
from collections.abc import Iterator
from pathlib import Path

import mpmath as mp

FILE = Path(__file__).with_suffix(".csv")
COLUMNS = ("model", "first", "second", "third", "fourth", "x", "t_x", "T", "horizon")
ANSWERS = ("log_likelihood", "alive", "silent", "expected")

HISTORIES = [
    (0, 0.0, 0.0),
    (0, 0.0, 1.0),
    (0, 0.0, 2_000.0),
    (1, 1.0, 1.0),
    (1, 1.0, 5_000.0),
    (12, 100.0, 101.0),
    (10_000, 9_000.0, 9_900.0),
    (10_000, 10_000.0, 10_000.0),
]
HORIZONS = (1.0, 90.0, 1e6)
BETA_GEOMETRIC = [
    (0.243, 30.9, 0.793, 2.426),
    (0.05, 2.0, 0.2, 0.3),  # a + b below 1
    (4.0, 300.0, 1.0, 1.5),
    (1.3, 11.0, 1.0 + 1e-9, 0.01),
    (0.001, 0.001, 0.001, 0.001),
    (1_000.0, 1e6, 4_000.0, 6_000.0),
    (0.7, 0.5, 0.01, 4_000.0),
    (2.0, 0.001, 50.0, 0.001),
]
PARETO = [
    (0.553, 74.0, 0.606, 81.7),
    (0.05, 2.0, 0.2, 3_000.0),
    (4.0, 300.0, 1.0, 0.05),
    (0.7, 0.01, 1.0 + 1e-9, 40.0),
    (0.001, 0.001, 0.001, 0.001),
    (1_000.0, 1e6, 900.0, 1e6),
    (1.0, 0.001, 0.3, 1e5),
    (1.0, 1e5, 0.3, 0.001),
]
# p, q, v; then how many spend days, and their mean.
GAMMA_GAMMA = [(6.25, 3.74, 15.44), (0.01, 1.001, 1e-4), (1e4, 5e3, 1e7), (2.0, 900.0, 0.5), (5e3, 1.5, 3.0)]
SPENDERS = [(0, 0.0), (1, 0.01), (1, 35.0), (7, 1e7), (10_000, 35.0)]

Numbers = tuple[mp.mpf, ...]


def _beside(value: float) -> mp.mpf:
    return mp.mpf(value) + mp.mpf(10) ** -40


def beta_geometric(
    parameters: tuple[float, ...], history: tuple[int, float, float], horizon: float, *, first_chances: int
) -> Numbers:
    """The answers of the BG/NBD (`first_chances` 0) or the MBG/NBD (1), in the order of `ANSWERS`."""
    r, alpha, _, b = (mp.mpf(value) for value in parameters)
    a = _beside(parameters[2])
    x, t_x, age = history[0], mp.mpf(history[1]), mp.mpf(history[2])
    chances = x + first_chances

    def terms(T: mp.mpf) -> tuple[mp.mpf, mp.mpf]:
        still = mp.beta(a, b + chances) / mp.beta(a, b) / (alpha + T) ** (r + x)
        gone = mp.beta(a + 1, b + chances - 1) / mp.beta(a, b) / (alpha + t_x) ** (r + x) if chances else mp.mpf(0)
        return still, gone

    still, gone = terms(age)
    alive = still / (still + gone)
    likelihood = mp.gamma(r + x) / mp.gamma(r) * alpha**r * (still + gone)
    s, rate, stay = r + x, alpha + age, b + chances
    # Fader, Hardie and Lee (2005a), eq. 10, through Euler's transformation: the printed series needs 1e8 terms here.
    z = horizon / (rate + horizon)
    inner = mp.hyp2f1(a - 1, a + stay - 1 - s, a + stay - 1, z)
    expected = alive * (a + stay - 1) / (a - 1) * (1 - (1 - z) ** (a - 1) * inner)
    return mp.log(likelihood), alive, sum(terms(age + horizon)) / (still + gone), expected


def pareto(parameters: tuple[float, ...], history: tuple[int, float, float], horizon: float) -> Numbers:
    """The answers of the Pareto/NBD, in the order of `ANSWERS`."""
    r, alpha, _, beta = (mp.mpf(value) for value in parameters)
    s = _beside(parameters[2])
    x, t_x, age = history[0], mp.mpf(history[1]), mp.mpf(history[2])
    n = r + s + x

    def beyond(t: mp.mpf) -> mp.mpf:
        if alpha >= beta:
            return mp.hyp2f1(n, s + 1, n + 1, (alpha - beta) / (alpha + t)) / (alpha + t) ** n
        return mp.hyp2f1(n, r + x, n + 1, (beta - alpha) / (beta + t)) / (beta + t) ** n

    def terms(T: mp.mpf) -> tuple[mp.mpf, mp.mpf]:
        return (alpha + T) ** -(r + x) * (beta + T) ** -s, s / n * (beyond(t_x) - beyond(T))

    still, gone = terms(age)
    alive = still / (still + gone)
    likelihood = mp.gamma(r + x) / mp.gamma(r) * alpha**r * beta**s * (still + gone)
    share = ((beta + age) / (beta + age + horizon)) ** (s - 1)
    expected = alive * (r + x) * (beta + age) / ((alpha + age) * (s - 1)) * (1 - share)
    return mp.log(likelihood), alive, sum(terms(age + horizon)) / (still + gone), expected


def gamma_gamma(parameters: tuple[float, ...], count: int, mean: float) -> Numbers:
    """The log-likelihood and the expected spend of the Gamma-Gamma model."""
    p, q, v = (mp.mpf(value) for value in parameters)
    m = mp.mpf(mean)
    if not count:
        return mp.mpf(0), p * v / (q - 1)
    pc = p * count
    log_likelihood = (
        mp.loggamma(pc + q) - mp.loggamma(pc) - mp.loggamma(q) + q * mp.log(v) + (pc - 1) * mp.log(m)
        + pc * mp.log(count) - (pc + q) * mp.log(v + count * m)
    )  # fmt: skip
    return log_likelihood, p * (v + count * m) / (pc + q - 1)


def cells() -> Iterator[tuple[str | float, ...]]:
    """What stands left of the answers in each row; the fourth parameter and the horizon of a spender are empty."""
    for model, sets in (("bg_nbd", BETA_GEOMETRIC), ("mbg_nbd", BETA_GEOMETRIC), ("pareto_nbd", PARETO)):
        for i, parameters in enumerate(sets):
            for k, history in enumerate(HISTORIES):
                yield model, *parameters, *history, HORIZONS[(i + k) % len(HORIZONS)]
    for spend_parameters in GAMMA_GAMMA:
        for spender in SPENDERS:
            yield "gamma_gamma", *spend_parameters, 0.0, *spender, 0.0, 0.0


def answers(cell: tuple[str | float, ...], *, digits: int = 60) -> tuple[float, ...]:
    """A cell's answers, rounded to floats once, at the end."""
    model, *rest = cell
    first, second, third, fourth, x, t_x, age, horizon = (float(value) for value in rest)
    with mp.workdps(digits):
        parameters, history = (first, second, third, fourth), (int(x), t_x, age)
        if model == "gamma_gamma":
            log_likelihood, spend = gamma_gamma(parameters[:3], int(x), t_x)
            return float(log_likelihood), float("nan"), float("nan"), float(spend)
        if model == "pareto_nbd":
            exact = pareto(parameters, history, horizon)
        else:
            exact = beta_geometric(parameters, history, horizon, first_chances=int(model == "mbg_nbd"))
        return tuple(float(value) for value in exact)


def main() -> None:
    with FILE.open("w", newline="", encoding="ascii") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow((*COLUMNS, *ANSWERS))
        for cell in cells():
            writer.writerow((*cell, *answers(cell, digits=160)))


if __name__ == "__main__":
    main()
