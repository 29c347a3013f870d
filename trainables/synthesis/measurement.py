"""Measure a network that predicts CT: clean and under attack along a grid of radii.

Names of metrics are ``{split}_{measurement}_{score}``: the score of a curve ends in ``_curve``,
that at one radius in ``_eps`` and the radius in standard deviations of the MR. Scores are taken of
each subject's whole volume, then averaged over subjects [robmednas, section 2.5].
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from trainables.attacks.attack import Attack
from trainables.attacks.registry import build_synthesis_attack
from trainables.attacks.threat import mr_deviations
from trainables.metrics.curve import trapezoid_weights
from trainables.metrics.intervals import mean_interval
from trainables.metrics.synthesis import DIRECTIONS, SCORES, measure, truth_of
from trainables.models.modes import frozen
from trainables.runtime.seeding import derive
from trainables.study.report import Level
from trainables.study.study import Directions
from trainables.synthesis.naming import ranking_metric
from trainables.synthesis.slices import Split, SubjectSlices, to_hu

ALWAYS = ("fgsm", "pgd")  # measured whichever attack ranks: one weaker, one stronger
GROUP = 256  # slices of several subjects that are attacked together; a larger subject is its own
Perturb = Callable[[Tensor, Tensor, Tensor], Tensor]
"""(MR, normalised CT, numbers of the slices) -> perturbed MR."""


@dataclass(frozen=True)
class Measurement:
    """How a network is measured; the same for all trials of a run.

    Attributes:
        attack: The attack that ranks.
        eps: Radii in standard deviations of the MR, rising from 0.
        seed: Of random starts, so that all trials meet the same.
        batch_size: Slices that the network sees at a time; a question of memory only.
        steps: Of the attack that ranks; None for its own.
        restarts: Of the attack that ranks.
    """

    attack: str
    eps: tuple[float, ...]
    seed: int
    batch_size: int = 32
    steps: int | None = None
    restarts: int = 1

    def at(self, level: Level | None) -> "Measurement":
        """Return the protocol of a level of the ladder; None stands for this one."""
        if level is None:
            return self
        return replace(
            self, attack=level.attack, eps=level.eps, steps=level.steps, restarts=level.restarts
        )

    def build(self, kind: str) -> Attack:
        """Build one of `attacks`; only the one that ranks is as strong as the level says."""
        strength = (self.steps, self.restarts) if kind == self.attack else (None, 1)
        return build_synthesis_attack(kind, self.batch_size, *strength)

    @property
    def attacks(self) -> tuple[str, ...]:
        """The attacks that every evaluation runs: FGSM, PGD, and the one that ranks."""
        return _attacks(self.attack)

    @property
    def ranking_metric(self) -> str:
        """The metric that ranks trials unless the user names another."""
        return ranking_metric(self.attack)


def measured(attack: str, eps: tuple[float, ...]) -> Directions:
    """List the metrics of `measure_robust` on ranking and of `measure_clean` on val."""
    points = ["_curve", *(f"_{point(radius)}" for radius in eps[1:])]
    found = {
        f"{split}_clean_{score}": better
        for split in ("ranking", "val")
        for score, better in DIRECTIONS.items()
    }
    found |= {
        f"ranking_{kind}_{score}{at}": better
        for kind in _attacks(attack)
        for score, better in DIRECTIONS.items()
        for at in points
    }
    return {**found, "val_loss": "min"}


Scored = dict[str, npt.NDArray[np.float64]]
"""Each score of every subject, (N,); NaN where a subject lacks the region."""


@dataclass(frozen=True)
class Robustness:
    """What was measured on one split.

    Attributes:
        metrics: Means over subjects, by name.
        intervals: 95 % bootstrap intervals over subjects of the clean scores, and of the curves of
            the attack that ranks.
        eps: E radii.
        curves: Scores of every subject along the radii, by attack, (E, N).
        constraints: What makes them unbelievable, see `trainables.metrics.alarms`.
    """

    metrics: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    eps: tuple[float, ...]
    curves: dict[str, Scored]
    constraints: dict[str, float] = field(default_factory=dict)


def predict(network: nn.Module, mr: Tensor, batch_size: int = 32) -> npt.NDArray[np.float32]:
    """Predict HU from MR (n, 1, S, S) in eval mode, without gradients: (n, S, S).

    Raises:
        FloatingPointError: If a value is not finite: a mean over regions would hide it.
    """
    with frozen(network), torch.no_grad():
        batches = [to_hu(network(batch).float()) for batch in mr.split(batch_size)]
    found: npt.NDArray[np.float32] = torch.cat(batches).squeeze(1).cpu().numpy()
    if not np.isfinite(found).all():
        raise FloatingPointError("the network predicts values that are not finite")
    return found


def score_subjects(
    network: nn.Module,
    split: Split,
    perturbations: Sequence[Perturb | None],
    device: torch.device,
    batch_size: int = 32,
) -> list[Scored]:
    """Score every subject of a split under each perturbation; None stands for clean.

    Subjects are read, perturbed and scored in groups, so that a split's volumes never need to be
    in memory at once.
    """
    rows: list[list[dict[str, float]]] = [[] for _ in perturbations]
    for start, group in split.groups(GROUP):
        count = sum(map(len, group))
        numbers = torch.arange(start, start + count, device=device)
        mr, ct = split.batch(range(start, start + count), device)
        truths = [truth_of(one.ct.astype(np.float32), np.asarray(one.mask)) for one in group]
        for kept, perturb in zip(rows, perturbations, strict=True):
            seen = mr if perturb is None else perturb(mr, ct, numbers)
            parts = _by_subject(predict(network, seen, batch_size), group)
            kept += [measure(part, truth) for part, truth in zip(parts, truths, strict=True)]
    return [
        {score: np.array([row[score] for row in kept], dtype=np.float64) for score in SCORES}
        for kept in rows
    ]


def attacked(network: nn.Module, attack: Attack, eps: float, seed: int) -> Perturb | None:
    """Return the perturbation of an attack at one radius; None at 0."""
    if eps == 0:
        return None
    threat = mr_deviations(eps)
    return lambda mr, ct, numbers: attack(network, mr, ct, threat, seed, positions=numbers)


def measure_clean(
    network: nn.Module, split: Split, measurement: Measurement, device: torch.device, name: str
) -> dict[str, float]:
    """Average each score of clean slices over the subjects of a split."""
    (found,) = score_subjects(network, split, [None], device, measurement.batch_size)
    return {f"{name}_clean_{score}": mean_known(values) for score, values in found.items()}


def measure_robust(
    network: nn.Module, split: Split, measurement: Measurement, device: torch.device, name: str
) -> Robustness:
    """Score a network on a split, clean and under every attack of the measurement."""
    seed, eps = derive(measurement.seed, "attack"), measurement.eps
    attacks = {kind: measurement.build(kind) for kind in measurement.attacks}
    wanted = [(kind, radius) for kind in attacks for radius in eps[1:]]
    perturbations = [attacked(network, attacks[kind], radius, seed) for kind, radius in wanted]
    seen = [None, *perturbations]
    clean, *found = score_subjects(network, split, seen, device, measurement.batch_size)
    at = dict(zip(wanted, found, strict=True))
    curves = {
        kind: {
            score: np.stack([clean[score], *(at[kind, radius][score] for radius in eps[1:])])
            for score in SCORES
        }
        for kind in attacks
    }
    metrics = {f"{name}_clean_{score}": mean_known(clean[score]) for score in SCORES}
    for kind, scored in curves.items():
        metrics |= _curve_metrics(f"{name}_{kind}", eps, scored)
    return Robustness(metrics, _intervals(name, measurement, clean, curves), eps, curves)


def areas(eps: Sequence[float], curve: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Compute the area under every subject's curve (E, N), normalised by the range: (N,)."""
    found: npt.NDArray[np.float64] = trapezoid_weights(eps) @ curve
    return found


