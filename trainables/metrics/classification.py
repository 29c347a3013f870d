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

from trainables.metrics.orders.rank_scores import average_precision, defined, partial_auc, roc_auc
from trainables.runtime.arrays import Floats, Floats64, Mask

Labels = npt.NDArray[np.integer]
STANDARD = ("acc", "bacc", "auc")
FALSE_POSITIVES = 0.3  # greatest rate of them in a partial AUC
ORDERS: Mapping[str, Callable[[Floats, Mask], float]] = {
    "auc": roc_auc,
    "ap": average_precision,
    "pauc": partial(partial_auc, bound=FALSE_POSITIVES),
}
"""Scores of the order of images, of numbers that rank (N,) and bool (N,), without a threshold."""


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
    return {
        name: order_score(name, task, probabilities, labels)
        if name in ORDERS
        else _ANSWERS[name](task, probabilities, labels)
        for name in names
    }


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
    """Compute the area under the ROC curve, see `order_score`.

    Args:
        task: "binary", "multi-class" or "multi-label".
        probabilities: (N, K).
        labels: int (N,), or (N, L).
    """
    return order_score("auc", task, probabilities, labels)


def order_score(name: str, task: str, answers: Floats, labels: Labels) -> float:
    """Compute a score of the order of images: the mean over its `order_columns`.

    Args:
        name: A key of `ORDERS`.
        task: "binary", "multi-class" or "multi-label".
        answers: Numbers that rank, such as probabilities, (N, K).
        labels: int (N,), or (N, L).
    """
    columns = order_columns(name, task, answers, labels)
    if not _defined(answers) or not columns:
        return math.nan
    return float(np.mean([ORDERS[name](scores, positive) for scores, positive in columns]))


def order_columns(
    name: str, task: str, answers: Floats, labels: Labels
) -> list[tuple[Floats, Mask]]:
    """List the scores (N,) and the positives (N,) of each class or label that is ranked.

    Of two classes it is one: the last, but for average precision and partial AUC, which depend on
    the choice, the rarer. Of several classes it is each against the rest, of labels each. A class
    or label that all images have, or none, is left out.

    Args:
        name: A key of `ORDERS`.
        task: "binary", "multi-class", "ordinal" or "multi-label".
        answers: Numbers that rank, (N, K).
        labels: int (N,), or (N, L).
    """
    _check(task, answers, labels)
    if task == "multi-label":
        positive = labels.astype(bool)
    else:
        positive = labels[:, None] == np.arange(answers.shape[1])
        if answers.shape[1] == 2:
            column = 0 if name != "auc" and 2 * positive[:, 1].sum() > len(labels) else 1
            answers, positive = answers[:, [column]], positive[:, [column]]
    columns = zip(answers.T, positive.T, strict=True)
    return [(scores, truth) for scores, truth in columns if defined(truth)]


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
    return order_score("ap", task, equal, labels)


def correct(task: str, probabilities: Floats, labels: Labels) -> Mask:
    """Return which answers are right.

    The answer is the class of the greatest probability; for multi-label data every label above 0.5.
    What is no number is no right answer.

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
        return right & ~np.isnan(probabilities)
    right = probabilities.argmax(axis=1) == labels
    return right & ~np.isnan(probabilities).any(axis=1)


def mean_recall(values: npt.NDArray[np.generic], labels: Labels) -> Floats64:
    """Average values of images, (..., N), within each class present, then over classes.

    Returns:
        (...); for right answers this is the balanced accuracy.
    """
    within = [values[..., labels == label].mean(axis=-1) for label in np.unique(labels)]
    result: Floats64 = np.mean(within, axis=0, dtype=np.float64)
    return result


def _defined(probabilities: Floats) -> bool:
    return len(probabilities) > 0 and not bool(np.isnan(probabilities).any())


def _check(task: str, probabilities: Floats, labels: Labels) -> None:
    shape = probabilities.shape if task == "multi-label" else probabilities.shape[:1]
    if probabilities.ndim != 2 or labels.shape != shape:
        raise ValueError(
            f"probabilities {probabilities.shape}, labels {labels.shape} do not fit task '{task}'"
        )


_ANSWERS: Mapping[str, Callable[[str, Floats, Labels], float]] = {
    "acc": accuracy,
    "bacc": balanced_accuracy,
}
