"""What trials are compared by: one metric, its direction, and constraints before it."""

import math
from dataclasses import dataclass
from typing import Literal

from trainables.protocol import Report

Standing = tuple[float, float]
"""Larger is better: minus the violation of constraints, then the value, negated where minimised."""

LAST: Standing = (-math.inf, -math.inf)


@dataclass(frozen=True)
class Objective:
    """The metric that ranks.

    Attributes:
        metric: A key of `Report.metrics`.
        direction: How it improves.
        rungs: For each rung the metric that stands in where a report lacks the first: an attack
            that is too dear for early rungs is not run there.
    """

    metric: str
    direction: Literal["max", "min"]
    rungs: tuple[str, ...] = ()

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
        value, violation = self.value(report), violated(report)
        if math.isnan(value) or math.isnan(violation):
            return LAST
        return (-violation, value if self.direction == "max" else -value)


def violated(report: Report) -> float:
    """Return by how much constraints are violated, summed; 0 where all are met."""
    return sum((value for value in report.constraints.values() if not value <= 0), start=0.0)
