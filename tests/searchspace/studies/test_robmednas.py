"""The space of architectures: its points, and that samplers find their way in it."""

from collections import Counter

import hyperopt
import numpy as np
import optuna
import pytest
from hyperopt.base import Domain as HyperoptDomain
from scipy import stats

from search.engine.optuna_record import OptunaRecord
from search.samplers.registry import SAMPLERS, sampler_maker
from searchspace import hyperopt as to_hyperopt
from searchspace import optuna as to_optuna
from searchspace.domains import Choice
from searchspace.encoding import canonical, digest
from searchspace.hyperopt import to_vals
from searchspace.random import sample
from searchspace.studies.robmednas import (
    SPACE,
    plain_point,
    space,
    to_architecture,
    to_network,
    to_point,
    wide_space,
)
from searchspace.unet import PAPER_BEST, parse, plain

SMALL = space(32, 5)


def draws(count, of=SPACE):
    rng = np.random.default_rng(1)
    return [sample(of, rng) for _ in range(count)]


def test_points_and_architectures_say_the_same():
    for point in draws(200):
        assert to_point(to_architecture(point)) == point
    best = parse(PAPER_BEST)
    assert SPACE.contains(to_point(best))
    assert to_architecture(to_point(best)) == best
    assert not SMALL.contains(to_point(best))


def test_decoder_blocks_are_named_after_their_partner():
    network = to_architecture(to_point(parse("1000x8 0100x16 | 0010x32 0001x8s2")))
    point = to_point(network)
    assert (point["enc1_pattern"], point["dec1_pattern"]) == ("1000", "0001")
    assert (point["enc2_log2_filters"], point["dec2_log2_filters"]) == (4, 5)


def test_filters_that_are_no_power_of_two_have_no_point():
    with pytest.raises(ValueError, match="24 filters"):
        to_point(parse("1000x24 | 1000x8"))


def test_the_wide_space_adds_the_recipe_and_what_the_papers_networks_lack():
    architecture, recipe, both = (
        wide_space(32, 3, part) for part in ("architecture", "recipe", "both")
    )
    names = [{param.name for param in item.params} for item in (architecture, recipe, both)]
    assert names[2] == names[0] | names[1]
    added = names[0] - {param.name for param in space(32, 3).params}
    assert added == {"family", "norm", "levels", "first_filters", "growth", "full_skip"}
    rng = np.random.default_rng(0)
    blocks = next(point for point in iter(lambda: sample(both, rng), None) if "depth" in point)
    assert to_network(blocks) == to_architecture(blocks)
    assert to_network(blocks).full_skip == blocks["full_skip"]
    standard = dict(blocks, regime="standard")
    assert "attack_eps" not in both.restrict(standard)


def test_plain_networks_are_points_with_the_usual_one_in_the_middle():
    part = wide_space(32, 5, "architecture")
    point = plain_point(32, 5)
    assert part.contains(point | {"norm": "instance"})
    assert to_network(point) == plain(32)
    widths = {
        to_network(point | change).widths
        for change in ({"levels": 5}, {"first_filters": 8}, {"growth": 1.5}, {"first_filters": 12})
    }
    assert widths == {(16, 32, 64, 128, 256), (8, 16, 32, 64), (16, 24, 36, 54), (12, 24, 48, 96)}
    assert max(to_network(point | {"first_filters": 32, "growth": 2.5, "levels": 5}).widths) == 256
    assert wide_space(32, 2, "architecture").contains(plain_point(32, 2) | {"norm": "batch"})


def test_every_depth_is_as_likely():
    counts = Counter(point["depth"] for point in draws(5000))
    assert stats.chisquare([counts[depth] for depth in range(1, 6)]).pvalue > 1e-3


def draw_optuna(count):
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=3))
    return [to_optuna.suggest(SPACE, study.ask()) for _ in range(count)]


def hyperopt_vals(domain, count):
    trials = hyperopt.rand.suggest(list(range(count)), domain, hyperopt.Trials(), seed=3)
    return [trial["misc"]["vals"] for trial in trials]


