"""How often intervals hold the truth: rare classes, few subjects, differences, agreements.

Each line draws many samples from a known truth. The former method is measured beside: a percentile
bootstrap within classes, and of confirmations Student's t without the image that is added to each
class, or near chance with the variance of the clipped skill. The nominal coverage is .95.
"""

import argparse
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from statistics import NormalDist

import numpy as np

from search.confirmation.statistics import Recipe, difference
from search.engine.agreement import kendall
from trainables.metrics.classification import Labels
from trainables.metrics.influence import Sample, extremes_of, influences
from trainables.metrics.intervals import (
    Interval,
    mean_interval,
    summary_interval,
)
from trainables.metrics.skill import Area, Skill, Summary
from trainables.metrics.welch import Estimate, estimate, image_component
from trainables.runtime.arrays import Floats64, Mask

EPS = (0.0, 1.0, 2.0, 4.0)
RESAMPLES = 1000
Sampler = Callable[[np.random.Generator], Floats64]

RARE = (  # images of each class, their right answers without attack, and how far they withstand it
    ((3, 30), (0.95, 0.9), (20, 20)),
    ((5, 45), (0.95, 0.95), (10, 10)),
    ((5, 45), (0.6, 0.9), (1, 3)),
    ((5, 45), (0.95, 0.95), (40, 40)),
    ((5, 95), (0.9, 0.95), (60, 60)),
    ((10, 100), (0.9, 0.95), (8, 8)),
    ((42, 114), (0.7, 0.9), (3, 3)),
    ((3, 5, 8, 10, 20, 60, 100), (0.5, 0.6, 0.8, 0.8, 0.9, 0.9, 0.95), (4,) * 7),
)
CLASSES = ((42, 114), (10, 100))
RIGHT = (  # right answers under attack, by radius
    (0.5, 0.5, 0.5),
    (0.52, 0.52, 0.52),
    (0.55, 0.55, 0.55),
    (0.6, 0.6, 0.6),
    (0.7, 0.55, 0.4),
    (0.8, 0.5, 0.2),
    (0.5, 0.4, 0.3),
    (0.9, 0.8, 0.7),
)
STEEP = (  # the same, of curves whose skill a flat one has as well
    (0.75, 0.35, 0.2, 0.1, 0.05),
    (0.65, 0.5, 0.4, 0.3, 0.2),
    (0.8, 0.4, 0.3, 0.2, 0.1),
    (0.9, 0.6, 0.3, 0.2, 0.1),
    (0.95, 0.85, 0.7, 0.5, 0.3),
)
TINY = 1e-9
ERRORS: dict[str, tuple[Sampler, float]] = {
    "normal": (lambda rng: rng.normal(100, 20, 1000), 100.0),
    "skewed (gamma 8)": (lambda rng: rng.gamma(8, 10, 1000), 80.0),
    "more skewed (gamma 4)": (lambda rng: rng.gamma(4, 10, 1000), 40.0),
}


def draw(
    rng: np.random.Generator, counts: Sequence[int], right: Sequence[float], reach: Sequence[float]
) -> Mask:
    """Draw answers of all classes, (E, N), that turn wrong at some radius and stay so."""
    columns = [
        (rng.random(count) < share) & (rng.exponential(far, count) >= np.array(EPS)[:, None])
        for count, share, far in zip(counts, right, reach, strict=True)
    ]
    return np.concatenate(columns, axis=1)


def bootstrap(
    answers: Mask, labels: Floats64, summary: Summary, rng: np.random.Generator
) -> tuple[float, float]:
    """Return the percentiles of a bootstrap within classes."""
    means = []
    for label in np.unique(labels):
        patterns, counts = np.unique(
            answers[:, labels == label].astype(float), axis=1, return_counts=True
        )
        draws = rng.multinomial(counts.sum(), counts / counts.sum(), size=RESAMPLES) / counts.sum()
        means.append(draws @ patterns.T)
    low, high = np.quantile(summary(np.mean(means, axis=0)), [0.025, 0.975])
    return float(low), float(high)


def holds(interval: Interval | tuple[float, float], truth: float) -> bool:
    """Tell whether an interval, by its last two numbers, holds the truth."""
    low, high = interval[-2:]
    return low - 1e-9 <= truth <= high + 1e-9


