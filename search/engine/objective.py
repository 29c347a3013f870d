"""What trials are compared by: one metric, its direction, and constraints before it."""

import math
from dataclasses import dataclass
from typing import Literal

from trainables.study.report import Report

Standing = tuple[float, ...]
"""Larger is better: minus the violation of constraints, then the value, negated where minimised,
then that of the other metric where there are two."""

LAST: Standing = (-math.inf, -math.inf)
Direction = Literal["max", "min"]


@dataclass(frozen=True)
class Other:
    """A second metric, such as clean quality beside robustness.

    Attributes:
        metric: A key of `Report.metrics`.
        direction: How it improves.
    """

    metric: str
    direction: Direction

    def value(self, report: Report) -> float:
        """Return the metric's value, NaN where the report lacks it."""
        return report.metrics.get(self.metric, math.nan)


@dataclass(frozen=True)
class Objective:
    """The metric that ranks, or two of them.

    Attributes:
        metric: A key of `Report.metrics`.
        direction: How it improves.
        rungs: For each rung the metric that stands in where a report lacks the first: an attack
            that is too expensive for early rungs is not run there.
        other: Compared by as well, so that a run ends in a Pareto front; None for one objective.
    """

    metric: str
    direction: Direction
    rungs: tuple[str, ...] = ()
    other: Other | None = None

    def metric_of(self, report: Report) -> str:
        """Return the metric that a report is compared by."""
        if self.metric in report.metrics or report.rung >= len(self.rungs):
            return self.metric
        return self.rungs[report.rung]

    def value(self, report: Report) -> float:
        """Return the metric's value, NaN where the report lacks it."""
        return report.metrics.get(self.metric_of(report), math.nan)

    def standing(self, report: Report) -> Standing:
        """Return what `max` and `sorted` compare: the feasible before the infeasible, NaN last."""
        merits, violation = self.merits(report), violated(report)
        if any(map(math.isnan, (*merits, violation))):
            return LAST
        return (-violation, *merits)

    def merits(self, report: Report) -> tuple[float, ...]:
        """Return the value, and the other's where there are two; larger is better."""
        sign = {"max": 1.0, "min": -1.0}
        merits = (sign[self.direction] * self.value(report),)
        if self.other is None:
            return merits
        return (*merits, sign[self.other.direction] * self.other.value(report))

    def sound(self, report: Report) -> bool:
        """Tell whether every value is a finite number."""
        return all(map(math.isfinite, self.merits(report)))


def violated(report: Report) -> float:
    """Return by how much constraints are violated, summed; 0 where all are met."""
    return sum((value for value in report.constraints.values() if not value <= 0), start=0.0)
