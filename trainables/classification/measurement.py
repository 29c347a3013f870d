"""Measure a classifier on a split: clean, under noise, and under attack along a grid of radii.

Names of metrics are ``{split}_{measurement}_{score}``: the mean skill over the radii ends in
``_skill``, the area under the curve in ``_curve``, and the score at one radius in ``_eps`` and the
radius times 255. Under noise ``_skill`` is the mean over its levels, ``_sigma`` and a number is one
level, and a name without either is the greatest level.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
from torch import Tensor
from torch.nn import functional

from trainables.attacks.attack import Attack
from trainables.attacks.evaluation import (
    PREDICTION_FACTOR,
    RobustReport,
    evaluate,
    evaluate_order,
    predict_logits,
    scores_of,
    to_probabilities,
)
from trainables.attacks.registry import build_attack
from trainables.attacks.threat import pixels
from trainables.classification.about import headline, ranking_metric
from trainables.classification.assets import LabelledImages
from trainables.corruptions.corruptions import CORRUPTIONS, SEVERITIES, corrupt
from trainables.corruptions.noise import gaussian
from trainables.data.task import Task
from trainables.losses.likelihood import Loss, likelihood_loss
from trainables.metrics.classification import ORDERS, STANDARD, constant_scores
from trainables.metrics.curve import area
from trainables.metrics.influence import Sample
from trainables.metrics.orders.answers import image_scores, order_intervals
from trainables.metrics.skill import CURVE, SKILL, Area, Skill, mean_skill
from trainables.models.classifiers import Classifier
from trainables.runtime.seeding import derive
from trainables.study.report import Level
from trainables.study.study import Directions

NOISE_SIGMA = 0.2  # of Gaussian noise on pixels in [0, 1] [tsynd, section 4]
# That level leaves most small networks at chance: it tells none apart. Weaker ones do.
SIGMAS = (0.02, 0.05, 0.1, NOISE_SIGMA)
TINY = 1e-12  # least probability of which the loss takes the logarithm
ATTACK_BATCH = 256  # greatest number of images that are attacked at a time
ALWAYS = ("fgsm", "pgd")  # measured whichever attack ranks: one weaker, one stronger


@dataclass(frozen=True)
class Measurement:
    """How a classifier is measured; the same for all trials of a run.

    Attributes:
        task: What the labels mean.
        attack: The attack that ranks.
        eps: Radii in pixels of [0, 1], rising from 0.
        seed: Of noise and random starts, which are the same for all trials of a seed.
        steps: Of the attack that ranks; None for its default.
        restarts: Of the attack that ranks, at least 1.
        batch_size: Images that are attacked at a time; affects only the memory.
        score: That ranks and chooses the epoch; None for `about.headline`.
        scores: That are measured, the one that ranks among them.
    """

    task: Task
    attack: str
    eps: tuple[float, ...]
    seed: int
    steps: int | None = None
    restarts: int = 1
    batch_size: int = ATTACK_BATCH
    score: str | None = None
    scores: tuple[str, ...] = STANDARD

    def at(self, level: Level | None) -> "Measurement":
        """Return this measurement at a level of the ladder; unchanged where the level is None."""
        if level is None:
            return self
        return replace(
            self, attack=level.attack, eps=level.eps, steps=level.steps, restarts=level.restarts
        )

    def build(self, kind: str) -> Attack:
        """Build one of `attacks`; the strength of a level applies to the one that ranks alone."""
        strength = (self.steps, self.restarts) if kind == self.attack else (None, 1)
        return build_attack(kind, self.task, *strength, batch_size=self.batch_size)

    @property
    def loss(self) -> Loss:
        """The loss per image (N,) that training minimises."""
        return likelihood_loss(self.task)

    @property
    def headline(self) -> str:
        """The score that ranks and chooses the epoch."""
        return self.score or headline(self.task)

    @property
    def attacks(self) -> tuple[str, ...]:
        """The attacks that every evaluation runs: FGSM, PGD, and the one that ranks."""
        return _attacks(self.attack)

    @property
    def ranking_metric(self) -> str:
        """The metric that ranks trials unless the user names another."""
        return ranking_metric(self.attack, self.headline)


def metrics_of(
    attack: str, eps: tuple[float, ...], measured: tuple[str, ...] = STANDARD
) -> Directions:
    """Map the metrics of `measure_clean` on val and `measure_robust` on ranking to directions.

    Args:
        attack: The attack that ranks.
        eps: Radii, rising from 0.
        measured: The scores.
    """
    names = [f"ranking_{name}" for name, _, _ in _names(attack, eps, measured)]
    names += [f"val_clean_{score}" for score in measured]
    return {**dict.fromkeys(names, "max"), "val_loss": "min"}


def constant_metrics(
    attack: str,
    eps: tuple[float, ...],
    task: Task,
    labels: npt.NDArray[np.int64],
    measured: tuple[str, ...] = STANDARD,
) -> dict[str, float]:
    """Return the metrics of the best answer that is the same for all images of the ranking split.

    Args:
        attack: The attack that ranks.
        eps: Radii, rising from 0.
        task: What the labels mean.
        labels: Of the ranking split, (N,) or (N, L).
        measured: The scores.
    """
    values = constant_scores(task, labels)
    return {
        f"ranking_{name}": 0.0 if point == SKILL else values[score]
        for name, score, point in _names(attack, eps, measured)
    }


def _names(
    attack: str, eps: tuple[float, ...], measured: tuple[str, ...]
) -> list[tuple[str, str, str]]:
    """List the metrics of a split: name without the split, score, and point on the curve."""
    points = [SKILL, CURVE, *(_point(radius) for radius in eps[1:])]
    levels = ["", SKILL, *map(_level, SIGMAS)]
    kinds = {"clean": [""], "noise": levels} | dict.fromkeys(_attacks(attack), points)
    return [
        (f"{kind}_{score}{'_' * bool(point)}{point}", score, point)
        for kind, ends in kinds.items()
        for score in measured
        for point in ends
    ]


@dataclass(frozen=True)
class Robustness:
    """The scores of one split, clean, under noise and under attack.

    Attributes:
        metrics: Scores by name.
        reports: Answers to every image, by attack.
        attack: The attack that ranks.
        constraints: Alarms that make the scores doubtful, see `trainables.metrics.alarms`.
    """

    metrics: dict[str, float]
    reports: dict[str, RobustReport]
    attack: str
    constraints: dict[str, float] = field(default_factory=dict)

    @property
    def ranking_report(self) -> RobustReport:
        """Answers under the attack that ranks."""
        return self.reports[self.attack]

    def clean_auc_bounds(self, split: str) -> dict[str, float]:
        """Return the bounds of the 95 % interval of the clean AUC over images, where it has one.

        Args:
            split: The name of the split.
        """
        report = self.ranking_report
        clean = report.answers("auc")[:1]
        ((low, high),) = order_intervals("auc", report.task, clean, report.labels)
        if math.isnan(low):
            return {}
        return {f"low.{split}_clean_auc": low, f"high.{split}_clean_auc": high}

    def samples(self, split: str, score: str) -> dict[str, Sample]:
        """Return how far a score, clean, and the skill that ranks may be from those of all images.

        Args:
            split: The name of the split.
            score: Of a score without numbers of single images there is nothing.

        Returns:
            By the name of the metric.
        """
        report = self.ranking_report
        numbers = image_scores(score, report.task, report.answers(score), report.labels)
        if numbers is None:
            return {}
        answers, classes = numbers.scores, numbers.classes
        skill = Skill(report.eps, numbers.zero)
        return {
            f"{split}_clean_{score}": Sample.of([answers[:1]], classes, Area((0.0,))),
            f"{split}_{self.attack}_{score}_{SKILL}": Sample.of([answers], classes, skill),
        }

    def beside(
        self, near: Tensor | None, split: str, measured: tuple[str, ...]
    ) -> dict[str, float]:
        """Return what to read the scores of a split by.

        Args:
            near: Which images have near copies among those that trained, chose or ranked, (N,);
                None where that is not known.
            split: The name of the split.
            measured: The scores.

        Returns:
            The best scores of a constant answer, ``{split}_constant_``, and those of the images
            without near copies, clean and under the attack that ranks, ``{split}_apart_``.
        """
        report = self.ranking_report
        constants = constant_scores(report.task, report.labels)
        values = {f"{split}_constant_{score}": constants[score] for score in measured}
        if near is None or bool(near.all()):
            return values
        report, prefix = report.part(~near.cpu().numpy()), f"{split}_apart"
        values |= {f"{prefix}_clean_{score}": float(report.curve(score)[0]) for score in measured}
        return values | _curve(f"{prefix}_{self.attack}", report, measured)


def measure_clean(
    classifier: Classifier, data: LabelledImages, measurement: Measurement, split: str
) -> dict[str, float]:
    """Score a classifier on clean images, and compute its mean loss.

    Args:
        classifier: Maps images to logits (N, K).
        data: The images.
        measurement: The task and the batch size.
        split: The name of the split, with which the names of the metrics begin.

    Returns:
        Scores by name, and ``{split}_loss``.
    """
    images = data.images.float() / 255
    logits = predict_logits(classifier, images, PREDICTION_FACTOR * measurement.batch_size)
    values = _scores(measurement, logits, data)
    metrics = {f"{split}_clean_{name}": value for name, value in values.items()}
    probabilities = to_probabilities(logits, measurement.task)
    metrics[f"{split}_loss"] = _mean_log_loss(probabilities, data.labels)
    return metrics


def measure_robust(
    classifier: Classifier, data: LabelledImages, measurement: Measurement, split: str = "ranking"
) -> Robustness:
    """Score a classifier on clean images, under noise, and under every attack of a measurement.

    Args:
        classifier: Maps images to logits (N, K).
        data: The images.
        measurement: The attacks, their radii and their strength.
        split: The name of the split, with which the names of the metrics begin.
    """
    task, images = measurement.task, data.images.float() / 255
    batch_size = PREDICTION_FACTOR * measurement.batch_size
    clean = _scores(measurement, predict_logits(classifier, images, batch_size), data)
    metrics = {f"{split}_clean_{name}": value for name, value in clean.items()}
    metrics |= _noise(f"{split}_noise", classifier, data, measurement)
    order = measurement.headline in ORDERS
    measure: Callable[..., RobustReport] = evaluate_order if order else evaluate
    reports: dict[str, RobustReport] = {}
    for name in measurement.attacks:
        attack, seed = measurement.build(name), derive(measurement.seed, "attack")
        report = measure(classifier, images, data.labels, task, attack, measurement.eps, seed=seed)
        metrics |= _curve(f"{split}_{name}", report, measurement.scores)
        reports[name] = report
    return Robustness(metrics, reports, measurement.attack)


def measure_corrupted(
    classifier: Classifier, data: LabelledImages, measurement: Measurement
) -> dict[str, float]:
    """Score a classifier under every corruption of the table: the mean over kinds and severities.

    Args:
        classifier: Maps images to logits (N, K).
        data: The ranking images.
        measurement: The scores, and the seed of the noise.
    """
    images, size = data.images.float() / 255, PREDICTION_FACTOR * measurement.batch_size
    seed = derive(measurement.seed, "corruptions")
    conditions = [
        _scores(
            measurement,
            predict_logits(classifier, corrupt(images, name, severity, seed), size),
            data,
        )
        for name in CORRUPTIONS
        for severity in SEVERITIES
    ]
    return {
        corrupted_metric(score): float(np.mean([values[score] for values in conditions]))
        for score in measurement.scores
    }


def corrupted_metric(score: str) -> str:
    """Return the name of the mean of a score over all corruptions."""
    return f"ranking_corrupted_{score}"


def _scores(measurement: Measurement, logits: Tensor, data: LabelledImages) -> dict[str, float]:
    answers, labels = logits.cpu().numpy(), data.labels.cpu().numpy()
    return scores_of(answers, labels, measurement.task, measurement.scores)


def _mean_log_loss(probabilities: Tensor, labels: Tensor) -> float:
    if labels.ndim == 2:
        return float(functional.binary_cross_entropy(probabilities, labels.float()))
    return float(functional.nll_loss(probabilities.clamp_min(TINY).log(), labels))


def _noise(
    prefix: str, classifier: Classifier, data: LabelledImages, measurement: Measurement
) -> dict[str, float]:
    """Score a classifier under noise of every level, the same noise up to its strength."""
    task, images = measurement.task, data.images.float() / 255
    seed, size = derive(measurement.seed, "noise"), PREDICTION_FACTOR * measurement.batch_size
    levels = {
        sigma: _scores(
            measurement,
            predict_logits(classifier, gaussian(images, sigma, seed, pixels(0)), size),
            data,
        )
        for sigma in SIGMAS
    }
    constants = constant_scores(task, data.labels.cpu().numpy())
    metrics: dict[str, float] = {}
    for score in measurement.scores:
        values = [levels[sigma][score] for sigma in SIGMAS]
        metrics[f"{prefix}_{score}"] = levels[NOISE_SIGMA][score]
        metrics[f"{prefix}_{score}_{SKILL}"] = mean_skill(SIGMAS, values, constants[score])
        named = zip(map(_level, SIGMAS), values, strict=True)
        metrics |= {f"{prefix}_{score}_{level}": value for level, value in named}
    return metrics


def _curve(prefix: str, report: RobustReport, measured: tuple[str, ...]) -> dict[str, float]:
    metrics: dict[str, float] = {}
    constants = constant_scores(report.task, report.labels)
    for score in measured:
        values = report.curve(score)
        metrics[f"{prefix}_{score}_{SKILL}"] = mean_skill(report.eps, values, constants[score])
        metrics[f"{prefix}_{score}_{CURVE}"] = area(report.eps, values)
        at_radii = zip(report.eps[1:], values[1:], strict=True)
        metrics |= {f"{prefix}_{score}_{_point(eps)}": float(value) for eps, value in at_radii}
    return metrics


def point_metric(attack: str, score: str, radius: float) -> str:
    """Return the name of a score on the ranking split at one radius.

    Args:
        attack: That ranks.
        score: Its name.
        radius: In pixels of [0, 1]; at 0 nothing is attacked.
    """
    return f"ranking_{attack}_{score}_{_point(radius)}" if radius else f"ranking_clean_{score}"


def _attacks(attack: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*ALWAYS, attack)))


def _level(sigma: float) -> str:
    return f"sigma{sigma:g}"


def _point(eps: float) -> str:
    return f"eps{255 * eps:g}"
