"""How often intervals hold the truth: rare classes, few subjects, differences, agreements.

Each line draws many samples from a known truth. The former method, a percentile bootstrap within
classes, is measured beside. The nominal coverage is .95.
"""

import argparse
import math
from collections.abc import Callable, Sequence

import numpy as np

from search.engine.agreement import kendall
from trainables.metrics.intervals import (
    Interval,
    mean_interval,
    summary_difference,
    summary_interval,
)
from trainables.metrics.skill import Area, Skill, Summary
from trainables.runtime.arrays import Floats64, Mask

EPS = (0.0, 1.0, 2.0, 4.0)
RESAMPLES = 1000
Sampler = Callable[[np.random.Generator], Floats64]

RARE = (  # images of each class, their right answers without attack, and how far they withstand it
    ((3, 30), (0.95, 0.9), (20, 20)),
    ((5, 45), (0.95, 0.95), (10, 10)),
    ((5, 45), (0.6, 0.9), (1, 3)),
    ((10, 100), (0.9, 0.95), (8, 8)),
    ((42, 114), (0.7, 0.9), (3, 3)),
    ((3, 5, 8, 10, 20, 60, 100), (0.5, 0.6, 0.8, 0.8, 0.9, 0.9, 0.95), (4,) * 7),
)
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
    models: Sequence[Mask], labels: Floats64, summary: Summary, rng: np.random.Generator
) -> tuple[float, float]:
    """Return the percentiles of a bootstrap within classes: of a value, or of a difference."""
    pair, means = np.concatenate(models).astype(float), []
    for label in np.unique(labels):
        patterns, counts = np.unique(pair[:, labels == label], axis=1, return_counts=True)
        draws = rng.multinomial(counts.sum(), counts / counts.sum(), size=RESAMPLES) / counts.sum()
        means.append(draws @ patterns.T)
    parts = np.split(np.mean(means, axis=0), len(models), axis=1)
    values = summary(parts[0]) - (summary(parts[1]) if len(models) > 1 else 0.0)
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)


def holds(interval: Interval | tuple[float, float], truth: float) -> bool:
    """Tell whether an interval holds the truth."""
    low, high = interval[-2:]
    return low - 1e-9 <= truth <= high + 1e-9


def classes(runs: int) -> None:
    """Print coverage of rare classes, of a value and of a difference."""
    print("| images of each class | summary | value, before | value | difference, before | diff. |")
    print("| --- | --- | --- | --- | --- | --- |")
    for counts, right, reach in RARE:
        labels = np.repeat(np.arange(len(counts)), counts)
        curve = np.mean(
            [[p * math.exp(-e / far) for e in EPS] for p, far in zip(right, reach, strict=True)],
            axis=0,
        )
        weaker = [share - 0.1 for share in right]
        rival = curve - np.mean([[0.1 * math.exp(-e / far) for e in EPS] for far in reach], axis=0)
        for name, summary in (("area", Area(EPS)), ("skill", Skill(EPS, 1 / len(counts)))):
            rng, hits = np.random.default_rng(0), np.zeros(4)
            truth, gap = float(summary(curve)), float(summary(curve) - summary(rival))
            for seed in range(runs):
                a, b = draw(rng, counts, right, reach), draw(rng, counts, weaker, reach)
                options = {"seed": seed, "resamples": RESAMPLES}
                hits += [
                    holds(bootstrap([a], labels, summary, rng), truth),
                    holds(summary_interval(a, labels, summary, **options), truth),
                    holds(bootstrap([a, b], labels, summary, rng), gap),
                    holds(summary_difference(a, b, labels, summary, **options), gap),
                ]
            cells = " | ".join(f"{share:.3f}" for share in hits / runs)
            print(f"| {', '.join(map(str, counts))} | {name} | {cells} |", flush=True)


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
    subjects(runs)
    agreements(runs)


if __name__ == "__main__":
    main()
