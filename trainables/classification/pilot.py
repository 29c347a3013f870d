"""Attack a trained classifier on val, to choose the radii of a run between two of them."""

from trainables.attacks.evaluation import RobustReport, evaluate, evaluate_order
from trainables.classification.assets import LabelledImages, at_most
from trainables.classification.measurement import Measurement
from trainables.metrics import alarms
from trainables.metrics.classification import ORDERS, constant_scores
from trainables.metrics.orders.answers import order_intervals
from trainables.metrics.radii import Anchor, Scale
from trainables.models.classifiers import Classifier
from trainables.runtime.seeding import derive

PIXEL = 1 / 255
RADII = (0.0, *(2.0**power * PIXEL for power in range(-6, 7)))  # 1/64 to 64 grey levels
SCALE = Scale(RADII, PIXEL, "(/255)", greatest=1.0)
IMAGES = 256  # of val that are attacked, at most


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
    if not above[0] > 0:
        return Anchor(name, None)
    return Anchor(name, above / above[0], is_above=_is_above(report, measurement, zero))


def _is_above(report: RobustReport, measurement: Measurement, zero: float) -> bool:
    """Tell whether the clean score exceeds that of a constant answer, ``zero``, beyond chance."""
    score, seed = measurement.headline, derive(measurement.seed, "above chance")
    if score not in ORDERS:
        return alarms.above_chance(report.correct[0], report.labels, seed) > 0
    answers = report.answers(score)[:1]
    ((low, _),) = order_intervals(score, report.task, answers, report.labels)
    return low > zero


def _n_attacks(val: LabelledImages, *, order: bool) -> int:
    """Return how many attacks an image costs: one for each label, or class whose order counts."""
    if val.labels.ndim == 2:
        return val.labels.shape[1]
    n_classes = len(val.labels.unique())
    return n_classes if order and n_classes > 2 else 1
