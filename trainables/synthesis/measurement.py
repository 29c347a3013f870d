"""Measure a network that predicts CT: clean and under attack along a grid of radii.

Names of metrics are ``{split}_{measurement}_{score}``: the score of a curve ends in ``_curve``,
that at one radius in ``_eps`` and the radius in standard deviations of the MR. What ranks ends in
``_skill``: the share of the head MAE of the best single grey that the network takes away, averaged
over the radii above 0. ``disturbed`` is the mean over what scanners and patients do to MR, each at
its greatest strength. Scores are taken of
each subject's whole volume, then averaged over subjects [robmednas, section 2.5].
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from trainables.attacks.ensemble import Ensemble
from trainables.attacks.registry import build_synthesis_attack
from trainables.metrics.curve import trapezoid_weights
from trainables.metrics.intervals import mean_interval, summary_interval
from trainables.metrics.skill import CURVE, SKILL, Skill
from trainables.metrics.synthesis import (
    DIRECTIONS,
    SCORES,
    Truth,
    measure,
    measure_field,
    truth_of,
)
from trainables.runtime.arrays import Floats32, Floats64
from trainables.runtime.seeding import derive
from trainables.study.report import Level
from trainables.study.study import Directions
from trainables.synthesis.about import HEADLINE, ranking_metric
from trainables.synthesis.constant import constant_error
from trainables.synthesis.native import Native
from trainables.synthesis.prediction import predict
from trainables.synthesis.robustness.disturbances import STRENGTHS, Turned, disturbance
from trainables.synthesis.robustness.errors import aim
from trainables.synthesis.robustness.worst import WorstOf
from trainables.synthesis.slices import Split, SubjectSlices

ALWAYS = ("fgsm", "pgd")  # measured whichever attack ranks: one weaker, one stronger
GROUP = 256  # slices of several subjects that are attacked together; a larger subject goes alone
DISTURBED = "disturbed"  # the mean over all disturbances, each at its greatest strength
NATIVE = "native"  # before the name of a score on a subject's own voxels
Perturb = Callable[[Tensor, Tensor, Tensor], Tensor]
"""(MR, normalised CT, numbers of the slices) -> perturbed MR."""


@dataclass(frozen=True)
class Measurement:
    """How a network is measured; the same for all trials of a run.

    Attributes:
        attack: The attack that ranks.
        eps: Radii in standard deviations of the MR, rising from 0.
        seed: Of random starts, which are the same for all trials.
        batch_size: Slices that the network sees at a time; affects only the memory.
        steps: Of the attack that ranks; None for its default.
        restarts: Of the attack that ranks, at least 1.
    """

    attack: str
    eps: tuple[float, ...]
    seed: int
    batch_size: int = 32
    steps: int | None = None
    restarts: int = 1

    def at(self, level: Level | None) -> "Measurement":
        """Return this measurement at a level of the ladder; unchanged where the level is None."""
        if level is None:
            return self
        return replace(
            self, attack=level.attack, eps=level.eps, steps=level.steps, restarts=level.restarts
        )

    def build(self, kind: str) -> Ensemble:
        """Build one of `attacks`, aimed at both errors.

        The strength of a level applies to the attack that ranks alone.
        """
        strength = (self.steps, self.restarts) if kind == self.attack else (None, 1)
        return aim({kind: build_synthesis_attack(kind, self.batch_size, *strength)})

    @property
    def attacks(self) -> tuple[str, ...]:
        """The attacks that every evaluation runs: FGSM, PGD, and the one that ranks."""
        return _attacks(self.attack)

    @property
    def ranking_metric(self) -> str:
        """The metric that ranks trials unless the user names another."""
        return ranking_metric(self.attack)


def metrics_of(attack: str, eps: tuple[float, ...]) -> Directions:
    """Map the metrics of `measure_robust` on ranking and `measure_clean` on val to directions.

    They are the ones of a measurement with this attack at these radii, which rise from 0.
    """
    points = ["_curve", *(f"_{point(radius)}" for radius in eps[1:])]
    directions = {
        f"{split}_clean_{score}": direction
        for split in ("ranking", "val")
        for score, direction in DIRECTIONS.items()
    }
    directions |= {
        f"ranking_{kind}_{score}{suffix}": direction
        for kind in _attacks(attack)
        for score, direction in DIRECTIONS.items()
        for suffix in points
    }
    skills = (f"ranking_{kind}_{HEADLINE}_{SKILL}" for kind in _attacks(attack))
    directions |= {"val_loss": "min", f"ranking_{DISTURBED}_{HEADLINE}": "min"}
    return {**directions, **dict.fromkeys(skills, "max")}


def constant_metrics(attack: str, eps: tuple[float, ...], error: float) -> dict[str, float]:
    """Return the metrics that a constant answer has on ranking; no attack changes them.

    Args:
        attack: The attack that ranks.
        eps: Radii, rising from 0.
        error: The head MAE of the answer in HU, see `trainables.synthesis.constant`.
    """
    metrics = {f"ranking_clean_{HEADLINE}": error}
    for kind in _attacks(attack):
        metrics[f"ranking_{kind}_{HEADLINE}_{SKILL}"] = 0.0
        for end in (CURVE, *map(point, eps[1:])):
            metrics[f"ranking_{kind}_{HEADLINE}_{end}"] = error
    return metrics


SubjectScores = dict[str, Floats64]
"""By score, the values of N subjects, (N,); NaN where a subject lacks the region."""


@dataclass(frozen=True)
class Robustness:
    """The scores of one split, clean and under attack.

    Attributes:
        metrics: Means over subjects, by name.
        intervals: 95 % bootstrap intervals over subjects, of the clean scores and of the curves of
            the attack that ranks.
        eps: E radii, rising from 0.
        constant: The head MAE in HU of the best single grey, at which skill is 0.
        curves: By attack and score, the values of every subject along the radii, (E, N).
        constraints: Alarms that make the scores doubtful, see `trainables.metrics.alarms`.
    """

    metrics: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    eps: tuple[float, ...]
    constant: float
    curves: dict[str, SubjectScores]
    constraints: dict[str, float] = field(default_factory=dict)


def score_subjects(
    network: nn.Module,
    split: Split,
    perturbations: Sequence[Perturb | None],
    device: torch.device,
    batch_size: int = 32,
    *,
    full: bool = False,
    voxels: bool = False,
) -> list[SubjectScores]:
    """Score every subject of a split under each perturbation.

    Subjects are read, perturbed and scored in groups of about `GROUP` slices, so that the volumes
    of a split never need to be in memory at once.

    Args:
        network: Predicts normalised CT from MR.
        split: The subjects.
        perturbations: Applied to the MR; None leaves it clean.
        device: Of the network.
        batch_size: Slices that the network sees at a time; affects only the memory.
        full: Whether the scores of `measure_field` are computed as well, which takes seconds for a
            whole volume; includes ``voxels``.
        voxels: Whether all is computed once more on the subject's own voxels, as ``native_`` and
            the score, where its split holds these.

    Returns:
        The scores of all subjects, one mapping for each perturbation.
    """
    rows: list[list[dict[str, float]]] = [[] for _ in perturbations]
    for start, group in split.groups(GROUP):
        count = sum(map(len, group))
        numbers = torch.arange(start, start + count, device=device)
        mr, ct = split.batch(range(start, start + count), device)
        truths = [
            truth_of(subject.ct.astype(np.float32), np.asarray(subject.mask)) for subject in group
        ]
        scorers = [
            partial(
                _scores, truth=truth, native=subject.native if full or voxels else None, full=full
            )
            for truth, subject in zip(truths, group, strict=True)
        ]
        for table, perturb in zip(rows, perturbations, strict=True):
            inputs = mr if perturb is None else perturb(mr, ct, numbers)
            volumes = _by_subject(predict(network, inputs, batch_size), group)
            current = scorers
            if isinstance(perturb, Turned):
                turned = map(perturb.truth, group)
                current = [
                    partial(_scores, truth=truth, native=None, full=full) for truth in turned
                ]
            table += [scorer(volume) for scorer, volume in zip(current, volumes, strict=True)]
    return [
        {score: np.array([row[score] for row in table], dtype=np.float64) for score in table[0]}
        for table in rows
    ]


def measure_clean(
    network: nn.Module, split: Split, measurement: Measurement, device: torch.device, name: str
) -> dict[str, float]:
    """Average each score of clean slices over the subjects of a split.

    Args:
        network: Predicts normalised CT from MR.
        split: The subjects.
        measurement: The batch size.
        device: Of the network.
        name: Of the split, with which the names of the metrics begin.
    """
    (scores,) = score_subjects(network, split, [None], device, measurement.batch_size)
    return {f"{name}_clean_{score}": mean_without_nan(values) for score, values in scores.items()}


def measure_robust(
    network: nn.Module, split: Split, measurement: Measurement, device: torch.device, name: str
) -> Robustness:
    """Score a network on a split, clean and under every attack of a measurement.

    Args:
        network: Predicts normalised CT from MR.
        split: The subjects.
        measurement: The attacks, their radii and their strength.
        device: Of the network.
        name: Of the split, with which the names of the metrics begin.
    """
    seed, eps = derive(measurement.seed, "attack"), measurement.eps
    attacks = {kind: measurement.build(kind) for kind in measurement.attacks}
    plan = [(kind, radius) for kind in attacks for radius in eps[1:]]
    size = measurement.batch_size
    perturbations = [
        None,
        *(
            WorstOf(network, split, attacks[kind], radius, seed=seed, batch_size=size)
            for kind, radius in plan
        ),
    ]
    calm = [disturbance(kind, each[-1], seed) for kind, each in STRENGTHS.items()]
    clean, *scored = score_subjects(network, split, [*perturbations, *calm], device, size)
    by_attack = dict(zip(plan, scored, strict=False))
    curves = {
        kind: {
            score: np.stack([clean[score], *(by_attack[kind, radius][score] for radius in eps[1:])])
            for score in SCORES
        }
        for kind in attacks
    }
    metrics = {f"{name}_clean_{score}": mean_without_nan(clean[score]) for score in SCORES}
    disturbed = [mean_without_nan(scores[HEADLINE]) for scores in scored[len(plan) :]]
    metrics[f"{name}_{DISTURBED}_{HEADLINE}"] = float(np.mean(disturbed))
    constant = constant_error(split)
    skill = Skill(eps, constant, best=0.0)
    for kind, curve in curves.items():
        metrics |= _curve_metrics(f"{name}_{kind}", eps, curve)
        metrics[f"{name}_{kind}_{HEADLINE}_{SKILL}"] = float(skill(curve[HEADLINE].mean(axis=1)))
    intervals = _intervals(name, measurement, clean, curves, skill)
    return Robustness(metrics, intervals, eps, constant, curves)


def areas(eps: Sequence[float], curve: Floats64) -> Floats64:
    """Compute the area under every subject's curve (E, N), divided by the range of radii: (N,)."""
    means: Floats64 = trapezoid_weights(eps) @ curve
    return means


