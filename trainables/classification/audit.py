"""Signs that a classifier's robust score is too high, as constraints met at 0 and below.

`guards` cost nothing beside a measurement; `audit` attacks a small number of images once more.
"""

import numpy as np

from trainables.attacks.evaluation import RobustReport, evaluate
from trainables.attacks.registry import build_attack
from trainables.classification.assets import LabelledImages, at_most
from trainables.classification.measurement import Measurement, Robustness
from trainables.metrics import alarms
from trainables.models.classifiers import Classifier
from trainables.runtime.arrays import Floats, Mask
from trainables.runtime.seeding import derive

IMAGES = 64
STEPS, QUERIES = 20, 150
FAR = (0.25, 1.0)  # radii beyond the grid's; the last contains every image


def guards(robustness: Robustness, measurement: Measurement) -> dict[str, float]:
    """Compare FGSM with PGD at the greatest radius, and look for a collapse on clean images."""
    fgsm, pgd = (_harms(robustness.reports[kind])[-1] for kind in ("fgsm", "pgd"))
    report = robustness.ranking_report
    answers, labels = report.probabilities[0], report.labels
    seed = derive(measurement.seed, "collapse")
    return {
        alarms.ONE_STEP: alarms.excess(fgsm, pgd),
        alarms.COLLAPSE: alarms.collapse(measurement.task, answers, labels, seed),
    }


def audit(
    classifier: Classifier, data: LabelledImages, measurement: Measurement
) -> dict[str, float]:
    """Compute the alarms that need attacks of their own, on `IMAGES` images, always the same ones.

    PGD and Square run at two radii of the grid, and PGD at radii so large that any image may become
    any other. Far from all images PGD finds its way less well, on honest models too. So an image
    counts as withstood only if it withstood PGD at every radius: a radius permits all that a
    smaller one does. Between the radii of the grid this is not assumed: scores that rise with the
    radius are what the alarm `alarms.RISING` looks for.

    Args:
        classifier: Maps images to logits (N, K).
        data: The images to take from.
        measurement: The task, the radii of the grid, the seed.

    Returns:
        The alarms by name; empty where nothing is attacked.
    """
    if not measurement.eps[-1] > 0:  # nothing is attacked
        return {}
    subset, task, radii = at_most(data, IMAGES), measurement.task, alarms.two_radii(measurement.eps)
    far = tuple(radius for radius in FAR if radius > radii[-1])
    seed = derive(measurement.seed, "audit")

    def report_of(kind: str, steps: int, eps: tuple[float, ...]) -> RobustReport:
        attack = build_attack(kind, task, steps, batch_size=measurement.batch_size)
        images = subset.images.float() / 255
        return evaluate(classifier, images, subset.labels, task, attack, eps, seed=seed)

    pgd, square = report_of("pgd", STEPS, radii + far), report_of("square", QUERIES, radii)
    harms, withstood = _harms(pgd), np.logical_and.reduce(pgd.correct, axis=0)
    return {
        alarms.BLACK_BOX: max(map(alarms.excess, _harms(square), harms)),
        alarms.RISING: alarms.excess(harms[0], harms[1]),
        alarms.UNBOUNDED: alarms.above_chance(withstood, pgd.labels, seed),
    }


def _harms(report: RobustReport) -> list[Mask | Floats]:
    """Return, for each radius, which images are wrong (N,), or the share of their wrong labels."""
    return [wrong.mean(axis=1) if wrong.ndim == 2 else wrong for wrong in ~report.correct]
