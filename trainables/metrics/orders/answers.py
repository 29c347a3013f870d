"""The numbers of single images behind a score, so that intervals and differences know images.

Balanced accuracy is a mean over classes of right answers. An AUC is the mean over images of its
pseudo-values (`trainables.metrics.orders.rank_scores`), and so are average precision and partial
AUC. All are then means, at every radius, and all that is made of means holds for them.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trainables.metrics.classification import (
    ORDERS,
    Labels,
    constant_scores,
    correct,
    order_columns,
)
from trainables.metrics.intervals import mean_interval
from trainables.metrics.orders.rank_scores import jackknife_values, order_interval, pseudo_values
from trainables.runtime.arrays import Floats, Floats64


@dataclass(frozen=True, eq=False)
class ImageScores:
    """Numbers whose mean within each class, and then over classes, is a score.

    Attributes:
        scores: bool or float64 (E, N), at each of E radii.
        classes: int64 (N,); all 0 where the plain mean is taken.
        zero: Score of a constant answer.
    """

    scores: npt.NDArray[np.bool_ | np.float64]
    classes: npt.NDArray[np.int64]
    zero: float


def image_scores(
    score: str, task: str, answers: npt.NDArray[np.floating], labels: Labels
) -> ImageScores | None:
    """Return the numbers behind a score; None where no such numbers exist.

    Args:
        score: ``bacc``, or a score of an order: ``auc``, ``ap`` or ``pauc``.
        task: "binary", "multi-class", "ordinal" or "multi-label".
        answers: (E, N, K), at each radius: probabilities, or for an order any numbers that rank.
        labels: int (N,), or (N, L).
    """
    zero = constant_scores(task, labels)[score]
    if score in ORDERS:
        rows = [_order_values(score, task, row, labels) for row in answers]
        return ImageScores(np.stack(rows), np.zeros(len(labels), dtype=np.int64), zero)
    if score == "bacc" and task != "multi-label":
        right = np.stack([correct(task, row, labels) for row in answers])
        return ImageScores(right, labels.astype(np.int64), zero)
    return None


def order_intervals(
    score: str, task: str, answers: npt.NDArray[np.floating], labels: Labels
) -> list[tuple[float, float]]:
    """Compute the 95 % interval of a score of an order at each of E radii.

    Over classes or labels it is that of a mean of images, as each image counts for several.

    Args:
        score: ``auc``, ``ap`` or ``pauc``.
        task: "binary", "multi-class", "ordinal" or "multi-label".
        answers: Numbers that rank, (E, N, K).
        labels: int (N,), or (N, L).
    """
    rows = [_order_values(score, task, row, labels) for row in answers]
    if task != "multi-label" and answers.shape[2] == 2:
        return [order_interval(row, labels == 1) for row in rows]
    return [mean_interval(row)[1:] for row in rows]


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
