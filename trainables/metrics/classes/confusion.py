"""How often each class is answered as each: confusion matrix, precision and recall by class."""

import numpy as np
import numpy.typing as npt

from trainables.runtime.arrays import Floats64

Classes = npt.NDArray[np.integer]
Counts = npt.NDArray[np.integer | np.floating]


def confusion_matrix(answers: Classes, labels: Classes, n_classes: int) -> npt.NDArray[np.int64]:
    """Count answers by true class.

    Args:
        answers: Classes, (N,).
        labels: True classes, (N,).
        n_classes: K.

    Returns:
        (K, K): a row for each true class, a column for each answer.
    """
    counts = np.bincount(labels * n_classes + answers, minlength=n_classes**2)
    matrix: npt.NDArray[np.int64] = counts.reshape(n_classes, n_classes).astype(np.int64)
    return matrix


def recall(matrix: Counts) -> Floats64:
    """Return the share of each class that is answered as it, (K,); NaN for an absent class."""
    return _share(np.diag(matrix), matrix.sum(axis=1))


def precision(matrix: Counts) -> Floats64:
    """Return the share of right ones among the answers of each class, (K,); NaN where none is."""
    return _share(np.diag(matrix), matrix.sum(axis=0))


def _share(part: Counts, total: Counts) -> Floats64:
    share: Floats64 = np.divide(part, total, out=np.full(len(total), np.nan), where=total > 0)
    return share
