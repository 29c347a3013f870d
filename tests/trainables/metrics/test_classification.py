import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    balanced_accuracy_score,
    roc_auc_score,
)

from trainables.metrics import classification as metrics

SINGLE = ("binary", "multi-class", "ordinal")


def draw_answers(n, k, seed, decimals=2):
    """Probabilities with many ties, and labels of every class."""
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet(np.ones(k), size=n).round(decimals)
    labels = np.concatenate([np.arange(k), rng.integers(k, size=n - k)])
    return probabilities.astype(np.float32), labels


@given(n=st.integers(12, 80), seed=st.integers(0, 10_000))
@settings(max_examples=50)
def test_binary_scores_are_scikit_learn_s(n, seed):
    p, y = draw_answers(n, 2, seed)
    scores = metrics.scores("binary", p, y)
    assert scores["auc"] == pytest.approx(roc_auc_score(y, p[:, -1]))
    assert scores["acc"] == pytest.approx(accuracy_score(y, p.argmax(axis=1)))
    assert scores["bacc"] == pytest.approx(balanced_accuracy_score(y, p.argmax(axis=1)))


@pytest.mark.parametrize("task", ["multi-class", "ordinal"])
@pytest.mark.parametrize("k", [3, 5, 11])
def test_multi_class_scores_are_scikit_learn_s(task, k):
    p, y = draw_answers(90, k, seed=k)
    scores = metrics.scores(task, p, y)
    one_against_rest = [roc_auc_score(y == c, p[:, c]) for c in range(k)]
    assert scores["auc"] == pytest.approx(np.mean(one_against_rest))
    assert scores["acc"] == pytest.approx(accuracy_score(y, p.argmax(axis=1)))
    assert scores["bacc"] == pytest.approx(balanced_accuracy_score(y, p.argmax(axis=1)))


def test_multi_label_scores_are_scikit_learn_s():
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=(70, 4))
    p = (0.3 * y + 0.7 * rng.random((70, 4))).round(2)
    scores = metrics.scores("multi-label", p, y)
    columns = range(4)
    assert scores["auc"] == pytest.approx(roc_auc_score(y, p, average="macro"))
    bacc = np.mean([balanced_accuracy_score(y[:, c], p[:, c] > 0.5) for c in columns])
    assert scores["bacc"] == pytest.approx(bacc)
    acc = np.mean([accuracy_score(y[:, c], p[:, c] > 0.5) for c in columns])
    assert scores["acc"] == pytest.approx(acc)


def test_auc_by_hand():
    """Of 2 x 2 pairs, two are in order, one is tied, one is reversed."""
    last = np.array([0.1, 0.5, 0.5, 0.3])
    p, y = np.stack([1 - last, last], axis=1), np.array([0, 0, 1, 1])
    assert metrics.auc("binary", p, y) == (2 + 0.5) / 4


def test_exactly_one_half_is_no_positive():
    p, y = np.array([[0.5, 0.5]]), np.array([[0, 1]])
    assert metrics.correct("multi-label", p, y).tolist() == [[True, False]]
    assert metrics.correct("binary", p, np.array([0])).tolist() == [True]


def test_what_is_no_number_is_no_right_answer():
    lost = np.full((1, 2), np.nan)
    assert metrics.correct("binary", lost, np.array([0])).tolist() == [False]
    assert metrics.correct("multi-label", lost, np.array([[0, 1]])).tolist() == [[False, False]]


@pytest.mark.parametrize("k", [2, 3, 11])
@pytest.mark.parametrize("answer", [0, 1])
def test_a_constant_answer_has_balanced_accuracy_one_in_k(k, answer):
    _, y = draw_answers(100, k, seed=1)
    p = np.tile(np.eye(k)[answer], (100, 1))
    assert metrics.balanced_accuracy("multi-class", p, y) == pytest.approx(1 / k)
    assert metrics.auc("multi-class", p, y) == 0.5


def test_the_majority_class_of_breastmnist():
    y = np.repeat([1, 0], [114, 42])
    p = np.tile([0.2, 0.8], (156, 1))
    scores = metrics.scores("binary", p, y)
    assert scores["acc"] == pytest.approx(0.731, abs=5e-4)
    assert scores["bacc"] == 0.5
    assert scores["auc"] == 0.5


def test_absent_classes_are_left_out():
    p = np.array([[0.7, 0.2, 0.1], [0.3, 0.6, 0.1], [0.5, 0.4, 0.1]])
    y = np.array([0, 1, 1])
    assert metrics.balanced_accuracy("multi-class", p, y) == 0.75
    assert metrics.auc("multi-class", p, y) == 1.0


def test_labels_without_both_values_are_left_out_of_the_auc():
    p = np.array([[0.9, 0.8, 0.1], [0.2, 0.7, 0.1]])
    y = np.array([[1, 1, 0], [0, 1, 0]])
    assert metrics.auc("multi-label", p, y) == 1.0
    assert math.isnan(metrics.auc("multi-label", p[:, 1:], y[:, 1:]))


