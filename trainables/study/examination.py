"""What a finished model withstands: each image's score under each condition, on disk and back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, final

import numpy as np
import numpy.typing as npt

CLEAN, ENSEMBLE, NOISE = "clean", "ensemble", "noise"
TRANSFER = "transfer"  # stands for all attacks on other models
Direction = Literal["max", "min"]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Exam:
    """How a model is examined.

    Attributes:
        attacks: Name of the ensemble.
        split: ``ranking`` or ``test``.
        whole: Whether noise and corruptions are tried as well as attacks.
        images: At most so many images; None for all. Subjects are always all taken.
        seed: Of noise and random starts: the same for all models.
        sources: Folders of other models, by name, whose adversarial images are tried as well.
    """

    attacks: str
    split: Literal["ranking", "test"]
    whole: bool
    images: int | None
    seed: int
    sources: Mapping[str, Path] = field(default_factory=dict)


@final
@dataclass(frozen=True, eq=False)
class Examination:
    """The scores of N images (or subjects) under C conditions.

    Attributes:
        score: What a score is, in words.
        direction: Whether more ("max") or less ("min") of it is better.
        conditions: Kind and strength: ``clean`` at 0, ``ensemble`` at each radius, rising,
            ``noise`` at its standard deviation, a corruption by its name at each severity.
        scores: (C, N); of a classifier 1 where it is right.
        labels: Classes, over which scores are averaged alike, (N,); all 0 where there are none.
        attacks: Names of the ensemble's attacks, all transfers as one.
        won: How many images or slices each attack found the worst version of, at each radius of the
            ensemble, (E, A).
    """

    score: str
    direction: Direction
    conditions: tuple[tuple[str, float], ...]
    scores: Floats
    labels: npt.NDArray[np.int64]
    attacks: tuple[str, ...]
    won: npt.NDArray[np.int64]

    @property
    def eps(self) -> tuple[float, ...]:
        """The radii of the ensemble, and 0 before them."""
        return (0.0, *(strength for kind, strength in self.conditions if kind == ENSEMBLE))

    def write(self, file: Path) -> None:
        """Write an npz file, whole or not at all."""
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(".part.npz")
        np.savez(
            part,
            allow_pickle=False,
            score=self.score,
            direction=self.direction,
            kinds=np.array([kind for kind, _ in self.conditions]),
            strengths=np.array([strength for _, strength in self.conditions]),
            scores=self.scores,
            labels=self.labels,
            attacks=np.array(self.attacks),
            won=self.won,
        )
        part.replace(file)


def read_examination(file: Path) -> Examination:
    """Read what `Examination.write` wrote.

    Raises:
        OSError, ValueError, KeyError: If it cannot be read.
    """
    with np.load(file, allow_pickle=False) as found:
        direction: Direction = "max" if str(found["direction"]) == "max" else "min"
        return Examination(
            str(found["score"]),
            direction,
            tuple(zip(found["kinds"].tolist(), found["strengths"].tolist(), strict=True)),
            found["scores"],
            found["labels"],
            tuple(found["attacks"].tolist()),
            found["won"],
        )


def count_wins(
    names: tuple[str, ...], by: npt.NDArray[np.int64]
) -> tuple[tuple[str, ...], npt.NDArray[np.int64]]:
    """Count what each attack won, all transfers as one.

    Args:
        names: Of A attacks; those that begin with ``transfer-`` become one.
        by: Number of the attack that won each image, below 0 for none, (E, N).

    Returns:
        The names, and counts, (E, number of names).
    """
    plain = [TRANSFER if name.startswith(f"{TRANSFER}-") else name for name in names]
    merged = tuple(dict.fromkeys(plain))
    won = np.zeros((len(by), len(merged)), dtype=np.int64)
    for number, name in enumerate(plain):
        won[:, merged.index(name)] += (by == number).sum(axis=1)
    return merged, won
