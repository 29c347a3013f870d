"""The numbers of single images behind a score, so that intervals and differences know images.

Balanced accuracy is a mean over classes of right answers. An AUC is the mean over images of its
pseudo-values (`trainables.metrics.orders.rank_scores`), and so are average precision and partial
AUC. All are then means, at every radius, and all that is made of means holds for them.

How sure a score of an order is hangs on its rarest class: each of few positives moves it more than
each of many negatives. So these numbers have classes, too: those of the images, or the rarest label
of each.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit

from trainables.metrics.classification import (
    ORDERS,
    Labels,
    constant_scores,
    correct,
    order_columns,
)
from trainables.metrics.orders.rank_scores import (
    ROUNDING,
    balance,
    jackknife_values,
    pseudo_values,
)
from trainables.metrics.welch import LEVEL, image_component, quantile
from trainables.runtime.arrays import Floats, Floats64


@dataclass(frozen=True, eq=False)
class ImageScores:
    """Numbers whose mean within each class, and then over classes, is a score.

    Attributes:
        scores: bool or float64 (E, N), at each of E radii.
        classes: int64 (N,), of multi-label data the rarest label of each image. Of a score of an
            order the mean within each is the score.
        zero: Score of a constant answer.
    """

    scores: npt.NDArray[np.bool_ | np.float64]
    classes: npt.NDArray[np.int64]
    zero: float


def image_scores(
    score: str,
    task: str,
    answers: npt.NDArray[np.floating],
    labels: Labels,
    classes: npt.NDArray[np.int64] | None = None,
) -> ImageScores | None:
    """Return the numbers behind a score; None where no such numbers exist.

    Args:
        score: ``bacc``, or a score of an order: ``auc``, ``ap`` or ``pauc``.
        task: "binary", "multi-class", "ordinal" or "multi-label".
        answers: (E, N, K), at each radius: probabilities, or for an order any numbers that rank.
        labels: int (N,), or (N, L).
        classes: Of a score of an order, where they are those of a larger set of images, (N,).
    """
    zero = constant_scores(task, labels)[score]
    if score in ORDERS:
        classes = _classes_of(labels) if classes is None else classes
        rows = [_order_values(score, task, row, labels) for row in answers]
        return ImageScores(np.stack([balance(row, classes) for row in rows]), classes, zero)
    if score == "bacc" and task != "multi-label":
        right = np.stack([correct(task, row, labels) for row in answers])
        return ImageScores(right, labels.astype(np.int64), zero)
    return None


def order_intervals(
    score: str, task: str, answers: npt.NDArray[np.floating], labels: Labels
) -> list[tuple[float, float]]:
    """Compute the 95 % interval of a score of an order at each of E radii.

    Args:
        score: ``auc``, ``ap`` or ``pauc``.
        task: "binary", "multi-class", "ordinal" or "multi-label".
        answers: Numbers that rank, (E, N, K).
        labels: int (N,), or (N, L).
    """
    numbers = image_scores(score, task, answers, labels)
    if numbers is None:
        raise ValueError(f"{score} is no score of an order")
    return [order_interval(row, numbers.classes) for row in numbers.scores.astype(np.float64)]


def order_interval(numbers: Floats64, classes: npt.NDArray[np.generic]) -> tuple[float, float]:
    """Compute the 95 % interval of a score by Student's t from the numbers of its images.

    It is symmetric on the scale of log-odds: near a perfect order few images are out of place, a
    sample may lack them, and the score is skewed. On its own scale intervals held an AUC of .98 in
    .85 of samples with 42 positives of 156 images, and in .80 with 10 of 100.

    Where all images are in order, or none, the numbers have no spread. The width is then that of
    the exact interval of a share of 0 or 1 among as many images as the smallest class has.

    Args:
        numbers: Of `balance`, (N,).
        classes: (N,).

    Returns:
        Within [0, 1]; NaN without a score, and of two classes with fewer than two images of one.
    """
    _, members, counts = np.unique(classes, return_inverse=True, return_counts=True)
    if len(counts) < 2 or counts.sum() - counts.max() < 2 or np.isnan(numbers).any():
        return math.nan, math.nan
    value = float(numbers.mean())
    variance, df = image_component((numbers - value) / len(counts), members)
    half = quantile(df, LEVEL) * math.sqrt(variance)
    if half < ROUNDING or not ROUNDING < value < 1 - ROUNDING:
        half = max(half, 1 - ((1 - LEVEL) / 2) ** (1 / int(counts.min())))
        return max(value - half, 0.0), min(value + half, 1.0)
    odds = half / (value * (1 - value))
    low, high = expit(logit(value) + np.array([-odds, odds])).tolist()
    return low, high


def _order_values(score: str, task: str, answers: Floats, labels: Labels) -> Floats64:
    """Average the values of images over classes or labels; NaN (N,) without any."""
    columns = [
        pseudo_values(scores, positive)
        if score == "auc"
        else jackknife_values(scores, positive, ORDERS[score])
        for scores, positive in order_columns(score, task, answers, labels)
    ]
    values: Floats64 = np.mean(columns, axis=0) if columns else np.full(len(labels), np.nan)
    return values


def _classes_of(labels: Labels) -> npt.NDArray[np.int64]:
    """Return the class of each image, (N,): of several labels the rarest that it has, or none."""
    if labels.ndim == 1:
        return labels.astype(np.int64)
    frequencies = np.where(labels > 0, labels.sum(axis=0), len(labels) + 1)
    rarest: npt.NDArray[np.int64] = frequencies.argmin(axis=1)
    rarest[~labels.any(axis=1)] = labels.shape[1]
    return rarest