def mean_known(values: npt.NDArray[np.float64]) -> float:
    """Average over the subjects that have the region; NaN where none has."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")


def point(eps: float) -> str:
    """Name a radius in a metric."""
    return f"eps{eps:g}"


def _curve_metrics(prefix: str, eps: tuple[float, ...], scored: Scored) -> dict[str, float]:
    metrics = {}
    for score, curve in scored.items():
        metrics[f"{prefix}_{score}_curve"] = mean_known(areas(eps, curve))
        for radius, values in zip(eps[1:], curve[1:], strict=True):
            metrics[f"{prefix}_{score}_{point(radius)}"] = mean_known(values)
    return metrics


def _intervals(
    name: str, measurement: Measurement, clean: Scored, curves: dict[str, Scored]
) -> dict[str, tuple[float, float]]:
    seed = derive(measurement.seed, "bootstrap")
    samples = {f"{name}_clean_{score}": values for score, values in clean.items()}
    for score, curve in curves[measurement.attack].items():
        samples[f"{name}_{measurement.attack}_{score}_curve"] = areas(measurement.eps, curve)
    found = {metric: mean_interval(values, seed) for metric, values in samples.items()}
    return {metric: (interval.low, interval.high) for metric, interval in found.items()}


def _by_subject(
    volumes: npt.NDArray[np.float32], group: tuple[SubjectSlices, ...]
) -> list[npt.NDArray[np.float32]]:
    ends = np.cumsum([len(subject) for subject in group])
    return np.split(volumes, ends[:-1])


def _attacks(attack: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*ALWAYS, attack)))