@dataclass(frozen=True)
class Task:
    """A known truth: two models, the second being weaker.

    Attributes:
        counts: Images of each class.
        right: Right answers without attack of each class, of the first model.
        reach: How far each class withstands the attack.
        summary: What is known.
    """

    counts: tuple[int, ...]
    right: tuple[float, ...]
    reach: tuple[float, ...]
    summary: Summary

    @property
    def labels(self) -> Labels:
        """The class of each image, (N,)."""
        return np.repeat(np.arange(len(self.counts)), self.counts)

    @property
    def weaker(self) -> tuple[float, ...]:
        """Right answers without attack of each class, of the second model."""
        return tuple(share - 0.1 for share in self.right)

    def truths(self) -> tuple[float, float]:
        """Return the value of the first model, and what it has more than the second."""
        falls = np.exp(-np.divide.outer(EPS, self.reach))
        values = [
            float(self.summary(falls @ shares / len(self.counts)))
            for shares in (np.array(self.right), np.array(self.weaker))
        ]
        return values[0], values[0] - values[1]

    def draw(self, rng: np.random.Generator) -> tuple[Mask, Mask]:
        """Draw answers of both models, (E, N)."""
        return (
            draw(rng, self.counts, self.right, self.reach),
            draw(rng, self.counts, self.weaker, self.reach),
        )


def tasks() -> Iterator[tuple[str, Task]]:
    """List what is measured, with the first cells of its line."""
    for counts, right, reach in RARE:
        for name, summary in (("area", Area(EPS)), ("skill", Skill(EPS, 1 / len(counts)))):
            cells = f"{', '.join(map(str, counts))} | {right[0]:g}, {reach[0]} | {name}"
            yield cells, Task(counts, right, reach, summary)


HEAD = "| images of each class | right, reach of the first | summary"


def classes(runs: int) -> None:
    """Print coverage of rare classes in a search."""
    print(f"{HEAD} | value, before | value |")
    print("| --- | --- | --- | --- | --- |")
    for cells, task in tasks():
        rng, hits, labels, (truth, _) = *_start(2), task.labels, task.truths()
        for seed in range(runs):
            answers, _ = task.draw(rng)
            options = {"seed": seed, "resamples": RESAMPLES}
            hits += [
                holds(bootstrap(answers, labels, task.summary, rng), truth),
                holds(summary_interval(answers, labels, task.summary, **options), truth),
            ]
        _print_line(cells, hits / runs)


def confirmations(runs: int) -> None:
    """Print coverage of rare classes in a confirmation, and how wide intervals are.

    The five trainings of each recipe answer alike, so that images are all that varies.
    """
    print(
        f"\n{HEAD} | value, before | value | difference, before | difference | width, before "
        "| width | width of difference, before | width of difference |"
    )
    print(f"|{' --- |' * 11}")
    for cells, task in tasks():
        rng, sums, (truth, gap) = *_start(8), task.truths()
        for _ in range(runs):
            first, second = (
                Recipe.of(np.stack([answers] * 5), task.labels, task.summary)
                for answers in task.draw(rng)
            )
            intervals = [
                _unsmoothed(first.value, first.images),
                first.estimate(),
                _unsmoothed(first.value - second.value, first.images - second.images),
                difference(first, second),
            ]
            bounds = [(interval.low, interval.high) for interval in intervals]
            sums += [
                *map(holds, bounds, (truth, truth, gap, gap)),
                *(high - low for low, high in bounds),
            ]
        _print_line(cells, sums / runs)


def draw_near_chance(
    rng: np.random.Generator, counts: Sequence[int], right: Sequence[float]
) -> Mask:
    """Draw answers of five trainings that share images, (5, E, N), to two classes.

    A fifth of the variance of a margin is of the single training. Classes are equally hard.

    Args:
        rng: Draws.
        counts: Images of each class.
        right: Right answers at each radius, (E,).
    """
    total, private = sum(counts), 0.5
    margins = rng.normal(size=total) + private * rng.normal(size=(5, total))
    levels = [NormalDist().inv_cdf(1 - share) for share in right]
    return margins[:, None] > math.hypot(1, private) * np.array(levels)[:, None]


def near_chance(runs: int) -> None:
    """Print coverage of the skill of a recipe whose answers lie near chance.

    "Before", the variance over images was that of the clipped skill.
    """
    print(
        "\n| images of each class | right, by radius | skill | before | of a value | of no width, "
        "before | of no width | width, before | width |"
    )
    print(f"|{' --- |' * 9}")
    skill = Skill(EPS, 0.5)
    for counts, right in product(CLASSES, RIGHT):
        rng, sums = np.random.default_rng(0), np.zeros(6)
        labels, truth = np.repeat([0, 1], counts), float(skill(np.array([0.5, *right])))
        for _ in range(runs):
            answers = draw_near_chance(rng, counts, [0.9, *right])
            recipe = Recipe.of(answers, labels, skill)
            before = _clipped(recipe.values, answers, labels, skill).estimate()
            bounds = [(interval.low, interval.high) for interval in (before, recipe.estimate())]
            widths = [high - low for low, high in bounds]
            sums += [
                *(holds(pair, truth) for pair in bounds),
                *(width < TINY for width in widths),
                *widths,
            ]
        cells = f"{', '.join(map(str, counts))} | {', '.join(map(str, right))} | {truth:.3f}"
        _print_line(cells, sums / runs)


