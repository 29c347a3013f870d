"""The score that ranks: by task."""

import numpy as np
import pytest

from trainables.classification.naming import headline, ranking_metric
from trainables.metrics.classification import scores


@pytest.mark.parametrize(
    ("task", "score"),
    [("binary", "bacc"), ("multi-class", "bacc"), ("ordinal", "bacc"), ("multi-label", "auc")],
)
def test_the_headline_of_a_task(task, score):
    assert headline(task) == score
    assert ranking_metric("apgd-ce", task) == f"ranking_apgd-ce_{score}_skill"


@pytest.mark.parametrize("task", ["multi-class", "multi-label"])
def test_a_constant_classifier_gains_nothing_by_the_majority(task):
    """Nine of ten images are of one class: the headline stays where guessing is."""
    rare = np.arange(20) >= 18
    labels = rare.astype(int) if task == "multi-class" else np.stack([~rare, rare], 1).astype(int)
    constant = np.tile([[0.9, 0.1]], (20, 1))
    values = scores(task, constant, labels)
    assert values["acc"] > 0.8
    assert values[headline(task)] == pytest.approx(0.5)
