"""One declaration, one distribution: all translators must draw alike, conditions included."""

import math
from collections import Counter
from functools import cache

import hyperopt
import numpy as np
import optuna
import pytest
from hyperopt.base import Domain as HyperoptDomain
from hyperopt.base import Trials
from optuna.trial import FixedTrial, TrialState, create_trial
from scipy import stats

from searchspace import hyperopt as to_hyperopt
from searchspace import optuna as to_optuna
from searchspace import random as to_random
from searchspace.domains import Choice, Float, Int
from searchspace.errors import UserError
from searchspace.space import Param, Space, When
from searchspace.tsynd import SPACE as TSYND

DRAWS = 5000
# About a hundred checks share a 1 % chance of a false alarm. (Optuna's draw of "texts" lies at
# 0.00096 with this seed, with forty others inconspicuously.) The wrong distributions below stay
# under a hundredth of the limit, so it is sharp enough.
LIMIT = 1e-4


def network(depths):
    """A space like a search over U-Nets: blocks down to the depth, reduction where SE is on."""
    params = [Param("depth", depths, "")]
    for block in range(1, 4):
        exists = When("depth", tuple(range(block, 4)))
        params += [
            Param(f"pattern_{block}", Int(1, 15), "", when=exists),
            Param(f"filters_{block}", Choice((8, 16, 32)), "", when=exists),
            Param(f"se_{block}", Choice((False, True)), "", when=exists),
            Param(f"reduction_{block}", Choice((2, 4)), "", when=When(f"se_{block}", (True,))),
        ]
    return Space("network", tuple(params))


FLAT = Space(
    "flat",
    (
        Param("real", Float(-1.0, 3.0), ""),
        Param("real_log", Float(1e-4, 1.0, log=True), ""),
        Param("whole", Int(-2, 4), ""),
        Param("whole_log", Int(1, 9, log=True), ""),
        Param("texts", Choice(("a", "b", "c")), ""),
        Param("mixed", Choice((False, 3, 0.5, "3")), ""),
    ),
)
NESTED = Space(
    "nested",
    (
        Param("on", Choice((True, False)), ""),
        # A name that the key of a branch's own value must not take.
        Param("value", Int(2, 5, log=True), "", when=When("on", (True,))),
        Param("rate", Float(0.1, 10.0, log=True), "", when=When("value", (2, 3))),
        Param("width", Int(3, 20, log=True), "", when=When("value", (2, 5))),
        Param("share", Float(0.0, 1.0), "", when=When("on", (False,))),
    ),
)
SPACES = {space.name: space for space in (FLAT, NESTED, network(Int(1, 3)), TSYND)}


def draw_random(space, draws):
    rng = np.random.default_rng(5)
    return [to_random.sample(space, rng) for _ in range(draws)]


def draw_optuna(space, draws):
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=5))
    return [to_optuna.suggest(space, study.ask()) for _ in range(draws)]


def hyperopt_vals(expression, draws):
    """What hyperopt remembers of random trials: for each label a list of one value, or none."""
    domain = HyperoptDomain(len, expression)
    trials = hyperopt.rand.suggest(list(range(draws)), domain, Trials(), seed=5)
    return [trial["misc"]["vals"] for trial in trials]


@cache
def expression(space_name):
    return to_hyperopt.expression(SPACES[space_name])


def evaluate(space, vals):
    point = {label: value[0] for label, value in vals.items() if value}
    return to_hyperopt.flatten(space, hyperopt.space_eval(expression(space.name), point))


def draw_hyperopt(space, draws):
    vals = hyperopt_vals(expression(space.name), draws)
    return [evaluate(space, drawn) for drawn in vals]


TRANSLATORS = {"random": draw_random, "optuna": draw_optuna, "hyperopt": draw_hyperopt}


@cache
def drawn(translator, space_name):
    return TRANSLATORS[translator](SPACES[space_name], DRAWS)


def probabilities(domain):
    """Each value of a discrete domain with its probability, from the definition."""
    match domain:
        case Choice(options):
            weights = dict.fromkeys(options, 1.0)
        case Int(low, high, log):
            values = range(low, high + 1)
            weights = {k: math.log((k + 0.5) / (k - 0.5)) if log else 1.0 for k in values}
    return {value: weight / sum(weights.values()) for value, weight in weights.items()}


