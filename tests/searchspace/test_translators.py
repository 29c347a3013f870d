"""One declaration, one distribution: all translators must draw alike, conditions included."""

import math
from collections import Counter

import hyperopt
import numpy as np
import pytest
from scipy import stats
from spaces import DRAWS, FLAT, SPACES, TRANSLATORS, draw, hyperopt_vals

from searchspace.domains import Choice, Float, Int

# About a hundred checks share a 1 % chance of a false alarm. (Optuna's draw of "texts" lies at
# 0.00096 with this seed, with forty others inconspicuously.) The wrong distributions below stay
# under a hundredth of the limit, so it is sharp enough.
LIMIT = 1e-4


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
    values = [config[name] for config in draw(translator, space_name) if name in config]
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
    for config in draw(translator, space_name):
        space.check(config)
        assert list(config) == [param.name for param in space.active(config)]
        assert {type(value) for value in config.values()} <= {bool, int, float, str}


@pytest.mark.parametrize("translator", TRANSLATORS)
@pytest.mark.parametrize("name", ["whole", "whole_log"])
def test_both_bounds_are_reached_and_kept(translator, name):
    values = [config[name] for config in draw(translator, "flat")]
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
    activities = []
    for config in draw(translator, "network"):
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
        activities.append((depth, *se))
    assert p_value_of_counts(activity_of_the_network(), activities) > LIMIT


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
    activities = [
        tuple(name for name in config if name != "on") for config in draw(translator, "nested")
    ]
    assert p_value_of_counts(expected, activities) > LIMIT


@pytest.mark.parametrize("translator", TRANSLATORS)
def test_siblings_are_drawn_independently(translator):
    pairs = [(config["whole"], config["texts"]) for config in draw(translator, "flat")]
    expected = {(k, text): 1 / 21 for k in range(-2, 5) for text in "abc"}
    assert p_value_of_counts(expected, pairs) > LIMIT
