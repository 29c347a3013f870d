"""Scores of an order: AUC, average precision and partial AUC of one class against the rest.

In every function ``scores`` are (N,), greater for the positive class, and ``positive`` is bool
(N,). None has a threshold. A score that the data do not define, for want of one of the two classes,
is NaN.

An AUC is no mean over images, but it is the mean of *pseudo-values*, one for each image, whose
variance is DeLong's [delong]. So all that works on means of images works on AUC.
"""

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from trainables.runtime.arrays import Floats, Floats64, Mask

ROUNDING = 1e-9  # a product such as 0.29 * 100 lies below the whole number that it means


def placements(scores: Floats, positive: Mask) -> Floats64:
    """Compute for each image the share of the other class that lies on its right side.

    For a positive that is the share of negatives with a lower score, for a negative the share of
    positives with a higher one; a tie counts one half. Within each class the mean is the AUC.

    Returns:
        (N,); NaN where one of the classes is missing.
    """
    placement = np.full(len(scores), np.nan)
    if not defined(positive):
        return placement
    ranks = rankdata(scores)
    for side, sign in ((positive, 1), (~positive, -1)):
        within = rankdata(scores[side])
        below = ranks[side] - within  # of the other class, with ties as halves
        n_rest = int((~side).sum())
        placement[side] = (below if sign > 0 else n_rest - below) / n_rest
    return placement


def roc_auc(scores: Floats, positive: Mask) -> float:
    """Compute P(positive > negative) + P(equal) / 2 [hanley]."""
    if not defined(positive):
        return math.nan
    return float(placements(scores, positive)[positive].mean())


def pseudo_values(scores: Floats, positive: Mask) -> Floats64:
    """Compute numbers whose mean is the AUC, and whose spread is that of the AUC [delong].

    With V the placement of an image, A the AUC, n the number of images and m that of the image's
    own class it is A + (V - A) n / m: the infinitesimal jackknife. V itself has the right mean but
    not the right spread.

    Returns:
        (N,); NaN where one of the classes is missing.
    """
    placement = placements(scores, positive)
    sizes = np.where(positive, positive.sum(), (~positive).sum())
    area = roc_auc(scores, positive)
    values: Floats64 = area + (placement - area) * len(scores) / np.maximum(sizes, 1)
    return values


def jackknife_values(
    scores: Floats, positive: Mask, score: Callable[[Floats, Mask], float]
) -> Floats64:
    """Compute numbers whose mean is a score, and whose spread is that of the score.

    Each image is left out once; the differences are taken within its class, as `pseudo_values` are,
    to which those of the AUC are equal. An image that is alone in its class has the score itself.

    Args:
        scores: (N,).
        positive: bool (N,).
        score: Of scores and positives, such as `average_precision`.

    Returns:
        (N,); NaN where one of the classes is missing.
    """
    values = np.full(len(scores), score(scores, positive) if defined(positive) else np.nan)
    for side in (positive, ~positive):
        rows = np.flatnonzero(side)
        if len(rows) < 2:
            continue
        rest = np.array([score(np.delete(scores, row), np.delete(positive, row)) for row in rows])
        values[rows] += (len(rows) - 1) * (rest.mean() - rest) * len(scores) / len(rows)
    return values


def balance(values: Floats64, classes: npt.NDArray[np.generic]) -> Floats64:
    """Turn values into numbers whose mean within each class, and over classes, is the score.

    Their spread within a class is by how much its images move the score. So where means of classes
    are compared, the images of a rare class count as the few that they are: pooled with all others
    they looked like a sample of as many images as there are.

    Args:
        values: Of `pseudo_values` or `jackknife_values`, or the mean of several such, (N,).
        classes: (N,); for scores of several labels any groups that hold images of a label together.
    """
    groups, members, counts = np.unique(classes, return_inverse=True, return_counts=True)
    means = np.bincount(members, weights=values) / counts
    weights = len(groups) * counts / len(values)
    numbers: Floats64 = values.mean() + weights[members] * (values - means[members])
    return numbers


def average_precision(scores: Floats, positive: Mask) -> float:
    """Compute the mean over positives of the precision at the positive's score.

    Ties are taken together, as in scikit-learn. It depends on the share of positives and on which
    class is called positive.
    """
    if not positive.any():
        return math.nan
    distinct, block = np.unique(-np.asarray(scores, dtype=np.float64), return_inverse=True)
    hits = np.bincount(block, weights=positive, minlength=len(distinct))
    above = np.bincount(block, minlength=len(distinct)).cumsum()
    return float((hits * hits.cumsum() / above).sum() / hits.sum())


def partial_auc(scores: Floats, positive: Mask, bound: float) -> float:
    """Compute the area under the ROC curve up to a false positive rate, standardised [mcclish].

    The curve is straight over tied scores and between negatives, so that equal scores for all
    images are at chance.

    Args:
        scores: (N,).
        positive: bool (N,).
        bound: The greatest false positive rate, in (0, 1].

    Returns:
        0.5 at chance, 1 for a perfect order.

    Raises:
        ValueError: If the bound is outside (0, 1].
    """
    if not 0 < bound <= 1:
        raise ValueError(f"the bound is {bound}, expected one in (0, 1]")
    if not defined(positive):
        return math.nan
    false_rates, true_rates = roc(scores, positive)
    inside = false_rates < bound
    rates = np.append(false_rates[inside], bound)
    heights = np.append(true_rates[inside], np.interp(bound, false_rates, true_rates))
    # A step at the bound itself lies outside: np.interp would take its upper end.
    steps = np.isclose(false_rates, bound, rtol=0, atol=ROUNDING)
    if steps.any():
        heights[-1] = true_rates[steps].min()
    area = float(np.trapezoid(heights, rates))
    chance = bound**2 / 2
    return (1 + (area - chance) / (bound - chance)) / 2


def roc(scores: Floats, positive: Mask) -> tuple[Floats64, Floats64]:
    """Return false and true positive rates after each block of equal scores, from (0, 0)."""
    distinct, block = np.unique(-np.asarray(scores, dtype=np.float64), return_inverse=True)
    rates = []
    for side in (~positive, positive):
        counts = np.bincount(block[side], minlength=len(distinct))
        rates.append(np.append(0.0, counts.cumsum() / side.sum()))
    return rates[0], rates[1]


def precision_recall(scores: Floats, positive: Mask) -> tuple[Floats64, Floats64]:
    """Return recall, and the precision at it, after each block of equal scores."""
    distinct, block = np.unique(-np.asarray(scores, dtype=np.float64), return_inverse=True)
    hits = np.bincount(block, weights=positive, minlength=len(distinct)).cumsum()
    count = np.bincount(block, minlength=len(distinct)).cumsum()
    return hits / positive.sum(), hits / count


def defined(positive: Mask) -> bool:
    """Tell whether both classes occur."""
    return bool(positive.any()) and not bool(positive.all())