def p_value_of_counts(expected, values):
    """Chi-square: the probability of counts so far from the expected ones; 0 where impossible."""
    counts = Counter(values)
    if set(counts) - set(expected):
        return 0.0
    observed = [counts[value] for value in expected]
    shares = np.array(list(expected.values()))
    assert min(shares) * len(values) >= 5, "too few draws for chi-square"
    return stats.chisquare(observed, shares / shares.sum() * len(values)).pvalue


def p_value(domain, values):
    """Probability that draws from the domain look as little like it as these."""
    if isinstance(domain, Float):
        spread = stats.loguniform if domain.log else stats.uniform
        scale = domain.high if domain.log else domain.high - domain.low
        cdf = (spread(domain.low, scale)).cdf
        return stats.kstest(values, cdf).pvalue
    return p_value_of_counts(probabilities(domain), values)


@pytest.mark.parametrize("translator", TRANSLATORS)
@pytest.mark.parametrize(
    ("space_name", "name"),
    [(space.name, param.name) for space in SPACES.values() for param in space.params],
)
def test_translators_mean_the_same_distribution(translator, space_name, name):
    domain = next(p.domain for p in SPACES[space_name].params if p.name == name)
    values = [config[name] for config in drawn(translator, space_name) if name in config]
    assert len(values) > 100
    assert p_value(domain, values) > LIMIT


