"""What a search trains beside its own trials, and after these have ended, stage after stage.

A stage looks at the ranking and queues trainings at the coordinator (`Coordinator.repeat`), which
writes its choice into the record. So a run that is killed and resumed does not choose again, unless
trials were added. A stage that has nothing to do, or nothing more, queues nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, final

from search.engine.coordinator import Coordinator
from search.engine.repeats import own_trials
from search.engine.trial import State, Trial
from search.plan import Plan
from search.results.arms import arm_of
from search.results.differences import RACED, leaders
from search.results.floor import barred_by_chance
from search.results.ranking import Row, can_win, first_merit, rank, winner
from search.run.desk import Desk
from search.run.session import Session
from searchspace.domains import Value
from trainables.study.study import BASELINE

Stage = Callable[[Session, Desk], str]
"""Queues trainings, and says in a line why; an empty line where it has none to queue."""

# Purposes, as the record names them.
OF_BASELINE, OF_WINNER, OF_BARRED = "baseline", "winner", "barred"
RACE, OF_CONTROLS = "race", "controls"


def check_baseline(session: Session, desk: Desk) -> str:
    """Train the baseline with more seeds: how much a value varies with the seed."""
    baseline = _baseline(desk.coordinator)
    if baseline is None:
        return ""
    return _queue(desk, OF_BASELINE, [baseline.id], _checks(session.plan), by_value=False)


def check_winner(session: Session, desk: Desk) -> str:
    """Train the best by its first training with more seeds: what it is worth without luck.

    In a space with arms these are the best of each arm, so that methods are compared without luck;
    in a run of an earlier version, in which references might win beside arms, also a reference that
    is better than all of them. Where these seeds bar a trial from winning, the next best is
    trained; four for each arm, at most. The floor's reference has its seeds before the search: it
    may be the best, but is not the one that gets them here.
    """
    coordinator, objective = desk.coordinator, desk.coordinator.rules.objective
    baseline, ranked = _baseline(coordinator), rank(coordinator.trials.values(), objective)
    rows = [row for row in ranked if can_win(row) and row.trial is not baseline]
    seeds = _checks(session.plan)
    if not seeds or _has_enough(coordinator, OF_WINNER):
        return ""
    bests = _bests(coordinator, rows)
    first = next(iter(bests), None)
    names = [row.trial.id for arm, row in bests.items() if arm is not None or arm == first]
    return _queue(desk, OF_WINNER, names, seeds, by_value=True)


def check_barred(session: Session, desk: Desk) -> str:
    """Train the best that missed the floor by chance with more seeds, where no trial can win.

    The mean of several trainings sets the floor, and one training says who meets it. So where an
    arm, or a space without arms, would have no winner for that, more trainings decide: most of all
    must meet it, and a single one could not outvote the first. Four for each arm, at most.
    """
    coordinator, seeds = desk.coordinator, _checks(session.plan)
    judge = coordinator.rules.judge
    if judge.floor is None or len(seeds) < 2 or _has_enough(coordinator, OF_BARRED):
        return ""
    rows = rank(coordinator.trials.values(), coordinator.rules.objective)
    able = _bests(coordinator, [row for row in rows if can_win(row)])
    barred = barred_by_chance(rows, judge.floor, judge.direction, session.folder)
    bests = _bests(coordinator, barred)
    names = [row.trial.id for arm, row in bests.items() if arm not in able]
    return _queue(desk, OF_BARRED, names, seeds, by_value=True)


def race(session: Session, desk: Desk) -> str:
    """Train the leaders that cannot be told apart with more seeds: their means decide."""
    coordinator, objective = desk.coordinator, desk.coordinator.rules.objective
    before = coordinator.repeats.last(RACE)
    if before is not None and before.after == len(own_trials(coordinator.trials.values())):
        names = list(before.trials)
    else:
        rows = rank(coordinator.trials.values(), objective)
        names = [trial.id for trial in leaders(rows, objective, session.folder)]
    return _queue(desk, RACE, names, range(1, session.plan.race + 1), by_value=True)


def match_controls(session: Session, desk: Desk) -> str:
    """Train the controls matched to the winner: a gain that they have, too, is not the method's."""
    coordinator = desk.coordinator
    first = winner(rank(coordinator.trials.values(), coordinator.rules.objective))
    if first is None:
        return ""
    new = coordinator.match(first.trial.id, session.controls(first.trial.config))
    names = ", ".join(control.id for control in new)
    return f"controls with the winner's values of training: {names}" if new else ""


