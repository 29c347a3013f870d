"""Examine a classifier: an ensemble of attacks along the radii, then noise and corruptions."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from torch import Tensor, nn

from trainables.attacks.ensemble import run_ensemble
from trainables.attacks.evaluation import predict
from trainables.attacks.presets import build_ensemble
from trainables.attacks.threat import pixels
from trainables.classification.assets import Labelled, at_most
from trainables.classification.measurement import NOISE_SIGMA
from trainables.corruptions.corruptions import CORRUPTIONS, SEVERITIES, corrupt
from trainables.corruptions.noise import gaussian
from trainables.data.task import Task
from trainables.metrics.classification import correct
from trainables.runtime.seeding import derive
from trainables.study.examination import CLEAN, ENSEMBLE, NOISE, Exam, Examination, count_wins

Floats = npt.NDArray[np.float64]


def examine_classifier(
    classifier: nn.Module,
    data: Labelled,
    task: Task,
    eps: tuple[float, ...],
    exam: Exam,
    sources: Mapping[str, nn.Module],
) -> Examination:
    """Score every image clean, under the ensemble at every radius, and where asked corrupted.

    For multi-label data the score of an image is the share of its labels that are right.

    Args:
        classifier: Maps images to logits (N, K).
        data: The split.
        task: What the labels mean.
        eps: Radii in pixels of [0, 1], rising from 0.
        exam: How.
        sources: Other classifiers, whose adversarial images are tried as well.
    """
    data = data if exam.images is None else at_most(data, exam.images)
    images, labels = data.images.float() / 255, data.labels
    ensemble = build_ensemble(exam.attacks, task, sources)
    seed = derive(exam.seed, "ensemble")
    found = run_ensemble(classifier, images, labels, task, ensemble, eps, seed=seed)
    conditions = [(CLEAN, 0.0), *((ENSEMBLE, radius) for radius in eps[1:])]
    rows = [_right(task, at, data) for at in found.worst.probabilities]
    if exam.whole:
        for kind, strength, shown in _corrupted(images, exam.seed):
            conditions.append((kind, strength))
            rows.append(_right(task, predict(classifier, shown, task).cpu().numpy(), data))
    attacks, won = count_wins(found.names, found.attackers[1:])
    many = task == "multi-label"
    classes = np.zeros(len(data), dtype=np.int64) if many else labels.cpu().numpy()
    score = "share of right labels" if many else "balanced accuracy"
    return Examination(score, "max", tuple(conditions), np.stack(rows), classes, attacks, won)


def _corrupted(images: Tensor, seed: int) -> list[tuple[str, float, Tensor]]:
    noisy = gaussian(images, NOISE_SIGMA, derive(seed, "noise"), pixels(0))
    own = derive(seed, "corruptions")
    return [(NOISE, NOISE_SIGMA, noisy)] + [
        (name, float(severity), corrupt(images, name, severity, own))
        for name in CORRUPTIONS
        for severity in SEVERITIES
    ]


def _right(task: Task, probabilities: npt.NDArray[np.float32], data: Labelled) -> Floats:
    right = correct(task, probabilities, data.labels.cpu().numpy()).astype(np.float64)
    return right.mean(axis=1) if right.ndim == 2 else right
