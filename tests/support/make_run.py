"""Runs that were never run: the engine's own writers, fed with made answers.

Each image of a made trial withstands radii up to a threshold of its own, so that all metrics of a
trial follow from one array of answers, as they do in a real one.
"""

import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from search.engine.objective import Objective, Other
from search.engine.trial import State, Trial
from search.plan import Plan
from search.record.manifest import new_manifest
from search.record.run_folder import RunFolder, create_run_folder
from search.record.writer import Records
from search.results.ranking import rank, winner
from search.studies import about
from trainables.metrics.classification import mean_recall
from trainables.metrics.curve import area
from trainables.metrics.intervals import curve_interval, summary_interval
from trainables.metrics.skill import Skill, mean_skill
from trainables.runtime.config import Frozen
from trainables.study.about import About
from trainables.study.report import Report

EPS = (0.0, 1 / 255, 2 / 255, 4 / 255, 8 / 255)
RUNGS = (1, 3, 9, 27)
OLDER_METRIC = "ranking_pgd_bacc_curve"  # ranked runs of before there were skills
METRIC = "ranking_pgd_bacc_skill"
PAPER = {"regime": "tsynd", "latent_lr": 0.1, "latent_iterations": 50, "lr": 1e-3}


@dataclass
class Blueprint:
    """A trial to be made: its ``skill`` without attack, of which ``reach`` 255ths take 63 %."""

    id: str
    label: str = ""
    skill: float = 0.6
    reach: float = 4.0
    state: State = State.COMPLETED
    reports: int = 4
    violation: float = -0.1
    control: bool = False
    reason: str = ""
    config: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, float] | None = None  # these and nothing else, at every rung
    repeats: str = ""
    seed: int = 0
    by_value: bool = False
    controls: dict[str, str] = field(default_factory=dict)  # ids by label, of a winner


def further_seeds(blueprint: Blueprint, *, by_value: bool, count: int = 2) -> list[Blueprint]:
    """More trainings of a trial; chosen for its value, its first does not count any more."""
    return [
        replace(blueprint, id=f"{blueprint.id}.{seed + 1}", label="", control=False,
                repeats=blueprint.id, seed=seed, by_value=by_value)
        for seed in range(1, count + 1)
    ]  # fmt: skip


class Fixed(Frozen):
    """Settings of a made run."""

    about: ClassVar[About] = about("tsynd")
    dataset: str = "phantom"
    attack: str = "pgd"
    classifier: str = "cnn"
    epochs: int = RUNGS[-1]


@dataclass(frozen=True)
class Task:
    """What a made run is about; ``measure`` gives a report, and scores with labels or None."""

    metric: str
    direction: str
    eps: tuple[float, ...]
    settings: Any
    config: dict[str, Any]
    measure: Callable[[Blueprint, int, int], tuple[Report, tuple[np.ndarray, np.ndarray] | None]]
    details: dict[str, Any] = field(default_factory=dict)


def answers(skill, reach, labels, generator):
    """Right answers (E, N); a wrong one without attack is wrong with it."""
    right = generator.random(len(labels)) < 1 / 3 + 2 / 3 * skill
    threshold = generator.exponential(max(reach, 1e-6) / 255, len(labels))
    return np.array([right & (threshold >= eps) for eps in EPS])


def measure(blueprint, epoch, images):
    """The report of a made trial; its answers under PGD, and their labels."""
    labels = np.arange(images) % 3
    if blueprint.metrics is not None:
        constraints = {"clean_floor": blueprint.violation}
        return Report(epoch, blueprint.metrics, constraints=constraints, best_epoch=epoch), None
    generator = np.random.default_rng([*blueprint.id.encode(), epoch])
    skill = blueprint.skill * (epoch / RUNGS[-1]) ** 0.3
    metrics, under_pgd = {}, None
    for attack, factor in (("fgsm", 1.4), ("pgd", 1.0)):
        correct = answers(skill, factor * blueprint.reach, labels, np.random.default_rng(7))
        correct ^= generator.random(correct.shape) < 0.03
        curve = [float(mean_recall(row, labels)) for row in correct]
        metrics[f"ranking_{attack}_bacc_curve"] = area(EPS, curve)
        metrics[f"ranking_{attack}_bacc_skill"] = mean_skill(EPS, curve, 1 / 3)
        for eps, value in zip(EPS[1:], curve[1:], strict=True):
            metrics[f"ranking_{attack}_bacc_eps{255 * eps:g}"] = value
        metrics["ranking_clean_bacc"], under_pgd = curve[0], correct
    metrics["ranking_noise_bacc"] = 0.9 * metrics["ranking_clean_bacc"]
    metrics["ranking_noise_bacc_skill"] = skill
    low, high = summary_interval(under_pgd, labels, Skill(EPS, 1 / 3), seed=0)[1:]
    area_low, area_high = curve_interval(under_pgd, labels, EPS, seed=0)[1:]
    report = Report(
        epoch,
        metrics,
        {METRIC: (low, high), OLDER_METRIC: (area_low, area_high)},
        {"clean_floor": blueprint.violation},
        {"generation": 2.0, "training": 1.0},
        best_epoch=max(1, epoch - 1),
    )
    return report, (under_pgd, labels)


TSYND = Task(METRIC, "max", EPS, Fixed(), PAPER, measure)


