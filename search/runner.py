"""Run a plan from the first line to the last: the file to read first."""

import contextlib
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from search.coordinator import Coordinator, Rules
from search.inprocess import execute as execute_in_process
from search.judge import Judge
from search.manifest import Manifest
from search.objective import Objective
from search.optuna_record import OptunaRecord, open_journal
from search.plan import Plan
from search.progress import Progress
from search.ranking import gains, rank, winner
from search.records import Records
from search.run_folder import RunFolder, create_run_folder
from search.samplers import SAMPLERS, SamplerOptions, startup_trials
from search.schedulers import SCHEDULERS, rungs_of
from search.study import Study
from search.tables import ranked_table, winner_lines
from search.worker import Job
from searchspace.errors import UserError
from searchspace.names import lookup
from trainables.protocol import StudyModule

Execute = Callable[[Coordinator, Job], None]

FINISHED, FAILED, INTERRUPTED = 0, 1, 130
"""Exit statuses; that of a user's mistake, 2, is the command line's."""


@dataclass(frozen=True)
class Setting:
    """A run that is about to start."""

    plan: Plan
    study: Study
    module: StudyModule
    settings: Any
    folder: RunFolder
    manifest: Manifest
    console: Console

    def say(self, line: str) -> None:
        """Print a line, broken between words, nothing in it read as markup."""
        self.console.print(line, markup=False, highlight=False)

    def say_path(self, line: str) -> None:
        """Print a line unbroken, for a person to copy."""
        self.console.print(line, markup=False, highlight=False, soft_wrap=True)


def run(plan: Plan, study: Study, console: Console) -> int:
    """Run a plan, print its ranking, and return the exit status.

    Raises:
        UserError: If anything that the user asked for cannot be done.
    """
    lookup(SAMPLERS, plan.sampler, "sampler")
    lookup(SCHEDULERS, plan.scheduler, "scheduler")
    module = study.load_module()
    settings = module.parse_settings(plan.settings)
    if plan.metric is not None:
        lookup(module.metrics(settings), plan.metric, "metric")
    execute = _executor(plan, getattr(settings, "device", "cpu"))
    folder = create_run_folder(plan.run or default_folder(study, settings))
    setting = Setting(
        plan, study, module, settings, folder, Manifest(folder, plan, settings), console
    )
    try:
        return _search(setting, _prepare(setting), execute)
    except KeyboardInterrupt:
        setting.manifest.end("interrupted")
        setting.say_path(f"stopped before the first trial: {folder.path}")
        return INTERRUPTED
    except UserError:
        _give_up(setting)
        raise
    except Exception as error:
        file = folder.traceback
        with contextlib.suppress(OSError):
            file.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
            error.add_note(f"a defect of ours, not a mistake of yours; the traceback is in {file}")
        _give_up(setting)
        raise


def _give_up(setting: Setting) -> None:
    """Say in the manifest that the run failed; leave nothing where it did not begin.

    Otherwise the same command, mended, would be refused its folder.
    """
    with contextlib.suppress(OSError, UserError):  # the error that led here is the one to show
        if setting.folder.events.exists() or setting.folder.traceback.exists():
            setting.manifest.end("failed")
        else:
            setting.folder.empty()


def default_folder(study: Study, settings: object) -> Path:
    """Return ``runs/<study>-<dataset>-<time>`` below the current folder."""
    time_of_day = datetime.now()  # noqa: DTZ005 - the user's own clock
    names = [study.name, getattr(settings, "dataset", None), f"{time_of_day:%Y%m%d-%H%M%S}"]
    return Path("runs", "-".join(name for name in names if name))


def _prepare(setting: Setting) -> Objective:
    facts = setting.module.prepare(setting.settings, setting.folder.assets, setting.say)
    metric = setting.plan.metric or facts.default_metric
    objective = Objective(metric, setting.module.metrics(setting.settings)[metric])
    for line in facts.lines:
        setting.say(line)
    setting.manifest.add(
        objective={"metric": objective.metric, "direction": objective.direction},
        rungs=rungs_of(setting.settings.epochs),
        digests=facts.digests,
        facts=facts.lines,
        details=facts.details,
    )
    return objective


def _search(setting: Setting, objective: Objective, execute: Execute) -> int:
    plan, folder, clock = setting.plan, setting.folder, time.monotonic
    rules = _rules(setting, objective)
    records = Records(folder, objective, clock)
    total = len(rules.references) + rules.trials
    progress = Progress(setting.console, objective, total, rules.rungs[-1], plan.workers, clock)
    coordinator = Coordinator(
        rules,
        _optuna_record(setting, rules),
        SCHEDULERS[plan.scheduler](),
        [records, progress],
        clock,
    )
    job = Job(setting.study.module, setting.settings, rules.rungs, folder.path, plan.cpus_per_trial)
    try:
        with progress:
            execute(coordinator, job)
    except KeyboardInterrupt:
        coordinator.interrupt()
    coordinator.close()
    records.write_table()
    return _finish(setting, coordinator)


def _rules(setting: Setting, objective: Objective) -> Rules:
    references = setting.module.references(setting.settings)
    if setting.plan.references == "few":
        references = tuple(reference for reference in references if reference.essential)
    module, settings = setting.module, setting.settings
    floor = module.floor(settings)
    return Rules(
        space=module.space(settings),
        complete=lambda sample: module.complete(sample, settings),
        references=references,
        trials=setting.plan.trials,
        rungs=rungs_of(settings.epochs),
        objective=objective,
        judge=Judge(
            limits=lambda config: module.limits(config, settings),
            floor=floor,
            direction="max" if floor is None else module.metrics(settings)[floor.metric],
        ),
        time_limit_s=setting.plan.time_limit_s,
    )


def _optuna_record(setting: Setting, rules: Rules) -> OptunaRecord:
    plan = setting.plan
    options = SamplerOptions(rules.space, plan.seed, startup_trials(plan.trials, plan.workers))
    return OptunaRecord(
        open_journal(setting.folder.journal),
        setting.study.name,
        rules.space,
        rules.objective.direction,
        SAMPLERS[plan.sampler](options),
    )


def _executor(plan: Plan, device: str) -> Execute:
    """Return what runs the trials; Ray is imported here, and only where it is used."""
    if plan.in_process:
        return execute_in_process
    from search.cluster.start import execute_on_ray  # noqa: PLC0415

    return execute_on_ray(plan, device)


def _finish(setting: Setting, coordinator: Coordinator) -> int:
    rules = coordinator.rules
    rows = rank(coordinator.trials.values(), rules.objective)
    first = winner(rows)
    if rows:
        setting.console.print(ranked_table(rows, rules.objective, rules.rungs[-1]))
    if first is None:
        setting.say("no winner: no trial reached its budget and met its constraints")
    else:
        setting.folder.keep_best(first.trial.id)
        found = gains(first, rows, rules.objective, setting.folder)
        for line in winner_lines(first, found, rules.objective):
            setting.say(line)
    if coordinator.refused:
        setting.say(f"{coordinator.refused} proposals were beyond the limits and not trained")
    setting.say_path(f"everything: {setting.folder.path}")
    setting.say(f"            {' '.join(setting.folder.contents())}")
    status = "interrupted" if coordinator.interrupted else "finished"
    setting.manifest.end(status, winner=None if first is None else first.trial.id)
    if coordinator.interrupted:
        return INTERRUPTED
    return FAILED if first is None else FINISHED
