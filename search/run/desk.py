"""From a session to a coordinator, its records and its progress."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import optuna

from search.engine.coordinator import Coordinator
from search.engine.judge import Judge
from search.engine.objective import Objective
from search.engine.optuna_record import OptunaRecord
from search.engine.proposals import Point, PointSource
from search.engine.rules import Rules
from search.engine.schedulers import SCHEDULERS
from search.record.event import Event
from search.record.journal import open_journal
from search.record.replay import Clock, Difference, restore, verify
from search.record.writer import Records
from search.results.progress import Progress
from search.results.pulse import read_pulse
from search.run.session import Session
from search.samplers.mutation import neighbours
from search.samplers.registry import sampler_maker
from searchspace.names import lookup
from searchspace.space import Space
from trainables.study.study import Floor


@dataclass(frozen=True)
class Desk:
    """What follows a search: the coordinator, and those who listen to it."""

    coordinator: Coordinator
    records: Records
    progress: Progress


def open_desk(
    session: Session,
    objective: Objective,
    events: list[Event],
    rules: Rules | None = None,
    *,
    retry: bool = False,
) -> Desk:
    """Set up a search, and bring it to where its record ends.

    Args:
        session: Of the run.
        objective: What ranks.
        events: Its record; empty for a new run.
        rules: How it is run; None for what the session says.
        retry: Whether trials that failed are tried again.

    Raises:
        UserError: If the record does not fit the study as it is now.
    """
    plan, rules = session.plan, rules or make_rules(session, objective, events)
    record = optuna_record(session, rules, open_journal(session.folder.journal))
    scheduler = lookup(SCHEDULERS, plan.scheduler, "scheduler")()
    clock = Clock()  # last, so that a run that goes on does so where its record ends
    coordinator = Coordinator(rules, record, scheduler, [], clock)
    if events:
        restore(coordinator, events, clock)
    records = Records(session.folder, objective, clock)
    progress = Progress(
        session.console,
        objective,
        coordinator.total,
        rules.rungs[-1].epochs,
        plan.workers,
        clock,
        session.manifest.content.constant_answer(objective.metric),
        beside=session.manifest.content.beside,
    )
    progress.pulse_of = lambda trial_id: read_pulse(session.folder.trial(trial_id))
    for listener in (records, progress):
        listener.adopt(coordinator.trials)
        coordinator.observers.append(listener)
    if events:
        records.notice(
            "resumed", None, elapsed_s=round(coordinator.elapsed_s, 3), trials=plan.trials
        )
        for trial in list(coordinator.trials.values()) if retry else []:
            if coordinator.can_retry(trial):
                coordinator.retry(trial.id)
        coordinator.take_up()
    coordinator.limit(plan.time_limit_s, plan.compute_limit_s, records.has_room)
    return Desk(coordinator, records, progress)


def verify_session(session: Session, objective: Objective, events: list[Event]) -> list[Difference]:
    """Ask the sampler of a recorded run again; nothing is written.

    Args:
        session: Of the run.
        objective: What it is ranked by.
        events: Its record.
    """
    rules, clock = make_rules(session, objective, events), Clock()
    record = optuna_record(session, rules, optuna.storages.InMemoryStorage())
    scheduler = lookup(SCHEDULERS, session.plan.scheduler, "scheduler")()
    return verify(Coordinator(rules, record, scheduler, [], clock), events, clock)


def make_rules(session: Session, objective: Objective, events: Sequence[Event] = ()) -> Rules:
    """Say how a search is run.

    Args:
        session: Of the run.
        objective: What ranks.
        events: Its record; empty for a new run.
    """
    plan, study, settings = session.plan, session.study, session.settings
    too_large = [reference.label for reference, _ in session.too_large()]
    references = tuple(
        reference for reference in session.references_by(events) if reference.label not in too_large
    )
    space, floor, rungs = study.space(settings), floor_of(session), session.rungs
    return Rules(
        source=PointSource(
            space=space,
            complete=lambda point: study.complete(point, settings),
            at_random=sampler_maker("random", space, plan.seed, 0),
            first=(*plan.first, *_around(session, space)),
        ),
        references=references,
        trials=plan.trials,
        rungs=rungs,
        objective=objective,
        judge=Judge(
            limits=lambda config: study.limits(config, settings),
            floor=floor,
            direction="max" if floor is None else study.metrics(settings)[floor.metric],
            whole=min(n for n, rung in enumerate(rungs) if rung.epochs == rungs[-1].epochs),
        ),
    )


def _around(session: Session, space: Space) -> tuple[Point, ...]:
    """Return what is tried before a sampler has learnt: neighbours of where the study starts.

    Random search learns nothing, and stays what it says.
    """
    if session.plan.sampler == "random":
        return ()
    starts = session.study.starts(session.settings)
    return neighbours(space, starts, session.manifest.content.startup, session.plan.seed)


def floor_of(session: Session) -> Floor | None:
    """Return the study's floor, with the value of a constant answer on the run's own data."""
    floor: Floor | None = session.study.floor(session.settings)
    if floor is None or not floor.above_constant:
        return floor
    return replace(floor, zero=session.manifest.content.constant.get(floor.metric))


def optuna_record(
    session: Session, rules: Rules, storage: optuna.storages.BaseStorage
) -> OptunaRecord:
    """Open the study that the run's sampler learns from.

    Args:
        session: Of the run.
        rules: With the space and the objective.
        storage: Optuna's, empty.
    """
    plan, space, startup = session.plan, rules.source.space, session.manifest.content.startup
    return OptunaRecord(
        storage,
        session.row.name,
        space,
        rules.objective.direction,
        sampler_maker(plan.sampler, space, plan.seed, startup),
        rules.objective.other.direction if rules.objective.other else None,
    )
