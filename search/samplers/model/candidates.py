"""Look for the config with the highest score: random draws, then several climbs side by side."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from search.samplers.model.codes import STEP, Codec, Codes

RANDOM = 200  # draws from the whole space
MUTATIONS = 12  # of each good config
CLIMBS = 5
CHILDREN = 20  # of each climb in each round
ROUNDS = 20  # at most
PATIENCE = 3  # rounds without any improvement
FINER = 0.8  # factor on the size of a number's mutation, from round to round
DIGITS = 9  # of codes that distinguish two configs
Scores = npt.NDArray[np.float64]
Score = Callable[[Codes], Scores]


def best_candidate(
    codec: Codec, score: Score, parents: Codes, history: Codes, generator: np.random.Generator
) -> Codes:
    """Return the config with the highest score that a search finds outside the history, (P,).

    Args:
        codec: Of the space.
        score: Maps configs, (N, P), to scores, (N,), higher being better.
        parents: Good configs near which to look first, (M, P).
        history: Configs that are not to be proposed again, (H, P).
        generator: Of all draws.
    """
    keys = set(_keys(history))
    nearby = codec.mutate(np.repeat(parents, MUTATIONS, axis=0), generator)
    pool = np.concatenate([codec.draw(RANDOM, generator), nearby])
    fresh = pool[_new(pool, keys)]
    if not len(fresh):
        return np.asarray(codec.draw(1, generator)[0])
    scores = score(fresh)
    starts = _starts(fresh, scores, codec.switches)
    climbs, heights = fresh[starts], scores[starts]
    patience, step = PATIENCE, STEP
    for _ in range(ROUNDS):
        better = _climb(codec, score, climbs, heights, keys, generator, step)
        patience = PATIENCE if better else patience - 1
        if not patience:
            break
        step *= FINER
    return np.asarray(climbs[heights.argmax()])


def _climb(
    codec: Codec,
    score: Score,
    climbs: Codes,
    heights: Scores,
    keys: set[bytes],
    generator: np.random.Generator,
    step: float,
) -> bool:
    """Replace each parent by its best child, where that is better; tell whether any was.

    Args:
        codec: Of the space.
        score: Maps configs to scores.
        climbs: The parents, (C, P); changed.
        heights: Their scores, (C,); changed.
        keys: Of configs that are not to be tried again; changed.
        generator: Of all draws.
        step: Size of a number's mutation.
    """
    children = codec.mutate(np.repeat(climbs, CHILDREN, axis=0), generator, step)
    rows = _new(children, keys)
    if not len(rows):
        return False
    scores = np.full(len(children), -np.inf)
    scores[rows] = score(children[rows])
    families = scores.reshape(len(climbs), CHILDREN)
    best = families.argmax(axis=1)
    better = np.flatnonzero(families.max(axis=1) > heights)
    climbs[better] = children[better * CHILDREN + best[better]]
    heights[better] = families[better, best[better]]
    return bool(len(better))


def _starts(configs: Codes, scores: Scores, switches: list[int]) -> list[int]:
    """Return rows of the best of each niche, then the next best.

    A niche is what switches other parameters on and off. Switching on what was never tuned seldom
    improves the score at once, so such a start climbs by itself.
    """
    niches = set()
    leaders: list[int] = []
    followers: list[int] = []
    names = _keys(configs[:, switches])
    for row in np.argsort(-scores, kind="stable").tolist():
        (followers if names[row] in niches else leaders).append(row)
        niches.add(names[row])
    return [*leaders, *followers][:CLIMBS]


def _new(configs: Codes, keys: set[bytes]) -> list[int]:
    """Return rows of configs whose keys are new, each once; add these keys to the set."""
    rows = []
    for row, key in enumerate(_keys(configs)):
        if key not in keys:
            keys.add(key)
            rows.append(row)
    return rows


def _keys(configs: Codes) -> list[bytes]:
    return [row.tobytes() for row in np.round(configs, DIGITS) + 0.0]
