"""Who takes part in a confirmation: the best of a run, its references, and matched controls."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from search.engine.trial import State, Trial
from search.record.versioned import Measured
from search.results.arms import arm_of
from search.results.ranking import Row, can_win
from searchspace.domains import Value


@dataclass(frozen=True)
class Finalist:
    """A config that is trained anew.

    Attributes:
        id: In the confirmation, ``r01`` and on; ``c01`` and on of controls that the run lacks.
        trial: Its id in the run; empty where the run has no such trial.
        name: What a reader knows it by: the reference's label, or the trial's id.
        config: The whole config.
        reference: Whether it is a reference of the run.
        control: Compared with, but never the winner.
        place: In the run's ranking, from 1; 0 where the run has no such trial.
        promised: Its value there; NaN where there is none.
        candidate: Whether it is among the best of the run, one of which will be the winner.
        arm: The method that it belongs to, in a space with arms; None elsewhere.
        matched: The control that it is to the confirmed winner, such as ``matched baseline``; empty
            if it is none.
    """

    id: str
    trial: str
    name: str
    config: dict[str, Any]
    reference: bool
    control: bool
    place: int
    promised: Measured
    candidate: bool = True
    arm: Value | None = None
    matched: str = ""


def choose_finalists(
    rows: Sequence[Row], top: int, references: Collection[str], arms: str = ""
) -> tuple[Finalist, ...]:
    """List the best trials that can win, then the references that are not among them.

    The best trial of each arm is always among the former. Controls are matched to the winner that
    is confirmed, see `matched_finalists`.

    Args:
        rows: A run's ranking.
        top: How many of the best.
        references: Labels of those that are to be compared with.
        arms: The parameter that chooses a trial's arm; empty in a space without arms.

    Returns:
        Nothing where no trial can win.
    """
    able = [row for row in rows if can_win(row)]
    if not able:
        return ()
    arm_bests: dict[Value | None, Row] = {}
    for row in able:
        arm_bests.setdefault(_arm_of(row, arms), row)
    firsts = [row for arm, row in arm_bests.items() if arm is not None]
    best = [row for row in able if row in able[:top] or row in firsts]
    rest = [
        row
        for row in rows
        if row.trial.label in references and row.trial.state is State.COMPLETED and row not in best
    ]
    return tuple(
        Finalist(
            id=f"r{number:02d}",
            trial=row.trial.id,
            name=row.trial.label or row.trial.id,
            config=dict(row.trial.config),
            reference=row.trial.is_reference,
            control=row.trial.control,
            place=rows.index(row) + 1,
            promised=row.value,
            candidate=row in best,
            arm=_arm_of(row, arms),
        )
        for number, row in enumerate([*best, *rest], start=1)
    )


def matched_finalists(
    winner: Finalist, controls: Mapping[str, Trial], finalists: Sequence[Finalist]
) -> tuple[Finalist, ...]:
    """List the controls that are matched to the confirmed winner.

    Args:
        winner: The finalist that won.
        controls: Their trainings, by the control's label; a finalist that has a control's config
            is that control.
        finalists: All that took part before.
    """
    by_id = {finalist.id: finalist for finalist in finalists}
    return tuple(
        replace(by_id[trial.id], matched=label)
        if trial.id in by_id
        else Finalist(
            id=trial.id,
            trial="",
            name=f"{label} of {winner.name}",
            config=dict(trial.config),
            reference=True,
            control=True,
            place=0,
            promised=math.nan,
            candidate=False,
            matched=label,
        )
        for label, trial in controls.items()
    )


def _arm_of(row: Row, arms: str) -> Value | None:
    return arm_of(row.trial, arms) if arms else None
