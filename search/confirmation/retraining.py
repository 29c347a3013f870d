"""Train finalists anew on seeds that the search never used: a run of references alone."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from search.confirmation.finalists import Finalist, matched_finalists
from search.engine.coordinator import Coordinator
from search.engine.objective import Objective
from search.engine.trial import State, Trial
from search.execution.memory import share_gib
from search.plan import SHIFT
from search.record.events import clear_unfinished
from search.record.manifest import ManifestFile, new_manifest, read_manifest
from search.run.desk import make_rules, open_desk
from search.run.session import Session
from searchspace.errors import UserError
from trainables.study.study import MEMORY, Config, Reference


def retrain(
    session: Session,
    finalists: Sequence[Finalist],
    seeds: Mapping[str, Sequence[int]],
    objective: Objective,
) -> dict[str, list[Trial]]:
    """Train finalists on some seeds each; what was trained before is not trained again.

    Args:
        session: Of the run that is confirmed, its folder being the one for the trainings.
        finalists: Those of the run: each is trained on the first seed.
        seeds: By the id of a finalist or of a matched control, from 0.
        objective: Of the run.

    Returns:
        The completed trainings on these seeds by finalist, in the order of the seeds.

    Raises:
        UserError: If nothing more can be written.
        KeyboardInterrupt: If the user stopped it.
    """

    def further(coordinator: Coordinator) -> bool:
        return bool(_repeat(coordinator, seeds))

    coordinator = _train(session, finalists, objective, further)
    return {name: _completed(coordinator, name, members) for name, members in seeds.items()}


def train_controls(
    session: Session, finalists: Sequence[Finalist], winner: Finalist, objective: Objective
) -> tuple[Finalist, ...]:
    """Train each control that is matched to the confirmed winner once, unless it was trained.

    Args:
        session: As for `retrain`.
        finalists: Those of the run.
        winner: One of them.
        objective: Of the run.

    Returns:
        The controls, those whose training failed among them.

    Raises:
        UserError: If nothing more can be written.
        KeyboardInterrupt: If the user stopped it.
    """
    references = session.controls(winner.config)

    def further(coordinator: Coordinator) -> bool:
        return bool(coordinator.match(winner.id, references))

    trials = _train(session, finalists, objective, further).trials
    controls = {label: trials[name] for label, name in trials[winner.id].controls.items()}
    return matched_finalists(winner, controls, finalists)


def _train(
    session: Session,
    finalists: Sequence[Finalist],
    objective: Objective,
    further: Callable[[Coordinator], bool],
) -> Coordinator:
    """Take the run of trainings up, train what it owes, and what is added then.

    Args:
        session: As for `retrain`.
        finalists: As for `retrain`.
        objective: Of the run.
        further: Queues trainings, once each finalist was trained, and tells whether there are any.
    """
    rung = session.rungs[-1]
    rules = replace(
        make_rules(session, objective),
        references=tuple(
            Reference(finalist.name, finalist.config, control=finalist.control)
            for finalist in finalists
        ),
        trials=0,
        rungs=(rung,),
    )
    events = clear_unfinished(session.folder) if session.folder.events.exists() else []
    desk = open_desk(session, objective, events, rules)
    coordinator = desk.coordinator
    job = replace(session.job(), rungs=(rung,))
    with desk.progress:
        session.executor.execute(coordinator, job)
        if not coordinator.over and further(coordinator):
            session.executor.execute(coordinator, job)
    coordinator.close()
    desk.records.close()
    _check_ended(coordinator)
    return coordinator


def _repeat(coordinator: Coordinator, seeds: Mapping[str, Sequence[int]]) -> int:
    """Queue further seeds of the finalists, whether the first failed or not; return how many."""
    new = 0
    for name, members in seeds.items():
        trial = coordinator.trials.get(name)
        if trial is not None and trial.state in {State.COMPLETED, State.FAILED}:
            further = [seed for seed in members if seed > 0]
            new += coordinator.repeat("confirmation", [name], further, by_value=False)
    return new


def training_session(run: Session, folder: Path, configs: Iterable[Config] = ()) -> Session:
    """Return a session that trains on a run's data with other seeds, in a folder of its own.

    Args:
        run: That is confirmed.
        folder: For the trainings.
        configs: Whole configs that will be trained.
    """
    seed = {"seed": run.settings.seed + SHIFT}
    settings = run.settings.model_copy(update=seed | _memory(run, configs))
    plan = run.plan.model_copy(
        update={
            "run": folder,
            "scheduler": "fifo",
            "race": 0,
            "seed_check": 0,
            "first": (),
            "earlier_items": (),
            "earlier_openings": (),
            "trial_limit_s": None,
        }
        | dict.fromkeys(("time_limit_s", "compute_limit_s"))
    )
    run_folder = replace(run.folder, path=folder, prepared=run.folder.path)
    folder.mkdir(parents=True, exist_ok=True)
    if run_folder.manifest.exists():
        manifest = ManifestFile(run_folder, read_manifest(run_folder))
        manifest.go_on(plan)
    else:
        manifest = new_manifest(run_folder, plan, settings)
        manifest.add(
            confirms=str(run.folder.path),
            rungs=[asdict(run.rungs[-1])],
            objective=None,
            # The floor of the trainings is that of the run, on the same ranking images.
            constant=run.manifest.content.constant,
            assets=run.manifest.content.assets,
        )
    return replace(run, plan=plan, settings=settings, folder=run_folder, manifest=manifest)


def _memory(run: Session, configs: Iterable[Config]) -> dict[str, float]:
    """Lower what a training may take to its share of the machine, where all of them fit.

    A run of one trial at a time gave it the whole machine, which would be set apart for each.
    """
    limit, device = run.settings.max_memory, run.trial_settings.device
    share = share_gib(run.executor, device)
    if not isinstance(limit, float) or share is None or not 0 < share < limit:
        return {}
    lower = run.settings.model_copy(update={MEMORY: share})
    fit = all(run.study.limits(config, lower).get(MEMORY, 0.0) <= 0 for config in configs)
    return {MEMORY: share} if fit else {}


def _completed(coordinator: Coordinator, name: str, seeds: Sequence[int]) -> list[Trial]:
    trials: Iterable[Trial] = coordinator.trials.values()
    trainings = [trial for trial in trials if name in {trial.id, trial.repeats}]
    completed = [
        trial for trial in trainings if trial.state is State.COMPLETED and trial.seed in seeds
    ]
    return sorted(completed, key=lambda trial: trial.seed)


def _check_ended(coordinator: Coordinator) -> None:
    if coordinator.interrupted:
        raise KeyboardInterrupt
    if coordinator.halted:
        raise UserError(f"{coordinator.stopped}: solve that, and give the same command again")
