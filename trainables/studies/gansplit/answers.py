"""What a classifier answers to each class, clean and attacked: confusion matrices as scores."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from trainables.attacks.evaluation import evaluate
from trainables.attacks.gradient import PGD
from trainables.classification.assets import LabelledImages, at_most, read_test
from trainables.metrics.classes.confusion import confusion_matrix
from trainables.models.classifiers import Classifier
from trainables.runtime.seeding import derive
from trainables.saved.checkpoint import load_classifier
from trainables.studies.gansplit.settings import GANSplitSettings

STEPS = 10  # of PGD
CLEAN, ATTACKED = "clean", "attacked"


def middle_radius(eps: tuple[float, ...]) -> float:
    """Return the radius in the middle of a grid: the greatest leaves most classifiers nothing."""
    return eps[len(eps) // 2]


def confusions(
    classifier: Classifier, data: LabelledImages, radius: float, seed: int
) -> dict[str, npt.NDArray[np.int64]]:
    """Count answers by true class, clean and under PGD.

    Args:
        classifier: Maps images to logits (N, K).
        data: The images.
        radius: Of the attack, in pixels of [0, 1]; 0 for none.
        seed: Of random starts.

    Returns:
        Matrices (K, K) by condition, a row for each true class.
    """
    eps = (0.0, radius) if radius else (0.0,)
    report = evaluate(
        classifier,
        data.images.float() / 255,
        data.labels,
        "multi-class",
        PGD(steps=STEPS),
        eps,
        seed=derive(seed, "confusion"),
    )
    n_classes = report.logits.shape[2]
    return {
        condition: confusion_matrix(logits.argmax(axis=1), report.labels, n_classes)
        for condition, logits in zip((CLEAN, ATTACKED), report.logits, strict=False)
    }


def confusion_scores(
    model: Path, data: Path, settings: GANSplitSettings, images: int | None
) -> dict[str, float]:
    """Count answers of a saved classifier on test.

    Args:
        model: Folder of the saved classifier.
        data: Folder of the test split.
        settings: Of the run.
        images: The greatest number of images; None for all.

    Returns:
        Images of class t answered as k, by ``test_{condition}_confusion_{t}_{k}``.
    """
    device = torch.device(settings.device)
    classifier, _ = load_classifier(model)
    test = read_test(data, device)
    subset = test if images is None else at_most(test, images)
    matrices = confusions(classifier.to(device), subset, middle_radius(settings.eps), settings.seed)
    return {
        f"test_{condition}_confusion_{label}_{answer}": float(count)
        for condition, matrix in matrices.items()
        for (label, answer), count in np.ndenumerate(matrix)
    }
