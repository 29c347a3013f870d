"""Scores of an order, against known answers and scikit-learn."""

import math
from functools import partial

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from trainables.metrics.orders.rank_scores import (
    average_precision,
    balance,
    jackknife_values,
    partial_auc,
    placements,
    pseudo_values,
    roc_auc,
)

# Twelve images with ties within and across the classes; worked by hand and by enumeration.
POSITIVE = np.array([1, 0, 0, 1, 0, 1, 0, 0, 0, 1, 0, 1], dtype=bool)
SCORES = np.array([0.9, 0.9, 0.4, 0.6, 0.6, 0.6, 0.2, 0.4, 0.1, 0.35, 0.75, 0.4])
FIRST_ROWS = np.array([0.928571428571, 0.1, 0.7, 0.642857142857])


def random_case(seed, n=40, digits=1):
    rng = np.random.default_rng(seed)
    positive = rng.random(n) < 0.3
    positive[:2] = True, False
    return (rng.normal(size=n) + positive).round(digits), positive


def test_auc_and_its_placements_are_those_worked_by_hand():
    assert roc_auc(SCORES, POSITIVE) == pytest.approx(0.585714285714, abs=1e-9)
    assert placements(SCORES, POSITIVE)[:4] == pytest.approx(FIRST_ROWS, abs=1e-9)


def test_pseudo_values_have_the_mean_and_the_spread_of_the_auc():
    values = pseudo_values(SCORES, POSITIVE)
    assert values[:3] == pytest.approx([1.40857142857, -0.24693877551, 0.781632653061], abs=1e-9)
    assert values.mean() == pytest.approx(roc_auc(SCORES, POSITIVE), abs=1e-12)
    error = values.std() / math.sqrt(len(values))
    assert error == pytest.approx(0.160138424086, abs=1e-9)


def test_the_intervals_of_pseudo_values_cover_and_those_of_placements_do_not():
    rng, hits = np.random.default_rng(0), np.zeros(2)
    positive = np.arange(136) < 37
    truth = 0.7602499389065234  # Phi(1 / sqrt 2)
    for _ in range(300):
        scores = rng.normal(size=136) + positive
        for number, values in enumerate(
            (pseudo_values(scores, positive), placements(scores, positive))
        ):
            half = 1.96 * values.std(ddof=1) / math.sqrt(136)
            hits[number] += abs(roc_auc(scores, positive) - truth) <= half
    assert hits[0] / 300 >= 0.9
    assert hits[1] / 300 < 0.85


SCORES_OF_AN_ORDER = {
    "auc": roc_auc,
    "ap": average_precision,
    "pauc": partial(partial_auc, bound=0.3),
}


@pytest.mark.parametrize("seed", range(3))
def test_leaving_out_each_image_gives_the_pseudo_values_of_the_auc(seed):
    scores, positive = random_case(seed)
    values = jackknife_values(scores, positive, roc_auc)
    assert values == pytest.approx(pseudo_values(scores, positive))


@pytest.mark.parametrize("seed", range(3))
def test_balanced_numbers_have_the_score_in_each_class_and_the_spread_of_delong(seed):
    scores, positive = random_case(seed)
    numbers = balance(pseudo_values(scores, positive), positive)
    sides = numbers[positive], numbers[~positive]
    assert [side.mean() for side in sides] == pytest.approx([roc_auc(scores, positive)] * 2)
    variance = sum(side.var(ddof=1) / len(side) for side in sides) / 4  # each class is half
    delong = placements(scores, positive)
    parts = [delong[side].var(ddof=1) / side.sum() for side in (positive, ~positive)]
    assert variance == pytest.approx(sum(parts))


@pytest.mark.parametrize("seed", range(10))
def test_auc_and_average_precision_agree_with_scikit_learn(seed):
    scores, positive = random_case(seed)
    assert roc_auc(scores, positive) == pytest.approx(roc_auc_score(positive, scores))
    assert average_precision(scores, positive) == pytest.approx(
        average_precision_score(positive, scores)
    )


def test_average_precision_depends_on_the_class_that_is_called_positive():
    assert average_precision(SCORES, POSITIVE) == pytest.approx(0.488888888889, abs=1e-9)
    assert average_precision(-SCORES, ~POSITIVE) == pytest.approx(0.724603174603, abs=1e-9)


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("bound", [0.1, 0.25, 0.5])
def test_partial_auc_agrees_with_scikit_learn(seed, bound):
    scores, positive = random_case(seed)
    expected = roc_auc_score(positive, scores, max_fpr=bound)
    assert partial_auc(scores, positive, bound) == pytest.approx(expected)


TIED = [0.9, 0.8, 0.7, 0.7, 0.6, 0.95, 0.7, 0.7, 0.7, 0.5, 0.4, 0.3, 0.2, 0.1, 0.05]
APART = [0.91, 0.83, 0.74, 0.66, 0.52, 0.95, 0.79, 0.7, 0.61, 0.5, 0.4, 0.3, 0.2, 0.1, 0.05]


@pytest.mark.parametrize(
    ("scores", "bound", "expected"),
    [
        (APART, 0.3, 0.607843137255),
        (TIED, 0.3, 0.62091503268),
        (TIED, 0.2, 0.574074074074),
        (APART, 0.25, 0.588571428571),
        ([0.5] * 15, 0.3, 0.5),
    ],
)
def test_partial_auc_is_straight_over_ties_and_between_negatives(scores, bound, expected):
    positive = np.arange(15) < 5
    assert partial_auc(np.array(scores), positive, bound) == pytest.approx(expected, abs=1e-9)


def test_the_whole_of_the_partial_area_is_the_auc():
    scores, positive = random_case(3)
    assert partial_auc(scores, positive, 1) == pytest.approx(roc_auc(scores, positive))


def test_without_one_of_the_classes_nothing_is_defined():
    scores, one_class = np.array([0.2, 0.7]), np.ones(2, dtype=bool)
    assert np.isnan(placements(scores, one_class)).all()
    for value in (
        roc_auc(scores, one_class),
        partial_auc(scores, one_class, 0.1),
        average_precision(scores, ~one_class),
    ):
        assert math.isnan(value)


@pytest.mark.parametrize("bound", [0, -0.1, 1.1])
def test_a_bound_that_is_no_rate_is_refused(bound):
    with pytest.raises(ValueError, match="bound"):
        partial_auc(SCORES, POSITIVE, bound)
