"""Choose radii by the score that one trained classifier keeps under attack."""

from trainables.attacks.evaluation import evaluate
from trainables.classification.assets import LabelledImages
from trainables.classification.measurement import Measurement
from trainables.metrics.classification import chance
from trainables.metrics.radii import SHARES, radii_at
from trainables.models.classifiers import Classifier
from trainables.runtime.seeding import derive
from trainables.study.study import EpsChoice

PIXEL = 1 / 255
RADII = (0.0, *(2**power * PIXEL for power in range(-3, 7)))


def choose_eps(
    classifier: Classifier, val: LabelledImages, measurement: Measurement, name: str
) -> EpsChoice:
    """Choose radii at which a classifier keeps certain shares of its score above chance.

    Twice the last of them is added, for classifiers that are more robust.

    Args:
        classifier: Trained.
        val: The val images, never the ones that rank.
        measurement: Its radii remain where the classifier is no better than chance.
        name: Of the classifier, for the reader.
    """
    images, seed = val.images.float() / 255, derive(measurement.seed, "pilot")
    attack = measurement.build("pgd")
    report = evaluate(classifier, images, val.labels, measurement.task, attack, RADII, seed=seed)
    least = chance(measurement.task, report.labels)
    above = report.curve(measurement.headline) - least
    if not above[0] > 0:
        return EpsChoice(measurement.eps, f"eps as by default: the {name} is at chance on val", {})
    shares = above / above[0]
    eps = radii_at(RADII, shares, unit=PIXEL, beyond=True)
    radii = ", ".join(f"{radius / PIXEL:g}" for radius in eps)
    targets = ", ".join(f"{share:.0%}" for share in SHARES)
    line = (
        f"eps chosen on val: {radii} (/255); PGD leaves the {name} {targets} of what it has above "
        "chance, and at twice the last radius less"
    )
    return EpsChoice(eps, line, {"tried": list(RADII), "kept": shares.tolist(), "pilot": name})
