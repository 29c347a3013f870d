"""Radii chosen by what an attack leaves of one trained classifier."""

from trainables.attacks.evaluation import evaluate
from trainables.classification.assets import Labelled
from trainables.classification.measurement import Measurement
from trainables.metrics.classification import chance
from trainables.metrics.radii import SHARES, radii_at
from trainables.models.classifiers import Classifier
from trainables.runtime.seeding import derive
from trainables.study.study import Chosen

PIXEL = 1 / 255
TRIED = (0.0, *(2**power * PIXEL for power in range(-3, 7)))


def choose_eps(
    classifier: Classifier, val: Labelled, measurement: Measurement, name: str
) -> Chosen:
    """Choose the radii at which a classifier keeps certain shares of what it has above chance.

    And twice the last of them, for classifiers that are more robust.

    Args:
        classifier: Trained.
        val: Never the images that rank.
        measurement: Its radii are kept where the classifier is no better than chance.
        name: Of the classifier, for the reader.
    """
    images, seed = val.images.float() / 255, derive(measurement.seed, "pilot")
    attack = measurement.build("pgd")
    report = evaluate(classifier, images, val.labels, measurement.task, attack, TRIED, seed=seed)
    least = chance(measurement.task, report.labels)
    above = report.curve(measurement.headline) - least
    if not above[0] > 0:
        return Chosen(measurement.eps, f"eps as by default: the {name} is at chance on val", {})
    kept = above / above[0]
    eps = radii_at(TRIED, kept, unit=PIXEL, beyond=True)
    shown = ", ".join(f"{radius / PIXEL:g}" for radius in eps)
    wanted = ", ".join(f"{share:.0%}" for share in SHARES)
    line = (
        f"eps chosen on val: {shown} (/255); PGD leaves the {name} {wanted} of what it has above "
        "chance, and at twice the last radius less"
    )
    return Chosen(eps, line, {"tried": list(TRIED), "kept": kept.tolist(), "pilot": name})
