"""What makes a classifier's robust score unbelievable, as constraints that are met at 0 and below.

`guards` come for free with every measurement; `audit` attacks a few images once more.
"""

import numpy as np
import numpy.typing as npt

from trainables.attacks.evaluation import RobustReport, evaluate
from trainables.attacks.registry import build_attack
from trainables.classification.assets import Labelled, at_most
from trainables.classification.measurement import Measurement, Robustness
from trainables.metrics import alarms
from trainables.models.classifiers import Classifier
from trainables.runtime.seeding import derive

IMAGES = 64
STEPS, QUERIES = 20, 150
ANYTHING = (0.25, 1.0)  # radii: within the last every image lies


def guards(found: Robustness, measurement: Measurement) -> dict[str, float]:
    """Compare FGSM with PGD at the greatest radius, and look for a collapse on clean images."""
    fgsm, pgd = (_harms(found.reports[kind])[-1] for kind in ("fgsm", "pgd"))
    answers, labels = found.ranked.probabilities[0], found.ranked.labels
    seed = derive(measurement.seed, "collapse")
    return {
        alarms.ONE_STEP: alarms.excess(fgsm, pgd),
        alarms.COLLAPSE: alarms.collapse(measurement.task, answers, labels, seed),
    }


def audit(classifier: Classifier, data: Labelled, measurement: Measurement) -> dict[str, float]:
    """Raise the alarms that need attacks of their own, on a few images, always the same ones.

    PGD and Square at two radii of the grid, and PGD at radii that permit anything. An epsilon
    permits what a smaller one does: far away from all images PGD loses its way, and on honest
    models too, so that an image counts as withstood only where it withstood PGD at every radius.
    Between the radii of the grid nothing is carried over, or nothing could rise.
    """
    if not measurement.eps[-1] > 0:  # nothing is attacked
        return {}
    few, task, radii = at_most(data, IMAGES), measurement.task, alarms.two_radii(measurement.eps)
    far = tuple(radius for radius in ANYTHING if radius > radii[-1])
    seed = derive(measurement.seed, "audit")

    def attacked(kind: str, steps: int, at: tuple[float, ...]) -> RobustReport:
        attack = build_attack(kind, task, steps, batch_size=measurement.batch_size)
        images = few.images.float() / 255
        return evaluate(classifier, images, few.labels, task, attack, at, seed=seed)

    pgd, square = attacked("pgd", STEPS, radii + far), attacked("square", QUERIES, radii)
    harms, withstood = _harms(pgd), np.logical_and.reduce(pgd.correct, axis=0)
    return {
        alarms.BLACK_BOX: max(map(alarms.excess, _harms(square), harms)),
        alarms.RISING: alarms.excess(harms[0], harms[1]),
        alarms.UNBOUNDED: alarms.above_chance(withstood, pgd.labels, seed),
    }


def _harms(report: RobustReport) -> list[npt.NDArray[np.bool_] | npt.NDArray[np.floating]]:
    """Return, at each radius, which images are wrong (N,), or the share of their wrong labels."""
    wrong = ~report.correct
    return [at.mean(axis=1) if at.ndim == 2 else at for at in wrong]