def test_a_constant_no_is_at_chance_however_many_labels_never_occur():
    """12 of 14 labels of 60 images: counted as right, they would make it .929."""
    labels = np.zeros((60, 14), dtype=int)
    labels[:30, 0] = labels[10:20, 1] = 1
    scores = metrics.scores("multi-label", np.full((60, 14), 0.1), labels)
    assert scores["bacc"] == scores["auc"] == 0.5
    assert metrics.mixed_labels(labels).tolist() == [True, True] + [False] * 12
    nowhere = metrics.scores("multi-label", np.full((60, 12), 0.1), labels[:, 2:])
    assert math.isnan(nowhere["bacc"])
    assert math.isnan(nowhere["auc"])


def test_a_class_that_is_predicted_and_never_occurs_is_left_out_and_named():
    """Ten images of three classes of four; all values by hand."""
    labels = np.array([0, 0, 0, 1, 1, 2, 2, 2, 2, 0])
    tenths = [
        "6211", "4312", "2521", "1621", "3313", "1171", "2134", "1261", "3241", "1126",
    ]  # fmt: skip
    p = np.array([[int(digit) / 10 for digit in row] for row in tenths])
    scores = metrics.scores("multi-class", p, labels)
    assert scores["auc"] == pytest.approx((17 / 24 + 29 / 32 + 1) / 3, abs=1e-9)
    assert scores["bacc"] == pytest.approx((1 / 2 + 1 / 2 + 3 / 4) / 3, abs=1e-9)
    assert scores["acc"] == pytest.approx(0.6)
    assert metrics.left_out("multi-class", labels, ("a", "b", "c", "d")) == ("d",)


def test_labels_that_are_always_or_never_there_are_named():
    labels = np.array([[1, 0, 1], [0, 0, 1], [1, 0, 1], [0, 0, 1], [1, 0, 1]])
    p = np.array([[8, 3, 2], [4, 1, 9], [4, 6, 5], [1, 2, 3], [9, 5, 6]]) / 10
    assert metrics.auc("multi-label", p, labels) == pytest.approx(11 / 12)
    assert metrics.balanced_accuracy("multi-label", p, labels) == pytest.approx(5 / 6)
    assert metrics.left_out("multi-label", labels, ("a", "b", "c")) == ("b", "c")
    assert metrics.left_out("multi-label", labels[:, :1], ("a",)) == ()


@pytest.mark.parametrize("task", SINGLE)
def test_what_is_not_defined_is_nan(task):
    one_class = metrics.scores(task, np.full((4, 2), 0.5), np.zeros(4, dtype=np.int64))
    assert math.isnan(one_class["auc"])
    assert one_class["acc"] == one_class["bacc"] == 1.0
    empty = metrics.scores(task, np.empty((0, 2)), np.empty(0, dtype=np.int64))
    diverged = metrics.scores(task, np.full((4, 2), np.nan), np.array([0, 1, 0, 1]))
    for scores in (empty, diverged):
        assert all(math.isnan(value) for value in scores.values())


@pytest.mark.parametrize(
    ("task", "labels"),
    [
        ("binary", np.zeros((4, 1), dtype=int)),
        ("binary", np.zeros(3, dtype=int)),
        ("multi-label", np.zeros(4, dtype=int)),
        ("multi-label", np.zeros((4, 3), dtype=int)),
    ],
)
def test_labels_of_another_shape_are_refused(task, labels):
    for score in (metrics.accuracy, metrics.balanced_accuracy, metrics.auc):
        with pytest.raises(ValueError, match="do not fit task"):
            score(task, np.full((4, 2), 0.5), labels)


# Three labels, of which one is always 0 and one always 1; worked by hand.
LABELS = np.array([[1, 0, 1], [0, 0, 1], [1, 0, 1], [0, 0, 1], [1, 0, 1]])
ANSWERS = np.array(
    [[0.8, 0.3, 0.2], [0.4, 0.1, 0.9], [0.4, 0.6, 0.5], [0.1, 0.2, 0.3], [0.9, 0.5, 0.6]]
)


@pytest.mark.parametrize("name", ["auc", "ap"])
def test_labels_that_all_images_have_or_none_are_in_no_mean(name):
    assert metrics.scores("multi-label", ANSWERS, LABELS, (name,)) == {
        name: pytest.approx(0.916666666667)
    }


def test_scores_of_an_order_call_the_rarer_of_two_classes_positive():
    p, y = draw_answers(60, 2, seed=4)
    y = (np.arange(60) % 3 > 0).astype(int)
    values = metrics.scores("binary", p, y, ("ap", "pauc"))
    swapped = metrics.scores("binary", p[:, ::-1], 1 - y, ("ap", "pauc"))
    assert values == swapped
    assert values["ap"] == pytest.approx(average_precision_score(1 - y, p[:, 0]))
    assert values["pauc"] == pytest.approx(roc_auc_score(1 - y, p[:, 0], max_fpr=0.3))


@pytest.mark.parametrize("task", ["binary", "multi-class", "multi-label"])
def test_constants_of_an_order_are_those_of_equal_scores(task):
    k = 2 if task == "binary" else 3
    y = np.arange(90) % 3 % k
    labels = np.eye(3, dtype=int)[y] if task == "multi-label" else y
    constants = metrics.constant_scores(task, labels)
    equal = metrics.scores(task, np.full((90, k), 0.2), labels, metrics.ORDERS)
    assert {name: constants[name] for name in metrics.ORDERS} == pytest.approx(equal)
