"""Examine a classifier: an ensemble of attacks along the radii, then noise and corruptions."""

from collections.abc import Mapping

import numpy as np
from torch import Tensor, nn

from trainables.attacks.ensemble import EnsembleReport, run_ensemble
from trainables.attacks.evaluation import predict
from trainables.attacks.presets import build_ensemble
from trainables.attacks.signs.steadiness import require_steady
from trainables.attacks.threat import pixels
from trainables.classification.assets import LabelledImages, at_most
from trainables.classification.measurement import SIGMAS
from trainables.corruptions.corruptions import CORRUPTIONS, SEVERITIES, corrupt
from trainables.corruptions.noise import gaussian
from trainables.data.task import Task
from trainables.metrics.classification import constant_scores, correct
from trainables.runtime.arrays import Floats32, Floats64
from trainables.runtime.seeding import derive
from trainables.study.examination import (
    CLEAN,
    ENSEMBLE,
    NOISE,
    Exam,
    Examination,
    count_wins,
    is_black_box,
)

STEADY = 64  # images that are answered several times


def examine_classifier(
    classifier: nn.Module,
    data: LabelledImages,
    task: Task,
    eps: tuple[float, ...],
    exam: Exam,
    sources: Mapping[str, nn.Module],
) -> Examination:
    """Score every image clean, under the ensemble at every radius, and corrupted if the exam says.

    For multi-label data the score of an image is the share of its labels that are right.

    Args:
        classifier: Maps images to logits (N, K).
        data: The split.
        task: What the labels mean.
        eps: Radii in pixels of [0, 1], rising from 0.
        exam: The ensemble, the seed, how many images, whether corruptions are applied.
        sources: Other classifiers by name; their adversarial images are used as well.

    Raises:
        UnsteadyError: If the classifier answers the same images differently.
    """
    data = data if exam.images is None else at_most(data, exam.images)
    images, labels = data.images.float() / 255, data.labels
    require_steady(classifier, images[:STEADY])
    ensemble = build_ensemble(exam.attacks, task, sources)
    seed = derive(exam.seed, "ensemble")
    outcome = run_ensemble(classifier, images, labels, task, ensemble, eps, seed=seed)
    conditions = [(CLEAN, 0.0), *((ENSEMBLE, radius) for radius in eps[1:])]
    rows = [_scores(task, answers, data) for answers in outcome.worst.probabilities]
    if exam.corruptions:
        for kind, strength, corruption in _corruptions(images, exam.seed):
            conditions.append((kind, strength))
            answers = predict(classifier, corruption, task).cpu().numpy()
            rows.append(_scores(task, answers, data))
    attacks, wins = count_wins(outcome.names, outcome.attackers[1:])
    multi_label = task == "multi-label"
    classes = np.zeros(len(data), dtype=np.int64) if multi_label else labels.cpu().numpy()
    score = "share of right labels" if multi_label else "balanced accuracy"
    near = None if data.near is None else data.near.cpu().numpy()
    constant = constant_scores(task, labels.cpu().numpy())["acc" if multi_label else "bacc"]
    return Examination(
        score,
        "max",
        tuple(conditions),
        np.stack(rows),
        classes,
        attacks,
        wins,
        constant=constant,
        near=near,
        guessed=_guessed(outcome),
    )


def _guessed(outcome: EnsembleReport) -> Floats64:
    """Count the images that black boxes broke after gradients had failed, at each radius above 0.

    Of multi-label data each label is a share of its image.
    """
    numbers = [number for number, name in enumerate(outcome.names) if is_black_box(name)]
    mask = np.isin(outcome.attackers, numbers) & ~outcome.worst.correct
    counts: Floats64 = mask.reshape(*mask.shape[:2], -1).mean(axis=2).sum(axis=1)
    return counts[1:]


def _corruptions(images: Tensor, seed: int) -> list[tuple[str, float, Tensor]]:
    """Return the images under noise and every corruption, each with its kind and strength."""
    noise_seed, corruption_seed = derive(seed, "noise"), derive(seed, "corruptions")
    noisy = [(NOISE, sigma, gaussian(images, sigma, noise_seed, pixels(0))) for sigma in SIGMAS]
    return noisy + [
        (name, float(severity), corrupt(images, name, severity, corruption_seed))
        for name in CORRUPTIONS
        for severity in SEVERITIES
    ]


def _scores(task: Task, probabilities: Floats32, data: LabelledImages) -> Floats64:
    """Return 1 for each image that is right and 0 otherwise, or its share of right labels, (N,)."""
    right = correct(task, probabilities, data.labels.cpu().numpy()).astype(np.float64)
    return right.mean(axis=1) if right.ndim == 2 else right
