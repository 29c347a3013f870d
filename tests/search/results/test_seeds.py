"""How much values vary with the seed."""

import math

import numpy as np
import pytest

from search.engine.objective import Objective
from search.engine.trial import State, Trial
from search.results.seeds import UNKNOWN, spread_of, trainings_of
from trainables.metrics.welch import Component, estimate, total
from trainables.study.report import Report

HIGH = Objective("m", "max")


def training(name, value=0.0, state=State.COMPLETED, **fields):
    return Trial(name, {}, state=state, reports=[Report(1, {"m": value})], **fields)


def test_trainings_are_grouped_by_config_in_order_of_the_seeds():
    trials = [
        training("a"),
        training("b", state=State.PRUNED),
        training("a.3", repeats="a", seed=2),
        training("a.2", repeats="a", seed=1),
        training("a.4", repeats="a", seed=3, state=State.RUNNING),
    ]
    groups = trainings_of(trials)
    assert {name: [member.id for member in group] for name, group in groups.items()} == {
        "a": ["a", "a.2", "a.3"]
    }


def test_the_deviation_is_pooled_with_one_less_than_the_trainings():
    groups = [
        [training("a", 1.0), training("a.2", 2.0), training("a.3", 3.0)],
        [training("b", 5.0), training("b.2", 9.0)],
        [training("c", 100.0)],
    ]
    spread = spread_of(groups, HIGH)
    assert (spread.df, spread.configs) == (3, 2)
    assert spread.deviation == pytest.approx(math.sqrt((2 + 8) / 3))


def test_of_controls_alone_nothing_is_known():
    """A baseline that falls to 0 with every seed says of no trial that it is as steady."""
    baseline = [training(name, 0.0, control=True) for name in ("r", "r.2", "r.3")]
    assert spread_of([baseline, [training("t", 0.7)]], HIGH) == UNKNOWN
    spread = spread_of([baseline, [training("t", 0.7), training("t.2", 0.5)]], HIGH)
    assert spread.of_training("u") == pytest.approx(Component(0.02, 1))


def test_a_mean_and_a_difference_vary_less():
    spread = spread_of([[training("a", 1.0), training("b", 2.0)]], HIGH)
    assert spread.of_mean("a", 4) == pytest.approx(Component(0.5 / 4, 1))
    difference = spread.of_difference(("a", 2), ("c", 4))
    assert difference == pytest.approx(Component(0.5 * (1 / 2 + 1 / 4), 1))


def group(name, *values):
    return [training(f"{name}.{n}" * (n > 0) or name, v) for n, v in enumerate(values)]


def test_a_config_that_varies_more_than_the_pool_counts_with_its_own_deviation():
    """Of b by itself .08, of all others .0025: an F of 32 is beyond chance, one of 3 is not."""
    steady = [group("a", 0.5, 0.6), group("c", 0.1, 0.2), group("d", 0.1, 0.15, 0.2)]
    spread = spread_of([*steady, group("b", 0.1, 0.5)], HIGH)
    assert spread.of_training("b") == pytest.approx(Component(0.08, 1))
    assert spread.of_training("once") == spread.of_training("b")
    assert spread.of_training("a") == pytest.approx(Component(spread.deviation**2, 5))
    mild = spread_of([*steady, group("b", 0.1, 0.22)], HIGH)
    assert mild.of_training("b") == pytest.approx(Component(0.0072, 1))
    assert mild.of_training("once") == pytest.approx(Component(0.0072, 5))


def test_a_difference_that_rests_on_the_same_trainings_adds_no_degrees_of_freedom():
    steady = [group("a", 0.5, 0.6), group("c", 0.1, 0.2), group("d", 0.1, 0.15, 0.2)]
    spread = spread_of([*steady, group("b", 0.1, 0.5)], HIGH)
    pooled = spread.deviation**2
    assert spread.of_difference(("a", 1), ("c", 2)) == pytest.approx(Component(1.5 * pooled, 5))
    assert spread.of_difference(("b", 2), ("once", 1)) == pytest.approx(Component(0.12, 1))
    apart = total([Component(pooled, 5), Component(0.04, 1)])
    assert spread.of_difference(("a", 1), ("b", 2)) == pytest.approx(apart)


