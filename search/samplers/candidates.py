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
MUTATIONS = 12  # of each good config
CLIMBS = 5
CHILDREN = 12  # of each climb in each round
ROUNDS = 20  # at most
PATIENCE = 3  # rounds without any improvement
FINER = 0.8  # factor on the size of a number's mutation, from round to round
Score = Callable[[Sequence[Config]], npt.NDArray[np.float64]]
Candidate = tuple[float, Config]  # score and config


def best_candidate(
    space: Space,
    score: Score,
    parents: Sequence[Config],
    history: Iterable[Config],
    generator: np.random.Generator,
) -> dict[str, Any]:
    """Return the config with the highest score that a search finds outside the history.

    Args:
        space: Where to look.
        score: Maps configs to scores, higher being better.
        parents: Good configs near which to look first.
        history: Configs that are not to be proposed again.
        generator: Of all draws.
    """
    keys = {_key(space, config) for config in history}
    pool = [to_random.sample(space, generator) for _ in range(RANDOM)]
    pool += [mutate(space, parent, generator) for parent in parents for _ in range(MUTATIONS)]
    fresh = _without_repeats(space, pool, keys)
    if not fresh:
        return to_random.sample(space, generator)
    climbs = _starts(space, list(zip(map(float, score(fresh)), fresh, strict=True)))
    patience, step = PATIENCE, STEP
    for _ in range(ROUNDS):
        families = [
            _without_repeats(
                space, [mutate(space, parent, generator, step) for _ in range(CHILDREN)], keys
            )
            for _, parent in climbs
        ]
        previous, climbs = climbs, _climb(score, climbs, families)
        patience = patience - 1 if climbs == previous else PATIENCE
        if not patience:
            break
        step *= FINER
    return dict(max(climbs, key=_score)[1])


def _climb(
    score: Score, climbs: Sequence[Candidate], families: Sequence[Sequence[Config]]
) -> list[Candidate]:
    """Replace each parent by its best child, where that is better."""
    children = [child for family in families for child in family]
    scores = iter(map(float, score(children)) if children else ())
    return [
        max([parent, *((next(scores), child) for child in family)], key=_score)
        for parent, family in zip(climbs, families, strict=True)
    ]


def _starts(space: Space, candidates: list[Candidate]) -> list[Candidate]:
    """Return the best of each niche, then the next best.

    A niche is what switches other parameters on and off. Switching on what was never tuned seldom
    improves the score at once, so such a start climbs by itself.
    """
    switches = sorted({param.when.param for param in space.params if param.when is not None})
    leaders: list[Candidate] = []
    followers: list[Candidate] = []
    niches = set()
    for candidate in sorted(candidates, key=_score, reverse=True):
        niche = tuple(candidate[1].get(name) for name in switches)
        (followers if niche in niches else leaders).append(candidate)
        niches.add(niche)
    return [*leaders, *followers][:CLIMBS]


def _without_repeats(
    space: Space, configs: Iterable[Config], keys: set[tuple[Any, ...]]
) -> list[Config]:
    """Return the configs whose keys are new, each once; add these keys to the set."""
    by_key = {_key(space, config): config for config in configs}
    fresh = {key: config for key, config in by_key.items() if key not in keys}
    keys.update(fresh)
    return list(fresh.values())


def _key(space: Space, config: Config) -> tuple[Any, ...]:
    return tuple(config.get(param.name) for param in space.params)


def _score(candidate: Candidate) -> float:
    return candidate[0]
