"""Configs to Optuna's trials, with the distributions that were used."""

import optuna
import pytest
from optuna.trial import FixedTrial, TrialState, create_trial
from spaces import SPACES, draw

from searchspace import optuna as to_optuna
from searchspace.domains import Choice, Float, Int


@pytest.mark.parametrize("space_name", SPACES)
def test_optuna_accepts_configs_made_elsewhere(space_name):
    space = SPACES[space_name]
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    for config in draw("random", space_name)[:30]:
        assert to_optuna.suggest(space, FixedTrial(config)) == config
        distributions = to_optuna.distributions(space, config)
        study.add_trial(create_trial(params=config, distributions=distributions, value=0.0))
        assert study.trials[-1].params == config


@pytest.mark.parametrize("space_name", SPACES)
def test_optuna_records_the_distributions_it_was_asked_for(space_name):
    space = SPACES[space_name]
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=2))
    for _ in range(20):
        trial = study.ask()
        config = to_optuna.suggest(space, trial)
        recorded = study.get_trials(states=(TrialState.RUNNING,))[-1].distributions
        assert recorded == to_optuna.distributions(space, config)


def test_every_domain_has_its_distribution():
    names = {
        Choice(("a", 1)): optuna.distributions.CategoricalDistribution(("a", 1)),
        Int(1, 9, log=True): optuna.distributions.IntDistribution(1, 9, log=True),
        Float(-1.0, 1.0): optuna.distributions.FloatDistribution(-1.0, 1.0),
    }
    assert {domain: to_optuna.distribution(domain) for domain in names} == names
