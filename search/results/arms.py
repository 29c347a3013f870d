"""The best trial of each arm of a run, and by how much the winner exceeds it.

The arms of a space are methods that are compared (`searchspace.space.Space.arms`): each is searched
with as many trials as the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from search.engine.objective import Objective
from search.engine.trial import Trial
from search.record.run_folder import RunFolder
from search.results.differences import Comparison, Gain
from search.results.ranking import Row, can_win, winner
from searchspace.domains import Value


@dataclass(frozen=True)
class Arm:
    """An arm of a run.

    Attributes:
        option: Its value of the parameter.
        trials: How many sampled trials it had.
        best: The row of its best trial; None where none of its trials can win.
        gain: Of the winner over that; None where it is the winner, or there is none.
    """

    option: Value
    trials: int
    best: Row | None
    gain: Gain | None

    def as_json(self) -> dict[str, Any]:
        """Return the arm for the manifest, as JSON values."""
        low, high = (self.gain and self.gain.interval) or (None, None)
        return {
            "option": self.option,
            "trials": self.trials,
            "best": None if self.best is None else self.best.trial.id,
            "value": None if self.best is None else self.best.value,
            "gain": self.gain and self.gain.value,
            "low": low,
            "high": high,
            "level": self.gain and self.gain.level,
        }


def arm_of(trial: Trial, param: str) -> Value | None:
    """Return the arm that a trial belongs to; None for a trial outside the space, as controls are.

    Args:
        trial: Of the run.
        param: The parameter that chooses the arm.
    """
    return None if trial.point is None else trial.point.get(param)


def arms_of(
    param: str,
    options: Sequence[Value],
    rows: Sequence[Row],
    objective: Objective,
    folder: RunFolder,
) -> list[Arm]:
    """List the arms of a run, and the best trial of each.

    Args:
        param: The parameter that chooses the arm.
        options: Its values.
        rows: The ranking.
        objective: What it is ranked by.
        folder: Of the run, with what trials saved.
    """
    groups = {
        option: [row for row in rows if arm_of(row.trial, param) == option] for option in options
    }
    bests = {option: next(filter(can_win, group), None) for option, group in groups.items()}
    first = winner(rows) if options else None
    comparison = first and Comparison.of(first, rows, objective, folder)
    return [
        Arm(
            option,
            sum(not row.trial.is_reference for row in groups[option]),
            best,
            comparison.gain(best) if comparison and best and best is not first else None,
        )
        for option, best in bests.items()
    ]
