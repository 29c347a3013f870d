"""Alarms for robust scores that cannot be trusted: masked gradients, and constant answers.

An attack that follows the gradient fails on a model whose gradient carries no information, and the
model looks robust although it is not. Such a model violates one of seven orders that hold for all
others [obfuscated]: many steps do at least the harm of one step; guessing breaks nothing that a
long climb along the gradient does not break; a larger epsilon does at least the harm of a smaller
one; an epsilon that allows any change leaves no answer right; the gradient of an image says that
some change matters, and what a small change does; and outputs differ by more than their rounding.
Each order is checked image by image, or subject by subject. The value of the constraint is the
lower end of a 95 % interval, less a hundredth where an honest model may miss the order in few
images, or a tenth where it may in more. The constraint is met at 0 and below, so that chance alone
raises no alarm.

*Harm*, (N,), is the effect of an attack on each image or subject: bool, whether it is wrong, or a
number that is greater for more harm, such as an error in HU.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from scipy import stats

from trainables.metrics.classification import Labels, auc, chance, correct, mixed_labels
from trainables.metrics.intervals import Interval, bootstrap, curve_interval
from trainables.runtime.arrays import Floats, Mask

ONE_STEP, BLACK_BOX = "masking_fgsm", "masking_black_box"
RISING, UNBOUNDED = "masking_rising", "masking_unbounded"
GRADIENT, SLOPE, COARSE = "masking_gradient", "masking_slope", "masking_coarse"
COLLAPSE = "collapse"
COPIED, GENERATOR_COLLAPSE = "copied", "generator_collapse"

ALARMS: Mapping[str, str] = {
    ONE_STEP: "one step of the gradient does more harm than many: gradients are masked",
    BLACK_BOX: "guessing breaks what the gradient does not: gradients are masked",
    RISING: "a larger epsilon does less harm than a smaller one: gradients are masked",
    UNBOUNDED: "an epsilon that permits anything leaves the model right: gradients are masked",
    GRADIENT: "gradients are zero, or so small that they deny that any change matters",
    SLOPE: "small changes do what gradients do not say: these are wrong, or cut at some pixels",
    COARSE: "outputs so large beside their differences that rounding decides, or no differences",
    COLLAPSE: "it answers nearly the same to every clean image, or worse than chance",
}
"""What each alarm of a trial's own answers means: every trial of classifiers looks for all."""

OF_ASSETS: Mapping[str, str] = {
    COPIED: "its generator copies training images: they are repeated, not synthetic",
    GENERATOR_COLLAPSE: "its generator lacks variety: most authentic images are unlike its own",
}
"""What alarms mean that follow from the assets of a study, whatever a trial learns."""

Harm = Mask | Floats

LEVEL = 0.95
LEAST_SPREAD = 0.1  # of the true spread, which predicted images need on average
SLACK = 0.01  # of an error: attacks maximise the squared error, and its mean differs by this
ALLOWED = 0.01  # share of images with a sign, which no honest model has
ALLOWED_SLOPES = 0.1  # share of images whose slope is wrong: an image may lie on an edge
ALLOWED_ROUNDING = 1e-3  # rounding of the outputs, relative to what tells images apart
NEARLY_ALL = 0.95  # of the answers are one class
RARER = 0.25  # least frequency of the other classes among answers, relative to the labels
EDGE = 0.01  # of the way from chance to perfect, within which a score is at chance
AT_CHANCE = 0.5 + EDGE / 2  # of an area under a curve


