import math
from dataclasses import replace

import numpy as np
import pytest

from search.confirmation.statistics import (
    Resamples,
    direction_of,
    image_values,
    interval,
    mean_of,
    optimism,
    value,
)
from trainables.study.examination import Examination

ONE_CLASS = np.zeros(400, dtype=np.int64)


def examination(scores, labels, conditions):
    scores = np.asarray(scores, dtype=float)
    return Examination("x", "max", conditions, scores, np.asarray(labels), (), np.zeros((0, 0)))


def test_a_value_by_hand():
    """Two classes of one and two images; radii 0, 1 and 3, whose weights are 1/6, 1/2 and 1/3."""
    conditions = (("clean", 0.0), ("ensemble", 1.0), ("ensemble", 3.0), ("noise", 0.2))
    seed = examination([[1, 1, 0], [1, 0, 0], [0, 0, 0], [1, 1, 1]], [0, 1, 1], conditions)
    found = image_values([seed, seed], "ranking_pgd_x_curve")
    assert found.shape == (2, 3)
    assert found[0].tolist() == pytest.approx([2 / 3, 1 / 6, 0])
    assert value(found, seed.labels) == pytest.approx((2 / 3 + 1 / 12) / 2)
    assert mean_of([seed], ("clean", 0.0)) == pytest.approx(0.75)


def test_a_skill_by_hand():
    """Chance is 1/2: of means 3/4 and 1/4 under attack, the first is half of what lies above."""
    conditions = (("clean", 0.0), ("ensemble", 1.0), ("ensemble", 3.0))
    scores = [[1, 1, 1], [1, 1, 0], [0, 1, 0]]
    seed = replace(examination(scores, [0, 1, 1], conditions), constant=0.5)
    numbers = image_values([seed], "ranking_pgd_x_skill")
    assert value(numbers, seed.labels) == pytest.approx(0.5 / 2)
    assert direction_of(seed, "ranking_pgd_x_skill") == "max"


def test_the_skill_of_errors_is_better_when_greater():
    conditions = (("clean", 0.0), ("ensemble", 1.0))
    errors = examination([[100.0, 100.0], [150.0, 170.0]], [0, 0], conditions)
    errors = replace(errors, direction="min", constant=200.0)
    assert value(image_values([errors], "x_skill"), errors.labels) == pytest.approx(0.2)
    assert direction_of(errors, "x_skill") == "max"
    assert direction_of(errors, "x_curve") == "min"


def test_draws_weigh_classes_alike():
    labels = np.array([0] * 10 + [1] * 90)
    weights = Resamples(labels, 0, count=50).weights
    assert weights[:, labels == 0].sum(axis=1) == pytest.approx(0.5)
    assert weights.sum(axis=1) == pytest.approx(1)


def test_the_interval_of_a_share_is_the_binomial_one():
    right = (np.arange(400) % 2).astype(float)[None]
    draws = Resamples(ONE_CLASS, 3, count=20_000)
    found = interval(0.5, draws.values(right, 0))
    half = 1.96 * math.sqrt(0.25 / 400)
    assert (found.low, found.high) == pytest.approx((0.5 - half, 0.5 + half), abs=0.004)


def test_seeds_are_drawn_as_well():
    """Images all alike, seeds apart: all the spread is that of the mean of two drawn seeds."""
    two = np.stack([np.zeros(400), np.ones(400)])
    drawn = Resamples(ONE_CLASS, 0, count=20_000).values(two, 0)
    shares = [np.isclose(drawn, at).mean() for at in (0, 0.5, 1)]
    assert shares == pytest.approx([0.25, 0.5, 0.25], abs=0.02)


def test_the_same_images_are_drawn_for_all_and_other_seeds():
    alike = np.random.default_rng(0).random((3, 400))
    draws = Resamples(ONE_CLASS, 0)
    assert (draws.values(alike, 0) == draws.values(alike, 0)).all()
    assert (draws.values(alike[:1], 0) == draws.values(alike[:1], 1)).all()
    assert (draws.values(alike, 0) != draws.values(alike, 1)).any()


@pytest.mark.parametrize("direction", ["max", "min"])
def test_optimism_of_equals_is_what_the_best_of_them_gains_by_chance(direction):
    """Ten finalists as good as each other: the best of ten normal means is 1.54 deviations up."""
    dice = np.random.default_rng(1)
    estimated = []
    for repeat in range(40):
        found = dice.normal(size=(10, 400))
        draws = Resamples(ONE_CLASS, repeat, count=300)
        drawn = np.stack([draws.values(one[None], 0) for one in found])
        estimated.append(optimism(found.mean(axis=1), drawn, direction))
    # Choosing in a resample meets the spread of the sample as well: less than the whole 1.54.
    assert 0.5 * 1.54 / 20 < np.mean(estimated) < 1.54 / 20


def test_no_choice_no_optimism():
    found = np.random.default_rng(0).normal(size=(1, 400))
    drawn = Resamples(ONE_CLASS, 0, count=20_000).values(found, 0)[None]
    assert optimism(found.mean(axis=1), drawn, "max") == pytest.approx(0, abs=1e-3)
