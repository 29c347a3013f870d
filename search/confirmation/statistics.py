"""What examinations of several trainings say of recipes, and how sure it is.

A recipe is a finalist's config: what is compared, and what anyone who trains it again gets. Each
training of it is one draw of a seed, with the value that its answers give; so trainings are the
replicates, and their number is small. The images are a second sample, the same for all recipes.
The variance of a recipe's mean is that between its trainings by their number, and that over images;
of a difference, that of both recipes' trainings, and that over images of the difference, paired by
image. Welch's t of these gives the interval, p and the verdict: one statistic, that of the value.
With fewer than four trainings half widths are added instead of variances, as two or three that
happen to lie close together look as if all were known.

Right and wrong answers are smoothed, as a class of few images that are all right is not certain
(`trainables.metrics.welch.image_component`).

The variance between trainings holds a part of that over images: what a training answers by chance
on single images. It counts twice, which is cautious: `benchmarks/verdicts.py` measures how much.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self, final

import numpy as np
import numpy.typing as npt

from search.engine.objective import Objective
from trainables.metrics.classification import Labels, mean_recall
from trainables.metrics.influence import Sample, Unclipped, is_right_or_wrong
from trainables.metrics.skill import CURVE, SKILL, Area, Skill, Summary
from trainables.metrics.welch import Estimate, estimate_difference, estimate_recipe
from trainables.runtime.arrays import Floats64
from trainables.study.examination import CLEAN, ENSEMBLE, NOISE, Direction, Examination
from trainables.study.report import Rung

RESAMPLES = 2000
SHARES = (0.0, 1.0)  # the least and the greatest skill, and score
Examinations = Mapping[str, Sequence[Examination]]
"""The examinations of each finalist's trainings, by its id, in the order of the seeds."""


@final
@dataclass(frozen=True, eq=False)
class Recipe:
    """The trainings of a recipe on N images.

    Attributes:
        values: Of each of S trainings, (S,).
        images: How much each image moves their mean.
        limits: The least and the greatest that a value can be.
        unclipped: Of a skill: the values before they are clipped at chance, which its interval
            rests on; None of an area.
    """

    values: Floats64
    images: Sample
    limits: tuple[float, float] = (-math.inf, math.inf)
    unclipped: Floats64 | None = None

    @classmethod
    def of(cls, answers: npt.ArrayLike, labels: Labels, summary: Summary) -> Self:
        """Compute values and influences of answers.

        Args:
            answers: Of each training, radius and image, (S, E, N).
            labels: Classes, (N,); all equal where there are none.
            summary: Makes one number of the curve of the mean over classes.
        """
        single = np.asarray(answers, dtype=np.float64)
        values = summary(mean_recall(single, labels))
        if isinstance(summary, Skill) and not math.isnan(values.mean()):
            rest = Unclipped.of(single, labels, summary)
            return cls(values, rest.images, SHARES, rest.values)
        images = Sample.of(list(single), labels, summary)
        if not is_right_or_wrong(single):
            return cls(values, images)
        never, always = summary(np.array([[0.0], [1.0]]).repeat(single.shape[1], axis=1)).tolist()
        return cls(values, images, (never, always))

    @property
    def value(self) -> float:
        """The mean over trainings."""
        return float(self.values.mean())

    def estimate(self) -> Estimate:
        """Estimate the value of the recipe over all seeds and images; one training tells nothing.

        Of one training the interval is NaN. That of a skill rests on shares that are not clipped at
        chance (`trainables.metrics.influence.Unclipped`): it reaches down from their mean, which is
        at most the true skill on average, and up from the value, which is at least that.
        """
        values = self.values if self.unclipped is None else self.unclipped
        centre = float(values.mean())
        estimated = estimate_recipe(centre, values, self.images.component)
        ends = [estimated.low, estimated.high + self.value - centre]
        low, high = np.clip(ends, *self.limits).tolist()
        return replace(estimated, value=self.value, low=low, high=high)


def difference(first: Recipe, second: Recipe, comparisons: int = 1) -> Estimate:
    """Estimate by how much the value of a recipe exceeds that of another, on the same images.

    Args:
        first: The one.
        second: The other.
        comparisons: How many differences shall all lie in their intervals in 95 % of cases.
    """
    images = (first.images - second.images).component
    return estimate_difference((first.values, second.values), images, comparisons)


def recipe_of(trainings: Sequence[Examination], metric: str) -> Recipe:
    """Make a recipe of the examinations of its trainings, under the ensemble.

    Args:
        trainings: On the same images.
        metric: What finalists are compared by: a value is what it makes of a curve.
    """
    first = trainings[0]
    recipe = Recipe.of(answers_of(trainings), first.labels, summary_for(metric, first))
    # A score of which more is better is a share, though that of an order is no mean of 0 and 1.
    return replace(recipe, limits=SHARES) if first.direction == "max" else recipe


