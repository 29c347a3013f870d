"""``ranking.npz``: the scores that a trial's rank rests on, image by image."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from searchspace.errors import UserError
from trainables.runtime.errors import typed_line

NAME = "ranking.npz"


@dataclass(frozen=True, eq=False)
class RankingScores:
    """What `write` wrote.

    Attributes:
        scores: (R, N) or (R, N, L): of each radius and image, and for several labels of each label.
        labels: (N,) or (N, L).
        eps: R radii, rising from 0.
    """

    scores: npt.NDArray[Any]
    labels: npt.NDArray[np.int64]
    eps: tuple[float, ...]

    def __post_init__(self) -> None:
        if self.scores.ndim < 2 or self.scores.shape[:2] != (len(self.eps), len(self.labels)):
            raise ValueError("scores are not one for each radius and image")


def write(
    folder: Path, scores: npt.ArrayLike, labels: npt.ArrayLike, eps: tuple[float, ...]
) -> None:
    """Write the scores of a trial.

    Args:
        folder: Of the trial.
        scores: (R, N) or (R, N, L): of each radius and image, and for several labels of each label.
        labels: (N,) or (N, L).
        eps: R radii, rising from 0.
    """
    arrays = {"scores": np.asarray(scores), "labels": np.asarray(labels), "eps": np.array(eps)}
    np.savez(folder / NAME, allow_pickle=False, **arrays)


def read(folder: Path) -> RankingScores | None:
    """Read the scores of a trial; None where it wrote none.

    Raises:
        UserError: If the file is damaged, or holds something else.
    """
    file = folder / NAME
    try:
        with file.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            eps = tuple(float(radius) for radius in arrays["eps"])
            return RankingScores(arrays["scores"], arrays["labels"], eps)
    except FileNotFoundError:
        return None
    except (OSError, EOFError, ValueError, KeyError, TypeError, BadZipFile) as error:
        raise UserError(f"{file} is damaged: {typed_line(error)}") from None