RNG = np.random.default_rng(11)
LOG_5_TO_100 = np.exp(RNG.uniform(math.log(5), math.log(100), DRAWS))
WRONG = {
    "edge values half as likely": (Int(5, 100, log=True), np.round(LOG_5_TO_100)),
    "rounded down": (Int(1, 9, log=True), np.floor(10 ** RNG.uniform(0, 1, DRAWS))),
    "upper bound excluded": (Int(-2, 4), RNG.integers(-2, 4, DRAWS)),
    "uniform edges half as likely": (Int(-2, 4), np.round(RNG.uniform(-2, 4, DRAWS))),
    "log forgotten, whole": (Int(1, 9, log=True), RNG.integers(1, 10, DRAWS)),
    "log forgotten, real": (Float(1e-4, 1.0, log=True), RNG.uniform(1e-4, 1, DRAWS)),
    "log to the base of a bound": (Float(1e-4, 1.0, log=True), RNG.uniform(0, 1, DRAWS) ** 8),
    "range shifted": (Float(-1.0, 3.0), RNG.uniform(-0.8, 3.2, DRAWS)),
    "option preferred": (Choice(("a", "b", "c")), RNG.choice(["a", "a", "b", "c"], DRAWS)),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_the_check_rejects_a_wrong_distribution(mistake):
    domain, values = WRONG[mistake]
    assert p_value(domain, values.tolist()) < LIMIT / 100


def test_the_check_rejects_the_obvious_hyperopt_expression():
    domain = Int(5, 100, log=True)
    obvious = {"x": hyperopt.hp.qloguniform("x", math.log(5), math.log(100), 1)}
    values = [int(vals["x"][0]) for vals in hyperopt_vals(obvious, DRAWS)]
    assert p_value(domain, values) < LIMIT / 100


def test_the_meaning_of_a_logarithmic_whole_number():
    # log 3 / log 19: computed by hand for 1 to 9
    assert probabilities(Int(1, 9, log=True))[1] == pytest.approx(0.3731, abs=1e-4)


@pytest.mark.parametrize("space_name", SPACES)
@pytest.mark.parametrize("translator", TRANSLATORS)
def test_draws_are_plain_points_of_the_space(translator, space_name):
    space = SPACES[space_name]
    for config in drawn(translator, space_name):
        space.check(config)
        assert list(config) == [param.name for param in space.active(config)]
        assert {type(value) for value in config.values()} <= {bool, int, float, str}


@pytest.mark.parametrize("translator", TRANSLATORS)
@pytest.mark.parametrize("name", ["whole", "whole_log"])
def test_both_bounds_are_reached_and_kept(translator, name):
    values = [config[name] for config in drawn(translator, "flat")]
    domain = next(p.domain for p in FLAT.params if p.name == name)
    assert (min(values), max(values)) == (domain.low, domain.high)


def activity_of_the_network():
    """The probability of each combination of depth and SE: 1/3, and 1/2 for each block."""
    combinations = {1: 2, 2: 4, 3: 8}
    return {
        (depth, *(bool(bits >> block & 1) for block in range(depth))): 1 / 3 / count
        for depth, count in combinations.items()
        for bits in range(count)
    }


@pytest.mark.parametrize("translator", TRANSLATORS)
def test_conditions_nest_with_the_right_frequencies(translator):
    found = []
    for config in drawn(translator, "network"):
        depth = config["depth"]
        se = [config[f"se_{block}"] for block in range(1, depth + 1)]
        blocks = {name for name in config if name.endswith(("_1", "_2", "_3"))}
        expected = {
            f"{kind}_{block}"
            for block in range(1, depth + 1)
            for kind in ("pattern", "filters", "se")
        }
        expected |= {f"reduction_{block}" for block, on in enumerate(se, 1) if on}
        assert blocks == expected
        found.append((depth, *se))
    assert p_value_of_counts(activity_of_the_network(), found) > LIMIT


@pytest.mark.parametrize("translator", TRANSLATORS)
def test_activity_through_a_logarithmic_parent(translator):
    share = {k: p / 2 for k, p in probabilities(Int(2, 5, log=True)).items()}
    expected = {
        ("value", "rate", "width"): share[2],
        ("value", "rate"): share[3],
        ("value", "width"): share[5],
        ("value",): share[4],
        ("share",): 0.5,
    }
    found = [
        tuple(name for name in config if name != "on") for config in drawn(translator, "nested")
    ]
    assert p_value_of_counts(expected, found) > LIMIT


@pytest.mark.parametrize("translator", TRANSLATORS)
def test_siblings_are_drawn_independently(translator):
    pairs = [(config["whole"], config["texts"]) for config in drawn(translator, "flat")]
    expected = {(k, text): 1 / 21 for k in range(-2, 5) for text in "abc"}
    assert p_value_of_counts(expected, pairs) > LIMIT


@pytest.mark.parametrize("space_name", SPACES)
def test_hyperopt_knows_each_parameter_once(space_name):
    domain = HyperoptDomain(len, expression(space_name))  # refuses duplicate labels
    assert set(domain.params) == {param.name for param in SPACES[space_name].params}


@pytest.mark.parametrize("space_name", SPACES)
def test_configs_made_elsewhere_pass_through_hyperopt(space_name):
    space = SPACES[space_name]
    for config in drawn("random", space_name)[:200]:
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
    assert evaluate(space, to_hyperopt.to_vals(space, config)) == config


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
    for tid, config in enumerate(drawn("random", "network")[:60]):
        vals = to_hyperopt.to_vals(space, config)
        idxs = {label: [tid] * len(value) for label, value in vals.items()}
        misc = {"tid": tid, "cmd": domain.cmd, "workdir": None, "idxs": idxs, "vals": vals}
        loss = abs(config["depth"] - 2) + (config.get("reduction_2", 4) - 2) / 2
        (document,) = trials.new_trial_docs([tid], [None], [{"status": "ok", "loss": loss}], [misc])
        trials.insert_trial_doc(document | {"state": hyperopt.JOB_STATE_DONE})
    trials.refresh()
    found = []
    for seed in range(20):
        (document,) = hyperopt.tpe.suggest([100], domain, trials, seed, verbose=False)
        found.append(evaluate(space, document["misc"]["vals"]))
        space.check(found[-1])
    # One in twelve of random draws has both.
    assert sum(c["depth"] == 2 and c.get("reduction_2") == 2 for c in found) >= 10


@pytest.mark.parametrize("space_name", SPACES)
def test_optuna_accepts_configs_made_elsewhere(space_name):
    space = SPACES[space_name]
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    for config in drawn("random", space_name)[:30]:
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


def test_random_draws_follow_the_seed_and_stay_aligned():
    first, again = (to_random.sample(NESTED, np.random.default_rng(3)) for _ in range(2))
    assert first == again
    assert first != to_random.sample(NESTED, np.random.default_rng(4))
    # What is inactive consumes its draw, so the n-th config does not depend on those before it.
    ahead = np.random.default_rng(3)
    ahead.random(len(NESTED.params))
    both = np.random.default_rng(3)
    to_random.sample(NESTED, both)
    assert to_random.sample(NESTED, both) == to_random.sample(NESTED, ahead)
