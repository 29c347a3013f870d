"""The numbers of single images behind a score: their mean is the score, at every radius."""

import numpy as np
import pytest

from trainables.metrics.answers import image_scores
from trainables.metrics.classification import mean_recall, scores


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
    ],
)
def test_their_mean_is_the_score(score, task, n_columns):
    probabilities, labels = case(task, n_columns)
    numbers = image_scores(score, task, probabilities, labels)
    expected = [scores(task, answers, labels)[score] for answers in probabilities]
    assert mean_recall(numbers.scores, numbers.classes) == pytest.approx(expected)
    assert numbers.zero == (0.5 if score == "auc" else 1 / n_columns)


def test_a_label_that_all_images_have_is_left_out():
    probabilities, labels = case("multi-label", 3)
    labels[:, 1] = 1
    numbers = image_scores("auc", "multi-label", probabilities, labels)
    kept = image_scores("auc", "multi-label", probabilities[:, :, [0, 2]], labels[:, [0, 2]])
    np.testing.assert_allclose(numbers.scores, kept.scores)


def test_without_any_label_to_rank_nothing_is_a_number():
    probabilities, labels = case("multi-label", 2)
    numbers = image_scores("auc", "multi-label", probabilities, np.ones_like(labels))
    assert np.isnan(numbers.scores).all()


@pytest.mark.parametrize(("score", "task"), [("bacc", "multi-label"), ("acc", "binary")])
def test_other_scores_have_no_such_numbers(score, task):
    assert image_scores(score, task, *case(task, 2)) is None
