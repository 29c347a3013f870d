"""How classification studies describe themselves."""

import numpy as np
import pytest

from trainables.classification.about import about_classification, headline, ranking_metric
from trainables.classification.measurement import metrics_of
from trainables.metrics.classification import STANDARD, scores
from trainables.study.about import About

ABOUT = about_classification("guest", "what a guest asks", ("first", "second"))


def test_it_is_the_studys_own_in_name_title_and_papers():
    assert (ABOUT.name, ABOUT.title) == ("guest", "what a guest asks")
    assert ABOUT.cites == ("first", "second")


def test_a_manifest_gives_it_back():
    assert About.from_json(ABOUT.as_json()) == ABOUT


def test_every_score_that_is_measured_is_described():
    probabilities, labels = np.array([[0.9, 0.1], [0.2, 0.8]]), np.array([0, 1])
    values = scores("binary", probabilities, labels, tuple(ABOUT.scores))
    assert set(values) == set(ABOUT.scores) > set(STANDARD)
    assert ABOUT.kept in ABOUT.scores


def test_radii_are_written_in_255ths_of_the_range():
    assert ABOUT.threat.scale * (4 / 255) == 4
    assert ABOUT.threat.bounds == (0, 1)


def test_columns_of_the_leaderboard_are_metrics_that_trials_report():
    metrics = metrics_of("pgd", (0.0, 4 / 255))
    headings = {name.format(score=ABOUT.kept) for name in ABOUT.columns.values()}
    assert headings <= set(metrics)


@pytest.mark.parametrize(
    ("task", "score"),
    [("binary", "bacc"), ("multi-class", "bacc"), ("ordinal", "bacc"), ("multi-label", "auc")],
)
def test_the_headline_of_a_task(task, score):
    assert headline(task) == score
    assert ranking_metric("apgd-ce", headline(task)) == f"ranking_apgd-ce_{score}_skill"


@pytest.mark.parametrize("task", ["multi-class", "multi-label"])
def test_a_constant_classifier_gains_nothing_by_the_majority(task):
    """Nine of ten images are of one class: the headline stays where guessing is."""
    rare = np.arange(20) >= 18
    labels = rare.astype(int) if task == "multi-class" else np.stack([~rare, rare], 1).astype(int)
    constant = np.tile([[0.9, 0.1]], (20, 1))
    values = scores(task, constant, labels)
    assert values["acc"] > 0.8
    assert values[headline(task)] == pytest.approx(0.5)