def draw_hyperopt(count):
    domain = HyperoptDomain(len, to_hyperopt.expression(SPACE))
    present = [
        {name: value[0] for name, value in vals.items() if value}
        for vals in hyperopt_vals(domain, count)
    ]
    samples = (hyperopt.space_eval(domain.expr, values) for values in present)
    return [to_hyperopt.flatten(SPACE, values) for values in samples]


TRANSLATORS = {"random": draws, "optuna": draw_optuna, "hyperopt": draw_hyperopt}


@pytest.mark.parametrize("translator", TRANSLATORS)
def test_every_parameter_is_uniform_where_it_exists(translator):
    points = TRANSLATORS[translator](1000)
    for point in points:
        SPACE.check(point)
        assert list(point) == [param.name for param in SPACE.active(point)]
    p_values = {}
    for param in SPACE.params:
        domain = param.domain
        numeric = not isinstance(domain, Choice)
        options = range(domain.low, domain.high + 1) if numeric else domain.options
        counts = Counter(point[param.name] for point in points if param.name in point)
        assert set(counts) <= set(options), param.name
        p_values[param.name] = stats.chisquare([counts[option] for option in options]).pvalue
    # 31 tests at once: uniform where the smallest survives Bonferroni.
    assert min(p_values.values()) > 1e-2 / len(p_values), p_values


def test_what_lies_below_the_depth_does_not_tell_two_architectures_apart():
    deep = next(point for point in draws(100) if point["depth"] == 5)
    shallow = deep | {"depth": 2}
    variant = shallow | {"enc3_pattern": "1000", "dec5_se": 16}
    assert canonical(SPACE, shallow) == canonical(SPACE, variant)
    assert digest(SPACE, shallow) == digest(SPACE, variant) != digest(SPACE, deep)
    assert set(canonical(SPACE, shallow)) == {
        "depth",
        *(f"{side}{level}_{what}" for side in ("enc", "dec") for level in (1, 2)
          for what in ("pattern", "log2_filters", "se")),
    }  # fmt: skip


def search(sampler, trials, seed=0):
    storage = optuna.storages.InMemoryStorage()
    maker = sampler_maker(sampler, SMALL, seed, startup=20)
    record = OptunaRecord(storage, "robmednas", SMALL, "min", maker)
    points = []
    for number in range(trials):
        point = record.ask(str(number))
        assert SMALL.contains(point)
        record.report(str(number), value_of(point), 1)
        record.complete(str(number), value_of(point), {})
        points.append(point)
    return points


def value_of(point):
    """Best at a depth of 3 with few filters in the first block and many in the third."""
    third = point.get("enc3_log2_filters", 3)
    return abs(point["depth"] - 3) + 0.5 * point["enc1_log2_filters"] - 0.5 * third


@pytest.mark.parametrize("sampler", sorted(SAMPLERS))
def test_samplers_draw_the_depth_uniformly_at_first(sampler):
    depths = Counter()
    for seed in range(6):
        depths.update(point["depth"] for point in search(sampler, 20, seed))
    assert stats.chisquare([depths[depth] for depth in range(1, 6)]).pvalue > 1e-3


@pytest.mark.parametrize("sampler", ["tpe", "hyperopt"])
def test_estimators_learn_the_depth_and_what_exists_only_with_it(sampler):
    early, late = [], []
    for seed in range(2):
        points = search(sampler, 70, seed)
        early += points[:20]
        late += points[45:]
    assert np.mean([value_of(point) for point in late]) < (
        np.mean([value_of(point) for point in early]) - 0.7
    )
    share = np.mean([point["depth"] == 3 for point in late])
    assert share > 0.4
    third = [point["enc3_log2_filters"] for point in late if point["depth"] >= 3]
    assert np.mean(third) > 4.2  # uniform: 4


def test_hyperopt_remembers_points_of_every_depth():
    expression = to_hyperopt.expression(SMALL)
    for point in draws(50, SMALL):
        vals = to_vals(SMALL, point)
        present = {name for name, value in vals.items() if value}
        assert present == set(point)
        assert vals["depth"] == [point["depth"] - 1]  # the index of its branch
        values = {name: value[0] for name, value in vals.items() if value}
        sample = hyperopt.space_eval(expression, values)
        assert to_hyperopt.flatten(SMALL, sample) == point
