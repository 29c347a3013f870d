"""Constraints that the engine adds to a report: limits known before training, and a floor.

The floor is relative to a reference: to its value, or to what its value has beyond that of a
constant answer. The reference may report later than the trials that it is to judge: those are
judged again then. What the sampler was told of them by that time stays. A reference that is no
better than a constant answer sets no level.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal, final

from search.engine.trial import Trial
from trainables.study.report import Report
from trainables.study.study import Config, Floor


@final
@dataclass
class Judge:
    """Completes the constraints of reports.

    Attributes:
        limits: Constraints of a config that need no training, met at 0 and below.
        floor: What quality a trial needs, relative to a reference; None for no demand.
        direction: How the floor's metric improves.
        levels: The reference's quality by rung, as far as it is known.
    """

    limits: Callable[[Config], dict[str, float]]
    floor: Floor | None = None
    direction: Literal["max", "min"] = "max"
    levels: dict[int, float] = field(default_factory=dict)

    def sets_level(self, trial: Trial, report: Report) -> bool:
        """Take note of the reference's quality; tell whether there was any to note."""
        if self.floor is None or trial.label != self.floor.reference:
            return False
        level = report.metrics.get(self.floor.metric, math.nan)
        if not self.floor.reach(level, self.direction) > 0:  # it diverged, or is at chance
            return False
        self.levels[report.rung] = level
        return True

    def judge(self, trial: Trial, report: Report) -> Report:
        """Return the report with all constraints that are known by now."""
        constraints = dict(report.constraints) | self.limits(trial.config)
        if self.floor is not None and report.rung in self.levels:
            level = self.levels[report.rung]
            value = report.metrics.get(self.floor.metric, math.nan)
            loss = level - value if self.direction == "max" else value - level
            share = loss / self.floor.reach(level, self.direction)
            constraints[self.floor.name] = share - self.floor.slack
        return (
            report
            if constraints == report.constraints
            else replace(report, constraints=constraints)
        )
