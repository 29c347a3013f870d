"""``ranking.npz``: the scores that a trial's rank rests on, image by image."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from searchspace.errors import UserError
from trainables.door.arrays import open_arrays, write_arrays
from trainables.door.paths import inside
from trainables.runtime.errors import typed_line

NAME = "ranking.npz"
CLASSES = 4096  # more than a data set has: each is looked at by itself
Scale = tuple[float, float]


@dataclass(frozen=True, eq=False)
class RankingScores:
    """What `write` wrote.

    Attributes:
        scores: (R, N) or (R, N, L): of each radius and image, and for several labels of each label.
        labels: (N,) or (N, L).
        eps: R radii, rising from 0.
        written_scale: The scale that was written; None where the study named none.
    """

    scores: npt.NDArray[Any]
    labels: npt.NDArray[np.int64]
    eps: tuple[float, ...]
    written_scale: Scale | None = None

    def __post_init__(self) -> None:
        if self.scores.ndim < 2 or self.scores.shape[:2] != (len(self.eps), len(self.labels)):
            raise ValueError("scores are not one for each radius and image")
        if self.labels.dtype.kind not in "biu" or self.labels.max(initial=0) >= CLASSES:
            raise ValueError(f"labels are no classes from 0 to {CLASSES - 1}")

    @property
    def scale(self) -> Scale | None:
        """The mean score of a constant answer and of a perfect one; None where not known.

        Right answers have a scale of their own: a constant answer is right for one class of those
        present.
        """
        if self.written_scale is None and self.scores.dtype == np.bool_ and self.labels.ndim == 1:
            return 1 / max(1, len(np.unique(self.labels))), 1.0
        return self.written_scale


def write(
    folder: Path,
    scores: npt.ArrayLike,
    labels: npt.ArrayLike,
    eps: tuple[float, ...],
    scale: Scale | None = None,
) -> None:
    """Write the scores of a trial.

    Args:
        folder: Of the trial.
        scores: (R, N) or (R, N, L): of each radius and image, and for several labels of each label.
        labels: (N,) or (N, L).
        eps: R radii, rising from 0.
        scale: The mean score of a constant answer and of a perfect one, for scores that are not
            right or wrong answers; None where the study knows none.
    """
    arrays = {"scores": np.asarray(scores), "labels": np.asarray(labels), "eps": np.array(eps)}
    arrays |= {} if scale is None else {"scale": np.array(scale)}
    write_arrays(inside(folder, NAME), arrays)


def read(folder: Path) -> RankingScores | None:
    """Read the scores of a trial; None where it wrote none.

    Raises:
        UserError: If the file is damaged, or holds something else.
    """
    try:
        with open_arrays(inside(folder, NAME)) as arrays:
            scores, labels, eps = arrays["scores"], arrays["labels"], arrays["eps"]
            scale = arrays["scale"].tolist() if "scale" in arrays else None
    except FileNotFoundError:
        return None
    try:
        bounds = None if scale is None else (float(scale[0]), float(scale[1]))
        return RankingScores(scores, labels, tuple(float(radius) for radius in eps), bounds)
    except (ValueError, LookupError, TypeError) as error:
        raise UserError(f"{folder / NAME} is damaged: {typed_line(error)}") from None
