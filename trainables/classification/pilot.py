"""Choose radii between two anchors: a classifier that nothing made robust, and one that was.

Where even the first withstands all attacks, or the second none, no classifier can be told from
another. Between them recipes differ. So both are trained before the first trial, and attacked on
val at many radii.
"""

import math
from dataclasses import dataclass

from trainables.attacks.evaluation import evaluate, evaluate_order
from trainables.classification.assets import LabelledImages, at_most
from trainables.classification.measurement import Measurement
from trainables.metrics.classification import ORDERS, constant_scores
from trainables.metrics.radii import radius_at, spaced
from trainables.models.classifiers import Classifier
from trainables.runtime.arrays import Floats64
from trainables.runtime.seeding import derive
from trainables.study.study import EpsChoice

PIXEL = 1 / 255
RADII = (0.0, *(2.0**power * PIXEL for power in range(-6, 7)))  # 1/64 to 64 grey levels
FIRST, LAST = 0.5, 0.25  # shares of the clean skill that the baseline and the robust one keep
COUNT = 5  # radii above 0
IMAGES = 256  # of val that are attacked, at most
LEAST_RATIO = 4.0  # of the last radius to the first
OCTAVES = 2.0**4  # the same where only one of them is known
ALL = 1.0  # a radius that permits any change


@dataclass(frozen=True)
class Anchor:
    """A trained classifier under attack, on val.

    Attributes:
        name: Label of the reference.
        survival: Share of its clean skill that PGD leaves at each of `RADII`, (E,); None where it
            is no better than a constant answer.
    """

    name: str
    survival: Floats64 | None

    def radius(self, share: float) -> float | None:
        """Return the radius at which a share of the clean skill remains; None at chance."""
        return None if self.survival is None else radius_at(RADII, self.survival, share)


def measure_anchor(
    classifier: Classifier, val: LabelledImages, measurement: Measurement, name: str
) -> Anchor:
    """Attack a classifier on val at each of `RADII`.

    Args:
        classifier: Trained.
        val: The val images, never the ones that rank.
        measurement: How it is attacked.
        name: Of the classifier, for the reader.
    """
    order = measurement.headline in ORDERS
    data = at_most(val, -(-IMAGES // _n_attacks(val, order=order)))
    seed = derive(measurement.seed, "pilot")
    images, attack, task = data.images.float() / 255, measurement.build("pgd"), measurement.task
    attacked = classifier, images, data.labels, task, attack, RADII
    # What one radius has broken is broken at all that permit more: it need not be attacked again.
    # An order falls further all the same.
    report = (
        evaluate_order(*attacked, seed=seed)
        if order
        else evaluate(*attacked, seed=seed, skip_broken=True)
    )
    zero = constant_scores(task, report.labels)[measurement.headline]
    above = report.curve(measurement.headline) - zero
    return Anchor(name, above / above[0] if above[0] > 0 else None)


def _n_attacks(val: LabelledImages, *, order: bool) -> int:
    """Return how many attacks an image costs: one for each label, or class whose order counts."""
    if val.labels.ndim == 2:
        return val.labels.shape[1]
    n_classes = len(val.labels.unique())
    return n_classes if order and n_classes > 2 else 1


def choose_eps(baseline: Anchor, robust: Anchor | None, default: tuple[float, ...]) -> EpsChoice:
    """Choose five log-spaced radii between those at which the anchors lose what they have.

    Args:
        baseline: Keeps half of its clean skill at the first radius.
        robust: Keeps a quarter at the last; None where the study names no such reference.
        default: The radii that remain where both are no better than a constant answer.

    Returns:
        At least two octaves, at most up to a radius that permits any change.
    """
    anchors = (baseline,) if robust is None else (baseline, robust)
    details = {
        "tried": list(RADII),
        "kept": {
            anchor.name: None if anchor.survival is None else anchor.survival.tolist()
            for anchor in anchors
        },
    }
    first, last = baseline.radius(FIRST), robust.radius(LAST) if robust else None
    if first is None and last is None:
        names = " and ".join(anchor.name for anchor in anchors)
        line = f"eps as by default: on val, no skill of {names} that an attack could take"
        return EpsChoice(default, line, details)
    notes = _notes(baseline, robust, first, last)
    first = first if first is not None else (last or ALL) / OCTAVES
    last = last if last is not None else OCTAVES * first
    last = min(ALL, max(last, LEAST_RATIO * first))
    eps = spaced(min(first, last / LEAST_RATIO), last, COUNT, unit=PIXEL)
    radii = ", ".join(f"{radius / PIXEL:g}" for radius in eps)
    line = f"eps chosen on val: {radii} (/255), at equal steps of the logarithm; {notes}"
    return EpsChoice(eps, line, details)


def _notes(baseline: Anchor, robust: Anchor | None, first: float | None, last: float | None) -> str:
    """Say what the first and the last radius rest on.

    Args:
        baseline: Of the first.
        robust: Of the last, where there is one.
        first: None where the baseline is at chance.
        last: None where the robust one is, or is not there.
    """
    chance_words = "is no better than a constant answer"
    octaves = f"{math.log2(OCTAVES):.0f} octaves"
    begin = f"at the first PGD leaves the {baseline.name} half of its clean skill"
    if first is None:
        begin = f"the {baseline.name} {chance_words}, so the first lies {octaves} below the last"
    if robust is None:
        return f"{begin}, and the last lies {octaves} above"
    end = f"at the last the {robust.name} a quarter"
    if last is None:
        end = f"the {robust.name} {chance_words}, so the last lies {octaves} above"
    elif first is not None and last < LEAST_RATIO * first:
        octaves = f"{math.log2(LEAST_RATIO):.0f} octaves"
        end = f"the {robust.name} loses three quarters sooner: the last lies {octaves} above"
    return f"{begin}, {end}"
