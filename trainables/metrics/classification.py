"""Accuracy, balanced accuracy and AUC, as the MedMNIST evaluator defines them [medmnist].

In every function ``probabilities`` are (N, K). ``labels`` are int (N,) with class numbers, or, if
the task is "multi-label", (N, L) with 0 and 1 (then K = L). A score that the data do not define is
NaN.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

import numpy as np
import numpy.typing as npt

from trainables.metrics.rank_scores import average_precision, defined, partial_auc, roc_auc
from trainables.runtime.arrays import Floats, Floats64, Mask

Labels = npt.NDArray[np.integer]
STANDARD = ("acc", "bacc", "auc")
ORDERS = ("auc", "ap", "pauc")  # scores that need no threshold, only numbers that rank
FALSE_POSITIVES = 0.3  # greatest rate of them in a partial AUC


def scores(
    task: str, probabilities: Floats, labels: Labels, names: Iterable[str] = STANDARD
) -> dict[str, float]:
    """Compute scores, each in [0, 1] or NaN.

    Args:
        task: "binary", "multi-class" or "multi-label".
        probabilities: (N, K).
        labels: int (N,), or (N, L).
        names: Of scores, among ``acc``, ``bacc``, ``auc``, ``ap`` and ``pauc``.

    Raises:
        ValueError: If labels do not fit the task or the probabilities.
    """
    return {name: _SCORES[name](task, probabilities, labels) for name in names}


def accuracy(task: str, probabilities: Floats, labels: Labels) -> float:
    """Compute the share of right answers, in multi-label data over all images and labels.

    Args:
        task: "binary", "multi-class" or "multi-label".
        probabilities: (N, K).
        labels: int (N,), or (N, L).
    """
    right = correct(task, probabilities, labels)
    return float(right.mean()) if _defined(probabilities) else math.nan


def balanced_accuracy(task: str, probabilities: Floats, labels: Labels) -> float:
    """Compute the mean recall over the classes present, so that a constant answer scores 1 / K.

    For multi-label data: the mean over labels of the balanced accuracy of each. A label that all
    images have, or none, is left out, as from the AUC: a constant answer would be right about it.

    Args:
        task: "binary", "multi-class" or "multi-label".
        probabilities: (N, K).
        labels: int (N,), or (N, L).
    """
    right = correct(task, probabilities, labels)
    if not _defined(probabilities):
        return math.nan
    if task != "multi-label":
        return float(mean_recall(right, labels))
    mixed = mixed_labels(labels)
    columns = zip(right.T[mixed], labels.T[mixed], strict=True)
    recalls = [mean_recall(answers, label) for answers, label in columns]
    return float(np.mean(recalls)) if recalls else math.nan


def auc(task: str, probabilities: Floats, labels: Labels) -> float:
    """Compute the area under the ROC curve.

    For two classes it is that of the last column. Otherwise it is the mean over classes, each
    against the rest, or over labels; a class or label that all images have, or none, is left out.

    Args:
        task: "binary", "multi-class" or "multi-label".
        probabilities: (N, K).
        labels: int (N,), or (N, L).
    """
    return _mean_over_columns(roc_auc, task, probabilities, labels)


def mean_average_precision(task: str, probabilities: Floats, labels: Labels) -> float:
    """Compute average precision, over classes or labels as `auc` does.

    Of two classes the rarer one is called positive, as the score depends on which is.

    Args:
        task: "binary", "multi-class" or "multi-label".
        probabilities: (N, K).
        labels: int (N,), or (N, L).
    """
    return _mean_over_columns(average_precision, task, *_rarer_last(task, probabilities, labels))


def mean_partial_auc(task: str, probabilities: Floats, labels: Labels) -> float:
    """Compute partial AUC up to `FALSE_POSITIVES`, over classes as `mean_average_precision` does.

    Args:
        task: "binary", "multi-class" or "multi-label".
        probabilities: (N, K).
        labels: int (N,), or (N, L).
    """
    score = partial(partial_auc, bound=FALSE_POSITIVES)
    return _mean_over_columns(score, task, *_rarer_last(task, probabilities, labels))


def _rarer_last(task: str, probabilities: Floats, labels: Labels) -> tuple[Floats, Labels]:
    """Swap two classes where the last is the more frequent one."""
    if task != "multi-label" and probabilities.shape[1] == 2 and 2 * labels.sum() > len(labels):
        return probabilities[:, ::-1], 1 - labels
    return probabilities, labels


def columns_of(task: str, probabilities: Floats, labels: Labels) -> list[tuple[Floats, Mask]]:
    """List the scores (N,) and the positives (N,) of each class or label that is ranked.

    For two classes it is the last column alone; otherwise each class against the rest, or each
    label.

    Args:
        task: "binary", "multi-class", "ordinal" or "multi-label".
        probabilities: (N, K).
        labels: int (N,), or (N, L).
    """
    _check(task, probabilities, labels)
    if task == "multi-label":
        positive = labels.astype(bool)
    else:
        positive = labels[:, None] == np.arange(probabilities.shape[1])
        if probabilities.shape[1] == 2:
            return [(probabilities[:, 1], positive[:, 1])]
    return list(zip(probabilities.T, positive.T, strict=True))


def mixed_labels(labels: Labels) -> Mask:
    """Return which labels of multi-label data some images have and some have not, (L,)."""
    shares = labels.mean(axis=0)
    mixed: Mask = (shares > 0) & (shares < 1)
    return mixed


def left_out(task: str, labels: Labels, classes: Sequence[str]) -> tuple[str, ...]:
    """Name the classes or labels over which no score averages, as the data do not show them.

    Args:
        task: "binary", "multi-class" or "multi-label".
        labels: Of a split, int (N,), or (N, L).
        classes: Names of all K classes or L labels.
    """
    if task == "multi-label":
        occurring = mixed_labels(labels)
    else:
        occurring = np.isin(range(len(classes)), labels)
    return tuple(name for name, occurs in zip(classes, occurring, strict=True) if not occurs)


def chance(task: str, labels: Labels) -> float:
    """Return the score of a constant answer: balanced accuracy, or AUC for multi-label data."""
    return 0.5 if task == "multi-label" else 1 / len(np.unique(labels))


def constant_scores(task: str, labels: Labels) -> dict[str, float]:
    """Return the best score, by name, of an answer that is the same for all images.

    Args:
        task: "binary", "multi-class" or "multi-label".
        labels: int (N,), or 0 and 1, (N, L); at least one image.
    """
    if task == "multi-label":
        shares = labels.mean(axis=0)
        most = float(np.maximum(shares, 1 - shares).mean())
    else:
        most = float(np.unique(labels, return_counts=True)[1].max() / len(labels))
    precision = _constant_precision(task, labels)
    return {"acc": most, "bacc": chance(task, labels), "auc": 0.5, "ap": precision, "pauc": 0.5}


def _constant_precision(task: str, labels: Labels) -> float:
    """Return the average precision of equal scores: the mean share of positives."""
    n_columns = labels.shape[1] if task == "multi-label" else int(labels.max()) + 1
    equal = np.zeros((len(labels), max(n_columns, 2)))
    return mean_average_precision(task, equal, labels)


def correct(task: str, probabilities: Floats, labels: Labels) -> Mask:
    """Return which answers are right.

    The answer is the class of the greatest probability; for multi-label data every label above 0.5.

    Args:
        task: "binary", "multi-class" or "multi-label".
        probabilities: (N, K).
        labels: int (N,), or (N, L).

    Returns:
        (N,), or (N, L) for multi-label data.
    """
    _check(task, probabilities, labels)
    right: Mask
    if task == "multi-label":
        right = (probabilities > 0.5) == labels.astype(bool)
    else:
        right = probabilities.argmax(axis=1) == labels
    return right


def mean_recall(values: npt.NDArray[np.generic], labels: Labels) -> Floats64:
    """Average values of images, (..., N), within each class present, then over classes.

    Returns:
        (...); for right answers this is the balanced accuracy.
    """
    within = [values[..., labels == label].mean(axis=-1) for label in np.unique(labels)]
    result: Floats64 = np.mean(within, axis=0, dtype=np.float64)
    return result


def _mean_over_columns(
    score: Callable[[Floats, Mask], float], task: str, probabilities: Floats, labels: Labels
) -> float:
    """Average a score over classes or labels, without those that all images have, or none."""
    columns = columns_of(task, probabilities, labels)
    if not _defined(probabilities):
        return math.nan
    values = [score(scores, positive) for scores, positive in columns if defined(positive)]
    return float(np.mean(values)) if values else math.nan


def _defined(probabilities: Floats) -> bool:
    return len(probabilities) > 0 and not bool(np.isnan(probabilities).any())


def _check(task: str, probabilities: Floats, labels: Labels) -> None:
    shape = probabilities.shape if task == "multi-label" else probabilities.shape[:1]
    if probabilities.ndim != 2 or labels.shape != shape:
        raise ValueError(
            f"probabilities {probabilities.shape}, labels {labels.shape} do not fit task '{task}'"
        )


_SCORES: Mapping[str, Callable[[str, Floats, Labels], float]] = {
    "acc": accuracy,
    "bacc": balanced_accuracy,
    "auc": auc,
    "ap": mean_average_precision,
    "pauc": mean_partial_auc,
}
