"""Examine a classifier: an ensemble of attacks along the radii, then noise and corruptions."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from trainables.attacks.ensemble import EnsembleReport, run_ensemble
from trainables.attacks.evaluation import AgainstRest, answers_of, predict_logits
from trainables.attacks.presets import build_ensemble
from trainables.attacks.signs.steadiness import require_steady
from trainables.attacks.threat import pixels
from trainables.attacks.transfer import STORE
from trainables.classification.about import SCORES
from trainables.classification.assets import LabelledImages, at_most, read_data, read_test
from trainables.classification.measurement import SIGMAS
from trainables.classification.settings import ClassificationSettings
from trainables.corruptions.corruptions import CORRUPTIONS, SEVERITIES, corrupt
from trainables.corruptions.noise import gaussian
from trainables.data.task import Task
from trainables.metrics.classification import ORDERS, Labels
from trainables.metrics.influence import Sample
from trainables.metrics.orders.answers import ImageScores, image_scores
from trainables.runtime.arrays import Floats, Floats32, Floats64
from trainables.runtime.device import channels_last
from trainables.runtime.seeding import derive
from trainables.saved.checkpoint import load_classifier
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


@dataclass(frozen=True)
class TestScores:
    """What the test images say of one classifier.

    Attributes:
        scores: By name of the metric, beginning with ``test_``; and bounds of intervals.
        samples: Of what tables compare, by name, where that is known: what the images say of it.
    """

    __test__ = False  # for pytest

    scores: dict[str, float]
    samples: Mapping[str, Sample] = field(default_factory=dict)


def examine_classifier(
    classifier: nn.Module,
    data: LabelledImages,
    task: Task,
    eps: tuple[float, ...],
    exam: Exam,
    sources: Mapping[str, nn.Module],
    *,
    score: str,
) -> Examination:
    """Score every image clean, under the ensemble at every radius, and corrupted if the exam says.

    The numbers of images are those behind the score that ranks
    (`trainables.metrics.orders.answers`).

    Args:
        classifier: Maps images to logits (N, K).
        data: The split.
        task: What the labels mean. Of several classes whose order counts, each is attacked on its
            own, as a label is (`AgainstRest`).
        eps: Radii in pixels of [0, 1], rising from 0.
        exam: The ensemble, the seed, how many images, whether corruptions are applied.
        sources: Other classifiers by name; their adversarial images are used as well.
        score: That ranks: ``bacc``, or a score of an order, for which no image is spared.

    Raises:
        UnsteadyError: If the classifier answers the same images differently.
    """
    data = data if exam.images is None else at_most(data, exam.images)
    images, labels = data.images.float() / 255, data.labels
    require_steady(classifier, images[:STEADY])
    n_classes = predict_logits(classifier, images[:1]).shape[1]
    if score in ORDERS and task != "multi-label" and n_classes > 2:
        sources = {name: AgainstRest(source) for name, source in sources.items()}
        classifier, task = AgainstRest(classifier), "multi-label"
        labels = functional.one_hot(labels, n_classes)
        data = replace(data, labels=labels)
    keeps = task != "multi-label" and STORE.holds(images, len(sources) * (len(eps) - 1))
    whole = (images, labels) if keeps else None
    order, seed = score in ORDERS, derive(exam.seed, "ensemble")
    ensemble = build_ensemble(exam.attacks, task, sources, whole, order=order)
    outcome = run_ensemble(
        classifier, images, labels, task, ensemble, eps, seed=seed, spare_broken=not order
    )
    conditions = [(CLEAN, 0.0), *((ENSEMBLE, radius) for radius in eps[1:])]
    logits = list(outcome.worst.logits)
    if exam.corruptions:
        for kind, strength, corruption in _corruptions(images, exam.seed):
            conditions.append((kind, strength))
            logits.append(predict_logits(classifier, corruption).cpu().numpy())
    return _examination(data, task, tuple(conditions), np.stack(logits), outcome, score)


def _examination(
    data: LabelledImages,
    task: Task,
    conditions: tuple[tuple[str, float], ...],
    logits: Floats32,
    outcome: EnsembleReport,
    score: str,
) -> Examination:
    """Make the numbers of images from their logits (C, N, K) under each condition."""
    answers, labels = answers_of(logits, task, score), data.labels.cpu().numpy()
    numbers = _numbers(score, task, answers, labels)
    attacks, wins = count_wins(outcome.names, outcome.attackers[1:])
    near = None if data.near is None else data.near.cpu().numpy()
    apart = None
    if near is not None and not near.all() and score in ORDERS:  # all images make each number
        classes = numbers.classes[~near]  # which label is the rarest is known of all images
        rest = image_scores(score, task, answers[:, ~near], labels[~near], classes)
        apart = None if rest is None else rest.scores.astype(np.float64)
    return Examination(
        SCORES[score].words,
        "max",
        conditions,
        numbers.scores.astype(np.float64),
        numbers.classes,
        attacks,
        wins,
        constant=numbers.zero,
        near=near,
        apart=apart,
        guessed=_guessed(outcome),
    )


def _guessed(outcome: EnsembleReport) -> Floats64:
    """Count the images that black boxes broke after gradients had failed, at each radius above 0.

    Of multi-label data each label is a share of its image.
    """
    numbers = [number for number, name in enumerate(outcome.names) if is_black_box(name)]
    mask = np.isin(outcome.breakers, numbers)
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


def _numbers(score: str, task: Task, answers: Floats, labels: Labels) -> ImageScores:
    """Return the numbers of images behind a score.

    Raises:
        ValueError: If it has none, as balanced accuracy of several labels.
    """
    numbers = image_scores(score, task, answers, labels)
    if numbers is None:
        raise ValueError(f"{score} of {task} data has no numbers of single images")
    return numbers


def examine_saved(
    model: Path, data: Path, settings: ClassificationSettings, exam: Exam
) -> Examination:
    """Examine a classifier that a trial saved.

    Args:
        model: Folder of the saved model.
        data: Folder of the run's assets, or of the test split.
        settings: Of the run.
        exam: The split, the attacks, the seed, and other models to take attacks from.
    """
    device = torch.device(settings.device)
    classifier, card = load_classifier(model)
    sources = {name: load_classifier(path)[0].to(device) for name, path in exam.sources.items()}
    is_test = exam.split == "test"
    split = read_test(data, device) if is_test else read_data(data, device).ranking
    network, headline = channels_last(classifier.to(device)), settings.headline
    return examine_classifier(
        network, split, card.task, settings.eps, exam, sources, score=headline
    )
