"""The scores of a trial, on disk and back."""

import numpy as np
import pytest

from searchspace.errors import UserError
from trainables.study.ranking_file import NAME, read, write

SCORES = np.array([[1, 1, 0], [1, 0, 0]], dtype=bool)
LABELS = np.array([0, 1, 1])


def test_what_is_written_is_read(tmp_path):
    write(tmp_path, SCORES, LABELS, (0.0, 0.1))
    ranking = read(tmp_path)
    assert ranking.eps == (0.0, 0.1)
    np.testing.assert_array_equal(ranking.scores, SCORES, strict=True)
    np.testing.assert_array_equal(ranking.labels, LABELS, strict=True)


def test_right_answers_have_a_scale_and_other_scores_the_one_that_is_written(tmp_path):
    write(tmp_path, SCORES, LABELS, (0.0, 0.1))
    assert read(tmp_path).scale == (0.5, 1.0)
    errors = SCORES.astype(float)
    write(tmp_path, errors, LABELS, (0.0, 0.1))
    assert read(tmp_path).scale is None
    write(tmp_path, errors, LABELS, (0.0, 0.1), scale=(170.0, 0.0))
    assert read(tmp_path).scale == (170.0, 0.0)


def test_several_labels_an_image(tmp_path):
    write(tmp_path, np.ones((2, 3, 4)), np.ones((3, 4), int), (0.0, 0.1))
    assert read(tmp_path).scores.shape == (2, 3, 4)


def test_a_trial_that_wrote_none_has_none(tmp_path):
    assert read(tmp_path) is None
    assert read(tmp_path / "absent") is None


@pytest.mark.parametrize("end", [0, 60, -40])
def test_a_file_that_was_cut_short_is_one_line(tmp_path, end):
    write(tmp_path, SCORES, LABELS, (0.0, 0.1))
    content = (tmp_path / NAME).read_bytes()
    (tmp_path / NAME).write_bytes(content[:end])
    with pytest.raises(UserError) as caught:
        read(tmp_path)
    assert str(caught.value).startswith(f"{tmp_path / NAME} is damaged: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"eps": np.array([0.0, 0.1, 0.2])}, "one for each radius and image"),
        ({"labels": np.array([0])}, "one for each radius and image"),
        ({"labels": np.array([{}], dtype=object)}, "allow_pickle=False"),
        ({"scores": None}, "scores"),
        ({"labels": LABELS + 4096}, "labels are no classes"),
        ({"labels": LABELS.astype(str)}, "labels are no classes"),
    ],
)
def test_a_file_of_something_else_is_refused_and_nothing_is_unpickled(tmp_path, change, reason):
    arrays = {"scores": SCORES, "labels": LABELS, "eps": np.array([0.0, 0.1])} | change
    arrays = {name: array for name, array in arrays.items() if array is not None}
    np.savez(tmp_path / NAME, **arrays)
    with pytest.raises(UserError, match=reason):
        read(tmp_path)