def excess(harm: Harm, baseline: Harm, tests: int = 1) -> float:
    """Compute by how much one harm exceeds another: the lower end of the 95 % interval.

    For bool it is the difference of the shares. Of the images that only one of the two harms, each
    would harm half if they were alike: an exact binomial test (McNemar). Its sign is exact: 5
    images against none raise no alarm, 6 do. For numbers it is Student's interval of the mean
    difference, less a hundredth of the baseline.

    Args:
        harm: (N,).
        baseline: On the same images, (N,).
        tests: Of which the greatest excess counts; their level is corrected for it (Bonferroni).

    Returns:
        Above 0 only if chance does not explain it; at most 0 for a single number or none.

    Raises:
        ValueError: If the two do not pair.
    """
    if harm.shape != baseline.shape or harm.ndim != 1:
        raise ValueError(f"harms of {harm.shape} and {baseline.shape} are not pairs")
    gain = np.subtract(harm, baseline, dtype=np.float64)
    if harm.dtype == np.bool_:
        return _share_excess(int((gain > 0).sum()), int((gain < 0).sum()), len(gain), tests)
    margin = gain - SLACK * np.abs(baseline, dtype=np.float64)
    return _mean_excess(margin[~np.isnan(margin)], tests)


def share_excess(
    count: float, total: int, *, of: float = 1.0, allowed: float = ALLOWED, tests: int = 1
) -> float:
    """Compute by how much a share of images exceeds what is allowed, by its exact lower bound.

    The bound is that of Clopper and Pearson: with 64 images and 0.01 allowed, 3 with a sign raise
    no alarm, and 4 do.

    Args:
        count: Images with the sign, from 0 to ``total``; a mean over labels need not be whole.
        total: Images that were looked at.
        of: The share of all images that these stand for.
        allowed: The share of all images that raises no alarm.
        tests: Of which the greatest excess counts; their level is corrected for it (Bonferroni).

    Returns:
        Above 0 only if chance does not explain it.
    """
    return of * exact_interval(count, total, tests)[0] - allowed


def exact_interval(count: float, total: int, tests: int = 1) -> tuple[float, float]:
    """Compute the 95 % interval of a share, by Clopper and Pearson.

    Args:
        count: From 0 to ``total``, not necessarily whole.
        total: At least 1.
        tests: How many intervals hold their shares together.
    """
    tail = (1 - LEVEL) / 2 / tests
    low = float(stats.beta.ppf(tail, count, total - count + 1)) if count > 0 else 0.0
    high = float(stats.beta.isf(tail, count + 1, total - count)) if count < total else 1.0
    return low, high


def coarseness(rounding: float) -> float:
    """Compute by how many powers of ten outputs are too coarse; the constraint is met up to 0.

    Args:
        rounding: Of the outputs, relative to what tells images apart; infinite for equal outputs.
    """
    return math.log10(min(max(rounding, 1e-9), 1.0) / ALLOWED_ROUNDING)


