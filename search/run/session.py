"""From a plan, new or taken up again, to a coordinator, its records and its progress."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import optuna
from rich.console import Console

from search.engine.coordinator import Coordinator, Rules
from search.engine.judge import Judge
from search.engine.objective import Objective
from search.engine.optuna_record import OptunaRecord
from search.engine.proposals import Source
from search.engine.schedulers import SCHEDULERS
from search.execution.worker import Job
from search.plan import Plan
from search.record.events import Event
from search.record.journal import open_journal
from search.record.manifest import Manifest
from search.record.replay import Clock, Difference, restore, verify
from search.record.run_folder import RunFolder
from search.record.writer import Records
from search.results.progress import Progress
from search.samplers.registry import sampler_maker
from search.storage.depot import Depot
from search.storage.runs import UNSTORED, Claim, Keeping, keep
from search.study import Study
from trainables.study.report import Rung
from trainables.study.study import MEMORY, Reference
from trainables.study.study import Study as Question


@dataclass(frozen=True)
class Session:
    """A run while a process works on it.

    Attributes:
        plan: What the user asked for.
        study: The question.
        module: What knows the study's space and trials.
        settings: The study's own.
        folder: Where all is written.
        manifest: Of the folder.
        console: Where the user reads.
        keeping: Where the run's files lie, and what keeps its records.
    """

    plan: Plan
    study: Study
    module: Question[Any]
    settings: Any
    folder: RunFolder
    manifest: Manifest
    console: Console
    keeping: Keeping = UNSTORED

    def say(self, line: str) -> None:
        """Print a line, broken between words, nothing in it read as markup."""
        self.console.print(line, markup=False, highlight=False)

    def say_path(self, line: str) -> None:
        """Print a line unbroken, for a person to copy."""
        self.console.print(line, markup=False, highlight=False, soft_wrap=True)

    def kept(self, claim: Claim | None) -> "Session":
        """Return this session with its run kept in the store that was claimed, if any."""
        keeping = keep(self.folder, claim)
        folder = replace(self.folder, bring=keeping.depot.bring_folder)
        return replace(self, folder=folder, keeping=keeping)

    def settling(self, settled: Mapping[str, Any]) -> "Session":
        """Return this session with settings that preparing chose; the manifest is told."""
        if not settled:
            return self
        known = self.manifest.content["settings"]
        settings = self.module.parse_settings(known | settled)
        self.manifest.add(settings=known | settled)
        return replace(self, settings=settings)

    @property
    def rungs(self) -> tuple[Rung, ...]:
        """The ladder of the study."""
        return self.module.ladder(self.settings)

    @property
    def references(self) -> tuple[Reference, ...]:
        """The references that the user wants."""
        found = self.module.references(self.settings)
        few = self.plan.references == "few"
        return tuple(one for one in found if one.essential) if few else found

    def too_large(self) -> list[tuple[Reference, float]]:
        """List references beyond the limit of memory, and by which share of it."""
        limits = [self.module.limits(one.config, self.settings) for one in self.references]
        excess = [found.get(MEMORY, 0.0) for found in limits]
        pairs = zip(self.references, excess, strict=True)
        return [(reference, by) for reference, by in pairs if by > 0]

    @property
    def trial_settings(self) -> Any:  # noqa: ANN401 - the study's own
        """The study's settings as trials see them.

        On a cluster a trial that is given a GPU computes on it, though the driver may have none.
        """
        left_open = self.plan.settings.get("device", "auto") == "auto"
        if self.plan.address and self.plan.gpus_per_trial and left_open:
            return self.settings.model_copy(update={"device": "cuda"})
        return self.settings

    def job(self, *, own_process: bool) -> Job:
        """Say what workers need to know."""
        return Job(
            self.study.module,
            self.trial_settings,
            self.rungs,
            self.folder.path,
            self.folder.assets.resolve(),  # a confirmation's are those of its run
            self.plan.cpus_per_trial,
            self.plan.trial_limit_s,
            own_process,
            self.depot,
        )

    @property
    def depot(self) -> Depot:
        """Where the run's files lie for those who run its trials."""
        return self.keeping.depot if self.plan.in_process else self.keeping.depot.for_nodes()


@dataclass(frozen=True)
class Desk:
    """What follows a search: the coordinator, and those who listen to it."""

    coordinator: Coordinator
    records: Records
    progress: Progress


def open_desk(
    session: Session, objective: Objective, events: list[Event], rules: Rules | None = None
) -> Desk:
    """Set up a search, and bring it to where its record ends; rules are the session's or given."""
    plan, clock, rules = session.plan, Clock(), rules or make_rules(session, objective)
    record = optuna_record(session, rules, open_journal(session.folder.journal))
    coordinator = Coordinator(rules, record, SCHEDULERS[plan.scheduler](), [], clock)
    if events:
        restore(coordinator, events, clock)
    records = Records(session.folder, objective, clock)
    progress = Progress(
        session.console, objective, coordinator.total, rules.rungs[-1].epochs, plan.workers, clock
    )
    for listener in (records, progress):
        listener.adopt(coordinator.trials)
        coordinator.observers.append(listener)
    if events:
        records.notice(
            "resumed", None, elapsed_s=round(coordinator.elapsed_s, 3), trials=plan.trials
        )
        coordinator.take_up()
    coordinator.limit(plan.time_limit_s, plan.compute_limit_s)
    return Desk(coordinator, records, progress)


def verify_session(session: Session, objective: Objective, events: list[Event]) -> list[Difference]:
    """Ask the sampler of a recorded run again; nothing is written."""
    rules, clock = make_rules(session, objective), Clock()
    record = optuna_record(session, rules, optuna.storages.InMemoryStorage())
    scheduler = SCHEDULERS[session.plan.scheduler]()
    return verify(Coordinator(rules, record, scheduler, [], clock), events, clock)


def make_rules(session: Session, objective: Objective) -> Rules:
    """Say how a search is run."""
    plan, module, settings = session.plan, session.module, session.settings
    left_out = [reference.label for reference, _ in session.too_large()]
    references = tuple(one for one in session.references if one.label not in left_out)
    space, floor = module.space(settings), module.floor(settings)
    return Rules(
        source=Source(
            space=space,
            complete=lambda point: module.complete(point, settings),
            at_random=sampler_maker("random", space, plan.seed, 0),
            first=plan.first,
        ),
        references=references,
        trials=plan.trials,
        rungs=session.rungs,
        objective=objective,
        judge=Judge(
            limits=lambda config: module.limits(config, settings),
            floor=floor,
            direction="max" if floor is None else module.metrics(settings)[floor.metric],
        ),
    )


def optuna_record(
    session: Session, rules: Rules, storage: optuna.storages.BaseStorage
) -> OptunaRecord:
    """Open the study that the run's sampler learns from."""
    plan, space, startup = session.plan, rules.source.space, session.manifest.content["startup"]
    return OptunaRecord(
        storage,
        session.study.name,
        space,
        rules.objective.direction,
        sampler_maker(plan.sampler, space, plan.seed, startup),
        rules.objective.other.direction if rules.objective.other else None,
    )
