"""How much of a value hangs on each image: the jackknife within classes.

A value is made of answers in three steps: their mean within each class at each radius; the mean of
these over classes, a curve over the radii; and one number of the curve. So the sample of images
enters through the means of classes alone, whatever is made of the curve.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self, final

import numpy as np
import numpy.typing as npt

from trainables.metrics.classification import Labels, mean_recall
from trainables.metrics.skill import Skill, Summary
from trainables.metrics.welch import Component, image_component
from trainables.runtime.arrays import Floats64

REACH = 2.0  # standard errors below chance within which a true share may lie above it

Answers = npt.NDArray[np.bool_ | np.integer | np.floating]
"""Of each image, or subject, at each radius, (E, N): right or wrong, or an error."""


def value_of(answers: Answers, labels: Labels, summary: Summary) -> float:
    """Compute the value of the answers to some images.

    Args:
        answers: (E, N).
        labels: Classes, (N,); all equal for data without classes.
        summary: Makes one number of the curve of their mean over classes.
    """
    return float(summary(mean_recall(answers, labels)))


def influences(answers: Answers, labels: Labels, summary: Summary) -> Floats64:
    """Compute how much each image moves a value.

    The mean over each class is 0. The variance of the value over samples of images is the sum over
    classes of the variance within the class by the number of its images.

    Args:
        answers: (E, N).
        labels: Classes, (N,); all equal for data without classes.
        summary: Makes one number of the curve of their mean over classes.

    Returns:
        (N,); 0 for an image that is alone in its class.
    """
    classes = np.unique(labels)
    curve, moved = mean_recall(answers, labels), np.zeros(len(labels))
    for label in classes:
        rows = np.flatnonzero(labels == label)
        count = len(rows)
        if count == 1:
            continue
        members = answers[:, rows].astype(np.float64)
        shift = (members.mean(axis=1, keepdims=True) - members) / (count - 1) / len(classes)
        values = summary(curve + shift.T)  # each without one image
        moved[rows] = (count - 1) * (values.mean() - values)
    return moved


def extremes_of(answers: Answers, labels: Labels, summary: Summary) -> Floats64:
    """Compute how much one more image would move a value that is never right, or always.

    Args:
        answers: (E, N).
        labels: Classes, (N,).
        summary: Makes one number of the curve of their mean over classes.

    Returns:
        Influences of the image that is never right, and of the one that always is, if it was of
        each of K classes, (2, K); (0, K) where answers are not right or wrong.
    """
    classes = np.unique(labels)
    moved = np.zeros((2 * is_right_or_wrong(answers), len(classes)))
    curve = mean_recall(answers, labels)
    for column, label in enumerate(classes):
        members = answers[:, labels == label].astype(np.float64)
        count = members.shape[1] + 1
        for row in range(len(moved)):
            shift = (row - members.mean(axis=1)) / count / len(classes)
            moved[row, column] = count * (summary(curve + shift) - summary(curve))
    return moved


def is_right_or_wrong(answers: Answers) -> bool:
    """Tell whether answers are 0 or 1, and not errors."""
    return answers.dtype == np.bool_ or bool(((answers == 0) | (answers == 1)).all())


@final
@dataclass(frozen=True, eq=False)
class Sample:
    """What a sample of images says of how far a value may be from that of all images.

    Attributes:
        moved: How much each image moves the value, (N,), see `influences`.
        labels: Classes, (N,); all equal where there are none.
        extremes: How much images would that the sample may lack, (P, K), see `extremes_of`.

    Raises:
        ValueError: If these are not of the same images and classes.
    """

    moved: Floats64
    labels: Labels
    extremes: Floats64

    def __post_init__(self) -> None:
        if self.moved.shape != self.labels.shape:
            raise ValueError("influences and classes are not of the same images")
        if self.extremes.ndim != 2 or self.extremes.shape[1] != len(np.unique(self.labels)):
            raise ValueError("what a sample may lack is not of its classes")

    @classmethod
    def of(cls, trainings: Sequence[Answers], labels: Labels, summary: Summary) -> "Sample":
        """Compute the influences of images on the mean value of several trainings.

        Of a skill they are those on what is not clipped at chance, see `Unclipped`: by its own
        influences, a training that happens to lie below chance would be certain to have a skill of
        0, and of two equal recipes near chance the flatter curve would be told from the steeper.

        Args:
            trainings: Answers of each, (E, N).
            labels: Classes, (N,).
            summary: Makes one number of the curve of their mean over classes.
        """
        if isinstance(summary, Skill) and not math.isclose(summary.zero, summary.best):
            return Unclipped.of(np.stack(trainings), labels, summary).images
        return cls.mean(
            [
                cls(
                    influences(answers, labels, summary),
                    labels,
                    extremes_of(answers, labels, summary),
                )
                for answers in trainings
            ]
        )

    @classmethod
    def mean(cls, samples: Sequence[Self]) -> Self:
        """Return the sample of the mean of several values of the same images.

        Args:
            samples: One at least; all of images of the same classes.
        """
        extremes = [sample.extremes for sample in samples]
        if len({len(rows) for rows in extremes}) > 1:  # of some, errors that happen to be 0 or 1
            extremes = [rows[:0] for rows in extremes]
        moved = np.mean([sample.moved for sample in samples], axis=0)
        return cls(moved, samples[0].labels, np.mean(extremes, axis=0))

    def scaled(self, factor: float) -> Self:
        """Return the sample of a multiple of the value."""
        return type(self)(factor * self.moved, self.labels, factor * self.extremes)

    def __sub__(self, rival: Self) -> Self:
        """Return the sample of the difference of two values on the same images.

        An image that the sample may lack is never right or always, for each of both.
        """
        pairs = self.extremes[:, np.newaxis] - rival.extremes
        extremes = pairs.reshape(-1, self.extremes.shape[1])
        return type(self)(self.moved - rival.moved, self.labels, extremes)

    @property
    def component(self) -> Component:
        """The variance of the value over images."""
        return image_component(self.moved, self.labels, self.extremes)


def _ends(single: Floats64, skill: Skill) -> Floats64:
    """Return the numbers of an image that is never right, and always, at each radius, (P, E).

    In an order an image is on the wrong side of the others, or on the right side of all: where few
    are out of place, a sample may lack them. Errors have no ends, (0, E).
    """
    if skill.best < skill.zero:
        return np.zeros((0, single.shape[1]))
    return np.array([[0.0], [1.0]]).repeat(single.shape[1], axis=1)


@final
@dataclass(frozen=True, eq=False)
class Unclipped:
    """A skill before it is clipped at chance, where it may lie above: what intervals rest on.

    Answers that happen to lie below chance have a skill of 0, whichever images they are of. So its
    own influences say that nothing is uncertain, just where all that was seen is one sample.

    Attributes:
        values: Of each of S trainings, the mean over radii of the share above chance, (S,). At
            radii that lie `REACH` standard errors below chance or further it is clipped: there the
            true skill is 0 as well. The radius nearest to chance, or highest above, never is.
        images: How much each image moves their mean.
    """

    values: Floats64
    images: Sample

    @classmethod
    def of(cls, answers: npt.ArrayLike, labels: Labels, skill: Skill) -> Self:
        """Compute them from answers.

        Args:
            answers: Of each training, radius and image, (S, E, N).
            labels: Classes, (N,).
            skill: Whose zero is not its best.
        """
        single = np.asarray(answers, dtype=np.float64)
        shares = skill.shares(mean_recall(single, labels))
        moved, extremes = cls._linear(single, labels, skill)
        variances = shares.var(axis=0, ddof=1) / len(shares) if len(shares) > 1 else 0.0
        variances = variances + np.array(
            [
                image_component(*radius).variance
                for radius in zip(moved, [labels] * len(moved), extremes, strict=True)
            ]
        )
        means = shares.mean(axis=0)
        near = ~(means + REACH * np.sqrt(variances) <= 0)
        near[means.argmax()] = True
        values = np.where(near, shares, np.maximum(shares, 0.0)).mean(axis=1)
        weights = near / len(near)
        images = Sample(weights @ moved, labels, np.tensordot(weights, extremes, 1))
        return cls(values, images)

    @staticmethod
    def _linear(single: Floats64, labels: Labels, skill: Skill) -> tuple[Floats64, Floats64]:
        """Return influences on the share at each radius, (R, N), and extremes, (R, P, K)."""
        classes = np.unique(labels)
        numbers = skill.shares(single.mean(axis=0).T).T
        ends = skill.shares(_ends(single, skill)).T
        moved, extremes = np.zeros_like(numbers), np.zeros((*ends.shape, len(classes)))
        for column, label in enumerate(classes):
            members = numbers[:, labels == label]
            means = members.mean(axis=1, keepdims=True)
            moved[:, labels == label] = (members - means) / len(classes)
            extremes[:, :, column] = (ends - means) / len(classes)
        return moved, extremes
