"""Look for the config with the highest score: random draws, then mutations of what is best."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from search.samplers.mutation import STEP, mutate
from searchspace import random as to_random
from searchspace.space import Space
from trainables.protocol import Config

RANDOM = 200  # draws from the whole space
NEAR = 12  # mutations of each good config
ROUNDS = 8  # of local search at most
PARENTS, CHILDREN = 4, 16  # of a round
Score = Callable[[Sequence[Config]], npt.NDArray[np.float64]]


def best_candidate(
    space: Space,
    score: Score,
    good: Sequence[Config],
    known: Sequence[Config],
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
    top: list[tuple[float, dict[str, Any]]] = []
    for turn in range(ROUNDS):
        fresh = []
        for one in pool:
            key = _key(space, one)
            if key not in seen:
                seen.add(key)
                fresh.append(one)
        if not fresh:
            break
        before = top[0][0] if top else -np.inf
        scored = [*top, *zip(map(float, score(fresh)), fresh, strict=True)]
        top = sorted(scored, key=lambda pair: -pair[0])[:PARENTS]
        if turn > 1 and not top[0][0] > before:
            break
        step = STEP / 2**turn
        pool = [mutate(space, one, dice, step) for _, one in top for _ in range(CHILDREN)]
    return top[0][1] if top else to_random.sample(space, dice)


def _key(space: Space, config: Config) -> tuple[Any, ...]:
    return tuple(config.get(param.name) for param in space.params)
