"""The BG/NBD with what is known of a customer from the first day: channel of acquisition, first discount, country.

What is known shifts how often people buy and how they leave (Fader and Hardie 2007). With z a customer's covariates:

    alpha = alpha0 exp(-g1'z),  a = a0 exp(g2'z),  b = b0 exp(g3'z)

and everything else is the BG/NBD's (docs/models.md, section 2d): to each combination of covariates belongs a plain
BG/NBD, which this module finds, fits together with the others and asks.

Must not hold what `ml.purchases.beta_geometric` computes for the plain model.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt
import polars as pl

from ml.estimator import FitReport, FitStatus, FloatArray, UnusableFitError, column
from ml.fitting.maximum_likelihood import Evaluation, Objective, Optimum, in_log_parameters, maximise
from ml.histories.purchase_histories import Cells, cells_of, distinct_histories
from ml.purchases.beta_geometric_likelihood import evaluate
from ml.purchases.bg_nbd import BetaGeometricNbd
from models.errors import StopError

MOST_COMBINATIONS = 2_000
SHIFTED = ("alpha", "a", "b")
_BASE = ("r", "alpha", "a", "b")
_REACH = 8.0  # The most that a covariate may do, in log-parameters: a factor of 3,000 is no effect but a separation.


@dataclass(frozen=True)
class Combinations:
    """The distinct combinations of covariates in a summary.

    Attributes:
        values: One row per combination, sorted, shape (m, k).
        position: For each row of the summary the place of its combination, shape (n,).
    """

    values: FloatArray
    position: npt.NDArray[np.int64]

    @classmethod
    def of(cls, summary: pl.DataFrame, names: Sequence[str]) -> "Combinations":
        """The combinations of a summary's columns.

        Raises:
            StopError: A column is missing, a value is not finite, or there are more than `MOST_COMBINATIONS`.
        """
        for name in names:
            if not np.isfinite(column(summary, name)).all():
                raise StopError(
                    f"the covariate {name} is null or not finite for some customers; give every one a value"
                )
        rows = summary.select(pl.col(names).cast(pl.Float64))
        distinct = rows.unique().sort(names).with_row_index("position")
        if distinct.height > MOST_COMBINATIONS:
            raise StopError(
                f"the covariates {', '.join(names)} make {distinct.height} different combinations, of at most "
                f"{MOST_COMBINATIONS}: put amounts and dates into a few bands"
            )
        found = rows.join(distinct, on=list(names), how="left", maintain_order="left")
        return cls(distinct.select(names).to_numpy(), found["position"].cast(pl.Int64).to_numpy())

    def rows(self) -> Iterator[npt.NDArray[np.int64]]:
        """The rows of each combination in turn."""
        order = np.argsort(self.position, kind="stable")
        yield from np.split(order, np.searchsorted(self.position[order], np.arange(1, len(self.values))))


def _directions(z: FloatArray) -> FloatArray:
    """How the logarithms of r, alpha, a and b of a combination move with the parameters, shape (4, 4 + 3k)."""
    k = z.size
    moves = np.zeros((4, 4 + 3 * k))
    moves[:4, :4] = np.eye(4)
    for place, sign in enumerate((-1.0, 1.0, 1.0)):
        moves[1 + place, 4 + place * k : 4 + (place + 1) * k] = sign * z
    return moves


def _objective(cells: Sequence[Cells], values: FloatArray, ridge: float) -> Objective:
    moves = [_directions(z) for z in values]

    def objective(theta: FloatArray) -> Evaluation:
        coefficients = theta[4:]
        value = -ridge * float(np.sum(coefficients**2))
        gradient, hessian = np.zeros(theta.size), np.zeros((theta.size, theta.size))
        gradient[4:] = -2.0 * ridge * coefficients
        hessian[4:, 4:] = -2.0 * ridge * np.eye(coefficients.size)
        for some, move in zip(cells, moves, strict=True):
            parameters = np.exp((move * theta).sum(axis=1))
            at = evaluate(some, parameters)
            at = in_log_parameters(parameters, at.value, at.gradient, at.hessian)
            value += at.value
            gradient += (move * at.gradient[:, None]).sum(axis=0)
            hessian += np.einsum("ip,ij,jq->pq", move, at.hessian, move)
        return Evaluation(value, gradient, hessian)

    return objective


class BetaGeometricNbdWithCovariates:
    """The BG/NBD estimator with covariates that do not change over time.

    Args:
        covariates: Names of the summary's columns that hold them, numbers without gaps. A category of m values is m - 1
            columns of 0 and 1, for the m-th is what the others are compared with: `ordered["channel"].to_dummies()`
            without one of its columns. Amounts belong into bands: each combination that occurs is a model of its own.
        ridge: Weight of a ridge on the coefficients: `ridge` times the sum of their squares is taken from the
            log-likelihood. 0 is plain maximum likelihood.

    Attributes:
        params_: `r`, `alpha` (days), `a`, `b` of a customer whose covariates are all zero, then the coefficients:
            `alpha[name]` (exp of it is the factor by which purchases come faster), `a[name]` and `b[name]` (a larger a
            is leaving sooner, a larger b later).
        report_: What the fit did, with the coefficients' standard errors; None for given parameters.
    """

    name: ClassVar[str] = "bg_nbd_covariates"
    title: ClassVar[str] = "BG/NBD with covariates"

    def __init__(self, covariates: Sequence[str], *, ridge: float = 0.0) -> None:
        if not covariates or len(set(covariates)) != len(covariates):
            raise StopError(f"covariates are one or more different columns; {', '.join(covariates) or 'none'} are not")
        if not (np.isfinite(ridge) and ridge >= 0):
            raise StopError(f"a ridge is zero or more; {ridge} is not")
        self.covariates, self.ridge = tuple(covariates), ridge
        self.params_: dict[str, float] = {}
        self.report_: FitReport | None = None

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """The parameters in the order of the fit."""
        return (*_BASE, *(f"{letter}[{name}]" for letter in SHIFTED for name in self.covariates))

    @classmethod
    def from_parameters(cls, covariates: Sequence[str], parameters: Mapping[str, float]) -> Self:
        """An estimator with given parameters; raises StopError unless all are there, and those of the base positive."""
        estimator = cls(covariates)
        if parameters.keys() != set(estimator.parameter_names):
            raise StopError(f"{cls.title} has {', '.join(estimator.parameter_names)}, not {', '.join(parameters)}")
        BetaGeometricNbd.from_parameters(**{letter: parameters[letter] for letter in _BASE})
        estimator.params_ = {name: float(parameters[name]) for name in estimator.parameter_names}
        return estimator

    def fit(self, summary: pl.DataFrame, *, plain: BetaGeometricNbd | None = None) -> Self:
        """Maximum likelihood, from the optimum of the plain BG/NBD on the same customers.

        Args:
            summary: `frequency`, `recency_days`, `age_days`, the covariates, and optionally `weight`.
            plain: The plain BG/NBD fitted on the same, where it is there already.

        Returns:
            This estimator, with `params_` and `report_`.

        Raises:
            UnusableFitError: The plain BG/NBD already has no fit, or a coefficient has none; `report` says which.
            StopError: Covariates that say the same as others do, without a ridge to share it out.
        """
        plain = BetaGeometricNbd().fit(summary) if plain is None else plain
        combinations = Combinations.of(summary, self.covariates)
        if not self.ridge:
            self._refuse_collinear(combinations)
        cells = [cells_of(distinct_histories(summary[rows])) for rows in combinations.rows()]
        start = np.concatenate(
            [np.log([plain.params_[letter] for letter in _BASE]), np.zeros(3 * len(self.covariates))]
        )
        size = np.tile(np.maximum(np.abs(combinations.values).max(axis=0), 1e-300), 3)
        reach = np.concatenate([np.full(4, _REACH), _REACH / size])
        best = maximise(_objective(cells, combinations.values, self.ridge), start, start - reach, start + reach)
        log_likelihood = _objective(cells, combinations.values, 0.0)(best.log_parameters).value
        report = self._report(best, cells, log_likelihood)
        if not report.is_usable:
            raise UnusableFitError(report)
        self.params_, self.report_ = report.parameters, report
        return self

    def _refuse_collinear(self, combinations: Combinations) -> None:
        with_base = np.column_stack([np.ones(len(combinations.values)), combinations.values])
        if np.linalg.matrix_rank(with_base) < with_base.shape[1]:
            raise StopError(
                f"the covariates {', '.join(self.covariates)} are not independent of each other, or do not vary: leave "
                "one column of each category out, or give a ridge"
            )

    def _report(self, best: Optimum, cells: Sequence[Cells], log_likelihood: float) -> FitReport:
        theta = best.log_parameters
        parameters = np.concatenate([np.exp(theta[:4]), theta[4:]])
        at_limit = [name for name, is_at in zip(self.parameter_names, best.is_at_limit, strict=True) if is_at]
        status, message = FitStatus.CONVERGED, ""
        if at_limit:
            status = FitStatus.EXTREME_PARAMETERS
            message = (
                f"the fit ran to parameters without meaning ({', '.join(at_limit)}): hardly anybody with such a "
                "covariate came back, or everybody did. Put rare categories together, or give a ridge"
            )
        elif not best.has_converged:
            status = FitStatus.NOT_CONVERGED
            message = (
                "the fit did not settle: the histories do not determine what the covariates do. Give fewer covariates, "
                "or a ridge"
            )
        errors: dict[str, float] = {}
        if status is FitStatus.CONVERGED:
            deviations = np.sqrt(np.diag(np.linalg.inv(-best.evaluation.hessian)))
            deviations[:4] *= parameters[:4]
            errors = dict(zip(self.parameter_names, deviations.tolist(), strict=True))
        return FitReport(
            model_name=self.name,
            status=status,
            message=message,
            parameters=dict(zip(self.parameter_names, parameters.tolist(), strict=True)),
            standard_errors=errors,
            log_likelihood=log_likelihood,
            customer_count=int(sum(some.customer_count for some in cells)),
            repeat_customer_count=int(sum(some.repeat_customer_count for some in cells)),
            pass_count=best.pass_count,
            start_count=1,
        )

    def model_for(self, covariates: Mapping[str, float]) -> BetaGeometricNbd:
        """The plain BG/NBD of customers with these covariates: all that can be asked of one can be asked of it.

        Raises:
            StopError: A covariate is missing, or there are no parameters yet.
        """
        if not self.params_:
            raise StopError(f"this {self.title} estimator has no parameters yet; call fit, or from_parameters")
        if covariates.keys() != set(self.covariates):
            raise StopError(f"the covariates are {', '.join(self.covariates)}, not {', '.join(covariates) or 'none'}")
        z = np.array([covariates[name] for name in self.covariates], dtype=np.float64)
        theta = np.array([self.params_[name] for name in self.parameter_names])
        theta[:4] = np.log(theta[:4])
        shifted = np.exp((_directions(z) * theta).sum(axis=1)).tolist()
        return BetaGeometricNbd.from_parameters(**dict(zip(_BASE, shifted, strict=True)))

    def models(self, summary: pl.DataFrame) -> Iterator[tuple[npt.NDArray[np.int64], BetaGeometricNbd]]:
        """For each combination of covariates the rows of a summary that have it, and their plain BG/NBD."""
        combinations = Combinations.of(summary, self.covariates)
        for z, rows in zip(combinations.values, combinations.rows(), strict=True):
            yield rows, self.model_for(dict(zip(self.covariates, z.tolist(), strict=True)))

    def _asked(self, summary: pl.DataFrame, ask: Callable[[BetaGeometricNbd, pl.DataFrame], FloatArray]) -> FloatArray:
        answers = np.empty(summary.height)
        for rows, model in self.models(summary):
            answers[rows] = ask(model, summary[rows])
        return answers

    def log_likelihood(self, summary: pl.DataFrame) -> FloatArray:
        """Each customer's log-likelihood with time in days, shape (n,)."""
        return self._asked(summary, lambda model, some: model.log_likelihood(some))

    def probability_alive(self, summary: pl.DataFrame) -> FloatArray:
        """P(alive at T | x, t_x, T, z), shape (n,). Never read its complement as churn (`ml.value.churn`)."""
        return self._asked(summary, lambda model, some: model.probability_alive(some))

    def probability_of_no_purchase(self, summary: pl.DataFrame, horizon_days: float) -> FloatArray:
        """P(no purchase day within `horizon_days` | x, t_x, T, z), shape (n,)."""
        return self._asked(summary, lambda model, some: model.probability_of_no_purchase(some, horizon_days))

    def expected_purchases(self, summary: pl.DataFrame, horizon_days: float) -> FloatArray:
        """E[Y(t) | x, t_x, T, z] in purchase days, shape (n,)."""
        return self._asked(summary, lambda model, some: model.expected_purchases(some, horizon_days))
