"""The numbers of single images behind a score: their mean is the score, at every radius."""

import numpy as np
import pytest

from trainables.metrics.classification import constant_scores, mean_recall, scores
from trainables.metrics.orders.answers import image_scores, order_intervals


def case(task, n_columns, seed=0, n=40):
    rng = np.random.default_rng(seed)
    probabilities = rng.random((3, n, n_columns))
    if task == "multi-label":
        return probabilities, rng.integers(0, 2, (n, n_columns))
    return probabilities / probabilities.sum(axis=2, keepdims=True), rng.integers(0, n_columns, n)


@pytest.mark.parametrize(
    ("score", "task", "n_columns"),
    [
        ("bacc", "binary", 2),
        ("bacc", "multi-class", 4),
        ("auc", "binary", 2),
        ("auc", "multi-class", 4),
        ("auc", "ordinal", 3),
        ("auc", "multi-label", 5),
        ("ap", "binary", 2),
        ("ap", "multi-label", 3),
        ("pauc", "multi-class", 3),
    ],
)
def test_their_mean_is_the_score(score, task, n_columns):
    probabilities, labels = case(task, n_columns)
    numbers = image_scores(score, task, probabilities, labels)
    expected = [scores(task, row, labels, (score,))[score] for row in probabilities]
    assert mean_recall(numbers.scores, numbers.classes) == pytest.approx(expected)
    assert numbers.zero == constant_scores(task, labels)[score]


def test_a_label_that_all_images_have_is_left_out():
    probabilities, labels = case("multi-label", 3)
    labels[:, 1] = 1
    numbers = image_scores("auc", "multi-label", probabilities, labels)
    rest = image_scores("auc", "multi-label", probabilities[:, :, [0, 2]], labels[:, [0, 2]])
    np.testing.assert_allclose(numbers.scores, rest.scores)


def test_without_any_label_to_rank_nothing_is_a_number():
    probabilities, labels = case("multi-label", 2)
    numbers = image_scores("auc", "multi-label", probabilities, np.ones_like(labels))
    assert np.isnan(numbers.scores).all()


@pytest.mark.parametrize(("score", "task"), [("bacc", "multi-label"), ("acc", "binary")])
def test_other_scores_have_no_such_numbers(score, task):
    assert image_scores(score, task, *case(task, 2)) is None


@pytest.mark.parametrize(("task", "n_columns"), [("binary", 2), ("multi-class", 3)])
@pytest.mark.parametrize("score", ["auc", "ap", "pauc"])
def test_every_radius_has_an_interval_around_its_score(score, task, n_columns):
    answers, labels = case(task, n_columns)
    bounds = order_intervals(score, task, answers, labels)
    values = [scores(task, row, labels, (score,))[score] for row in answers]
    assert all(low < value < high for (low, high), value in zip(bounds, values, strict=True))


def test_a_perfect_curve_of_two_classes_is_not_certain():
    labels = np.arange(30) % 2
    answers = np.stack([[1 - labels, labels]]).transpose(0, 2, 1)
    ((low, high),) = order_intervals("auc", "binary", answers, labels)
    assert (low, high) == (pytest.approx(0.025 ** (1 / 15)), 1.0)
