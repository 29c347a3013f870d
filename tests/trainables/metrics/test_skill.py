"""Skill: a constant answer scores 0 at every radius, a perfect one 1."""

import math

import numpy as np
import pytest

from trainables.metrics.classification import constant_scores, mean_recall
from trainables.metrics.curve import area
from trainables.metrics.intervals import bootstrap, summary_interval
from trainables.metrics.skill import Area, Skill, mean_skill, skill, summary_of

GRID = tuple(n / 255 for n in (0, 1, 2, 4, 8))


def test_the_formula_by_hand():
    assert skill([0.0, 0.5, 0.75, 1.0], zero=0.5).tolist() == [0.0, 0.0, 0.5, 1.0]
    assert skill(150.0, zero=200.0, best=0.0) == pytest.approx(0.25)  # an error in HU
    assert math.isnan(float(skill(1.0, zero=1.0)))  # a single class: there is no skill to have


def test_the_mean_is_plain_and_leaves_the_clean_score_out():
    assert mean_skill(GRID, [1.0, 0.9, 0.7, 0.5, 0.1], 0.5) == pytest.approx((0.8 + 0.4) / 4)
    assert mean_skill((0.0,), [0.75], 0.5) == 0.5  # nothing is attacked
    with pytest.raises(ValueError, match="5 radii"):
        mean_skill(GRID, [0.5], 0.5)


@pytest.mark.parametrize("classes", [2, 3, 11])
def test_constancy_is_not_crowned(classes):
    """A trained network that loses all under attack is above it, not below as by the area."""
    labels = np.repeat(np.arange(classes), 20)
    constant = np.tile(labels == 0, (5, 1))
    network = np.zeros((5, len(labels)), dtype=bool)
    network[0] = True
    network[1] = np.arange(len(labels)) % 4 > 0
    zero = constant_scores("multi-class", labels)["bacc"]
    values = {
        name: [float(summary(mean_recall(answers, labels))) for answers in (constant, network)]
        for name, summary in (("skill", Skill(GRID, zero)), ("area", Area(GRID)))
    }
    assert values["skill"][0] == 0
    assert values["skill"][1] > 0
    assert values["area"][0] == pytest.approx(zero)
    if classes == 2:
        assert values["area"][0] > values["area"][1]


def test_a_radius_at_which_all_are_below_chance_changes_no_order():
    """By areas the order of two curves flips with the last radius: it has half of the weight."""
    first, second = [0.9, 0.8, 0.6, 0.4], [0.8, 0.7, 0.58, 0.45]
    ends = {GRID[:4]: ([], []), GRID: ([0.0], [0.4])}
    areas = [area(grid, first + a) > area(grid, second + b) for grid, (a, b) in ends.items()]
    skills = [
        mean_skill(grid, first + a, 0.5) > mean_skill(grid, second + b, 0.5)
        for grid, (a, b) in ends.items()
    ]
    assert areas == [True, False]
    assert skills == [True, True]


def test_the_interval_is_the_slow_bootstrap_done_fast():
    generator = np.random.default_rng(1)
    labels = np.repeat([0, 1], [40, 90])
    answers = generator.random(130) < np.array([0.9, 0.8, 0.65, 0.52, 0.2])[:, None]
    summary = Skill(GRID, 0.5)

    def slow(rows):
        return float(summary(mean_recall(answers[:, rows], labels[rows])))

    quick = summary_interval(answers, labels, summary, seed=0, resamples=20_000)
    plain = bootstrap(slow, labels, seed=0, resamples=1500)
    width = quick.high - quick.low
    assert quick.value == pytest.approx(plain.value)
    assert quick.low == pytest.approx(plain.low, abs=0.07 * width)
    assert quick.high == pytest.approx(plain.high, abs=0.07 * width)


def test_an_interval_covers_the_truth():
    generator, hits, n = np.random.default_rng(2), 0, 400
    truth, labels = np.array([0.9, 0.85, 0.7, 0.6, 0.3]), np.repeat([0, 1], [60, 80])
    expected = mean_skill(GRID, truth, 0.5)
    for seed in range(n):
        answers = generator.random(140) < truth[:, None]
        interval = summary_interval(answers, labels, Skill(GRID, 0.5), seed=seed, resamples=400)
        hits += interval.low <= expected <= interval.high
    assert hits / n == pytest.approx(0.945, abs=0.035)


def test_a_metric_s_name_says_what_it_is_made_of():
    assert summary_of("ranking_pgd_bacc_curve", GRID, None) == Area(GRID)
    assert summary_of("ranking_apgd-ce_auc_skill", GRID, (0.5, 1.0)) == Skill(GRID, 0.5, 1.0)
    assert summary_of("ranking_pgd_bacc_skill", GRID, None) is None
    assert summary_of("ranking_clean_bacc", GRID, (0.5, 1.0)) is None
