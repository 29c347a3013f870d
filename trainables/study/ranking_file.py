"""``ranking.npz``: the scores that a trial's rank rests on, image by image."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

NAME = "ranking.npz"


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
