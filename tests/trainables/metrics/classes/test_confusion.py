"""Answers by class: sums, means and classes that are absent or never answered."""

import numpy as np
import pytest

from trainables.metrics.classes.confusion import confusion_matrix, precision, recall
from trainables.metrics.classification import accuracy, balanced_accuracy

LABELS = np.array([0, 0, 0, 1, 1, 2, 2, 2, 2, 0])
ANSWERS = np.array([0, 0, 1, 1, 0, 2, 3, 2, 2, 3])


def test_known_answers_with_a_class_that_never_occurs():
    matrix = confusion_matrix(ANSWERS, LABELS, 4)
    assert matrix.tolist() == [[2, 1, 0, 1], [1, 1, 0, 0], [0, 0, 3, 1], [0, 0, 0, 0]]
    assert recall(matrix) == pytest.approx([0.5, 0.5, 0.75, np.nan], nan_ok=True)
    assert precision(matrix) == pytest.approx([2 / 3, 0.5, 1, 0], nan_ok=True)


def test_rows_are_counts_the_trace_is_accuracy_and_mean_recall_balanced_accuracy():
    matrix = confusion_matrix(ANSWERS, LABELS, 4)
    probabilities = np.eye(4)[ANSWERS]
    assert matrix.sum(axis=1).tolist() == np.bincount(LABELS, minlength=4).tolist()
    assert np.trace(matrix) / 10 == accuracy("multi-class", probabilities, LABELS)
    expected = balanced_accuracy("multi-class", probabilities, LABELS)
    assert np.nanmean(recall(matrix)) == pytest.approx(expected)


def test_a_class_that_is_never_answered_has_no_precision():
    assert np.isnan(precision(confusion_matrix(np.array([0, 0]), np.array([0, 1]), 2))[1])
