"""Maximum likelihood for models of when customers buy again: from histories to parameters, or to why there are none.

A model brings its likelihood with derivatives, places to begin, and the limits that its parameters can run to; the rest
is here. Must not know any model's mathematics.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar, Self

import numpy as np
import polars as pl

from ml.estimator import FitReport, FitStatus, FloatArray, UnusableFitError
from ml.fitting.maximum_likelihood import (
    Evaluation,
    Objective,
    Optimum,
    in_log_parameters,
    maximise,
    maximise_from_several,
)
from ml.fitting.normal_prior import NormalPrior, knowledge
from ml.histories.purchase_histories import Cells, cells_of, distinct_histories, sampled
from models.errors import StopError

MINIMUM_REPEAT_CUSTOMERS = 10
_SAMPLE_CUSTOMERS = 50_000
_NEAR_ENOUGH = 0.1  # The sample's maximum is two or three units of log-likelihood of the sample off the whole's.
# Beyond these limits the parameters only approach a limit of the model.
_LOWEST = np.log(np.array([1e-5, 1e-6, 1e-6, 1e-6]))
_HIGHEST = np.log(np.array([1e6, 1e8, 1e7, 1e7]))
# Under a prior the maximum may rest on these: customers whose shape is past them are as good as alike, or as unlike as
# can be. Times stay within a factor of e^11 of the prior's mean.
_SHAPES_UNDER_PRIOR = np.log(np.array([2e-3, 900.0]))
_TIMES_UNDER_PRIOR = np.array([-11.0, 11.0])


class LikelihoodEstimator(ABC):
    """An estimator with four positive parameters, some of which are times.

    Args:
        penalty: Weight of a ridge on the logarithms of the parameters, those in days taken over the mean age: a prior
            around 1 that only steadies a fit. 0 is plain maximum likelihood.
        prior: What is known of the log-parameters before the data, in the order of `letters` and in days; the fit is
            then the posterior's maximum, which any data have, and needs no repeat customers. None is none.

    Attributes:
        name: The model's name in tables.
        title: Its name in sentences.
        letters: The parameters' letters, in their order.
        in_days: Which of them are times.
        causes: Per status of a fit that is not used, what it says about the data.
        params_: The parameters by letter.
        report_: What the fit did; None for given parameters.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    letters: ClassVar[tuple[str, str, str, str]]
    in_days: ClassVar[tuple[bool, bool, bool, bool]]
    causes: ClassVar[Mapping[FitStatus, str]]

    def __init__(self, *, penalty: float = 0.0, prior: NormalPrior | None = None) -> None:
        if not (np.isfinite(penalty) and penalty >= 0):
            raise StopError(f"a penalty is zero or more; {penalty} is not")
        if penalty and prior is not None:
            raise StopError("a penalty is a prior already; give one of the two")
        self.penalty, self.prior = penalty, prior
        self.params_: dict[str, float] = {}
        self.report_: FitReport | None = None

    @classmethod
    def from_parameters(cls, **parameters: float) -> Self:
        """An estimator with given parameters, times in days; raises StopError unless all are positive and finite."""
        if parameters.keys() != set(cls.letters):
            raise StopError(f"{cls.title} has the parameters {', '.join(cls.letters)}, not {', '.join(parameters)}")
        estimator = cls()
        estimator.params_ = {letter: float(parameters[letter]) for letter in cls.letters}
        for letter, value in estimator.params_.items():
            if not (np.isfinite(value) and value > 0):
                raise StopError(f"{cls.title} parameters are positive and finite; {letter} is {value}")
        return estimator

    @abstractmethod
    def evaluate(self, cells: Cells, parameters: FloatArray) -> Evaluation:
        """The log-likelihood of all customers with its derivatives by the parameters, shape (4,)."""

    @abstractmethod
    def _starts(self, cells: Cells) -> list[FloatArray]:
        """Logarithms of parameters to begin from, the likeliest place first."""

    @abstractmethod
    def _status(self, cells: Cells, best: Optimum) -> FitStatus:
        """Whether a fit stands, and if not, which limit of the model it ran to."""

    def fit(self, summary: pl.DataFrame) -> Self:
        """Maximum likelihood on distinct histories, or the posterior's maximum under a prior.

        Args:
            summary: `frequency`, `recency_days`, `age_days`, and optionally `weight` (customers a row stands for).

        Returns:
            This estimator, with `params_` and `report_`.

        Raises:
            UnusableFitError: Too little to fit, a boundary of the model, or no convergence; `report` says which.
        """
        histories = distinct_histories(summary)
        cells = cells_of(histories)
        if self.prior is None and cells.repeat_customer_count < MINIMUM_REPEAT_CUSTOMERS:
            raise UnusableFitError(self._too_few(cells))
        prior, starts, limits = self._search(cells)
        sampled_passes = 0
        if cells.customer_count > 4 * _SAMPLE_CUSTOMERS:
            near = maximise(
                self._objective(cells_of(sampled(histories, customer_count=_SAMPLE_CUSTOMERS)), prior),
                starts[0],
                *limits,
                gain_tolerance=_NEAR_ENOUGH,
            )
            sampled_passes = near.pass_count
            if near.is_interior:
                starts = [near.log_parameters, *starts]
        best, passes, tried = maximise_from_several(self._objective(cells, prior), starts, *limits)
        report = self._report(cells, best, prior, passes + sampled_passes, tried)
        if not report.is_usable:
            raise UnusableFitError(report)
        self.params_, self.report_ = report.parameters, report
        return self

    def _search(self, cells: Cells) -> tuple[NormalPrior | None, list[FloatArray], tuple[FloatArray, FloatArray]]:
        """What pulls at the log-parameters, where to begin, and the limits of the search."""
        if self.prior is not None:
            mean = self.prior.mean
            starts = self._starts(cells) if cells.repeat_customer_count >= MINIMUM_REPEAT_CUSTOMERS else []
            lower, upper = (
                np.where(self.in_days, mean + time, shape)
                for time, shape in zip(_TIMES_UNDER_PRIOR, _SHAPES_UNDER_PRIOR, strict=True)
            )
            return self.prior, [mean, *starts[:1]], (lower, upper)
        mean_age = float(np.sum(cells.age * cells.age_weight)) / cells.customer_count
        log_scale = np.log(np.where(self.in_days, mean_age, 1.0))
        ridge = NormalPrior(log_scale, 2.0 * self.penalty * np.eye(log_scale.size)) if self.penalty else None
        return ridge, self._starts(cells), (_LOWEST + log_scale, _HIGHEST + log_scale)

    def _objective(self, cells: Cells, prior: NormalPrior | None) -> Objective:
        def objective(log_parameters: FloatArray) -> Evaluation:
            parameters = np.exp(log_parameters)
            at = self.evaluate(cells, parameters)
            at = in_log_parameters(parameters, at.value, at.gradient, at.hessian)
            return at if prior is None else prior.added_to(at, log_parameters)

        return objective

    def _report(self, cells: Cells, best: Optimum, prior: NormalPrior | None, passes: int, tried: int) -> FitReport:
        if self.prior is None:
            status = self._status(cells, best)
        else:
            status = FitStatus.CONVERGED if best.has_converged else FitStatus.NOT_CONVERGED
        parameters = np.exp(best.log_parameters)
        reached = ", ".join(f"{name} {value:.3g}" for name, value in zip(self.letters, parameters, strict=True))
        unit = ", in days" if any(self.in_days) else ""
        known = knowledge(best, prior) if status is FitStatus.CONVERGED else None
        errors = parameters * np.sqrt(np.diag(known.covariance)) if known else np.zeros(0)
        return FitReport(
            model_name=self.name,
            status=status,
            message=f"{self.causes[status]} (reached {reached}{unit})" if status in self.causes else "",
            parameters=dict(zip(self.letters, parameters.tolist(), strict=True)),
            standard_errors=dict(zip(self.letters, errors.tolist(), strict=True)) if known else {},
            log_likelihood=self.evaluate(cells, parameters).value if prior else best.evaluation.value,
            customer_count=int(cells.customer_count),
            repeat_customer_count=int(cells.repeat_customer_count),
            pass_count=passes,
            start_count=tried,
            log_covariance=tuple(map(tuple, known.covariance.tolist())) if known else (),
            prior_share=known.prior_share if known else 0.0,
            prior_version=prior.version if prior else "",
        )

    def _too_few(self, cells: Cells) -> FitReport:
        repeat, everybody = int(cells.repeat_customer_count), int(cells.customer_count)
        return FitReport(
            model_name=self.name,
            status=FitStatus.TOO_FEW_CUSTOMERS,
            message=(
                f"only {repeat} of {everybody} customers bought again; a fit needs {MINIMUM_REPEAT_CUSTOMERS} or more. "
                "Load more of the order history, or move as_of_date later"
            ),
            parameters={},
            standard_errors={},
            log_likelihood=None,
            customer_count=everybody,
            repeat_customer_count=repeat,
        )

    def _values(self) -> tuple[float, float, float, float]:
        if not self.params_:
            raise StopError(f"this {self.title} estimator has no parameters yet; call fit, or from_parameters")
        first, second, third, fourth = (self.params_[letter] for letter in self.letters)
        return first, second, third, fourth
