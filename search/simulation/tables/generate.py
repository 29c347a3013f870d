"""A generated table of cells, for those who have no real one: nothing in it was measured.

It is built to be about as hard to search as a real one, not to resemble any in its numbers:
Optuna's TPE finds one of the top 0.1 % in about half of its searches. Three traits of a
cell, capacity, smoothness and masking, are sums of random effects of the operations on single edges
and on pairs of edges. Accuracies follow from them: clean and weakly attacked accuracy mostly from
capacity; that under strong attacks mostly from smoothness, which costs clean accuracy; masking
lifts FGSM and, a little, PGD above what a strong attack leaves.
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
        noise: Of its own, in the unit of the traits.
        fall: Of the accuracy's logit for each unit of radius.
        weaker: An attack that leaves at least as much; empty where none is known to.
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
    dice = np.random.default_rng(seed)
    cells = list({cell.key(found): found for found in cell.every_cell()}.values())
    codes = np.array([[cell.OPERATIONS.index(name) for name in found] for found in cells])
    capacity, smoothness, masking = (_trait(codes, dice) for _ in range(3))
    traits = np.stack([capacity, _skewed(smoothness), masking])
    clean = capacity - TRADE_OFF * smoothness + 0.1 * dice.standard_normal(len(cells))
    columns = {CLEAN: _accuracy(2.4 + 0.45 * clean)}
    for attack in ATTACKS:
        columns |= _attacked(attack, traits, columns, dice)
    return Table(GENERATED, tuple(map(cell.write, cells)), columns)


def _attacked(
    name: str, traits: Traits, columns: Mapping[str, Column], dice: np.random.Generator
) -> dict[str, Column]:
    """Attack at each radius; no attack leaves more than a smaller radius or a weaker one."""
    attack, found = ATTACKS[name], dict[str, Column]()
    own = attack.noise * dice.standard_normal(traits.shape[1])
    strength = 0.4 * (np.array(attack.weights) @ traits + own)
    before = columns[CLEAN]
    for radius in RADII:
        wobble = 0.05 * dice.standard_normal(traits.shape[1])
        logit = 1.5 - attack.fall * radius + (1 + radius) / 2 * strength + wobble
        weaker = columns.get(f"{attack.weaker}_eps{radius:g}", before)
        before = np.minimum.reduce([_accuracy(logit), before, weaker])
        found[f"{name}_eps{radius:g}"] = before
    return found


def _trait(codes: npt.NDArray[np.int64], dice: np.random.Generator) -> Traits:
    """Sum effects of operations on edges, and on pairs of edges; standardised, (N,)."""
    count, edges = len(cell.OPERATIONS), codes.shape[1]
    single = dice.standard_normal((edges, count))
    total = sum(single[edge, codes[:, edge]] for edge in range(edges))
    for first, second in combinations(range(edges), 2):
        pair = PAIRS * dice.standard_normal((count, count))
        total = total + pair[codes[:, first], codes[:, second]]
    return np.asarray((total - total.mean()) / total.std())


def _skewed(trait: Traits) -> Traits:
    """Stretch the upper tail: few networks are far better than most."""
    stretched = np.exp(SKEW * trait)
    return np.asarray((stretched - stretched.mean()) / stretched.std())


def _accuracy(logit: Traits) -> Traits:
    return np.asarray((1 / (1 + np.exp(-logit))).round(3))