def test_of_single_trainings_nothing_is_known():
    assert spread_of([[training("a", 1.0)], [training("b", 2.0)]], HIGH) == UNKNOWN
    assert not UNKNOWN.is_known
    assert math.isnan(UNKNOWN.of_mean("a", 2).variance)
    assert math.isnan(UNKNOWN.of_difference(("a", 1), ("b", 1)).variance)


def test_the_interval_of_a_mean_covers_it():
    """Six trainings of one config, from which the deviation is known: 95 % of the intervals."""
    generator, hits = np.random.default_rng(0), 0
    for _ in range(1000):
        values = generator.normal(0.4, 0.08, 6)
        spread = spread_of([[training(str(v), v) for v in values]], HIGH)
        hits += abs(values.mean() - 0.4) < spread.half_width(str(values[0]), 6)
    assert 0.93 < hits / 1000 < 0.97


def made_runs(*, loud, quiet, rivals, singles, gap=0.0, runs=300, steady=4):
    """How often a winner is told apart from any of its rivals, and from each of them.

    It is the best of sampled trials of a deviation, and got two more seeds that count. Its rivals
    are the other sampled trials, or quiet controls of three seeds; weak controls pool with them.
    """
    generator, told_apart = np.random.default_rng(0), []
    for _ in range(runs):
        first = loud * generator.normal(size=1 + singles)
        values = [first.max() + gap, *(loud * generator.normal(size=2) + gap)]
        best = group("w", *values)
        controls = [group(f"c{n}", *quiet * generator.normal(size=3)) for n in range(steady)]
        others = {f"s{n}": value for n, value in enumerate(np.sort(first)[:-1])}
        spread = spread_of([best, *controls], HIGH)
        if rivals == "controls":
            means = {c[0].id: np.mean([t.reports[-1].metrics["m"] for t in c]) for c in controls}
        else:
            means = others
        count, seeds = len(others) + len(controls), 3 if rivals == "controls" else 1
        told_apart.append([
            estimate(np.mean(values[1:]) - mean, [spread.of_difference(("w", 2), (name, seeds))],
                     count).excludes_zero
            for name, mean in means.items()
        ])  # fmt: skip
    table = np.array(told_apart)
    return table.any(axis=1).mean(), table.mean()


@pytest.mark.parametrize(("loud", "quiet"), [(0.05, 0.05), (0.1, 0.02), (0.1, 0.005), (0.02, 0.1)])
@pytest.mark.parametrize(("rivals", "singles"), [("controls", 0), ("trials", 20)])
def test_equals_are_rarely_told_apart_however_deviations_differ(loud, quiet, rivals, singles):
    """With one pooled deviation it was .17 to .27 where the winner varied and controls did not."""
    false, _ = made_runs(loud=loud, quiet=quiet, rivals=rivals, singles=singles)
    assert false <= 0.05


def test_of_few_trials_a_loud_winner_is_not_told_apart_from_equals():
    """With twice its own degrees of freedom it was .06."""
    few = {"loud": 0.1, "quiet": 0.02, "rivals": "trials", "singles": 6, "steady": 2}
    false, _ = made_runs(**few, runs=2000)
    assert false <= 0.05


def test_the_interval_of_a_loud_winner_covers_it():
    """Of two further seeds beside four steady configs; before, of .92 of such winners."""
    generator, hits = np.random.default_rng(0), 0
    for _ in range(1000):
        values = 0.1 * generator.normal(size=3)
        steady = [group(f"c{n}", *0.01 * generator.normal(size=3)) for n in range(4)]
        spread = spread_of([group("w", *values), *steady], HIGH)
        hits += abs(values[1:].mean()) < spread.half_width("w", 2)
    assert hits / 1000 > 0.93


def test_a_great_difference_is_still_found_where_all_vary_alike():
    _, power = made_runs(loud=0.05, quiet=0.05, rivals="controls", singles=0, gap=0.3)
    assert power > 0.7
