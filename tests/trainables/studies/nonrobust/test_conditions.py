"""An examination as numbers: which conditions are averaged, and their variance over images."""

import dataclasses

import numpy as np
import pytest

from trainables.corruptions.corruptions import CORRUPTIONS, SEVERITIES
from trainables.studies.nonrobust.conditions import rows_of, scores_of
from trainables.study.examination import CLEAN, ENSEMBLE, NOISE, Examination


@pytest.fixture
def examination():
    conditions = [(CLEAN, 0.0), (ENSEMBLE, 4 / 255), (NOISE, 0.1)]
    conditions += [(kind, float(severity)) for kind in CORRUPTIONS for severity in SEVERITIES]
    scores = np.random.default_rng(0).integers(0, 2, (len(conditions), 40)).astype(float)
    labels = np.arange(40) % 4 // 3  # three of one class for one of the other
    wins = np.zeros((1, 1), dtype=np.int64)
    return Examination(
        "balanced accuracy", "max", tuple(conditions), scores, labels, ("pgd",), wins
    )


def test_scores_are_means_over_classes_and_corruptions(examination):
    numbers, labels = scores_of(examination, "test"), examination.labels

    def balanced(rows):
        return np.mean([rows[..., labels == label].mean() for label in (0, 1)])

    assert numbers["test_clean_bacc"] == pytest.approx(balanced(examination.scores[0]))
    assert numbers["test_ensemble_bacc_eps4"] == pytest.approx(balanced(examination.scores[1]))
    assert numbers["test_corrupted_bacc"] == pytest.approx(balanced(examination.scores[3:]))
    kinds = [numbers[f"test_corrupted_bacc_{kind}"] for kind in CORRUPTIONS]
    assert numbers["test_corrupted_bacc"] == pytest.approx(np.mean(kinds))


def test_the_variance_is_that_of_a_mean_of_recalls(examination):
    numbers, labels = scores_of(examination, "test"), examination.labels
    parts = [examination.scores[0][labels == label] for label in (0, 1)]
    expected = sum(part.var(ddof=1) / len(part) for part in parts) / 4
    assert numbers["test_clean_bacc_variance"] == pytest.approx(expected, rel=0.3)


def test_answers_that_are_all_wrong_are_not_certain(examination):
    examination.scores[1] = 0
    numbers = scores_of(examination, "test")
    assert numbers["test_ensemble_bacc_eps4"] == 0
    assert numbers["test_ensemble_bacc_eps4_variance"] > 1e-4


def test_images_without_near_copies_are_scored_by_themselves(examination):
    assert not any("apart" in name for name in scores_of(examination, "test"))
    near = np.arange(40) % 2 == 1
    numbers = scores_of(dataclasses.replace(examination, near=near), "test")
    alone = dataclasses.replace(
        examination, scores=examination.scores[:, ~near], labels=examination.labels[~near]
    )
    whole, rest = (scores_of(part, "test") for part in (examination, alone))
    apart = {name.replace("test_", "test_apart_"): value for name, value in rest.items()}
    assert numbers == pytest.approx(whole | apart)


def test_where_no_image_has_a_near_copy_both_figures_are_the_same(examination):
    near = np.zeros(40, dtype=bool)
    numbers = scores_of(dataclasses.replace(examination, near=near), "test")
    assert numbers["test_apart_clean_bacc"] == numbers["test_clean_bacc"]
    numbers = scores_of(dataclasses.replace(examination, near=~near), "test")
    assert "test_apart_clean_bacc" not in numbers


def test_without_corruptions_there_is_no_such_row(examination):
    plain = Examination(
        "balanced accuracy", "max", examination.conditions[:2], examination.scores[:2],
        examination.labels, ("pgd",), examination.wins,
    )  # fmt: skip
    assert set(rows_of(plain)) == {"clean_bacc", "ensemble_bacc_eps4"}