def make_run(
    folder: Path,
    trials: list[Blueprint],
    *,
    status: str = "finished",
    images: int = 240,
    task: Task = TSYND,
    metric: str = "",
    direction: str = "",
    keep_answers: bool = True,
    refused: int = 0,
    second: dict[str, str] | None = None,
    describes_itself: bool = True,
) -> Path:
    """Write the folder of a run; a status of ``running`` leaves out what only the end writes.

    Without describing itself it is like a run of before manifests did.
    """
    run: RunFolder = create_run_folder(folder)
    ranked_by = {"metric": metric or task.metric, "direction": direction or task.direction}
    objective = Objective(**ranked_by, other=Other(**second) if second else None)
    ticks = itertools.count()
    manifest = new_manifest(
        run, Plan(study=task.settings.about.name, run=folder, trials=9), task.settings
    )
    rungs = [{"epochs": epochs, "metric": objective.metric, "level": None} for epochs in RUNGS]
    manifest.add(
        objective=ranked_by | {"other": second}, rungs=rungs, facts=["made"], details=task.details
    )
    records = Records(run, objective, lambda: float(next(ticks)))

    def notice(event, trial, **details):
        records.notice(event, trial, elapsed_s=float(next(ticks)), **details)

    for _ in range(refused):
        notice("refused", None, config=task.config, constraints={"max_params": 0.5})
    record = []
    for blueprint in trials:
        trial = Trial(
            blueprint.id,
            task.config | blueprint.config,
            blueprint.label,
            bool(blueprint.label),
            blueprint.control,
        )
        trial.repeats, trial.seed = blueprint.repeats, blueprint.seed
        trial.by_value = blueprint.by_value
        record.append(trial)
        notice("proposed", trial, config=trial.config, point=None, known={})
        for rung, epoch in enumerate(RUNGS[: blueprint.reports]):
            report, scores = task.measure(blueprint, epoch, images)
            report = replace(report, rung=rung)
            trial.reports.append(report)
            value = objective.value(report)
            notice("reported", trial, report=report, value=value, decision="continue")
            if keep_answers and scores is not None:
                run.trial(trial.id).mkdir(parents=True, exist_ok=True)
                file = run.trial(trial.id) / "ranking.npz"
                np.savez(file, scores=scores[0], labels=scores[1], eps=np.array(task.eps))
        trial.state, trial.reason = blueprint.state, blueprint.reason
        trial.ended_s = float(next(ticks))
        if blueprint.state is not State.RUNNING:
            notice("ended", trial, state=blueprint.state, reason=blueprint.reason, trace="")
    _match(trials, record, notice)
    records.write_table()
    first = winner(rank(record, objective))
    if status != "running":
        manifest.end(status, winner=first and first.trial.id)
    if not describes_itself:
        values = json.loads(run.manifest.read_text())
        del values["about"], values["version"]
        run.manifest.write_text(json.dumps(values))
    return folder


def _match(trials: list[Blueprint], record: list[Trial], notice: Callable[..., None]) -> None:
    """Note which trials are the controls of which."""
    for blueprint, trial in zip(trials, record, strict=True):
        if blueprint.controls:
            notice("matched", trial, controls=blueprint.controls, references=[])


REFERENCES = [
    Blueprint("r01", "baseline", 0.75, 1.2, config={"regime": "baseline"}),
    Blueprint("r02", "reconstruction", 0.72, 1.5, config={"regime": "reconstruction"}),
    Blueprint("r03", "noise", 0.7, 1.9, config={"regime": "noise"}),
    Blueprint("r04", "adversarial", 0.62, 6.0, control=True, config={"regime": "adversarial"}),
    Blueprint("r05", "paper 50/0.1", 0.7, 2.0),
    Blueprint("r06", "paper 50/1.0", 0.68, 2.6),
    Blueprint("r07", "paper 100/0.1", 0.71, 2.1),
    Blueprint("r08", "paper 100/1.0", 0.66, 2.7),
]


def whole_search(sampled: int = 24, seed: int = 0) -> list[Blueprint]:
    """References and a search as ASHA leaves it: most trials stopped, one failed, one barred."""
    generator = np.random.default_rng(seed)
    trials = list(REFERENCES)
    for number in range(1, sampled + 1):
        lr = float(10 ** generator.uniform(-3, 0))
        reach = 2.5 + 4.5 * np.exp(-((np.log10(lr) + 0.8) ** 2)) + generator.normal(0, 0.4)
        config = {
            "latent_lr": lr,
            "latent_iterations": int(generator.integers(5, 101)),
            "lr": float(10 ** generator.uniform(-4, -2)),
            "uncertainty": str(generator.choice(["mi", "entropy"])),
        }
        blueprint = Blueprint(
            f"t{number:03d}", "", float(generator.uniform(0.55, 0.75)), float(reach), config=config
        )
        blueprint.reports = int(generator.choice([1, 2, 3, 4], p=[0.4, 0.2, 0.1, 0.3]))
        if blueprint.reports < 4:
            blueprint.state = State.PRUNED
            blueprint.reason = f"not among the best at epoch {RUNGS[blueprint.reports - 1]}"
        trials.append(blueprint)
    trials[-1] = Blueprint(
        f"t{sampled:03d}", "", state=State.FAILED, reports=0, reason="out of memory"
    )
    trials[-2] = Blueprint(f"t{sampled - 1:03d}", "", 0.05, 40.0, violation=0.03, config=PAPER)
    return trials
