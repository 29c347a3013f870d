"""One cell of a table: a dataset, a fraction and a seed. It is a run of its methods alone.

So a cell is trained on Ray or in this process, continues where it was stopped, and
``python -m search status`` shows it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from search.comparison.scoring import Scoring, read_scores, require_folder, require_same_names
from search.engine.coordinator import Coordinator
from search.engine.objective import Objective
from search.engine.trial import Failure, State, Trial
from search.execution.choose import choose_executor
from search.plan import Plan
from search.record.events import clear_unfinished, follow, read_events
from search.record.lock import locked
from search.record.manifest import Manifest, ManifestFile, new_manifest, read_manifest
from search.record.places import folder_fields, settings_here
from search.record.run_folder import MANIFEST, RunFolder, create_run_folder
from search.results.tables import alarms_of
from search.run.desk import make_rules, open_desk
from search.run.preparation import prepare
from search.run.session import Session
from search.studies import STUDIES
from search.study import load_study
from searchspace.errors import UserError
from trainables.classification.examination import TestScores
from trainables.door.opening import is_empty
from trainables.door.paths import inside
from trainables.metrics.influence import Sample
from trainables.study.study import Reference


@dataclass(frozen=True)
class Result:
    """What a training of a method came to.

    Attributes:
        scores: On test, and those of its best epoch on clean images of val.
        alarms: Which it raised.
        samples: Of what is compared, by name, where that is known: what the test images say of it.
    """

    scores: Mapping[str, float]
    alarms: tuple[str, ...]
    samples: Mapping[str, Sample]


Methods = Callable[[Any], Sequence[Reference]]
"""Lists the methods of a cell by its settings."""

VAL = "val_clean_"  # how the names of scores on clean images of val begin


@dataclass(frozen=True)
class Cell:
    """A cell of a table.

    Attributes:
        dataset: A name.
        fraction: Share of the training images that trains.
        seed: Of subset, frozen models and trainings.
    """

    dataset: str
    fraction: float
    seed: int

    @property
    def name(self) -> str:
        """Of its folder."""
        return f"{self.dataset}-{self.fraction:g}-{self.seed}"


def run_cell(
    cell: Cell,
    plan: Plan,
    methods: Methods,
    images: int | None,
    console: Console,
    before_test: Callable[[], None] = lambda: None,
) -> dict[str, Result]:
    """Train and score the methods of a cell, as far as that was not done before.

    Args:
        cell: Which.
        plan: Of the cell's run: study, folder, the settings that the user fixed, where it computes.
        methods: That are compared.
        images: The greatest number of test images; None for all.
        console: Where the user reads.
        before_test: Called before test is opened.

    Returns:
        What each method came to.

    Raises:
        UserError: If the folder holds a cell with other settings, a method failed, or test images
            trained, chose or ranked where methods were chosen.
        KeyboardInterrupt: If the user stopped it.
    """
    folder = RunFolder(_folder_of(plan))
    require_folder(folder.path)
    begun = folder.manifest.exists()
    if not begun and folder.path.is_dir() and not is_empty(folder.path):
        raise UserError(f"{folder.path} has no {MANIFEST}: remove it, and it is made again")
    folder = folder if begun else create_run_folder(folder.path)
    with locked(folder):
        session = _open(cell, plan, folder, console)
        objective = session.manifest.content.objective
        if objective is None:
            session, objective = prepare(session)
        elif plan.earlier_items:
            session.study.check_apart(folder.assets, plan.earlier_items)
        trained = _train(session, objective, methods(session.settings))
        before_test()
        return _score(session, trained, images)


def trained_methods(plan: Plan) -> list[str]:
    """Return the methods that a cell has begun to train, in order.

    Args:
        plan: Of the cell's run.
    """
    folder = RunFolder(_folder_of(plan))
    if not folder.events.exists():
        return []
    trials, _ = follow(read_events(folder))
    return [trial.label for trial in trials.values()]


def _folder_of(plan: Plan) -> Path:
    if plan.run is None:
        raise ValueError("the plan of a cell names its folder")
    return plan.run


def _open(cell: Cell, plan: Plan, folder: RunFolder, console: Console) -> Session:
    row = STUDIES[plan.study]
    study = load_study(row.path)
    settings = study.parse_settings(plan.settings)
    if folder.manifest.exists():
        content = read_manifest(folder)
        if content.plan.settings != plan.settings:
            raise UserError(f"{folder.path} holds {cell.name} with other options: name a new --out")
        if content.objective is not None:
            settings = study.parse_settings(_settled(content, plan))
        manifest = ManifestFile(folder, content, named=True)
        manifest.go_on(plan)
    else:
        manifest = new_manifest(folder, plan, settings)
        manifest.add(cell=True)
    executor = choose_executor(plan, settings)
    return Session(plan, row, study, settings, executor, folder, manifest, console)


def _settled(content: Manifest, plan: Plan) -> dict[str, Any]:
    """Return the settings that preparing settled; of folders, those that the user names now."""
    fields = STUDIES[plan.study].load_settings()
    folders = folder_fields(fields)
    named = {name: plan.settings[name] for name in folders if name in plan.settings}
    return settings_here(content.as_json(), fields, named)


def _train(
    session: Session, objective: Objective, references: Sequence[Reference]
) -> dict[str, Trial]:
    """Train every method that was not trained; return the training of each, by its label."""
    rung = session.rungs[-1]
    rules = replace(
        make_rules(session, objective), references=tuple(references), trials=0, rungs=(rung,)
    )
    events = clear_unfinished(session.folder) if session.folder.events.exists() else []
    desk = open_desk(session, objective, events, rules)
    coordinator = desk.coordinator
    with desk.progress:
        session.executor.execute(coordinator, replace(session.job(), rungs=(rung,)))
    coordinator.close()
    desk.records.write_table()
    _end(session, coordinator)
    return {trial.label: trial for trial in coordinator.trials.values()}


def _end(session: Session, coordinator: Coordinator) -> None:
    """Write down how the trainings ended; pass on why they did not."""
    if coordinator.interrupted:
        session.manifest.end("interrupted")
        raise KeyboardInterrupt
    failed = [trial for trial in coordinator.trials.values() if trial.state is not State.COMPLETED]
    session.manifest.end("failed" if failed or coordinator.halted else "finished")
    if coordinator.halted:
        raise UserError(f"{coordinator.stopped}: solve that, and give the same command again")
    if failed:
        raise UserError(f"{session.folder.path}: {failed[0].name} failed: {failed[0].reason}")


def _score(session: Session, trained: dict[str, Trial], images: int | None) -> dict[str, Result]:
    """Open the test images, and score every model that was not scored."""
    folder = session.folder
    test, scores = inside(folder.path, "test"), inside(folder.path, "scores")
    for path in (test, scores):
        require_folder(path)
    session.study.open_test(session.settings, folder.assets, test, session.say)
    scores.mkdir(exist_ok=True)
    suffix = "" if images is None else f"-{images}"
    files = {label: scores / f"{trial.id}{suffix}.json" for label, trial in trained.items()}
    tasks = [
        Scoring(
            module=session.row.path,
            settings=session.trial_settings,
            model=folder.saved(trained[label].id),
            data=test,
            images=images,
            file=file,
            threads=session.plan.cpus_per_trial,
            depot=session.depot,
        )
        for label, file in files.items()
        if read_scores(file) is None
    ]
    failures: list[str] = []

    def end(task: Scoring, failure: Failure | None) -> None:
        if failure is not None:
            failures.append(f"{task.model}: {failure.reason}")

    if tasks:
        session.executor.map(tasks, end)
    if failures:
        raise UserError(f"{failures[0]}; the rest is kept: give the same command again")
    results = {file: _written(file) for file in files.values()}
    require_same_names(results)
    details = session.manifest.content.details
    return {label: _result(trained[label], results[file], details) for label, file in files.items()}


def _written(file: Path) -> TestScores:
    """Return what was written of a training."""
    result = read_scores(file)
    if result is None:
        raise UserError(f"{file} was removed: give the same command again")
    return result


def _result(trial: Trial, test: TestScores, details: Mapping[str, Any]) -> Result:
    """Return what was measured of a training, and what it and its generator say of themselves."""
    alarms = dict.fromkeys([*alarms_of(trial), *_flaws(trial, details)])
    return Result(_on_val(trial) | test.scores, tuple(alarms), test.samples)


def _flaws(trial: Trial, details: Mapping[str, Any]) -> list[str]:
    """Name the alarms of a training's generator: a table lets it train, so no constraint does."""
    quality = details.get("generators", {}).get(trial.config.get("source"), {})
    return [name for name, value in quality.get("alarms", {}).items() if value > 0]


def _on_val(trial: Trial) -> dict[str, float]:
    """Return the scores of the best epoch on val, by which it was chosen: they flatter."""
    metrics = trial.reports[-1].metrics
    return {name: value for name, value in metrics.items() if name.startswith(VAL)}
