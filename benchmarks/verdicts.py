"""How often `confirm` tells equal recipes apart, and how often it finds a difference.

Trainings are made, not trained: a training answers an image rightly at a radius where the sum of
the recipe's skill, the luck of its seed, the image's ease for all recipes and for this one, and
noise of its own exceeds the radius. Class sizes are those of BreastMNIST's test split. Recipes are
compared by what ranks by default, skill, at two levels: like the winners' of docs/ (0.3), and
near chance, where skill is cut at 0. The former method, of three seeds, is measured beside: a
percentile bootstrap over seeds and images, and Wilcoxon's signed-rank test over images.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.stats import wilcoxon

from search.confirmation.statistics import Recipe, difference
from trainables.metrics.skill import Skill
from trainables.runtime.arrays import Floats64

CLASSES = (42, 114)  # images of each class
EPS = tuple(np.linspace(0, 1.5, 5))
CHANCE = 0.5
LEVELS = {"0.3": 1.5, "near chance": 0.2}  # latent margin of an image on the mean, by skill
LUCK = (0.1, 0.2, 0.3)  # latent deviations over seeds
NOISE = 0.5
SEEDS = (2, 3, 5)
SHARED, PRIVATE = 0.0, 1.0  # latent deviations of what an image is to one recipe alone

Verdict = Callable[[Recipe, Recipe, int], bool]
"""Tells whether two recipes are told apart, in so many comparisons."""


@dataclass(frozen=True, kw_only=True)
class World:
    """What varies in made trainings.

    Attributes:
        luck: Latent deviation of the margins of a recipe over seeds.
        level: Latent margin of an image on the mean.
        private: Latent deviation of the ease of images for each recipe alone.
        seeds: Trainings of each recipe.
        recipes: How many, the first being compared with each other one.
        classes: Images of each class.
    """

    luck: float
    level: float = LEVELS["0.3"]
    private: float = PRIVATE
    seeds: int = 5
    recipes: int = 4
    classes: tuple[int, ...] = CLASSES

    def draw(self, generator: np.random.Generator, skill: float = 0.0) -> list[Recipe]:
        """Make the recipes, all equal but for more latent skill of the first."""
        labels = np.repeat(np.arange(len(self.classes)), self.classes)
        ease, recipes = generator.normal(size=len(labels)), []
        for number in range(self.recipes):
            images = ease + self.private * generator.normal(size=len(labels))
            luck = self.luck * generator.normal(size=(self.seeds, 1))
            noise = NOISE * generator.normal(size=(self.seeds, len(labels)))
            margins = self.level + skill * (number == 0) + images + luck + noise
            answers = margins[:, None, :] > np.array(EPS)[:, None]
            recipes.append(Recipe.of(answers, labels, Skill(EPS, CHANCE)))
        return recipes


def welch(first: Recipe, second: Recipe, comparisons: int) -> bool:
    """Tell apart as `confirm` does."""
    return difference(first, second, comparisons).excludes_zero


def bootstrap(first: Recipe, second: Recipe, comparisons: int) -> bool:
    """Tell apart as it was done before: the images are taken as replicates of the recipe."""
    moved = first.images.moved + first.value - second.images.moved - second.value
    if not moved.any():
        return False
    signed_rank = wilcoxon(moved)
    generator = np.random.default_rng(0)
    gaps = _resampled(first, generator) - _resampled(second, generator)
    gaps += (_image_draws(first.images.labels) * (first.images - second.images).moved).sum(axis=1)
    low, high = np.quantile(gaps, [0.025, 0.975])
    return bool(comparisons * signed_rank.pvalue < 0.05 and not low <= 0 <= high)


def _resampled(recipe: Recipe, generator: np.random.Generator) -> Floats64:
    choice = generator.integers(len(recipe.values), size=(500, len(recipe.values)))
    means: Floats64 = recipe.values[choice].mean(axis=1)
    return means


def _image_draws(labels: Floats64) -> Floats64:
    """Weights of images in 500 draws within classes, (500, N)."""
    generator, weights = np.random.default_rng(1), np.zeros((500, len(labels)))
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        counts = generator.multinomial(len(rows), np.full(len(rows), 1 / len(rows)), size=500)
        weights[:, rows] = counts / len(rows)
    return weights


def rates(
    world: World, verdict: Verdict, runs: int, *, skill: float = 0.0, seed: int = 0
) -> tuple[float, float]:
    """Simulate confirmations.

    Args:
        world: What varies.
        verdict: Tells recipes apart.
        runs: How many confirmations.
        skill: Latent skill that the first recipe has more than all others.
        seed: Of the trainings.

    Returns:
        The share of confirmations in which any is told apart, and the share of comparisons.
    """
    generator, told_apart = np.random.default_rng(seed), []
    for _ in range(runs):
        first, *rivals = world.draw(generator, skill)
        told_apart.append([verdict(first, rival, len(rivals)) for rival in rivals])
    table = np.array(told_apart)
    return float(table.any(axis=1).mean()), float(table.mean())


def values_of(world: World, skill: float, runs: int = 200) -> tuple[float, float]:
    """Measure the difference of values that a skill makes, and the deviation over seeds."""
    generator = np.random.default_rng(1)
    pairs = [world.draw(generator, skill)[:2] for _ in range(runs)]
    gaps = [first.value - second.value for first, second in pairs]
    variances = [second.values.var(ddof=1) for _, second in pairs]
    return float(np.mean(gaps)), float(np.sqrt(np.mean(variances)))


def print_false(runs: int, before: int, rivals: int) -> None:
    """Print how often any rival is told apart that is equal.

    Args:
        runs: How many confirmations.
        before: The same of the former method, which is slow.
        rivals: How many in each.
    """
    counts = f"{runs} confirmations ({before} of before)"
    print(f"\nequal recipes, {rivals} rivals, {counts}: any told apart")
    heads = " | ".join(f"{seeds} seeds" for seeds in SEEDS)
    print(f"| skill | seed deviation | images are hard | before, 3 seeds | {heads} |")
    print(f"| --- | --- | --- | --- |{' --- |' * len(SEEDS)}")
    methods = ((bootstrap, before), *[(welch, runs)] * len(SEEDS))
    for (name, level), luck in product(LEVELS.items(), LUCK):
        for private, words in ((SHARED, "for all alike"), (PRIVATE, "for each its own way")):
            worlds = [
                World(luck=luck, level=level, private=private, seeds=seeds, recipes=rivals + 1)
                for seeds in (3, *SEEDS)
            ]
            cells = [
                f"{rates(world, method, count)[0]:.3f}"
                for world, (method, count) in zip(worlds, methods, strict=True)
            ]
            measured = values_of(worlds[-1], 0.0)[1]
            print(f"| {name} | {measured:.3f} | {words} | {' | '.join(cells)} |", flush=True)


def print_power(runs: int, rivals: int) -> None:
    """Print how often a rival is told apart that is worse, by how much it is worse.

    Args:
        runs: How many confirmations.
        rivals: How many in each.
    """
    print(f"\npower: share of rivals told apart, {rivals} rivals, {runs} confirmations")
    print("| skill | seed deviation | difference | 3 seeds | 5 seeds | 10 seeds |")
    print("| --- | --- | --- | --- | --- | --- |")
    for (name, level), luck, better in product(LEVELS.items(), LUCK, (0.2, 0.4, 0.6, 0.8)):
        worlds = [
            World(luck=luck, level=level, seeds=seeds, recipes=rivals + 1) for seeds in (3, 5, 10)
        ]
        cells = [f"{rates(world, welch, runs, skill=better)[1]:.2f}" for world in worlds]
        gap, measured = values_of(worlds[1], better)
        print(f"| {name} | {measured:.3f} | {gap:.2f} | {' | '.join(cells)} |", flush=True)


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=2000, help="confirmations for each number")
    parser.add_argument("--before", type=int, default=200, help="the same of the former method")
    parser.add_argument("--rivals", type=int, default=3, help="comparisons of each")
    arguments = parser.parse_args()
    print_false(arguments.runs, arguments.before, arguments.rivals)
    print_power(max(1, arguments.runs // 4), arguments.rivals)


if __name__ == "__main__":
    main()
