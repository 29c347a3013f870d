"""The numbers of single images behind a score, so that intervals and differences know images.

Balanced accuracy is a mean over classes of right answers. An AUC is the mean over images of its
pseudo-values (`trainables.metrics.rank_scores`). Both are then means, at every radius, and all that
is made of means holds for both.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trainables.metrics.classification import Labels, chance, columns_of, correct
from trainables.metrics.rank_scores import defined, pseudo_values
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
        score: ``bacc`` or ``auc``.
        task: "binary", "multi-class", "ordinal" or "multi-label".
        answers: (E, N, K), at each radius: probabilities, or for ``auc`` any numbers that rank.
        labels: int (N,), or (N, L).
    """
    classes = np.zeros(len(labels), dtype=np.int64)
    if score == "auc":
        rows = [_auc_values(task, row, labels) for row in answers]
        return ImageScores(np.stack(rows), classes, 0.5)
    if score == "bacc" and task != "multi-label":
        right = np.stack([correct(task, row, labels) for row in answers])
        return ImageScores(right, labels.astype(np.int64), chance(task, labels))
    return None


def _auc_values(task: str, answers: Floats, labels: Labels) -> Floats64:
    """Average pseudo-values over the columns that have both classes; NaN (N,) without any."""
    columns = [
        pseudo_values(scores, positive)
        for scores, positive in columns_of(task, answers, labels)
        if defined(positive)
    ]
    values: Floats64 = np.mean(columns, axis=0) if columns else np.full(len(labels), np.nan)
    return values
