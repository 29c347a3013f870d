"""What a classifier answers to each class, clean and attacked: confusion matrices as scores."""

import numpy as np
import numpy.typing as npt

from trainables.attacks.evaluation import RobustReport, evaluate
from trainables.attacks.gradient import PGD
from trainables.classification.assets import LabelledImages
from trainables.metrics.classes.confusion import confusion_matrix
from trainables.models.classifiers import Classifier
from trainables.runtime.seeding import derive

Counts = npt.NDArray[np.int64]
STEPS = 10  # of PGD
CLEAN, ATTACKED = "clean", "attacked"


def middle_radius(eps: tuple[float, ...]) -> float:
    """Return the radius in the middle of a grid: the greatest leaves most classifiers nothing."""
    return eps[len(eps) // 2]


def confusions(
    classifier: Classifier, data: LabelledImages, radius: float, seed: int
) -> dict[str, Counts]:
    """Count answers by true class, clean and under PGD.

    Args:
        classifier: Maps images to logits (N, K).
        data: The images.
        radius: Of the attack, in pixels of [0, 1]; 0 for none.
        seed: Of random starts.

    Returns:
        Matrices (K, K) by condition, a row for each true class.
    """
    report = evaluate(
        classifier,
        data.images.float() / 255,
        data.labels,
        "multi-class",
        PGD(steps=STEPS),
        (0.0, radius) if radius else (0.0,),
        seed=derive(seed, "confusion"),
    )
    return counts_of(report, radius)


def counts_of(report: RobustReport, radius: float) -> dict[str, Counts]:
    """Count answers by true class, clean and at a radius.

    Args:
        report: Of an attack whose radii hold 0 and ``radius``.
        radius: In pixels of [0, 1]; 0 for none.

    Returns:
        Matrices (K, K) by condition, a row for each true class.
    """
    radii = {CLEAN: 0.0} | ({ATTACKED: radius} if radius else {})
    n_classes = report.logits.shape[2]
    return {
        condition: confusion_matrix(
            report.logits[report.eps.index(eps)].argmax(axis=1), report.labels, n_classes
        )
        for condition, eps in radii.items()
    }


def confusion_scores(report: RobustReport, radius: float) -> dict[str, float]:
    """Return how many test images of class t are answered as k.

    Args:
        report: As of `counts_of`, on test.
        radius: The same.

    Returns:
        Counts by ``test_{condition}_confusion_{t}_{k}``.
    """
    return {
        f"test_{condition}_confusion_{label}_{answer}": float(count)
        for condition, matrix in counts_of(report, radius).items()
        for (label, answer), count in np.ndenumerate(matrix)
    }