def answers_of(trainings: Sequence[Examination]) -> Floats64:
    """Return the scores under the ensemble by rising radius, the clean ones first, (S, E, N)."""
    kinds = [kind for kind, _ in trainings[0].conditions]
    rows = [kinds.index(CLEAN), *(n for n, kind in enumerate(kinds) if kind == ENSEMBLE)]
    return np.stack([training.scores[rows] for training in trainings])


def yardstick_of(ranked: str, rung: Rung) -> str:
    """Return the metric whose value under the ensemble finalists are compared by.

    That is the one that ranked the run where it is a skill or an area of the study's own score
    under an attack. The ensemble says nothing of any other: another score, a single radius, noise,
    a number of parameters. Then it is the study's own.

    Args:
        ranked: The metric that ranked the run.
        rung: The study's last, whose metric is the study's own.
    """
    attack = "" if rung.level is None else rung.level.attack
    split, _, measured = rung.metric.partition(f"_{attack}_")
    score = measured.removesuffix(f"_{SKILL}").removesuffix(f"_{CURVE}")
    alike = re.compile(rf"{split}_(?P<attack>.+)_{re.escape(score)}_({SKILL}|{CURVE})")
    match = alike.fullmatch(ranked) if attack and score else None
    return ranked if match and match["attack"] != NOISE else rung.metric


def summary_for(metric: str, examination: Examination) -> Summary:
    """Return what is made of a curve: the area for a metric that is one, else the skill.

    Where no constant answer is known there is no skill, and it is the area.
    """
    eps, scale = examination.eps, examination.scale
    if metric.endswith(f"_{CURVE}") or scale is None:
        return Area(eps)
    return Skill(eps, *scale)


def is_comparable(ranked: Objective, metric: str, examination: Examination) -> bool:
    """Tell whether the search and the ensemble measured the same quantity of a finalist.

    Args:
        ranked: What ranked the run.
        metric: What finalists are compared by, see `yardstick_of`.
        examination: Any, under the ensemble.
    """
    is_skill = isinstance(summary_for(metric, examination), Skill)
    return (
        ranked.metric == metric
        and metric.endswith(f"_{SKILL}") == is_skill
        and ranked.direction == direction_of(examination, metric)
    )


def direction_of(examination: Examination, metric: str) -> Direction:
    """Return whether more or less of a value is better: of a skill more, of errors too."""
    is_skill = isinstance(summary_for(metric, examination), Skill)
    return "max" if is_skill else examination.direction


def mean_of(trainings: Sequence[Examination], condition: tuple[str, float]) -> float:
    """Average a condition's scores over trainings, and over classes alike."""
    rows = (seed.scores[seed.conditions.index(condition)] for seed in trainings)
    return float(np.mean([mean_recall(row, trainings[0].labels) for row in rows]))


@final
class Resamples:
    """Draws of images, shared by all that is compared, and of trainings."""

    def __init__(self, labels: Labels, seed: int, count: int = RESAMPLES) -> None:
        """Draw images within classes.

        Args:
            labels: Classes, (N,).
            seed: The same seed draws the same.
            count: B, how often.
        """
        generator = np.random.default_rng([seed, 1])
        self._seed = seed
        classes = np.unique(labels)
        self.weights = np.zeros((count, len(labels)))  # of each image in a mean over classes
        for label in classes:
            rows = np.flatnonzero(labels == label)
            shares = np.full(len(rows), 1 / len(rows))
            counts = generator.multinomial(len(rows), shares, size=count)
            self.weights[:, rows] = counts / len(rows) / len(classes)

    def values(self, answers: Floats64, summary: Summary, number: int) -> Floats64:
        """Compute the value of a finalist in each draw, (B,), its trainings drawn as well.

        Args:
            answers: Of each training of the finalist, radius and image, (S, E, N).
            summary: Makes one number of the curve of the mean over classes.
            number: Of the finalist: each draws its own trainings, the same at every call.
        """
        resampled = np.stack([summary(self.weights @ single.T) for single in answers], axis=1)
        generator = np.random.default_rng([self._seed, 2, number])
        choice = generator.integers(len(answers), size=resampled.shape)
        means: Floats64 = np.take_along_axis(resampled, choice, axis=1).mean(axis=1)
        return means


def optimism(resampled: Floats64, direction: Direction) -> float:
    """Estimate how much the best of several looks better than it is, for having been chosen.

    The mean over resamples of what the one that is best in a resample scores there, less what it
    scores in a resample on average: choosing on the images at hand profits from their accidents as
    much as choosing on a resample from the resample's. (The average and not the value itself: that
    of a skill, which is clipped at chance, is higher in resamples, without any choice.)

    Args:
        resampled: Value of each of F finalists in each resample, (F, B).
        direction: Whether more or less is better.
    """
    sign = 1.0 if direction == "max" else -1.0
    best = (sign * resampled).argmax(axis=0)
    gain = resampled[best, np.arange(resampled.shape[1])] - resampled.mean(axis=1)[best]
    return float(sign * gain.mean())
