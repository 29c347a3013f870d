"""Samplers by the names that ``--sampler`` takes."""

from collections.abc import Callable

import optuna

from search.samplers.bayes import BayesSampler
from search.samplers.evolution import EvolutionSampler
from search.samplers.hyperopt_tpe import HyperoptSampler
from search.samplers.whole_config import RandomSampler, SamplerOptions


def _tpe(options: SamplerOptions) -> optuna.samplers.BaseSampler:
    """Make Optuna's estimator: one joint model, constant liar; of two objectives not by default."""
    return optuna.samplers.TPESampler(
        n_startup_trials=options.startup,
        seed=options.seed,
        multivariate=True,
        constant_liar=True,
    )


SAMPLERS: dict[str, Callable[[SamplerOptions], optuna.samplers.BaseSampler]] = {
    "tpe": _tpe,
    "bayes": BayesSampler,
    "hyperopt": HyperoptSampler,
    "evolution": EvolutionSampler,
    "random": RandomSampler,
}
OF_TWO = ("tpe", "random")  # those that know two objectives
