"""Samplers by the names that ``--sampler`` takes, the user's own among them.

A sampler of the user's own is named by its path (``mymodule:MySampler``, ``./mine.py:MySampler``)
or offered by an installed package as an entry point of the group
``robust_medical_search.samplers``. It is a class or a function that takes `SamplerOptions` and
returns an Optuna sampler; `search.samplers.whole_config.WholeConfigSampler` is a base for it. One
that can search for two objectives says so by an attribute ``two_objectives = True``.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
import optuna

from search.engine.optuna_record import MakeSampler
from search.samplers.bayes import BayesSampler
from search.samplers.evolution import EvolutionSampler
from search.samplers.hyperopt_tpe import HyperoptSampler
from search.samplers.optuna_gp import OptunaGpSampler
from search.samplers.whole_config import RandomSampler, SamplerOptions
from searchspace.domains import Value
from searchspace.errors import UserError
from searchspace.space import Space
from trainables.runtime.plugins import Registry

Build = Callable[[SamplerOptions], optuna.samplers.BaseSampler]


def _tpe(options: SamplerOptions) -> optuna.samplers.BaseSampler:
    """Make Optuna's estimator: one joint model, constant liar, also for two objectives."""
    return optuna.samplers.TPESampler(
        n_startup_trials=options.startup,
        seed=options.seed,
        multivariate=True,
        constant_liar=True,
    )


SAMPLERS: Final[dict[str, Build]] = {
    "tpe": _tpe,
    "bayes": BayesSampler,
    "gp": OptunaGpSampler,
    "hyperopt": HyperoptSampler,
    "evolution": EvolutionSampler,
    "random": RandomSampler,
}
OF_TWO: Final = ("tpe", "random")  # the built-in ones that can search for two objectives
REGISTRY: Final = Registry(
    what="sampler",
    group="samplers",
    builtin=SAMPLERS,
    fits=callable,
    form="a class or function that takes SamplerOptions and returns an Optuna sampler",
)


def takes_two_objectives(name: str) -> bool:
    """Tell whether a sampler can search for two objectives at once."""
    return name in OF_TWO or bool(getattr(REGISTRY.resolve(name), "two_objectives", False))


def sampler_maker(name: str, space: Space, seed: int, startup: int) -> MakeSampler:
    """Return what makes the sampler of each question, seeded by the proposal's number.

    Args:
        name: Of a sampler, as the user wrote it.
        space: Where it samples. Where the space has arms, each is sampled as a space of its own.
        seed: Of the run, from 0.
        startup: Random proposals before a model is trusted, shared out among the arms.

    Raises:
        UserError: If the name stands for no sampler; or, later, if what it stands for makes none.
    """
    build = REGISTRY.resolve(name)

    arms = {option: space.of_arm(option) for option in space.arm_options}
    share = -(-startup // len(arms)) if arms else startup

    def make(number: int, /, *, arm: Value | None = None) -> optuna.samplers.BaseSampler:
        (sampler_seed,) = np.random.SeedSequence([seed, number]).generate_state(1)
        part = space if arm is None else arms[arm]
        sampler = build(SamplerOptions(part, int(sampler_seed), share))
        if not isinstance(sampler, optuna.samplers.BaseSampler):
            raise UserError(f"{name} returns a {type(sampler).__name__}: give {REGISTRY.form}")
        return sampler

    return make