def profiles(runs: int) -> None:
    """Print how often a steep curve is told from a flat one of the same skill, by five trainings.

    "Before", the variance over images was that of the clipped skills.
    """
    print("\n| images of each class | steep | flat | skill | told apart, before | told apart |")
    print(f"|{' --- |' * 6}")
    for counts, steep in product(CLASSES, STEEP):
        rng, labels, hits = np.random.default_rng(0), np.repeat([0, 1], counts), np.zeros(2)
        skill = Skill(tuple(range(len(steep) + 1)), 0.5)
        value = float(skill(np.array([0.5, *steep])))
        for _ in range(runs):
            curves = (steep, [0.5 + value / 2] * len(steep))
            trained = [draw_near_chance(rng, counts, [0.9, *right]) for right in curves]
            pair = [Recipe.of(answers, labels, skill) for answers in trained]
            before = [
                _clipped(recipe.values, answers, labels, skill)
                for recipe, answers in zip(pair, trained, strict=True)
            ]
            hits += [difference(*before).excludes_zero, difference(*pair).excludes_zero]
        cells = f"{', '.join(map(str, counts))} | {', '.join(map(str, steep))}"
        _print_line(f"{cells} | {0.5 + value / 2:g} | {value:g}", hits / runs)


def _clipped(values: Floats64, answers: Mask, labels: Labels, skill: Skill) -> Recipe:
    """Return trainings as they counted once: images move what is clipped at chance."""
    parts = [
        Sample(influences(single, labels, skill), labels, extremes_of(single, labels, skill))
        for single in answers
    ]
    return Recipe(values, Sample.mean(parts), (0.0, 1.0))


def _unsmoothed(value: float, images: Sample) -> Estimate:
    return estimate(value, [image_component(images.moved, images.labels)])


def _start(columns: int) -> tuple[np.random.Generator, Floats64]:
    return np.random.default_rng(0), np.zeros(columns)


def _print_line(cells: str, shares: Floats64) -> None:
    print(f"| {cells} | {' | '.join(f'{share:.3f}' for share in shares)} |", flush=True)


def subjects(runs: int) -> None:
    """Print coverage of means over few subjects."""
    print("\n| subjects | errors | before | Student's t |")
    print("| --- | --- | --- | --- |")
    for count in (5, 6, 8, 18):
        for name, (sampler, truth) in ERRORS.items():
            rng, hits = np.random.default_rng(0), np.zeros(2)
            for _ in range(runs):
                values = sampler(rng)[:count]
                means = values[rng.integers(count, size=(RESAMPLES, count))].mean(axis=1)
                low, high = np.quantile(means, [0.025, 0.975])
                hits += [holds((low, high), truth), holds(mean_interval(values), truth)]
            cells = " | ".join(f"{share:.3f}" for share in hits / runs)
            print(f"| {count} | {name} | {cells} |", flush=True)


def agreements(runs: int) -> None:
    """Print coverage of Kendall's tau among normal pairs."""
    truths = (0.0, 0.3, 0.6, 0.8, 0.95)
    print(f"\n| trials | {' | '.join(f'tau {truth:g}' for truth in truths)} |")
    print(f"| --- |{' --- |' * len(truths)}")
    for count in (5, 8, 12, 20):
        cells = []
        for truth in truths:
            rng, r, hits = np.random.default_rng(0), math.sin(math.pi * truth / 2), 0
            for _ in range(runs):
                a = rng.normal(size=count)
                b = r * a + math.sqrt(1 - r**2) * rng.normal(size=count)
                hits += holds(kendall(a.tolist(), b.tolist())[1:], truth)
            cells.append(f"{hits / runs:.3f}")
        print(f"| {count} | {' | '.join(cells)} |", flush=True)


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=1000, help="samples for each number")
    runs = parser.parse_args().runs
    classes(runs)
    confirmations(runs)
    near_chance(runs)
    profiles(runs)
    subjects(runs)
    agreements(runs)


if __name__ == "__main__":
    main()
