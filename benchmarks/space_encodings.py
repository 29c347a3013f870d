"""How a space with conditions is best declared to a sampler, on made-up objectives.

    python benchmarks/space_encodings.py --seeds 24 --trials 120

The space is RobMedNAS's. Each seed draws an objective: depth has an effect; so have, less at each
deeper level, the pattern, the filters (an optimum for each block) and the ratio of each block, and
the pair of patterns of an encoder block and its partner. Every method searches the same objectives;
four trials run at a time.
"""

import argparse
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import optuna

from search.engine.optuna_record import OptunaRecord
from search.samplers.registry import sampler_maker
from searchspace.space import Space
from searchspace.studies import robmednas

WORKERS, STARTUP = 4, 20
FADE = 0.8  # of effects, from level to level
Objective = Callable[[Mapping[str, Any]], float]
# Every parameter exists at any depth; those of deeper levels have no effect.
UNCONDITIONAL = replace(
    robmednas.SPACE, params=tuple(replace(param, when=None) for param in robmednas.SPACE.params)
)


def make_objective(seed: int) -> Objective:
    generator = np.random.default_rng(seed)
    blocks = [f"{side}{level}" for level in range(1, 6) for side in robmednas.SIDES]
    depth = 2 * generator.standard_normal(6)
    pattern = {name: 0.7 * generator.standard_normal(16) for name in blocks}
    filters = {name: generator.uniform(3, 8) for name in blocks}
    ratio = {name: 0.5 * generator.standard_normal(17) for name in blocks}
    partner = 0.7 * generator.standard_normal((16, 16))

    def value(point: Mapping[str, Any]) -> float:
        total = depth[point["depth"]]
        for level in range(1, point["depth"] + 1):
            patterns = [int(point[f"{side}{level}_pattern"], 2) for side in robmednas.SIDES]
            effects = partner[tuple(patterns)]
            for side, bits in zip(robmednas.SIDES, patterns, strict=True):
                name = f"{side}{level}"
                off = point[f"{name}_log2_filters"] - filters[name]
                effects += pattern[name][bits] + ratio[name][point[f"{name}_se"]] - 0.075 * off**2
            total += FADE**level * effects
        return float(total)

    return value


def tpe(*, group: bool) -> Callable[[Space, int], Callable[[int], optuna.samplers.BaseSampler]]:
    def make(space: Space, seed: int) -> Callable[[int], optuna.samplers.BaseSampler]:
        return lambda number: optuna.samplers.TPESampler(
            n_startup_trials=STARTUP,
            seed=seed * 100_003 + number,
            multivariate=True,
            constant_liar=True,
            group=group,
        )

    return make


def by_name(name: str) -> Callable[[Space, int], Callable[[int], optuna.samplers.BaseSampler]]:
    return lambda space, seed: sampler_maker(name, space, seed, STARTUP)


METHODS = {
    "tpe, conditional": (robmednas.SPACE, tpe(group=False)),
    "tpe, conditional, groups": (robmednas.SPACE, tpe(group=True)),
    "tpe, fixed depth": (UNCONDITIONAL, tpe(group=False)),
    "evolution, conditional": (robmednas.SPACE, by_name("evolution")),
    "bayes, conditional": (robmednas.SPACE, by_name("bayes")),
    "bayes, fixed depth": (UNCONDITIONAL, by_name("bayes")),
    "random": (robmednas.SPACE, by_name("random")),
}


def search(method: str, seed: int, trials: int) -> tuple[list[float], float]:
    """Search one objective.

    Args:
        method: A key of `METHODS`.
        seed: Of the objective and the proposals.
        trials: How many.

    Returns:
        The best value after each trial, and seconds a proposal.
    """
    space, make = METHODS[method]
    storage = optuna.storages.InMemoryStorage()
    record = OptunaRecord(storage, "encodings", space, "max", make(space, seed))
    objective, running = make_objective(seed), deque[tuple[str, float]]()
    values: list[float] = []
    seconds = 0.0
    for number in range(trials):
        start = time.perf_counter()
        point = record.ask(str(number))
        seconds += time.perf_counter() - start
        running.append((str(number), objective(point)))
        values.append(running[-1][1])
        if len(running) == WORKERS:
            record.complete(*running.popleft(), {})
    return list(np.maximum.accumulate(values)), seconds / trials


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=24)
    parser.add_argument("--trials", type=int, default=120)
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    arguments = parser.parse_args()
    middle = arguments.trials // 2
    print(f"best value after {middle} and {arguments.trials} trials: mean, standard error")
    for method in arguments.methods:
        searches = [search(method, seed, arguments.trials) for seed in range(arguments.seeds)]
        curves, seconds = zip(*searches, strict=True)
        best = np.array(curves)[:, [middle - 1, -1]]
        errors = best.std(axis=0, ddof=1) / np.sqrt(arguments.seeds)
        cells = [f"{m:.2f} ± {e:.2f}" for m, e in zip(best.mean(axis=0), errors, strict=True)]
        print(f"{method:26} {cells[0]:14} {cells[1]:14} {np.mean(seconds):.3f} s", flush=True)


if __name__ == "__main__":
    main()
