"""How classification studies describe themselves."""

import numpy as np

from trainables.classification.about import about_classification
from trainables.classification.measurement import metrics_of
from trainables.metrics.classification import scores
from trainables.study.about import About

ABOUT = about_classification("guest", "what a guest asks", ("first", "second"))


def test_it_is_the_studys_own_in_name_title_and_papers():
    assert (ABOUT.name, ABOUT.title) == ("guest", "what a guest asks")
    assert ABOUT.cites == ("first", "second")


def test_a_manifest_gives_it_back():
    assert About.from_json(ABOUT.as_json()) == ABOUT


def test_every_score_that_is_measured_is_described():
    probabilities, labels = np.array([[0.9, 0.1], [0.2, 0.8]]), np.array([0, 1])
    assert set(ABOUT.scores) == set(scores("binary-class", probabilities, labels))
    assert ABOUT.kept in ABOUT.scores


def test_radii_are_written_in_255ths_of_the_range():
    assert ABOUT.threat.scale * (4 / 255) == 4
    assert ABOUT.threat.bounds == (0, 1)


def test_columns_of_the_leaderboard_are_metrics_that_trials_report():
    metrics = metrics_of("pgd", (0.0, 4 / 255))
    headings = {name.format(score=ABOUT.kept) for name in ABOUT.columns.values()}
    assert headings <= set(metrics)