def check_controls(session: Session, desk: Desk) -> str:
    """Train the matched controls with as many seeds as the winner was checked with."""
    coordinator = desk.coordinator
    first = winner(rank(coordinator.trials.values(), coordinator.rules.objective))
    controls = [] if first is None else list(dict.fromkeys(first.trial.controls.values()))
    names = [name for name in controls if coordinator.trials[name].state is State.COMPLETED]
    return _queue(desk, OF_CONTROLS, names, _checks(session.plan), by_value=False)


STAGES: tuple[Stage, ...] = (
    check_baseline,
    check_winner,
    check_barred,
    race,
    match_controls,
    check_controls,
)
OF_TWO: tuple[Stage, ...] = (match_controls,)  # stages of a search for two objectives


@final
@dataclass(frozen=True)
class BaselineFirst:
    """Queues the further seeds of the floor's reference as soon as it has been trained.

    Their mean sets the clean floor. Were they trained at the end, one training's luck would say
    during the whole search who meets it. A search for two objectives has no such trainings.

    Attributes:
        session: Of the run.
        desk: With the coordinator, whose events it observes.
    """

    session: Session
    desk: Desk

    def notice(self, event: str, trial: Trial | None, **_details: Any) -> None:  # noqa: ANN401
        """Queue the seeds when the reference ends.

        Args:
            event: See `search.engine.rules.Observer`.
            trial: That it is about.
            **_details: Not used.
        """
        if event != "ended" or check_baseline not in _stages(self.session):
            return
        is_reference = trial is not None and trial is _baseline(self.desk.coordinator)
        if is_reference and (line := check_baseline(self.session, self.desk)):
            self.desk.progress.say(line)


def next_stage(session: Session, desk: Desk) -> bool:
    """Queue the trainings of the first stage that has any, say which, and return whether one has.

    Trainings that are owed already come first: an executor that asks ahead, as Tune does, may have
    been told that there was nothing left before the baseline ended and its seeds were queued.

    Args:
        session: Of the run.
        desk: With the coordinator, which had no trial left to propose.
    """
    if desk.coordinator.over:
        return False
    if desk.coordinator.repeats:
        return True
    line = next((line for stage in _stages(session) if (line := stage(session, desk))), "")
    if line:
        desk.progress.say(line)
    return bool(line)


def _stages(session: Session) -> tuple[Stage, ...]:
    return STAGES if session.plan.trade_off is None else OF_TWO


def _queue(desk: Desk, purpose: str, names: list[str], seeds: range, *, by_value: bool) -> str:
    coordinator = desk.coordinator
    new = coordinator.repeat(purpose, names, seeds, by_value=by_value)
    listed = ", ".join(coordinator.trials[name].name for name in names)
    more = "1 more training with another seed"
    if new > 1:
        more = f"{new} more trainings with other seeds"
    return f"{REASONS[purpose]}: {listed}; {more}" if new else ""


REASONS = {
    OF_BASELINE: "how much a value varies with the seed",
    OF_WINNER: "how good the best is without the luck of its seed",
    OF_BARRED: "missed the clean floor within chance, where no other of the arm can win",
    RACE: "cannot be told apart",
    OF_CONTROLS: "how good the controls are without the luck of their seeds",
}


def _checks(plan: Plan) -> range:
    return range(1, plan.seed_check + 1)


def _bests(coordinator: Coordinator, rows: list[Row]) -> dict[Value | None, Row]:
    """Return the best row of each arm by its first training, the best of all first."""
    rules, bests = coordinator.rules, dict[Value | None, Row]()
    for row in sorted(rows, key=lambda row: -first_merit(row, rules.objective)):
        bests.setdefault(arm_of(row.trial, rules.source.space.arms), row)
    return bests


def _has_enough(coordinator: Coordinator, purpose: str) -> bool:
    """Tell whether as many were chosen for a purpose as may be, since the last trial was added."""
    trials = len(own_trials(coordinator.trials.values()))
    choices = [choice for choice in coordinator.repeats.choices if choice.purpose == purpose]
    chosen = {name for choice in choices if choice.after == trials for name in choice.trials}
    return len(chosen) >= RACED * max(1, len(coordinator.rules.source.space.arm_options))


def _baseline(coordinator: Coordinator) -> Trial | None:
    """Return the reference that the floor refers to; None unless it completed."""
    floor = coordinator.rules.judge.floor
    label = floor.reference if floor else BASELINE
    trials = coordinator.trials.values()
    return next((t for t in trials if t.label == label and t.state is State.COMPLETED), None)
