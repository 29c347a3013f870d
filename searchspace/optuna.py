"""Spaces in Optuna's terms."""

from collections.abc import Mapping
from typing import Any

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from searchspace.domains import Choice, Domain, Float, Int
from searchspace.space import Space


def suggest(space: Space, trial: optuna.trial.BaseTrial) -> dict[str, Any]:
    """Let an Optuna trial choose a config, parameter by parameter, so that conditions are known."""
    config: dict[str, Any] = {}
    for param in space.params:
        if param in space.active(config):
            match param.domain:
                case Choice(options):
                    config[param.name] = trial.suggest_categorical(param.name, options)
                case Int(low, high, log):
                    config[param.name] = trial.suggest_int(param.name, low, high, log=log)
                case Float(low, high, log):
                    config[param.name] = trial.suggest_float(param.name, low, high, log=log)
    return config


def distribution(domain: Domain) -> BaseDistribution:
    """Translate a domain into Optuna's distribution."""
    match domain:
        case Choice(options):
            return CategoricalDistribution(options)
        case Int(low, high, log):
            return IntDistribution(low, high, log=log)
        case Float(low, high, log):
            return FloatDistribution(low, high, log=log)


def distributions(space: Space, config: Mapping[str, Any]) -> dict[str, BaseDistribution]:
    """Translate the domains of the active parameters of a config, by name."""
    return {param.name: distribution(param.domain) for param in space.active(config)}
