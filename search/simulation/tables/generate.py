"""A generated table of cells, to use where there is no real one: none of it was measured.

It is about as hard to search as a real one, without resembling any in its numbers: Optuna's TPE
finds a network of the top 0.1 % in about half of its searches. Three traits of a cell, capacity,
smoothness and masking, are sums of random effects of the operations on single edges and on pairs of
edges. Accuracies follow from them: clean and weakly attacked accuracy mostly from capacity; that
under strong attacks mostly from smoothness, which costs clean accuracy; masking lifts FGSM and, a
little, PGD above what a strong attack leaves.
"""

from collections.abc import Mapping
from itertools import combinations
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from search.simulation.tables import cell
from search.simulation.tables.table import CLEAN, Column, Table

Traits = npt.NDArray[np.float64]

GENERATED = "generated"
RADII = (0.5, 1.0, 2.0)
TRADE_OFF = 0.6  # clean accuracy that smoothness costs, in standard deviations
PAIRS = 1.2  # effects of pairs of edges, where those of single ones are 1
SKEW = 0.2  # of smoothness, in logarithms


class Attack(NamedTuple):
    """How an attack turns traits into accuracy.

    Attributes:
        weights: Of capacity, smoothness and masking.
        noise: Standard deviation of what is particular to this attack, in units of the traits.
        fall: Of the accuracy's logit for each unit of radius.
        weaker: An attack that leaves at least as much accuracy; empty if there is none.
    """

    weights: tuple[float, float, float]
    noise: float
    fall: float
    weaker: str = ""


ATTACKS = {
    "fgsm": Attack((0.75, 0.35, 0.60), 0.10, 1.1),
    "pgd": Attack((0.35, 0.80, 0.35), 0.15, 1.9, "fgsm"),
    "apgd_ce": Attack((0.10, 1.00, 0.00), 0.30, 2.6, "pgd"),
    "square": Attack((0.60, 0.65, 0.00), 0.15, 1.3),
}


def generate(seed: int) -> Table:
    """Make a table of the 6466 cells that differ; the same seed gives the same table."""
    generator = np.random.default_rng(seed)
    cells = list({cell.key(operations): operations for operations in cell.every_cell()}.values())
    codes = np.array([[cell.OPERATIONS.index(name) for name in names] for names in cells])
    capacity, smoothness, masking = (_trait(codes, generator) for _ in range(3))
    traits = np.stack([capacity, _skew(smoothness), masking])
    clean = capacity - TRADE_OFF * smoothness + 0.1 * generator.standard_normal(len(cells))
    columns = {CLEAN: _accuracy(2.4 + 0.45 * clean)}
    for attack in ATTACKS:
        columns |= _attack(attack, traits, columns, generator)
    return Table(GENERATED, tuple(map(cell.write, cells)), columns)


def _attack(
    name: str, traits: Traits, columns: Mapping[str, Column], generator: np.random.Generator
) -> dict[str, Column]:
    """Attack at each radius; none leaves more than a smaller radius or a weaker attack does.

    Args:
        name: Of the attack.
        traits: Capacity, smoothness and masking, (3, N).
        columns: Accuracies on clean images and under weaker attacks, each (N,).
        generator: Of all noise.

    Returns:
        Accuracies by metric, each (N,).
    """
    attack, accuracies = ATTACKS[name], dict[str, Column]()
    noise = attack.noise * generator.standard_normal(traits.shape[1])
    strength = 0.4 * (np.array(attack.weights) @ traits + noise)
    accuracy = columns[CLEAN]
    for radius in RADII:
        wobble = 0.05 * generator.standard_normal(traits.shape[1])
        logit = 1.5 - attack.fall * radius + (1 + radius) / 2 * strength + wobble
        weaker = columns.get(f"{attack.weaker}_eps{radius:g}", accuracy)
        accuracy = np.minimum.reduce([_accuracy(logit), accuracy, weaker])
        accuracies[f"{name}_eps{radius:g}"] = accuracy
    return accuracies


def _trait(codes: npt.NDArray[np.int64], generator: np.random.Generator) -> Traits:
    """Sum effects of operations on edges, and on pairs of edges; standardised, (N,)."""
    count, edges = len(cell.OPERATIONS), codes.shape[1]
    single = generator.standard_normal((edges, count))
    total = sum(single[edge, codes[:, edge]] for edge in range(edges))
    for edge, partner in combinations(range(edges), 2):
        pair = PAIRS * generator.standard_normal((count, count))
        total = total + pair[codes[:, edge], codes[:, partner]]
    return np.asarray((total - total.mean()) / total.std())


def _skew(trait: Traits) -> Traits:
    """Stretch the upper tail: few networks are far better than most."""
    scores = np.exp(SKEW * trait)
    return np.asarray((scores - scores.mean()) / scores.std())


def _accuracy(logit: Traits) -> Traits:
    return np.asarray((1 / (1 + np.exp(-logit))).round(3))
