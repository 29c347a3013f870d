"""How much of a value hangs on each image: the jackknife within classes.

A value is made of answers in three steps: their mean within each class at each radius; the mean of
these over classes, a curve over the radii; and one number of the curve. So the sample of images
enters through the means of classes alone, whatever is made of the curve.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np
import numpy.typing as npt

from trainables.metrics.classification import Labels, mean_recall
from trainables.metrics.skill import Summary
from trainables.runtime.arrays import Floats64

Answers = npt.NDArray[np.bool_ | np.integer | np.floating]
"""Of each image, or subject, at each radius, (E, N): right or wrong, or an error."""


@final
@dataclass(frozen=True, eq=False)
class Influences:
    """How much each of N images moves the values of one model.

    Attributes:
        by_metric: Of each value, (N,), see `influences`.
        classes: Of the images, (N,); all equal for data without classes.
    """

    by_metric: Mapping[str, Floats64]
    classes: Labels

    def __post_init__(self) -> None:
        if any(moved.shape != self.classes.shape for moved in self.by_metric.values()):
            raise ValueError("influences and classes are not of the same images")


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
