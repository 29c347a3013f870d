"""Constraints that the engine adds to a report: limits known before training, and a floor.

The floor is relative to a reference: to its value, or to what its value has beyond that of a
constant answer. The value is the mean over its trainings, as one training may be lucky; those at
chance count in it, as they are what a seed may give. The reference may report later than the trials
that it is to judge, or be trained once more with another seed: they are judged again then. What the
sampler was told of them by that time stays. A reference whose mean is no better than a constant
answer sets no level.

The floor counts where a trial has trained to its end. At rungs below that it would bar what learns
more slowly than the reference, as adversarial training does.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from statistics import fmean
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
        whole: The first rung at which trials have trained to their end.
        levels: The quality of each of the reference's trainings, by rung and trial.
        reference: Id of the reference's first training; empty until it reports.
    """

    limits: Callable[[Config], dict[str, float]]
    floor: Floor | None = None
    direction: Literal["max", "min"] = "max"
    whole: int = 0
    levels: dict[int, dict[str, float]] = field(default_factory=dict)
    reference: str = ""

    def sets_level(self, trial: Trial, report: Report) -> bool:
        """Take note of the reference's quality; tell whether there was any to note."""
        if self.floor is None:
            return False
        if trial.label == self.floor.reference:
            self.reference = trial.id
        elif not trial.repeats or trial.repeats != self.reference:
            return False
        level = report.metrics.get(self.floor.metric, math.nan)
        if math.isnan(level):  # it diverged
            return False
        self.levels.setdefault(report.rung, {})[trial.id] = level
        return True

    def judge(self, trial: Trial, report: Report) -> Report:
        """Return the report with all constraints that are known by now."""
        constraints = dict(report.constraints) | self.limits(trial.config)
        if self.floor is not None and report.rung >= self.whole and report.rung in self.levels:
            constraints.pop(self.floor.name, None)
            level = fmean(self.levels[report.rung].values())
            value = report.metrics.get(self.floor.metric, math.nan)
            loss = level - value if self.direction == "max" else value - level
            reach = self.floor.reach(level, self.direction)
            if reach > 0:
                constraints[self.floor.name] = loss / reach - self.floor.slack
        return (
            report
            if constraints == report.constraints
            else replace(report, constraints=constraints)
        )
