"""What chance alone gives on the ranking images of a run: a skill near 0 may be nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan

from search.engine.objective import Objective
from search.record.manifest import ConstantAnswer
from search.record.run_folder import RunFolder
from search.results.ranking import Row, can_win, sign_of
from trainables.metrics.influence import is_right_or_wrong
from trainables.metrics.intervals import Interval, chance_interval
from trainables.metrics.skill import Skill, summary_of
from trainables.study import ranking_file


@dataclass(frozen=True)
class Chance:
    """The skill of answers at chance, beside that of a run's winner.

    Attributes:
        interval: Mean of answers at chance, and what holds 95 % of them.
        best: What the best of as many as could win has at most, in 97.5 % of cases.
        trials: How many could win.
        is_exceeded: Whether the winner has more.
    """

    interval: Interval
    best: float
    trials: int
    is_exceeded: bool


def chance_of(
    first: Row, rows: Sequence[Row], objective: Objective, folder: RunFolder
) -> Chance | None:
    """Simulate answers at chance on the images that a winner answered, who is the best of many.

    Args:
        first: The winner's row.
        rows: The ranking.
        objective: What the run is ranked by.
        folder: Of the run, with what trials saved.

    Returns:
        None where the run is not ranked by a skill of right and wrong answers.

    Raises:
        UserError: If a file of answers is damaged.
    """
    saved = ranking_file.read(folder.saved(first.counted[0].id)) if first.counted else None
    if saved is None or saved.labels.ndim != 1 or not is_right_or_wrong(saved.scores):
        return None
    skill = summary_of(objective.metric, saved.eps, saved.scale)
    if not isinstance(skill, Skill):
        return None
    trials = sum(can_win(row) for row in rows)
    interval = chance_interval(saved.labels, skill, seed=0)
    best = chance_interval(saved.labels, skill, seed=0, best_of=trials).high
    return None if isnan(best) else Chance(interval, best, trials, first.value > best)


def chance_line(chance: Chance) -> str:
    """Say what chance alone gives."""
    mean, _, high = chance.interval
    line = f"answers at chance have a skill of {mean:.3f} on these images, and of up to {high:.3f}"
    if chance.trials > 1:
        line += f", the best of {chance.trials} of up to {chance.best:.3f}"
    return line if chance.is_exceeded else f"{line}: the winner may be no better"


def idle_lines(value: float, constant: ConstantAnswer | None, objective: Objective) -> list[str]:
    """Say that a winner is no better than an answer that never looks at the input.

    Args:
        value: The winner's.
        constant: What such an answer scores; None where the run did not measure it.
        objective: What the run is ranked by.
    """
    if constant is None or sign_of(objective) * (value - constant.value) > 0:
        return []
    return [f"the winner is no better than {constant.name}"]
