"""What makes a robust score unbelievable: masked gradients, and answers that are all the same.

An attack that follows the gradient fails on a model whose gradient says nothing, and the model
looks robust without being so. What betrays it [obfuscated] are orders that no honest model
reverses: many steps do at least the harm of one, seeing the gradient at least that of guessing, a
larger epsilon at least that of a smaller, and an epsilon that permits anything leaves nothing. Each
is compared image by image, or subject by subject, and the value of the constraint is the lower end
of a 95 % interval: met at 0 and below, so that chance alone raises no alarm.

*Harm*, (N,), is what an attack did to each image or subject: bool, wrong or not, or a number that
is the more the worse, such as an error in HU.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from scipy import stats

from trainables.metrics.classification import Floats, Labels, auc, chance, correct
from trainables.metrics.intervals import bootstrap, curve_interval

ONE_STEP, BLACK_BOX = "masking_fgsm", "masking_black_box"
RISING, UNBOUNDED = "masking_rising", "masking_unbounded"
COLLAPSE = "collapse"

ALARMS: Mapping[str, str] = {
    ONE_STEP: "one step of the gradient does more harm than many: gradients are masked",
    BLACK_BOX: "guessing does more harm than following the gradient: gradients are masked",
    RISING: "a larger epsilon does less harm than a smaller one: gradients are masked",
    UNBOUNDED: "an epsilon that permits anything leaves the model right: gradients are masked",
    COLLAPSE: "it answers nearly the same to every clean image, or no better than chance",
}

Harm = npt.NDArray[np.bool_] | npt.NDArray[np.floating]

LEVEL = 0.95
SLACK = 0.01  # of an error; attacks maximise the squared error, and its mean differs by so much
NEARLY_ALL = 0.95  # of the answers are one class
RARER = 0.25  # the other classes are answered less than so often as they occur
EDGE = 0.01  # of the way from chance to perfect, within which a score is at chance


def excess(one: Harm, other: Harm) -> float:
    """Compute by how much harm surely exceeds another: the lower end of the 95 % interval.

    Of bool, the difference of the shares: of the images that only one of the two harms, as many
    would be harmed by each if they were alike, an exact binomial (McNemar). Its sign is exact, so
    that 5 images against none are no alarm, and 6 are. Of numbers, Student's interval of the mean
    difference, less a hundredth of the other harm.

    Args:
        one: (N,).
        other: On the same images, (N,).

    Returns:
        Above 0 only where chance does not explain it; at most 0 for a single number or none.

    Raises:
        ValueError: If the two do not pair.
    """
    if one.shape != other.shape or one.ndim != 1:
        raise ValueError(f"harms of {one.shape} and {other.shape} are not pairs")
    gain = np.subtract(one, other, dtype=np.float64)
    if one.dtype == np.bool_:
        return _share_excess(int((gain > 0).sum()), int((gain < 0).sum()), len(gain))
    surely = gain - SLACK * np.abs(other, dtype=np.float64)
    return _mean_excess(surely[~np.isnan(surely)])


def two_radii(eps: Sequence[float]) -> tuple[float, float]:
    """Choose a smaller and the greatest radius of a grid that rises from 0; half where it has one.

    Raises:
        ValueError: If there is none above 0.
    """
    greatest, middle = eps[-1], eps[len(eps) // 2]
    if not greatest > 0:
        raise ValueError(f"radii are {tuple(eps)}, expected one above 0")
    return (middle if middle < greatest else greatest / 2), greatest


def above_chance(right: npt.NDArray[np.bool_], labels: Labels, seed: int) -> float:
    """Compute by how much balanced accuracy surely exceeds that of a constant answer.

    The latter is 1 / (classes present), for multi-label data 0.5, however imbalanced the data are.

    Args:
        right: Right answers, (N,); for multi-label data (N, L), whose balanced accuracy is averaged
            over the labels that some images have and some lack.
        labels: (N,), or 0 and 1, (N, L).
        seed: Of the interval.
    """
    if labels.ndim == 1:
        low = curve_interval(right[None], labels, (0.0,), seed=seed).low
        return low - 1 / len(np.unique(labels))
    shares = labels.mean(axis=0)
    told = (shares > 0) & (shares < 1)
    if not told.any():
        return 0.0
    weights = np.where(labels == 1, 0.5 / shares.clip(1e-9), 0.5 / (1 - shares).clip(1e-9))[:, told]
    own = (weights * right[:, told]).mean(axis=1)
    return excess(own, np.full(len(own), 0.5))


def collapse(task: str, probabilities: Floats, labels: Labels, seed: int) -> float:
    """Tell how far a classifier has collapsed, by its answers to clean images; met at 0 and below.

    Collapsed is one that

    - gives one class to more than 95 % of the images, and the other classes together less than a
      quarter as often as they occur: of data that are 90:10, more than 97.5 %, as otherwise a
      cautious classifier would be barred. Not asked of multi-label data, where the commonest answer
      to each label is often "no"; or
    - scores no better than chance: the upper end of the 95 % interval of its balanced accuracy
      (multi-label: macro AUC) is at most a hundredth of the way from chance to perfect.

    Args:
        task: As in `trainables.metrics.classification`.
        probabilities: (N, K).
        labels: (N,), or (N, L).
        seed: Of the interval.
    """
    least = chance(task, labels)
    at_chance = least + EDGE * (1 - least) - _score(task, probabilities, labels, seed)[1]
    if task == "multi-label":
        return at_chance
    one_class = _commonest(probabilities.argmax(axis=1))
    allowed = max(NEARLY_ALL, 1 - RARER * (1 - _commonest(labels)))
    return max(at_chance, one_class - allowed) if _commonest(labels) < 1 else 0.0


def flatness(spreads: Floats, true_spreads: Floats, least: float = 0.1) -> float:
    """Tell how far predicted images have collapsed to one grey; met at 0 and below.

    Args:
        spreads: Standard deviation of each predicted subject within its head, (N,).
        true_spreads: Of the same subjects' true images, (N,).
        least: Share of the true spread that a prediction has to have, on average.
    """
    return float(least - np.mean(np.divide(spreads, true_spreads, dtype=np.float64)))


def _share_excess(only_one: int, only_other: int, count: int) -> float:
    discordant = only_one + only_other
    if only_one == 0:
        return -only_other / count if count else 0.0
    low = float(stats.beta.ppf((1 - LEVEL) / 2, only_one, only_other + 1))
    return (2 * low - 1) * discordant / count


def _mean_excess(gain: Floats) -> float:
    if len(gain) < 2:  # one subject says nothing of others
        return min(0.0, float(gain.sum()))
    half = stats.t.ppf((1 + LEVEL) / 2, len(gain) - 1) * gain.std(ddof=1) / np.sqrt(len(gain))
    return float(gain.mean() - half)


def _score(task: str, probabilities: Floats, labels: Labels, seed: int) -> tuple[float, float]:
    if task != "multi-label":
        right = correct(task, probabilities, labels)[None]
        found = curve_interval(right, labels, (0.0,), seed=seed)
    else:
        found = bootstrap(
            lambda rows: auc(task, probabilities[rows], labels[rows]), labels, seed=seed
        )
    return (0.0, 1.0) if np.isnan(found.value) else (found.low, found.high)


def _commonest(values: npt.NDArray[np.integer]) -> float:
    return float(np.unique(values, return_counts=True)[1].max() / len(values))