def mean_without_nan(values: Floats64) -> float:
    """Average over the subjects that have the region; NaN where none has it."""
    finite = values[~np.isnan(values)]
    return float(finite.mean()) if len(finite) else float("nan")


def point(eps: float) -> str:
    """Name a radius in a metric."""
    return f"eps{eps:g}"


def _scores(
    prediction: Floats32, truth: Truth, native: Native | None, *, full: bool
) -> dict[str, float]:
    """Compute the scores of a subject on the grid, and on its own voxels where they are there."""
    scores = measure(prediction, truth)
    if full:
        scores |= measure_field(prediction, truth)
    if native is None:
        return scores
    on_voxels = _scores(native.on_voxels(prediction), native.truth, None, full=full)
    return scores | {f"{NATIVE}_{name}": value for name, value in on_voxels.items()}


def _curve_metrics(prefix: str, eps: tuple[float, ...], curves: SubjectScores) -> dict[str, float]:
    metrics = {}
    for score, curve in curves.items():
        metrics[f"{prefix}_{score}_curve"] = mean_without_nan(areas(eps, curve))
        for radius, values in zip(eps[1:], curve[1:], strict=True):
            metrics[f"{prefix}_{score}_{point(radius)}"] = mean_without_nan(values)
    return metrics


def _intervals(
    name: str,
    measurement: Measurement,
    clean: SubjectScores,
    curves: dict[str, SubjectScores],
    skill: Skill,
) -> dict[str, tuple[float, float]]:
    samples = {f"{name}_clean_{score}": values for score, values in clean.items()}
    for score, curve in curves[measurement.attack].items():
        samples[f"{name}_{measurement.attack}_{score}_curve"] = areas(measurement.eps, curve)
    intervals = {metric: mean_interval(values) for metric, values in samples.items()}
    heads = curves[measurement.attack][HEADLINE]
    one_class = np.zeros(heads.shape[1], dtype=np.int64)
    interval = summary_interval(heads, one_class, skill, seed=0)  # nothing is drawn for errors
    intervals[f"{name}_{measurement.attack}_{HEADLINE}_{SKILL}"] = interval
    return {metric: (interval.low, interval.high) for metric, interval in intervals.items()}


def _by_subject(slices: Floats32, group: tuple[SubjectSlices, ...]) -> list[Floats32]:
    ends = np.cumsum([len(subject) for subject in group])
    return np.split(slices, ends[:-1])


def _attacks(attack: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*ALWAYS, attack)))
