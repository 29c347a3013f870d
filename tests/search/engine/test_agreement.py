import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import kendalltau

from search.engine.agreement import agreement, kendall, pairs_of
from search.engine.objective import Objective
from search.engine.schedulers import SHARE, promoted_share
from search.engine.trial import Trial
from trainables.study.report import Report

HIGH = Objective("m", "max")


def trials(pairs):
    return [
        Trial(
            f"t{number}",
            {},
            reports=[Report(9, {"m": value}, rung=rung) for rung, value in enumerate(values)],
        )
        for number, values in enumerate(pairs)
    ]


def agree(found, objective=HIGH):
    return agreement(pairs_of(found, 0, objective), 0)


def test_only_trials_with_a_value_at_both_rungs_count():
    found = agree(trials([(1.0, 1.0), (2.0, 2.0), (3.0,), (4.0, math.nan), ()]))
    assert (found.rung, found.trials, found.tau) == (0, 2, 1.0)
    assert math.isnan(found.low), "two trials say nothing"


def test_tau_is_scipys_whichever_way_less_is_better():
    dice = np.random.default_rng(0)
    a = dice.normal(size=30)
    b = (a + dice.normal(size=30)).round(1)
    expected = kendalltau(a, b).statistic
    pairs = list(zip(a, b, strict=True))
    for direction in ("max", "min"):
        found = agree(trials(pairs), Objective("m", direction))
        assert found.tau == pytest.approx(expected)
        assert found.low < expected < found.high


def test_references_and_further_seeds_do_not_count():
    """They always go on, and their values lie far apart: any rung would look as good."""
    pairs = [(float(n), float(-n)) for n in range(6)]
    sampled = trials(pairs)
    references = [replace(trial, id=f"r{n}", label="x") for n, trial in enumerate(trials(pairs))]
    repeats = [replace(trial, id=f"t{n}.2", repeats="t0") for n, trial in enumerate(trials(pairs))]
    assert agree([*references, *repeats]).trials == 0
    assert agree([*sampled, *references, *repeats]) == agree(sampled)


@pytest.mark.parametrize("count", [5, 8, 20])
@pytest.mark.parametrize("truth", [0.0, 0.6, 0.95])
def test_the_interval_covers_the_truth_as_often_as_it_says(count, truth):
    """Normal pairs of correlation r have tau 2 asin(r) / pi."""
    generator, r = np.random.default_rng(1), math.sin(math.pi * truth / 2)
    covered = 0
    for _ in range(300):
        a = generator.normal(size=count)
        b = r * a + math.sqrt(1 - r**2) * generator.normal(size=count)
        _, low, high = kendall(a, b)
        covered += low <= truth <= high
    assert covered / 300 >= 0.93


@pytest.mark.parametrize("count", [12, 20])
def test_the_interval_holds_where_most_skills_are_zero(count):
    """Seven of ten values equal, at random: by the deviation of unequal ones it held in .89."""
    generator, covered, shown = np.random.default_rng(4), 0, 0
    for _ in range(600):
        a, b = np.maximum(generator.normal(size=(2, count)), 0.524)
        _, low, high = kendall(a, b)
        shown += not math.isnan(low)
        covered += low <= 0 <= high
    assert covered / shown >= 0.935


def test_a_rung_that_orders_at_random_is_hardly_ever_trusted():
    """In a simulated run of any length; by the references it was in 96 % of runs."""
    generator, trusted = np.random.default_rng(2), 0
    for _ in range(500):
        pairs = [(float(a), float(b)) for a, b in generator.random((generator.integers(1, 40), 2))]
        trusted += promoted_share(agreement(pairs, 0)) == SHARE
    assert trusted / 500 <= 0.05


def test_a_rung_that_orders_well_is_trusted_in_the_end():
    generator, trusted = np.random.default_rng(3), 0
    for _ in range(50):
        a = generator.random(20)
        pairs = list(zip(a.tolist(), (a + generator.normal(0, 0.05, 20)).tolist(), strict=True))
        trusted += promoted_share(agreement(pairs, 0)) == SHARE
    assert trusted >= 45


def test_complete_agreement_of_a_few_is_not_certain():
    line = [(float(n), float(n)) for n in range(9)]
    whole, few = agree(trials(line)), agree(trials(line[:5]))
    assert (whole.tau, whole.high) == (1.0, 1.0)
    assert 0.5 < whole.low < 0.65
    assert 0 < few.low < 0.2
    assert math.isnan(agree(trials(line[:4])).low)


def test_equal_values_have_no_order():
    assert math.isnan(agree(trials([(1.0, float(n)) for n in range(9)])).tau)
    assert math.isnan(agree(trials([(1.0, 2.0)])).tau)
