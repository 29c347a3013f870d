"""How well a finished model withstands attack: scores by image and condition, and their file."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, final

import numpy as np
import numpy.typing as npt

from searchspace.errors import UserError
from trainables.door.arrays import open_arrays, write_arrays
from trainables.runtime.arrays import Floats64, Mask
from trainables.runtime.errors import typed_line

CLEAN, ENSEMBLE, NOISE = "clean", "ensemble", "noise"
TRANSFER = "transfer"  # all attacks made on other models
BLACK_BOX = ("square", TRANSFER)  # attacks without the model's gradient
Direction = Literal["max", "min"]


@dataclass(frozen=True)
class Exam:
    """How a model is examined.

    Attributes:
        attacks: Name of the ensemble.
        split: ``ranking`` or ``test``.
        corruptions: Whether noise and corruptions are applied, besides the attacks.
        images: The greatest number of images; None for all. All subjects are always examined.
        seed: Of noise and random starts: the same for all models.
        sources: Folders of other models, by name; their adversarial images are used as well.
    """

    attacks: str
    split: Literal["ranking", "test"]
    corruptions: bool
    images: int | None
    seed: int
    sources: Mapping[str, Path] = field(default_factory=dict)


@final
@dataclass(frozen=True, eq=False)
class Examination:
    """The scores of N images (or subjects) under C conditions.

    Attributes:
        score: The meaning of a score, in words.
        direction: Whether more ("max") or less ("min") of it is better.
        conditions: Kind and strength: ``clean`` at 0, ``ensemble`` at each radius in rising order,
            ``noise`` at its standard deviation, a corruption by its name at each severity.
        scores: (C, N); for a classifier 1 where it is right.
        labels: Classes, (N,): the mean over images weighs every class alike. All 0 where there are
            no classes.
        attacks: Names of the A attacks of the ensemble, all transfers as one.
        wins: The number of images or slices of which each attack made the worst version, at each
            of the E radii of the ensemble, (E, A).
        constant: The mean score of an answer that never looks at the input, the same under all
            conditions; NaN where it is not known.
        near: Whether each image has a near copy among those that trained, chose or ranked, (N,);
            None where that was not looked for.
        apart: The scores of the images without near copies, (C, number of these), where they are
            not those among ``scores``, as of an AUC; None otherwise.
        guessed: The number of images that only attacks without the model's gradient broke, up to
            each radius, (E,). Where no image counts as broken, of those whose error they raised by
            more than a hundredth. None where it is not known.
    """

    score: str
    direction: Direction
    conditions: tuple[tuple[str, float], ...]
    scores: Floats64
    labels: npt.NDArray[np.int64]
    attacks: tuple[str, ...]
    wins: npt.NDArray[np.int64]
    constant: float = math.nan
    near: Mask | None = None
    apart: Floats64 | None = None
    guessed: Floats64 | None = None

    @property
    def scale(self) -> tuple[float, float] | None:
        """The mean score of a constant answer and of a perfect one; None where not known."""
        if math.isnan(self.constant):
            return None
        return self.constant, 1.0 if self.direction == "max" else 0.0

    def __post_init__(self) -> None:
        if self.scores.shape[:2] != (len(self.conditions), len(self.labels)):
            raise ValueError("its scores are not one for each condition and image")
        if self.wins.shape[1:] != (len(self.attacks),):
            raise ValueError("its wins are not one for each attack")

    @property
    def eps(self) -> tuple[float, ...]:
        """The radii of the ensemble, and 0 before them."""
        return (0.0, *(strength for kind, strength in self.conditions if kind == ENSEMBLE))

    def without_near(self) -> "Examination | None":
        """Return the examination without images that have near copies; wins stay those of all.

        None where it has no such image, or no other.
        """
        if self.near is None or self.near.all() or not self.near.any():
            return None
        rest = ~self.near
        scores = self.scores[:, rest] if self.apart is None else self.apart
        return replace(self, scores=scores, labels=self.labels[rest], near=None, apart=None)

    def write(self, file: Path) -> None:
        """Write an npz file, whole or not at all; missing folders are made."""
        file.parent.mkdir(parents=True, exist_ok=True)
        arrays: dict[str, npt.ArrayLike] = {
            "score": self.score,
            "direction": self.direction,
            "kinds": np.array([kind for kind, _ in self.conditions]),
            "strengths": np.array([strength for _, strength in self.conditions]),
            "scores": self.scores,
            "labels": self.labels,
            "attacks": np.array(self.attacks),
            "won": self.wins,
            "constant": self.constant,
        }
        optional = {"near": self.near, "apart": self.apart, "guessed": self.guessed}
        arrays |= {name: values for name, values in optional.items() if values is not None}
        write_arrays(file, arrays)


def read_examination(file: Path) -> Examination:
    """Read what `Examination.write` wrote.

    Raises:
        UserError: If it cannot be read.
    """
    try:
        with open_arrays(file) as arrays:
            direction: Direction = "max" if str(arrays["direction"]) == "max" else "min"
            return Examination(
                str(arrays["score"]),
                direction,
                tuple(zip(arrays["kinds"].tolist(), arrays["strengths"].tolist(), strict=True)),
                arrays["scores"],
                arrays["labels"],
                tuple(arrays["attacks"].tolist()),
                arrays["won"],
                near=arrays.get("near"),
                apart=arrays.get("apart"),
                guessed=arrays.get("guessed"),
                constant=float(arrays["constant"]) if "constant" in arrays else math.nan,
            )
    except (OSError, ValueError, TypeError) as error:
        raise UserError(f"{file} is damaged: {typed_line(error)}") from None


def is_black_box(name: str) -> bool:
    """Return whether an attack of an ensemble does without the gradient of the model."""
    return name in BLACK_BOX or name.startswith(f"{TRANSFER}-")


def count_wins(
    names: tuple[str, ...], winners: npt.NDArray[np.int64]
) -> tuple[tuple[str, ...], npt.NDArray[np.int64]]:
    """Count the images on which each attack was the worst, all transfers as one.

    Args:
        names: Of A attacks; those that begin with ``transfer-`` become one.
        winners: The number of the worst attack on each image, below 0 for none, (E, N); for
            multi-label data on each label of it, (E, N, L).

    Returns:
        The names, and counts, (E, number of names).
    """
    kinds = [TRANSFER if name.startswith(f"{TRANSFER}-") else name for name in names]
    attacks = tuple(dict.fromkeys(kinds))
    wins = np.zeros((len(winners), len(attacks)), dtype=np.int64)
    for number, kind in enumerate(kinds):
        wins[:, attacks.index(kind)] += (winners == number).reshape(len(winners), -1).sum(axis=1)
    return attacks, wins
