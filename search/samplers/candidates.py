"""Look for the config with the highest score: random draws, then several climbs side by side."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from search.samplers.mutation import STEP, mutate
from searchspace import random as to_random
from searchspace.space import Space
from trainables.study.study import Config

RANDOM = 200  # draws from the whole space
NEAR = 12  # mutations of each good config
CLIMBS = 5
CHILDREN = 12  # of each climb in each round
ROUNDS = 20  # at most
PATIENCE = 3  # rounds without any step up
FINER = 0.8  # a number's steps from round to round
Score = Callable[[Sequence[Config]], npt.NDArray[np.float64]]
Scored = tuple[float, Config]


def best_candidate(
    space: Space,
    score: Score,
    good: Sequence[Config],
    known: Iterable[Config],
    dice: np.random.Generator,
) -> dict[str, Any]:
    """Return the unknown config with the highest score that is found.

    Args:
        space: Where to look.
        score: Of configs, higher being better.
        good: Known configs near which to look first.
        known: What is not to be proposed again.
        dice: Of all draws.
    """
    seen = {_key(space, one) for one in known}
    pool = [to_random.sample(space, dice) for _ in range(RANDOM)]
    pool += [mutate(space, one, dice) for one in good for _ in range(NEAR)]
    fresh = _unseen(space, pool, seen)
    if not fresh:
        return to_random.sample(space, dice)
    climbs = _starts(space, list(zip(map(float, score(fresh)), fresh, strict=True)))
    patience, step = PATIENCE, STEP
    for _ in range(ROUNDS):
        families = [
            _unseen(space, [mutate(space, one, dice, step) for _ in range(CHILDREN)], seen)
            for _, one in climbs
        ]
        before, climbs = climbs, _climb(score, climbs, families)
        patience = patience - 1 if climbs == before else PATIENCE
        if not patience:
            break
        step *= FINER
    return dict(max(climbs, key=_first)[1])


def _climb(
    score: Score, climbs: Sequence[Scored], families: Sequence[Sequence[Config]]
) -> list[Scored]:
    """Let the best child take its parent's place, where it is better."""
    together = [one for family in families for one in family]
    scores = iter(map(float, score(together)) if together else ())
    return [
        max([parent, *((next(scores), one) for one in family)], key=_first)
        for parent, family in zip(climbs, families, strict=True)
    ]


def _starts(space: Space, scored: list[Scored]) -> list[Scored]:
    """Return the best where each differs in what switches others on and off, then the best.

    To switch on what was never tuned seldom pays at once: such a start climbs by itself.
    """
    switches = sorted({param.when.param for param in space.params if param.when is not None})
    first: list[Scored] = []
    rest: list[Scored] = []
    niches = set()
    for one in sorted(scored, key=_first, reverse=True):
        niche = tuple(one[1].get(name) for name in switches)
        (rest if niche in niches else first).append(one)
        niches.add(niche)
    return [*first, *rest][:CLIMBS]


def _unseen(space: Space, configs: Iterable[Config], seen: set[tuple[Any, ...]]) -> list[Config]:
    """Return those not seen before, and remember them."""
    found = {_key(space, one): one for one in configs}
    fresh = {key: one for key, one in found.items() if key not in seen}
    seen.update(fresh)
    return list(fresh.values())


def _key(space: Space, config: Config) -> tuple[Any, ...]:
    return tuple(config.get(param.name) for param in space.params)


def _first(scored: Scored) -> float:
    return scored[0]