def two_radii(eps: Sequence[float]) -> tuple[float, float]:
    """Return a middle radius and the greatest radius of a grid that rises from 0.

    If the grid has a single radius above 0, the middle one is half of it.

    Raises:
        ValueError: If no radius is above 0.
    """
    greatest, middle = eps[-1], eps[len(eps) // 2]
    if not greatest > 0:
        raise ValueError(f"radii are {tuple(eps)}, expected one above 0")
    return (middle if middle < greatest else greatest / 2), greatest


def above_chance(right: Mask, labels: Labels, seed: int) -> float:
    """Compute the lower end of the 95 % interval of balanced accuracy, less that of chance.

    Chance, a constant answer, scores 1 / (classes present), and 0.5 for multi-label data, at any
    class imbalance.

    Args:
        right: Whether each answer is right, (N,); for multi-label data (N, L), whose balanced
            accuracy is averaged over the labels that are not the same for all images.
        labels: (N,), or 0 and 1, (N, L).
        seed: Of the interval.
    """
    if labels.ndim == 1:
        low = curve_interval(right[None], labels, (0.0,), seed=seed).low
        return low - 1 / len(np.unique(labels))
    shares, mixed = labels.mean(axis=0), mixed_labels(labels)
    if not mixed.any():
        return 0.0
    weights = np.where(labels == 1, 0.5 / shares.clip(1e-9), 0.5 / (1 - shares).clip(1e-9))
    accuracies = (weights[:, mixed] * right[:, mixed]).mean(axis=1)
    return excess(accuracies, np.full(len(accuracies), 0.5))


def collapse(
    task: str, probabilities: Floats, labels: Labels, seed: int, *, order: bool = False
) -> float:
    """Compute how far a classifier has collapsed on clean images; the constraint is met up to 0.

    A classifier has collapsed if it

    - answers one class for more than 95 % of the images, and all other classes together less than
      a quarter as often as they occur. For data that are 90:10 this is more than 97.5 %, so that a
      cautious classifier passes. Not used where the order of images ranks: a classifier that puts
      them in order may have any threshold; or
    - scores worse than chance: the upper end of the 95 % interval of its balanced accuracy (macro
      AUC, where the order ranks) is at most a hundredth of the way from chance to perfect. Answers
      at chance pass for the most part: that would take an interval that lies above chance, which
      on few images bars weak classifiers as well.

    Args:
        task: As in `trainables.metrics.classification`.
        probabilities: (N, K); of an order, any numbers that rank.
        labels: (N,), or (N, L).
        seed: Of the interval.
        order: Whether the order of images ranks; it always does for multi-label data.
    """
    if order or task == "multi-label":
        return AT_CHANCE - _area(task, probabilities, labels, seed)[1]
    least = chance(task, labels)
    at_chance = least + EDGE * (1 - least) - _accuracy(task, probabilities, labels, seed)[1]
    one_class = _commonest(probabilities.argmax(axis=1))
    allowed = max(NEARLY_ALL, 1 - RARER * (1 - _commonest(labels)))
    return max(at_chance, one_class - allowed) if _commonest(labels) < 1 else 0.0


def flatness(spreads: Floats, true_spreads: Floats) -> float:
    """Compute how far predicted images have collapsed to one grey; the constraint is met up to 0.

    Args:
        spreads: Standard deviation of each predicted subject within its head, (N,).
        true_spreads: Of the same subjects' true images, (N,).
    """
    return float(LEAST_SPREAD - np.mean(np.divide(spreads, true_spreads, dtype=np.float64)))


def _share_excess(wins: int, losses: int, count: int, tests: int) -> float:
    """Compute the excess from the images that only the harm, or only the baseline, breaks."""
    discordant = wins + losses
    if wins == 0:
        return -losses / count if count else 0.0
    low = float(stats.beta.ppf((1 - LEVEL) / 2 / tests, wins, losses + 1))
    return (2 * low - 1) * discordant / count


def _mean_excess(gain: Floats, tests: int) -> float:
    if len(gain) < 2:  # one subject gives no interval
        return min(0.0, float(gain.sum()))
    reach = stats.t.isf((1 - LEVEL) / 2 / tests, len(gain) - 1)
    half = reach * gain.std(ddof=1) / np.sqrt(len(gain))
    return float(gain.mean() - half)


def _accuracy(task: str, probabilities: Floats, labels: Labels, seed: int) -> tuple[float, float]:
    """Return the interval of balanced accuracy; all that is possible where it is not defined."""
    right = correct(task, probabilities, labels)[None]
    return _bounds(curve_interval(right, labels, (0.0,), seed=seed))


def _area(task: str, answers: Floats, labels: Labels, seed: int) -> tuple[float, float]:
    """Return the interval of macro AUC; all that is possible where it is not defined."""
    return _bounds(
        bootstrap(lambda rows: auc(task, answers[rows], labels[rows]), labels, seed=seed)
    )


def _bounds(interval: Interval) -> tuple[float, float]:
    return (0.0, 1.0) if np.isnan(interval.value) else (interval.low, interval.high)


def _commonest(values: npt.NDArray[np.integer]) -> float:
    return float(np.unique(values, return_counts=True)[1].max() / len(values))
