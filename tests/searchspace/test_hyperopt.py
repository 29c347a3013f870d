"""Configs to and from Hyperopt, without loss."""

import hyperopt
import numpy as np
import pytest
from hyperopt.base import Domain as HyperoptDomain
from hyperopt.base import Trials
from spaces import FLAT, NESTED, SPACES, TSYND, draw, evaluate, expression, hyperopt_vals

from searchspace import hyperopt as to_hyperopt
from searchspace.domains import Choice
from searchspace.errors import UserError


@pytest.mark.parametrize("space_name", SPACES)
def test_hyperopt_knows_each_parameter_once(space_name):
    domain = HyperoptDomain(len, expression(space_name))  # refuses duplicate labels
    assert set(domain.params) == {param.name for param in SPACES[space_name].params}


@pytest.mark.parametrize("space_name", SPACES)
def test_configs_made_elsewhere_pass_through_hyperopt(space_name):
    space = SPACES[space_name]
    for config in draw("random", space_name)[:200]:
        vals = to_hyperopt.to_vals(space, config)
        assert set(vals) == {param.name for param in space.params}
        assert evaluate(space, vals) == config


@pytest.mark.parametrize("space_name", SPACES)
def test_what_hyperopt_drew_is_what_it_is_told(space_name):
    space = SPACES[space_name]
    for vals in hyperopt_vals(expression(space.name), 200):
        assert to_hyperopt.to_vals(space, evaluate(space, vals)) == vals


@pytest.mark.parametrize("space", [FLAT, TSYND], ids=lambda space: space.name)
@pytest.mark.parametrize("end", ["low", "high"])
def test_bounds_pass_through_hyperopt(space, end):
    config = {
        param.name: param.domain.options[0 if end == "low" else -1]
        if isinstance(param.domain, Choice)
        else getattr(param.domain, end)
        for param in space.params
    }
    point = space.restrict(config)  # without what a regime leaves out
    assert evaluate(space, to_hyperopt.to_vals(space, point)) == point


def test_vals_of_inactive_parameters_are_empty():
    vals = to_hyperopt.to_vals(NESTED, {"on": False, "share": 0.25})
    assert vals == {"on": [1], "value": [], "rate": [], "width": [], "share": [0.25]}


def test_vals_of_a_config_outside_the_space_are_refused():
    with pytest.raises(UserError, match="share is 2"):
        to_hyperopt.to_vals(NESTED, {"on": False, "share": 2})


def test_flatten_undoes_what_arithmetic_adds():
    sample = {"real": np.float64(3.0 + 4e-16), "whole": np.float64(5.0), "texts": "b"}
    sample |= {"real_log": 1e-4 * (1 - 1e-16), "whole_log": 0.0, "mixed": 0.5}
    config = to_hyperopt.flatten(FLAT, sample)
    assert config["whole_log"] == 1
    assert config["whole"] == 4
    FLAT.check(config)


def test_hyperopt_learns_from_trials_made_elsewhere():
    space = SPACES["network"]
    domain = HyperoptDomain(len, expression(space.name))
    trials = Trials()
    for tid, config in enumerate(draw("random", "network")[:60]):
        vals = to_hyperopt.to_vals(space, config)
        idxs = {label: [tid] * len(value) for label, value in vals.items()}
        misc = {"tid": tid, "cmd": domain.cmd, "workdir": None, "idxs": idxs, "vals": vals}
        loss = abs(config["depth"] - 2) + (config.get("reduction_2", 4) - 2) / 2
        (document,) = trials.new_trial_docs([tid], [None], [{"status": "ok", "loss": loss}], [misc])
        trials.insert_trial_doc(document | {"state": hyperopt.JOB_STATE_DONE})
    trials.refresh()
    configs = []
    for seed in range(20):
        (document,) = hyperopt.tpe.suggest([100], domain, trials, seed, verbose=False)
        configs.append(evaluate(space, document["misc"]["vals"]))
        space.check(configs[-1])
    # One in twelve of random draws has both.
    assert sum(c["depth"] == 2 and c.get("reduction_2") == 2 for c in configs) >= 10
